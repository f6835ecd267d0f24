// SPDX-License-Identifier: Apache-2.0
// The authority holds what it is asked for against the table of life.hpp.
#include "sample_authority.hpp"

#include <gtest/gtest.h>

namespace mitome::issuance {
namespace {

using namespace sample;
using life::Actor, life::Refused;

struct Desk {
    explicit Desk(pki::Ca ca = pki::Ca::phone_auth) : place(ca), process(place) {
        const auto order = pki::kind_of(ca) == pki::Kind::sign ? sign_order(new_key()->spki())
                                                               : auth_order(new_key()->spki());
        serial = process.issuer().issue_once(order).value().serial;
    }

    /// Absent: it was done.
    std::optional<Refused> ask(pki::Reason reason, std::optional<Actor> actor = {},
                               std::string role = "registration",
                               std::optional<Time> invalidity = {}) {
        const auto done = process.issuer().withdraw({.serial = serial,
                                                     .reason = reason,
                                                     .invalidity = invalidity,
                                                     .role = std::move(role),
                                                     .cause = "asked",
                                                     .actor = actor});
        return done ? std::nullopt : refused_in(done.error());
    }
    [[nodiscard]] store::Standing standing() {
        return process.ledger().entry(place.ca, serial)->value().standing;
    }

    Place place;
    Process process;
    Bytes serial;
};

TEST(Withdraw, HoldsForWhoeverRegistrationSpeaksFor) {
    Desk desk;

    EXPECT_EQ(desk.ask(pki::Reason::certificate_hold, Actor::stop_code), std::nullopt);

    EXPECT_EQ(desk.standing(), store::Standing::held);
}

TEST(Withdraw, DoesNotRevokeForWhoMayOnlyHold) {
    Desk desk;

    for (const Actor actor : {Actor::stop_code, Actor::card_login, Actor::call_desk}) {
        EXPECT_EQ(desk.ask(pki::Reason::key_compromise, actor), Refused::not_authorized);
    }

    EXPECT_EQ(desk.standing(), store::Standing::issued);
}

TEST(Withdraw, ReleasesForTheCardAlone) {
    Desk desk;
    ASSERT_EQ(desk.ask(pki::Reason::certificate_hold, Actor::call_desk), std::nullopt);

    EXPECT_EQ(desk.ask(pki::Reason::remove_from_crl, Actor::phone), Refused::not_authorized);
    EXPECT_EQ(desk.ask(pki::Reason::remove_from_crl, Actor::call_desk), Refused::not_authorized);
    EXPECT_EQ(desk.ask(pki::Reason::remove_from_crl, Actor::card), std::nullopt);

    EXPECT_EQ(desk.standing(), store::Standing::issued);
}

TEST(Withdraw, DoesNotLetARoleSpeakForAnother) {
    Desk desk;

    EXPECT_EQ(desk.ask(pki::Reason::key_compromise, Actor::card, "operator"),
              Refused::not_authorized);
    EXPECT_EQ(desk.ask(pki::Reason::key_compromise, Actor::ca_operator), Refused::not_authorized);
    EXPECT_EQ(desk.ask(pki::Reason::key_compromise, {}, "status"), Refused::not_authorized);
    EXPECT_EQ(desk.standing(), store::Standing::issued);
}

TEST(Withdraw, HoldsNothingThatHasEnded) {
    Desk desk;
    desk.process.clock().set(end + std::chrono::seconds{1});

    EXPECT_EQ(desk.ask(pki::Reason::certificate_hold), Refused::certificate_expired);

    EXPECT_EQ(desk.standing(), store::Standing::issued);
}

TEST(Withdraw, ReleasesNothingThatHasEnded) {
    Desk desk;
    ASSERT_EQ(desk.ask(pki::Reason::certificate_hold), std::nullopt);
    desk.process.clock().set(end + std::chrono::seconds{1});

    EXPECT_EQ(desk.ask(pki::Reason::remove_from_crl), Refused::certificate_expired);
}

TEST(Withdraw, DoesNotReleaseWhatWasCalledBadFromADayOn) {
    Desk desk;
    ASSERT_EQ(desk.ask(pki::Reason::certificate_hold, {}, "registration", now), std::nullopt);

    EXPECT_EQ(desk.ask(pki::Reason::remove_from_crl, Actor::card), Refused::release_refused);

    EXPECT_EQ(desk.standing(), store::Standing::held);
}

TEST(Withdraw, DoesNotReleaseWithAnInvalidityDate) {
    Desk desk;
    ASSERT_EQ(desk.ask(pki::Reason::certificate_hold), std::nullopt);

    EXPECT_EQ(desk.ask(pki::Reason::remove_from_crl, Actor::card, "registration", now),
              Refused::release_refused);
}

TEST(Withdraw, RevokesWhatIsOnHold) {
    Desk desk;
    ASSERT_EQ(desk.ask(pki::Reason::certificate_hold), std::nullopt);

    EXPECT_EQ(desk.ask(pki::Reason::key_compromise, Actor::card), std::nullopt);

    EXPECT_EQ(desk.standing(), store::Standing::revoked);
    EXPECT_EQ(desk.ask(pki::Reason::remove_from_crl, Actor::card), Refused::already_revoked);
}

TEST(Withdraw, DoesNotHoldTwice) {
    Desk desk;
    ASSERT_EQ(desk.ask(pki::Reason::certificate_hold), std::nullopt);

    EXPECT_EQ(desk.ask(pki::Reason::certificate_hold), Refused::hold_refused);
}

TEST(Withdraw, KeepsASignatureCertificateOnHoldUntilItIsSuperseded) {
    Desk desk{pki::Ca::phone_sign};
    ASSERT_EQ(desk.ask(pki::Reason::certificate_hold), std::nullopt);

    EXPECT_EQ(desk.ask(pki::Reason::remove_from_crl, Actor::card), Refused::release_refused);
    EXPECT_EQ(desk.ask(pki::Reason::superseded, Actor::card), std::nullopt);
}

TEST(Withdraw, SupersedesWhatHasEndedForRegistrationAlone) {
    Desk desk;
    desk.process.clock().set(end + std::chrono::seconds{1});

    EXPECT_EQ(desk.ask(pki::Reason::superseded, Actor::card), Refused::not_authorized);
    EXPECT_EQ(desk.ask(pki::Reason::superseded, Actor::registration), std::nullopt);
}

TEST(RefusedIn, IsNothingInAnotherError) {
    EXPECT_FALSE(refused_in(Error{Fault::conflict, "disk: busy", 5}));
    EXPECT_FALSE(refused_in(Error{Fault::absent, "nothing", 1}));
}

}  // namespace
}  // namespace mitome::issuance
