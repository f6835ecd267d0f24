// SPDX-License-Identifier: Apache-2.0
#include "test_phone.hpp"

#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

/// One sandbox for all tests of this file; each test has a resident and phones of its own.
class PhoneIssue : public testing::Test {
protected:
    static void SetUpTestSuite() {
        sandbox_ = new_sandbox(600);
        ASSERT_TRUE(sandbox_->works);
    }
    static void TearDownTestSuite() { sandbox_.reset(); }
    static Sandbox& at() { return *sandbox_; }
    static CardInFiles card_of(int resident) {
        const std::string name = "card" + std::to_string(resident);
        EXPECT_TRUE(at().new_card(name, resident));
        return {at().home, name};
    }

private:
    static std::unique_ptr<Sandbox> sandbox_;
};
std::unique_ptr<Sandbox> PhoneIssue::sandbox_;

TEST_F(PhoneIssue, PutsBothCertificatesIntoTheElement) {
    const auto card = card_of(1);
    Phone phone{at(), "whole"};
    ASSERT_TRUE(phone.works);

    ASSERT_EQ(phone.issue(card), "done");

    EXPECT_EQ(phone.last_state(), "completed");
    EXPECT_EQ(at().state_of(*phone.granted(adm::Kind::sign), "phone-sign"), "issued");
    EXPECT_EQ(at().state_of(*phone.granted(adm::Kind::auth), "phone-auth"), "issued");
    EXPECT_TRUE(phone.holds_a_set());
}

TEST_F(PhoneIssue, IsRefusedWhileThePairLives) {
    const auto card = card_of(2);
    Phone phone{at(), "twice"};
    ASSERT_EQ(phone.issue(card), "done");

    const auto again = phone.open_order();

    EXPECT_EQ(again.status, 409U);
    EXPECT_EQ(json::parse(text(again.body)).at("code").as_string(), "already_issued");
}

TEST_F(PhoneIssue, LetsTheNewestPhoneWin) {
    const auto card = card_of(3);
    Phone former{at(), "former"};
    ASSERT_EQ(former.issue(card), "done");
    Phone newest{at(), "newest"};

    ASSERT_EQ(newest.issue(card), "done");

    EXPECT_EQ(at().state_of(*former.granted(adm::Kind::sign), "phone-sign"), "revoked superseded");
    EXPECT_EQ(at().state_of(*former.granted(adm::Kind::auth), "phone-auth"), "revoked superseded");
    EXPECT_EQ(at().state_of(*newest.granted(adm::Kind::sign), "phone-sign"), "issued");
}

TEST_F(PhoneIssue, RefusesASecondPhoneWhileAnOrderIsOpen) {
    const auto card = card_of(4);
    Phone first{at(), "first"};
    ASSERT_EQ(first.open_order().status, 200U);
    ASSERT_EQ(first.administer(), 204U);
    ASSERT_TRUE(first.prepare());
    ASSERT_EQ(first.request(card), "");
    Phone second{at(), "second"};

    EXPECT_EQ(second.issue(card), "request duplicateCertReq");

    EXPECT_EQ(first.open_order().status, 409U);
    EXPECT_EQ(first.administer(), 204U);
    EXPECT_EQ(first.confirm(card), "");
}

TEST_F(PhoneIssue, DropsWhatAnEarlierRunLeft) {
    const auto card = card_of(5);
    Phone phone{at(), "left"};
    ASSERT_EQ(phone.open_order().status, 200U);
    ASSERT_EQ(phone.administer(), 204U);
    ASSERT_TRUE(phone.prepare());
    ASSERT_EQ(phone.request(card), "");
    const auto granted = phone.granted(adm::Kind::sign);

    EXPECT_EQ(phone.recover(), "dropped");

    EXPECT_EQ(at().state_of(*granted, "phone-sign"), "revoked cessationOfOperation");
    EXPECT_EQ(phone.issue(card), "done");
}

TEST_F(PhoneIssue, CompletesOnTheElementsProofAlone) {
    const auto card = card_of(10);
    Phone phone{at(), "proof"};
    ASSERT_EQ(phone.open_order().status, 200U);
    ASSERT_EQ(phone.administer(), 204U);
    ASSERT_TRUE(phone.prepare());
    ASSERT_EQ(phone.request(card), "");
    phone.lost_answer = 1;
    ASSERT_EQ(phone.administer(), 999U);  // swapped, and registration has not heard of it
    phone.lost_answer = -1;

    EXPECT_EQ(phone.recover(), "completed");

    EXPECT_EQ(at().state_of(*phone.granted(adm::Kind::sign), "phone-sign"), "issued");
    EXPECT_TRUE(phone.holds_a_set());
}

TEST_F(PhoneIssue, FindsItsWayAroundAForeignPendingSet) {
    const auto card = card_of(12);
    Phone phone{at(), "pending"};
    ASSERT_EQ(phone.open_order().status, 200U);
    ASSERT_EQ(phone.administer(), 204U);
    // Given up without the element: its set is still pending when the next order comes.
    ASSERT_EQ(phone.ask("POST", "/orders/current/abandon", "{}").status, 200U);

    EXPECT_EQ(phone.issue(card), "done");
}

TEST_F(PhoneIssue, IsNotForAnotherDevicesOrder) {
    Phone phone{at(), "own"};
    Phone other{at(), "other"};
    ASSERT_EQ(phone.open_order().status, 200U);

    EXPECT_EQ(other.ask("GET", "/orders/current").status, 404U);
    EXPECT_EQ(other.ask("POST", "/orders/current/abandon", "{}").status, 404U);
}

TEST_F(PhoneIssue, SurvivesARestartBetweenAnswerAndConfirmation) {
    const auto card = card_of(13);
    Phone phone{at(), "restart"};
    ASSERT_EQ(phone.open_order().status, 200U);
    ASSERT_EQ(phone.administer(), 204U);
    ASSERT_TRUE(phone.prepare());
    ASSERT_EQ(phone.request(card), "");
    ASSERT_EQ(phone.administer(), 204U);

    at().restart_registration();

    EXPECT_EQ(phone.confirm(card), "");
    EXPECT_EQ(phone.last_state(), "completed");
}

}  // namespace
}  // namespace mitome::registration
