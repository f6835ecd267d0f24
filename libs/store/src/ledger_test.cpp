// SPDX-License-Identifier: Apache-2.0
#include "test_database.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/store/ledger.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

namespace mitome::store {
namespace {

using pki::Ca;
using pki::Reason;
using test::Folder;
using test::written;
using testing::ElementsAre;
using testing::Field;

constexpr Time noon{std::chrono::seconds{1'800'000'000}};
constexpr Time next_year{noon + std::chrono::days{365}};
constexpr std::chrono::seconds second{1};

// The parts that a certificate is made of, as far as the ledger looks at them.
Bytes tbs(std::uint8_t mark) { return pki::der::sequence({pki::der::integer(mark)}); }

Bytes certificate(std::uint8_t mark) {
    return pki::der::sequence({tbs(mark),
                               pki::der::sequence({pki::der::oid("1.2.840.10045.4.3.2")}),
                               pki::der::bit_string(Bytes{mark, 1, 2})});
}

Intent intent(std::uint8_t mark, Ca ca = Ca::phone_sign) {
    return {ca, {0x40, mark}, {0xAA, static_cast<std::uint8_t>(ca), mark}, next_year, tbs(mark)};
}

Revocation revocation(std::uint8_t mark, Reason reason, Time at = noon) {
    return {Ca::phone_sign, {0x40, mark}, at, reason, std::nullopt, "operator", "test"};
}

struct Opened {
    explicit Opened(const Folder& folder)
        : database(*Database::open(folder.file(), authority_schema())), ledger(*database) {}

    Done intend(const Intent& intent) {
        return written(*database,
                       [&](Transaction& in) { return ledger.record_intent(in, intent, noon); });
    }
    Done issue(std::uint8_t mark, Ca ca = Ca::phone_sign) {
        MITOME_CHECK(intend(intent(mark, ca)));
        return complete(mark, certificate(mark), ca);
    }
    Done complete(std::uint8_t mark, BytesView der, Ca ca = Ca::phone_sign) {
        return written(*database, [&](Transaction& in) {
            return ledger.record_certificate(in, ca, Bytes{0x40, mark}, der, noon);
        });
    }
    Done revoke(const Revocation& revocation) {
        return written(*database,
                       [&](Transaction& in) { return ledger.record_revocation(in, revocation); });
    }
    LedgerEntry entry(std::uint8_t mark) {
        return ledger.entry(Ca::phone_sign, Bytes{0x40, mark})->value();
    }

    std::unique_ptr<Database> database;
    Ledger ledger;
};

Fault fault_of(const Done& done) { return done.error().fault; }

TEST(Ledger, GivesBackTheCertificateThatWasIntended) {
    const Folder folder;
    Opened opened{folder};

    ASSERT_TRUE(opened.issue(1));

    EXPECT_EQ(opened.ledger.certificate(Ca::phone_sign, Bytes{0x40, 1}), certificate(1));
    EXPECT_EQ(opened.ledger.tbs(Ca::phone_sign, Bytes{0x40, 1}), tbs(1));
    const LedgerEntry entry = opened.entry(1);
    EXPECT_EQ(entry.standing, Standing::issued);
    EXPECT_EQ(entry.issued_at, noon);
    EXPECT_EQ(entry.not_after, next_year);
}

TEST(Ledger, FindsAnIntentByItsRequestKey) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.intend(intent(7)));

    const auto entry = opened.ledger.entry_of_request(intent(7).request);

    ASSERT_TRUE(entry && *entry);
    EXPECT_EQ((*entry)->serial, intent(7).serial);
    EXPECT_EQ(*opened.ledger.entry_of_request(Bytes{9}), std::nullopt);
}

TEST(Ledger, RefusesASerialThatItsCaHasUsed) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.intend(intent(1)));
    Intent again = intent(1);
    again.request = {0xBB};

    EXPECT_EQ(fault_of(opened.intend(again)), Fault::conflict);
    EXPECT_TRUE(opened.intend(intent(1, Ca::phone_auth)));
}

TEST(Ledger, RefusesASerialThatWasDrawnAndBurnt) {
    const Folder folder;
    Opened opened{folder};
    const auto draw = [&](Transaction& in) {
        return opened.ledger.draw_serial(in, Ca::card_sign, Bytes{5}, noon);
    };
    ASSERT_TRUE(written(*opened.database, draw));

    EXPECT_EQ(fault_of(written(*opened.database, draw)), Fault::conflict);
    EXPECT_EQ(opened.ledger.entry(Ca::card_sign, Bytes{5})->value().standing, Standing::drawn);
}

