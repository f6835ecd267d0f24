// SPDX-License-Identifier: Apache-2.0
#include "softhsm.hpp"

#include <mitome/crypto/token.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace mitome::crypto {
namespace {

Token token_in(const SoftHsmFolder& folder) {
    return {.module = softhsm_module, .label = "made", .pin_file = folder.path() / "made.pin"};
}

TEST(Token, IsAbsentBeforeItIsMade) {
    const SoftHsmFolder folder;

    const auto opened = open_token(token_in(folder));

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().fault, Fault::absent);
}

TEST(Token, OpensWithThePinThatWasDrawnForIt) {
    const SoftHsmFolder folder;

    ASSERT_TRUE(make_token(token_in(folder)));

    EXPECT_TRUE(open_token(token_in(folder)));
}

TEST(Token, KeepsItsKeysWhenMadeAgain) {
    const SoftHsmFolder folder;
    ASSERT_TRUE(make_token(token_in(folder)));
    const auto hsm = open_token(token_in(folder));
    ASSERT_TRUE(hsm);
    ASSERT_TRUE((*hsm)->generate_mac_key("master"));

    ASSERT_TRUE(make_token(token_in(folder)));

    EXPECT_TRUE((*hsm)->cmac("master", view("octets")));
}

// A second process that logs in again and again, as services that start at the same time do.
TEST(Token, IsNotOverlookedWhileAnotherProcessLogsIn) {
    const SoftHsmFolder folder;
    const Token busy = token_in(folder);
    const Token other{.module = softhsm_module, .label = "other", .pin_file = folder.path() / "o"};
    ASSERT_TRUE(make_token(busy));
    ASSERT_TRUE(make_token(other));
    std::array<pid_t, 2> neighbours{};
    for (auto& neighbour : neighbours) {
        neighbour = ::fork();
        if (neighbour == 0)
            for (;;) static_cast<void>(open_token(busy));
    }

    int overlooked = 0;
    for (int i = 0; i < 60; ++i)
        if (!open_tokens({other, busy})) ++overlooked;

    for (const auto neighbour : neighbours) {
        ::kill(neighbour, SIGKILL);
        ::waitpid(neighbour, nullptr, 0);
    }
    EXPECT_EQ(overlooked, 0);
}

}  // namespace
}  // namespace mitome::crypto
