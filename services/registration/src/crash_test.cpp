// SPDX-License-Identifier: Apache-2.0
#include "test_phone.hpp"

#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

/// Registration is killed at each step of an order. Afterwards the phone's next run ends with both
/// certificates alive, and nothing else of that person lives.
class RegistrationCrash : public testing::TestWithParam<const char*> {
protected:
    static void SetUpTestSuite() {
        sandbox_ = new_sandbox(600);
        ASSERT_TRUE(sandbox_->works);
        ASSERT_TRUE(sandbox_->new_card("card", 1));
        Phone first{*sandbox_, "first"};
        ASSERT_EQ(first.issue(card()), "done");
        living_sign_ = sandbox_->living("phone-sign");
        living_auth_ = sandbox_->living("phone-auth");
    }
    static void TearDownTestSuite() { sandbox_.reset(); }
    static Sandbox& at() { return *sandbox_; }
    static CardInFiles card() { return {sandbox_->home, "card"}; }

    static std::unique_ptr<Sandbox> sandbox_;
    static std::size_t living_sign_, living_auth_;
};
std::unique_ptr<Sandbox> RegistrationCrash::sandbox_;
std::size_t RegistrationCrash::living_sign_ = 0;
std::size_t RegistrationCrash::living_auth_ = 0;

TEST_P(RegistrationCrash, IsHealedByTheNextRun) {
    const std::string step = GetParam();
    Phone phone{at(), "crash-" + step};
    at().restart_registration({{"MITOME_CRASH_AT", step}});

    std::string said = phone.issue(card());
    if (step.starts_with("unconfirmed") || step.starts_with("order-abandoned"))
        said = phone.recover();
    ASSERT_EQ(at().registration_ends(), 128 + SIGKILL) << said;
    at().restart_registration();

    const std::string recovered = phone.recover();
    EXPECT_TRUE(recovered == "completed" || recovered == "dropped" || recovered == "nothing")
        << recovered;
    if (phone.last_state() != "completed") {
        EXPECT_EQ(phone.issue(card()), "done");
    }
    EXPECT_EQ(phone.last_state(), "completed");
    EXPECT_TRUE(phone.holds_a_set());
    EXPECT_EQ(at().living("phone-sign"), living_sign_);
    EXPECT_EQ(at().living("phone-auth"), living_auth_);
}

INSTANTIATE_TEST_SUITE_P(EachStep, RegistrationCrash,
                         testing::Values("order-opened", "session-opened", "keys-stored",
                                         "exchange-recorded", "exchange-recorded:2",
                                         "certificate-issued", "certificate-issued:2",
                                         "answer-stored", "answer-stored:2", "session-opened:2",
                                         "swap-proven", "swap-stored", "confirmation-stored",
                                         "confirmation-stored:2", "former-revoked",
                                         "order-completed"),
                         [](const auto& test) {
                             std::string name;
                             for (const char c : std::string{test.param})
                                 name.push_back(c == '-' || c == ':' ? '_' : c);
                             return name;
                         });

}  // namespace
}  // namespace mitome::registration