TEST(Ledger, RefusesARequestKeyThatHasAnIntent) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.intend(intent(1)));
    Intent other = intent(2);
    other.request = intent(1).request;

    EXPECT_EQ(fault_of(opened.intend(other)), Fault::conflict);
    EXPECT_EQ(*opened.ledger.entry(Ca::phone_sign, other.serial), std::nullopt);
}

TEST(Ledger, RefusesACertificateThatWasNotIntended) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.intend(intent(1)));

    EXPECT_EQ(fault_of(opened.complete(1, certificate(2))), Fault::broken);
    EXPECT_EQ(fault_of(opened.complete(3, certificate(3))), Fault::absent);
    EXPECT_EQ(opened.entry(1).standing, Standing::intended);
}

TEST(Ledger, TakesTheSameCertificateTwiceAndAnotherNever) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.issue(1));
    Bytes other = certificate(1);
    other.back() ^= 1U;

    EXPECT_TRUE(opened.complete(1, certificate(1)));
    EXPECT_EQ(fault_of(opened.complete(1, other)), Fault::conflict);
    EXPECT_EQ(opened.ledger.head(), 1U);
}

TEST(Ledger, NamesIntentsThatNeverBecameCertificates) {
    const Folder folder;
    {
        Opened opened{folder};
        ASSERT_TRUE(opened.issue(1));
        ASSERT_TRUE(opened.intend(intent(2)));
        ASSERT_TRUE(opened.intend(intent(3)));
        ASSERT_TRUE(opened.revoke(revocation(3, Reason::cessation_of_operation)));
    }

    Opened opened{folder};
    const auto open = opened.ledger.open_intents();

    ASSERT_TRUE(open);
    EXPECT_THAT(*open, ElementsAre(Field(&LedgerEntry::serial, Bytes{0x40, 2})));
    EXPECT_EQ(opened.entry(3).standing, Standing::revoked);
    EXPECT_EQ(fault_of(opened.complete(3, certificate(3))), Fault::conflict);
}

TEST(Ledger, HoldsReleasesAndRevokes) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.issue(1));

    ASSERT_TRUE(opened.revoke(revocation(1, Reason::certificate_hold, noon + second)));
    EXPECT_EQ(opened.entry(1).standing, Standing::held);
    ASSERT_TRUE(opened.revoke(revocation(1, Reason::remove_from_crl, noon + 2 * second)));
    EXPECT_EQ(opened.entry(1).standing, Standing::issued);
    ASSERT_TRUE(opened.revoke(revocation(1, Reason::key_compromise, noon + 3 * second)));

    const LedgerEntry entry = opened.entry(1);
    EXPECT_EQ(entry.standing, Standing::revoked);
    EXPECT_EQ(entry.since, noon + 3 * second);
    EXPECT_EQ(entry.reason, Reason::key_compromise);
    EXPECT_EQ(opened.ledger.history(Ca::phone_sign, Bytes{0x40, 1})->size(), 3U);
}

TEST(Ledger, RefusesWhatARevokedSerialCannotBecome) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.issue(1));
    EXPECT_EQ(fault_of(opened.revoke(revocation(1, Reason::remove_from_crl))), Fault::conflict);
    EXPECT_EQ(fault_of(opened.revoke(revocation(9, Reason::superseded))), Fault::absent);
    ASSERT_TRUE(opened.revoke(revocation(1, Reason::superseded)));

    EXPECT_EQ(fault_of(opened.revoke(revocation(1, Reason::superseded))), Fault::conflict);
    EXPECT_EQ(fault_of(opened.revoke(revocation(1, Reason::certificate_hold))), Fault::conflict);
    EXPECT_EQ(fault_of(opened.revoke(revocation(1, Reason::remove_from_crl))), Fault::conflict);
}

TEST(Ledger, FeedsWhatHappenedInOneSequence) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.issue(1));
    ASSERT_TRUE(opened.issue(1, Ca::card_auth));
    Revocation revoked = revocation(1, Reason::affiliation_changed, noon + second);
    revoked.invalidity = noon;
    ASSERT_TRUE(opened.revoke(revoked));

    const auto feed = opened.ledger.entries_after(1, 10);

    ASSERT_TRUE(feed);
    EXPECT_THAT(*feed, ElementsAre(FeedEntry{2,
                                             Happening::issued,
                                             Ca::card_auth,
                                             {0x40, 1},
                                             noon,
                                             next_year,
                                             Reason::unspecified,
                                             std::nullopt},
                                   FeedEntry{3,
                                             Happening::revoked,
                                             Ca::phone_sign,
                                             {0x40, 1},
                                             noon + second,
                                             next_year,
                                             Reason::affiliation_changed,
                                             noon}));
    EXPECT_EQ(opened.ledger.entries_after(0, 1)->size(), 1U);
    EXPECT_EQ(opened.ledger.head(), 3U);
}

