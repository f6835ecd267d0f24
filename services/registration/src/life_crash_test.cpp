// SPDX-License-Identifier: Apache-2.0
#include "test_phone.hpp"

#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

/// Registration is killed at each step of a renewal, a revocation with its erasure, new PINs and a
/// local erasure. Afterwards the same wish leads to what it would have led to.
class LifeCrash : public testing::TestWithParam<const char*> {
protected:
    static void SetUpTestSuite() {
        sandbox_ = new_sandbox(600);
        ASSERT_TRUE(sandbox_->works);
        ASSERT_TRUE(sandbox_->new_card("card", 1));
    }
    static void TearDownTestSuite() { sandbox_.reset(); }
    static Sandbox& at() { return *sandbox_; }
    static CardInFiles card() { return {sandbox_->home, "card"}; }
    static std::string step() { return GetParam(); }
    static void crash_at(const std::string& step) {
        at().restart_registration({{"MITOME_CRASH_AT", step}});
    }
    static void go_on() {
        ASSERT_EQ(at().registration_ends(), 128 + SIGKILL) << step();
        at().restart_registration();
    }
    static std::string name() {
        std::string out;
        for (const char c : step()) out.push_back(c == ':' ? '-' : c);
        return out;
    }

private:
    static std::unique_ptr<Sandbox> sandbox_;
};
std::unique_ptr<Sandbox> LifeCrash::sandbox_;

using RenewalCrash = LifeCrash;
TEST_P(RenewalCrash, LeavesOnePairAlive) {
    Phone phone{at(), "renewal-" + name()};
    ASSERT_EQ(phone.issue(card()), "done");
    const std::size_t sign = at().living("phone-sign");
    const std::size_t auth = at().living("phone-auth");
    crash_at(step());

    static_cast<void>(phone.renew(card()));
    go_on();

    static_cast<void>(phone.recover());
    if (phone.last_state() != "completed") {
        EXPECT_EQ(phone.renew(card()), "done");
    }
    EXPECT_EQ(at().living("phone-sign"), sign);
    EXPECT_EQ(at().living("phone-auth"), auth);
    EXPECT_TRUE(phone.holds_a_set());
}
INSTANTIATE_TEST_SUITE_P(EachStep, RenewalCrash,
                         testing::Values("order-opened", "keys-stored", "exchange-recorded:2",
                                         "certificate-issued", "answer-stored:2", "swap-proven",
                                         "swap-stored", "confirmation-stored", "former-revoked",
                                         "order-completed"));

using ErasureCrash = LifeCrash;
TEST_P(ErasureCrash, EndsWithTheReceipt) {
    Phone phone{at(), "erasure-" + name()};
    ASSERT_EQ(phone.issue(card()), "done");
    crash_at(step());

    const auto said = phone.revoke_itself(pki::Reason::key_compromise);
    if (said.empty()) static_cast<void>(phone.sync());
    go_on();

    // Judged and written down, it is carried out even if nobody asks again.
    const auto is_revoked = [&] {
        return at().state_of(*phone.granted(adm::Kind::sign), "phone-sign") ==
                   "revoked keyCompromise" &&
               at().state_of(*phone.granted(adm::Kind::auth), "phone-auth") ==
                   "revoked keyCompromise";
    };
    for (int i = 0; i < 100 && !(is_revoked() && !phone.former().as_array().empty()); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    EXPECT_TRUE(is_revoked());
    EXPECT_EQ(phone.sync(), 204U);
    EXPECT_EQ(phone.former().as_array().size(), 1U);
    EXPECT_EQ(phone.former().at(0).at("state").as_string(), "erased");
    EXPECT_FALSE(phone.holds_a_set());
}
INSTANTIATE_TEST_SUITE_P(EachStep, ErasureCrash,
                         testing::Values("revocation-recorded", "revocation-done",
                                         "revocation-stored", "session-opened", "erase-signed",
                                         "erase-delivered", "erase-proven", "erase-stored"));

using ResetCrash = LifeCrash;
TEST_P(ResetCrash, EndsWithTheNewPin) {
    Phone phone{at(), "reset-" + name()};
    ASSERT_EQ(phone.issue(card()), "done");
    crash_at(step());

    const auto said = phone.ask_reset(card());
    if (said.empty()) static_cast<void>(phone.administer());
    go_on();

    // One that was granted is carried out; one that the element has heard of already is used up.
    ASSERT_NE(phone.administer(), 0U);
    if (!phone.choose_pin(adm::Kind::sign, "NEWPIN7")) {
        ASSERT_EQ(phone.ask_reset(card()), "");
        ASSERT_EQ(phone.administer(), 204U);
        EXPECT_TRUE(phone.choose_pin(adm::Kind::sign, "NEWPIN7"));
    }
    EXPECT_TRUE(phone.verifies(adm::Kind::sign, "NEWPIN7"));
}
INSTANTIATE_TEST_SUITE_P(EachStep, ResetCrash,
                         testing::Values("reset-granted", "reset-opened", "reset-stored"));

using ReceiptCrash = LifeCrash;
TEST_P(ReceiptCrash, TakesItAgain) {
    Phone phone{at(), "receipt-" + name()};
    ASSERT_EQ(phone.issue(card()), "done");
    const auto receipt = phone.erase_locally();
    ASSERT_TRUE(receipt);
    crash_at(step());

    static_cast<void>(phone.hand_over(*receipt));
    go_on();

    EXPECT_EQ(phone.hand_over(*receipt).status, 200U);
    EXPECT_EQ(phone.former().as_array().size(), 1U);
    EXPECT_EQ(phone.sync(), 204U);
}
INSTANTIATE_TEST_SUITE_P(EachStep, ReceiptCrash, testing::Values("receipt-stored"));

}  // namespace
}  // namespace mitome::registration
