// SPDX-License-Identifier: Apache-2.0
#include "softhsm.hpp"

#include <mitome/crypto/token.hpp>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace mitome::crypto
