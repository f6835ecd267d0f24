// SPDX-License-Identifier: Apache-2.0
#include "interruption.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace mitome::registration {
namespace {

TEST(Interruption, DoesNothingUnlessAsked) {
    Interruption{}.reached(Step::order_opened);

    SUCCEED();
}

TEST(Interruption, KillsAtItsStep) {
    const auto made = Interruption::parse("answer-stored");
    ASSERT_TRUE(made);

    made->reached(Step::keys_stored);

    EXPECT_EXIT(made->reached(Step::answer_stored), testing::KilledBySignal(SIGKILL), "");
}

TEST(Interruption, KillsTheSecondTimeWhenToldSo) {
    const auto made = Interruption::parse("answer-stored:2");
    ASSERT_TRUE(made);

    made->reached(Step::answer_stored);

    EXPECT_EXIT(made->reached(Step::answer_stored), testing::KilledBySignal(SIGKILL), "");
}

TEST(Interruption, RefusesWhatNamesNoStep) {
    EXPECT_FALSE(Interruption::parse("tea-time"));
    EXPECT_FALSE(Interruption::parse("answer-stored:0"));
    EXPECT_FALSE(Interruption::parse("answer-stored:x"));
}

}  // namespace
}  // namespace mitome::registration
