// SPDX-License-Identifier: Apache-2.0
#include "sample_authority.hpp"

#include <mitome/issuance/batch.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mitome::issuance {
namespace {

using namespace sample;
using testing::ElementsAre;

BatchEntry entry(BytesView serial, pki::Reason reason, pki::Ca ca = pki::Ca::phone_auth) {
    return {.ca = ca,
            .withdrawal = {.serial = copy(serial),
                           .reason = reason,
                           .invalidity = {},
                           .role = "registration",
                           .cause = "moved"}};
}

std::vector<Taken> taken(Process& process, const std::vector<BatchEntry>& entries) {
    const auto batch = withdraw_all(process.records(), entries);
    return batch ? batch->taken : std::vector<Taken>{};
}

Bytes issue(Process& process, std::uint8_t number) {
    return process.issuer().issue_once(auth_order(new_key()->spki(), number)).value().serial;
}

TEST(WithdrawAll, RevokesEveryEntryInOneChange) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    const Bytes first = issue(process, 1);
    const Bytes second = issue(process, 2);
    const auto head = process.ledger().head().value();

    EXPECT_THAT(taken(process, {entry(first, pki::Reason::affiliation_changed),
                                entry(second, pki::Reason::affiliation_changed)}),
                ElementsAre(Taken::changed, Taken::changed));

    EXPECT_EQ(process.ledger().entry(pki::Ca::phone_auth, first).value()->standing,
              store::Standing::revoked);
    EXPECT_EQ(process.ledger().head().value(), head + 2);
    EXPECT_EQ(process.ledger().history(pki::Ca::phone_auth, second)->front().cause, "moved");
    EXPECT_EQ(process.audit().page(0, 100)->back().event.action, "revoke");
}

TEST(WithdrawAll, MayBeAskedAgain) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    const std::vector batch{entry(issue(process, 1), pki::Reason::superseded)};
    ASSERT_THAT(taken(process, batch), ElementsAre(Taken::changed));
    const auto head = process.ledger().head().value();

    EXPECT_THAT(taken(process, batch), ElementsAre(Taken::unchanged));

    EXPECT_EQ(process.ledger().head().value(), head);
}

TEST(WithdrawAll, LeavesOutWhatMayNotBeAndSaysSo) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    const Bytes revoked = issue(process, 1);
    const Bytes alive = issue(process, 2);
    ASSERT_THAT(taken(process, {entry(revoked, pki::Reason::superseded)}),
                ElementsAre(Taken::changed));

    EXPECT_THAT(taken(process, {entry(revoked, pki::Reason::certificate_hold),
                                entry(Bytes{0x41}, pki::Reason::superseded),
                                entry(alive, pki::Reason::certificate_hold)}),
                ElementsAre(Taken::refused, Taken::unknown, Taken::changed));

    EXPECT_EQ(process.ledger().entry(pki::Ca::phone_auth, alive).value()->standing,
              store::Standing::held);
}

TEST(WithdrawAll, ReleasesOnlyWhatTheRulesRelease) {
    Place place{pki::Ca::phone_sign};
    Process process{place};
    const Bytes serial = process.issuer().issue_once(sign_order(new_key()->spki()))->serial;
    ASSERT_THAT(taken(process, {entry(serial, pki::Reason::certificate_hold, pki::Ca::phone_sign)}),
                ElementsAre(Taken::changed));

    EXPECT_THAT(taken(process, {entry(serial, pki::Reason::remove_from_crl, pki::Ca::phone_sign)}),
                ElementsAre(Taken::refused));
}

TEST(WithdrawAll, RefusesABatchWithoutBounds) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    const std::vector<BatchEntry> many(largest_batch + 1, entry(Bytes{1}, pki::Reason::superseded));

    EXPECT_FALSE(withdraw_all(process.records(), {}));
    EXPECT_FALSE(withdraw_all(process.records(), many));
}

}  // namespace
}  // namespace mitome::issuance
