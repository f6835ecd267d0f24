// SPDX-License-Identifier: Apache-2.0
#include "test_database.hpp"

#include <mitome/store/casebook.hpp>
#include <mitome/store/register.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mitome::store {
namespace {

using test::Folder;
using test::written;
using testing::ElementsAre;
using testing::Field;

constexpr Time noon{std::chrono::seconds{1'800'000'000}};
constexpr std::chrono::hours day{24};

/// Two residents; the first one has a card and a phone with a pair that the card asked for.
class CasebookTest : public testing::Test {
protected:
    CasebookTest() {
        EXPECT_TRUE(written(*database, [this](Transaction& in) -> Done {
            for (const char* number : {"123456789018", "123456789026"}) {
                Resident one;
                one.items.name = "架空　花子";
                one.items.address = "架空町";
                one.items.birth = pki::birth_date(std::chrono::year{1990} / 4 / 1);
                one.municipality = "13221";
                one.my_number = number;
                MITOME_CHECK(people.add(in, one));
            }
            MITOME_CHECK(people.add(in, card));
            Order order;
            order.id = Bytes(16, 7);
            order.element = element;
            order.resident = 1;
            order.state = OrderState::completed;
            order.created = order.deadline = noon;
            order.keys = {
                {.kind = pki::Kind::auth, .spki = {1}, .serial = {2}, .certificate = {3}}};
            MITOME_CHECK(people.add(in, order));
            CmpExchange exchange;
            exchange.transaction = {1};
            exchange.order = order.id;
            exchange.ca = pki::Ca::phone_auth;
            exchange.serial = {2};
            exchange.signer = card.sign_serial;
            MITOME_CHECK(people.add(in, exchange));
            MITOME_CHECK(people.set_phone(in, {.resident = 1,
                                               .element = element,
                                               .order = order.id,
                                               .sign_serial = {},
                                               .auth_serial = {2},
                                               .since = noon}));
            return {};
        }));
    }

    /// What a fresh start sees, too.
    void add(const Notice& notice, bool is_new = true) {
        EXPECT_TRUE(written(*database, [&](Transaction& in) -> Done {
            MITOME_TRY(added, casebook.add(in, notice));
            EXPECT_EQ(added, is_new);
            return {};
        }));
    }

    Folder folder;
    std::unique_ptr<Database> database =
        Database::open(folder.file(), registration_schema()).value();
    Register people{*database};
    Casebook casebook{*database};
    const Bytes element = Bytes(10, 1);
    Card card{.number = 1,
              .resident = 1,
              .sign_serial = {0x51},
              .auth_serial = {0x52},
              .not_after = noon + 20 * day,
              .state = CardState::valid};
};

TEST_F(CasebookTest, KeepsOneTaskForACertificate) {
    const Task task{.number = 0,
                    .ca = pki::Ca::phone_sign,
                    .serial = {1},
                    .reason = pki::Reason::affiliation_changed,
                    .cause = "moved",
                    .created = noon};

    EXPECT_TRUE(written(*database, [&](Transaction& in) -> Done {
        MITOME_TRY(first, casebook.add(in, task));
        EXPECT_TRUE(first);
        auto other = task;
        other.cause = "deceased";
        MITOME_TRY(second, casebook.add(in, other));
        EXPECT_FALSE(second);
        return {};
    }));

    auto expected = task;
    expected.number = 1;
    EXPECT_THAT(casebook.waiting_tasks(10).value(), ElementsAre(expected));
    EXPECT_TRUE(written(*database, [&](Transaction& in) { return casebook.finish(in, 1, noon); }));
    EXPECT_TRUE(casebook.waiting_tasks(10)->empty());
}

TEST_F(CasebookTest, KnowsWhatACardHasAskedFor) {
    EXPECT_THAT(casebook.certified_by(Bytes{0x51}).value(),
                ElementsAre(Certified{pki::Ca::phone_auth, {2}}));
    EXPECT_TRUE(casebook.certified_by(Bytes{0x52})->empty());
    EXPECT_TRUE(casebook.certified_by({})->empty());
}

TEST_F(CasebookTest, FindsValidCardsThatHaveEnded) {
    EXPECT_TRUE(casebook.ended_cards(noon, 10)->empty());
    EXPECT_THAT(casebook.ended_cards(noon + 21 * day, 10).value(), ElementsAre(1U));

    card.state = CardState::retired;
    EXPECT_TRUE(written(*database, [&](Transaction& in) { return people.change(in, card); }));

    EXPECT_TRUE(casebook.ended_cards(noon + 21 * day, 10)->empty());
}

TEST_F(CasebookTest, FindsAPhoneThatEndsUntilItHasBeenTold) {
    const auto ending = casebook.ending_phones(noon, noon + 30 * day, "expiry_30", 10).value();

    ASSERT_EQ(ending.size(), 1U);
    EXPECT_EQ(ending.front().element, element);
    EXPECT_EQ(ending.front().not_after, card.not_after);
    EXPECT_TRUE(casebook.ending_phones(noon + 21 * day, noon + 30 * day, "expiry_30", 10)->empty());

    add({.number = 0,
         .at = noon,
         .element = element,
         .resident = 1,
         .code = "notice_expiry_30",
         .detail = {},
         .once = "expiry_30/" + to_hex(element) + "/" +
                 std::to_string(card.not_after.time_since_epoch().count())});

    EXPECT_TRUE(casebook.ending_phones(noon, noon + 30 * day, "expiry_30", 10)->empty());
    EXPECT_EQ(casebook.ending_phones(noon, noon + 30 * day, "expiry_7", 10)->size(), 1U);
}

TEST_F(CasebookTest, SaysOnceWhatHasAKey) {
    Notice notice{.number = 0,
                  .at = noon,
                  .element = element,
                  .resident = {},
                  .code = "notice_held",
                  .detail = "sign"};
    add(notice);
    add(notice);
    notice.once = "only";
    add(notice);
    add(notice, false);

    EXPECT_EQ(casebook.notices_of(element, {}, 0, 10)->size(), 3U);
    EXPECT_EQ(casebook.notices_of(element, {}, 1, 10)->size(), 2U);
    EXPECT_EQ(casebook.notices_of(element, {}, 0, 1)->size(), 1U);
}

TEST_F(CasebookTest, TellsEachPhoneItsOwnAndItsHolders) {
    const auto line = [](Bytes to, std::optional<std::uint64_t> resident, std::string detail) {
        return Notice{.number = 0,
                      .at = noon,
                      .element = std::move(to),
                      .resident = resident,
                      .code = "notice_held",
                      .detail = std::move(detail)};
    };
    add(line(element, 1, "hers"));
    add(line({}, 1, "for whatever phone"));
    add(line(Bytes(10, 2), 1, "another device"));
    add(line({}, 2, "another person"));

    const auto detail = [](std::string text) { return Field(&Notice::detail, text); };
    EXPECT_THAT(casebook.notices_of(element, 1, 0, 10).value(),
                ElementsAre(detail("hers"), detail("for whatever phone")));
    EXPECT_THAT(casebook.notices_of(element, {}, 0, 10).value(), ElementsAre(detail("hers")));
    // In another person's hands, the device is not told what happened to the one before.
    EXPECT_THAT(casebook.notices_of(element, 2, 0, 10).value(),
                ElementsAre(detail("another person")));
}

TEST_F(CasebookTest, PutsAStopCodeInThePlaceOfTheOneBefore) {
    StopCode code{
        .element = element, .resident = 1, .salt = {1}, .stretched = {2}, .wrong = 0, .made = noon};
    const auto put = [&] {
        EXPECT_TRUE(written(*database, [&](Transaction& in) { return casebook.put(in, code); }));
    };
    put();
    code.wrong = 4;
    put();

    EXPECT_EQ(casebook.stop_code(element).value(), code);
    EXPECT_FALSE(casebook.stop_code(Bytes(10, 2)).value());
}

TEST_F(CasebookTest, KeepsWhatWaitsForASecondPerson) {
    Approval approval{.id = Bytes(16, 1),
                      .action = Dangerous::erase,
                      .resident = 1,
                      .element = element,
                      .proposer = Bytes(32, 1),
                      .state = ApprovalState::waiting,
                      .proposed = noon,
                      .deadline = noon + day};
    EXPECT_TRUE(written(*database, [&](Transaction& in) { return casebook.add(in, approval); }));

    EXPECT_EQ(casebook.approval(approval.id).value(), approval);
    EXPECT_THAT(casebook.waiting_approvals(noon, 10).value(), ElementsAre(approval));
    EXPECT_TRUE(casebook.waiting_approvals(noon + day, 10)->empty());

    approval.state = ApprovalState::rejected;
    EXPECT_TRUE(written(*database, [&](Transaction& in) { return casebook.change(in, approval); }));
    EXPECT_TRUE(casebook.waiting_approvals(noon, 10)->empty());
}

TEST_F(CasebookTest, RemembersHowFarSomethingIsRead) {
    EXPECT_EQ(casebook.position("changes").value(), 0U);
    for (const std::uint64_t to : {3U, 7U})
        EXPECT_TRUE(written(
            *database, [&](Transaction& in) { return casebook.set_position(in, "changes", to); }));

    EXPECT_EQ(casebook.position("changes").value(), 7U);
}

TEST_F(CasebookTest, KnowsThePhoneOfTheNewestOrder) {
    EXPECT_EQ(casebook.newest_element_of(1).value(), element);
    EXPECT_FALSE(casebook.newest_element_of(2).value());
}

TEST_F(CasebookTest, FindsErasuresWithTheirReceipt) {
    EraseOrder order;
    order.element = element;
    order.resident = 1;
    order.cause = "superseded";
    order.state = EraseState::erased;
    order.changed = noon;
    EXPECT_TRUE(written(*database, [&](Transaction& in) -> Done {
        MITOME_CHECK(people.add(in, order));
        order.state = EraseState::ordered;
        MITOME_CHECK(people.add(in, order));
        return {};
    }));

    EXPECT_EQ(casebook.erased_since(noon, 10)->size(), 1U);
    EXPECT_TRUE(casebook.erased_since(noon + day, 10)->empty());
}

}  // namespace
}  // namespace mitome::store