TEST(Ledger, ListsForACrlWhatIsRevokedOrHeldAndNotExpired) {
    const Folder folder;
    Opened opened{folder};
    for (const std::uint8_t mark : Bytes{9, 3, 7, 5, 1}) ASSERT_TRUE(opened.issue(mark));
    Intent expired = intent(2);
    expired.not_after = noon - second;
    ASSERT_TRUE(opened.intend(expired));
    ASSERT_TRUE(opened.revoke(revocation(2, Reason::superseded)));
    ASSERT_TRUE(opened.revoke(revocation(9, Reason::superseded)));
    ASSERT_TRUE(opened.revoke(revocation(3, Reason::certificate_hold)));
    ASSERT_TRUE(opened.revoke(revocation(5, Reason::certificate_hold)));
    ASSERT_TRUE(opened.revoke(revocation(5, Reason::remove_from_crl)));
    ASSERT_TRUE(opened.revoke(revocation(1, Reason::certificate_hold)));
    ASSERT_TRUE(opened.revoke(revocation(1, Reason::key_compromise, noon + second)));

    std::vector<std::pair<Bytes, Reason>> listed;
    ASSERT_TRUE(opened.ledger.each_revoked(Ca::phone_sign, noon, [&](const RevokedSerial& line) {
        listed.emplace_back(copy(line.serial), line.reason);
    }));

    EXPECT_THAT(listed, ElementsAre(std::pair{Bytes{0x40, 1}, Reason::key_compromise},
                                    std::pair{Bytes{0x40, 3}, Reason::certificate_hold},
                                    std::pair{Bytes{0x40, 9}, Reason::superseded}));
}

TEST(Ledger, PagesThroughEverythingItKnows) {
    const Folder folder;
    Opened opened{folder};
    for (std::uint8_t mark = 1; mark <= 5; ++mark) ASSERT_TRUE(opened.issue(mark));

    const auto page = opened.ledger.page(3, 10);

    ASSERT_TRUE(page);
    EXPECT_THAT(*page, ElementsAre(Field(&LedgerEntry::id, 4U), Field(&LedgerEntry::id, 5U)));
}

TEST(Ledger, NumbersTheCrlsOfEachCaAndKeepsTheLastOne) {
    const Folder folder;
    Opened opened{folder};
    const auto make = [&](Ca ca, const Bytes& der) {
        return written(*opened.database, [&](Transaction& in) -> Done {
            MITOME_TRY(number, opened.ledger.draw_crl_number(in, ca, noon));
            return opened.ledger.keep_crl(in, ca, number, der);
        });
    };
    ASSERT_TRUE(make(Ca::phone_sign, {1}));
    ASSERT_TRUE(make(Ca::phone_sign, {2}));
    ASSERT_TRUE(make(Ca::card_sign, {3}));

    const auto latest = opened.ledger.latest_crl(Ca::phone_sign);

    ASSERT_TRUE(latest && *latest);
    EXPECT_EQ((*latest)->number, 2U);
    EXPECT_EQ((*latest)->der, Bytes{2});
    EXPECT_EQ(opened.ledger.latest_crl(Ca::card_sign)->value().number, 1U);
    EXPECT_EQ(*opened.ledger.latest_crl(Ca::card_auth), std::nullopt);
}

TEST(Ledger, CannotBeChangedBehindItsBackByAnyStatement) {
    const Folder folder;
    {
        Opened opened{folder};
        ASSERT_TRUE(opened.issue(1));
    }
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(folder.file().c_str(), &raw), SQLITE_OK);

    for (const char* sql :
         {"UPDATE events SET at = 0", "DELETE FROM events", "UPDATE serials SET serial = x'01'",
          "DELETE FROM certificates", "UPDATE intents SET tbs = x'00'"}) {
        EXPECT_EQ(sqlite3_exec(raw, sql, nullptr, nullptr, nullptr), SQLITE_CONSTRAINT) << sql;
    }
    sqlite3_close(raw);
}

}  // namespace
}  // namespace mitome::store
