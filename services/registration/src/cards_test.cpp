// SPDX-License-Identifier: Apache-2.0
#include "cards.hpp"

#include <mitome/pki/profile.hpp>

#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

using namespace std::chrono_literals;

Time at(std::string_view text) { return from_rfc3339(text).value(); }

TEST(CardTimes, EndOnTheFifthBirthdayAfterIssue) {
    const auto times = card_times(1980y / 2 / 17, at("2025-10-27T05:30:45Z"), Case::none);

    EXPECT_EQ(to_rfc3339(times.auth_end), "2030-02-17T14:59:59Z");
    EXPECT_EQ(times.sign_end, times.auth_end);
    EXPECT_EQ(to_rfc3339(times.card_end), "2035-02-17T14:59:59Z");
    EXPECT_FALSE(times.not_before);
}

TEST(CardTimes, DoNotCountABirthdayOnTheDayOfIssue) {
    const auto times = card_times(1980y / 2 / 17, at("2026-02-17T01:00:00Z"), Case::none);

    EXPECT_EQ(to_rfc3339(times.auth_end), "2031-02-17T14:59:59Z");
}

TEST(CardTimes, GiveNoSignatureCertificateUnderFifteen) {
    const Time day_before = at("2025-10-26T14:59:59Z");  // still the 26th in Japan

    EXPECT_FALSE(card_times(2010y / 10 / 27, day_before, Case::none).sign_end);
    EXPECT_TRUE(card_times(2010y / 10 / 27, day_before + 1s, Case::none).sign_end);
}

TEST(CardTimes, LieInThePastForAnExpiredCard) {
    const Time now = at("2026-11-24T00:00:00Z");

    const auto times = card_times(1958y / 6 / 15, now, Case::expired);

    ASSERT_TRUE(times.not_before && times.sign_end);
    EXPECT_LT(*times.not_before, *times.sign_end);
    EXPECT_LT(*times.sign_end, now);
    EXPECT_LE(times.card_end, now);
}

}  // namespace
}  // namespace mitome::registration
