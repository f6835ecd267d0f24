// SPDX-License-Identifier: Apache-2.0
#include <mitome/wallet/guessable.hpp>

#include <gtest/gtest.h>

namespace mitome::wallet {
namespace {

using namespace std::chrono_literals;

bool guessable(std::string_view secret) {
    return is_guessable(view(secret), std::chrono::year{1990} / 3 / 14);
}

TEST(Guessable, ARunOfDigitsIs) {
    for (const auto* one : {"1234", "0000", "9876", "8901", "1212"})
        EXPECT_TRUE(guessable(one)) << one;
}
TEST(Guessable, ABirthDateIsInAnyOrder) {
    for (const auto* one : {"1990", "0314", "1403", "9003"}) EXPECT_TRUE(guessable(one)) << one;
    EXPECT_TRUE(guessable("YK900314"));
    EXPECT_TRUE(guessable("T19900314"));
}
TEST(Guessable, ABirthDateOfSomebodyElseIsNot) {
    EXPECT_FALSE(is_guessable(view("0314"), std::nullopt));
}
TEST(Guessable, PlainLettersWithPlainDigitsAre) {
    for (const auto* one : {"ABC123", "AAA111", "123ABC", "PASSWORD1"})
        EXPECT_TRUE(guessable(one)) << one;
}
TEST(Guessable, WhatNobodyTriesFirstIsNot) {
    for (const auto* one : {"7294", "3071", "K7QX2M", "T5OCHA9"})
        EXPECT_FALSE(guessable(one)) << one;
}

}  // namespace
}  // namespace mitome::wallet
