// SPDX-License-Identifier: Apache-2.0
#include "index.hpp"

#include <gtest/gtest.h>

namespace mitome::status {
namespace {

Bytes serial(std::uint32_t number) {
    return {0x41, static_cast<std::uint8_t>(number >> 16U), static_cast<std::uint8_t>(number >> 8U),
            static_cast<std::uint8_t>(number)};
}

const Standing revoked{
    Standing::Revoked{Time{std::chrono::seconds{1'795'000'000}}, pki::Reason::key_compromise}};

TEST(Index, KnowsNothingAtFirst) { EXPECT_FALSE(Index{}.find(serial(1))); }

TEST(Index, FindsAGoodCertificate) {
    Index index;
    ASSERT_TRUE(index.put(serial(1), {}));

    EXPECT_EQ(index.find(serial(1)), Standing{});
    EXPECT_FALSE(index.find(serial(2)));
}

TEST(Index, ReplacesAStanding) {
    Index index;
    ASSERT_TRUE(index.put(serial(1), {}));
    ASSERT_TRUE(index.put(serial(1), revoked));

    EXPECT_EQ(index.find(serial(1)), revoked);
    EXPECT_EQ(index.size(), 1U);
}

TEST(Index, TakesASerialAsANumber) {
    Index index;
    ASSERT_TRUE(index.put(Bytes{0x00, 0x81}, {}));

    EXPECT_TRUE(index.find(Bytes{0x81}));
}

TEST(Index, RefusesASerialThatIsNoneOfOurs) {
    EXPECT_FALSE(Index{}.put(Bytes(17, 1), {}));
    EXPECT_FALSE(Index{}.find(Bytes(17, 1)));
}

TEST(Index, KeepsEveryEntryWhileItGrows) {
    constexpr std::uint32_t count = 100'000;
    Index index;
    for (std::uint32_t i = 0; i < count; ++i) {
        ASSERT_TRUE(index.put(serial(i), i % 3 == 0 ? revoked : Standing{}));
    }

    std::uint32_t right = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (index.find(serial(i)) == (i % 3 == 0 ? revoked : Standing{})) ++right;
    }

    EXPECT_EQ(right, count);
    EXPECT_FALSE(index.find(serial(count)));
}

}  // namespace
}  // namespace mitome::status
