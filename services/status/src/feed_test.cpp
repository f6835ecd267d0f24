// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include <gtest/gtest.h>

namespace mitome::status {
namespace {

TEST(ParseFeed, ReadsChangesInSequence) {
    const auto feed = parse_feed(view(R"({"first":41,"entries":[
        {"ca":"card-sign","serial":"4100AB","happening":"issued","at":"2026-11-24T15:20:00Z",
         "not_after":"2030-02-17T14:59:59Z"},
        {"ca":"phone-auth","serial":"42","happening":"revoked","at":"2026-11-24T15:20:00Z",
         "not_after":"2030-02-17T14:59:59Z","reason":"superseded"}],
        "head":42,"crls":{"phone-auth":"MAA="}})"));

    ASSERT_TRUE(feed);
    EXPECT_EQ(feed->first, 41U);
    EXPECT_EQ(feed->entries.at(0).serial, (Bytes{0x41, 0x00, 0xAB}));
    EXPECT_EQ(feed->entries.at(0).seq, 41U);
    EXPECT_EQ(feed->entries.at(1).seq, 42U);
    EXPECT_EQ(feed->entries.at(1).ca, pki::Ca::phone_auth);
    EXPECT_EQ(feed->entries.at(1).happening, store::Happening::revoked);
    EXPECT_EQ(feed->entries.at(1).reason, pki::Reason::superseded);
    EXPECT_EQ(feed->crls.at(pki::Ca::phone_auth), (Bytes{0x30, 0x00}));
}

TEST(ParseFeed, ReadsAHeartbeat) {
    const auto feed = parse_feed(view(R"({"first":1,"entries":[],"head":0})"));

    ASSERT_TRUE(feed);
    EXPECT_EQ(feed->head, 0U);
}

class BadFeed : public testing::TestWithParam<const char*> {};

TEST_P(BadFeed, IsRefused) {
    const auto feed = parse_feed(view(GetParam()));

    ASSERT_FALSE(feed);
    EXPECT_EQ(feed.error().fault, Fault::malformed);
}

INSTANTIATE_TEST_SUITE_P(
    Feeds, BadFeed,
    testing::Values(
        R"({"first":0,"entries":[],"head":0})", R"({"first":3,"entries":[],"head":1})",
        R"({"first":1,"entries":[{"ca":"card-sign","serial":"41","happening":"issued","at":"2026-11-24T15:20:00Z","not_after":"2030-02-17T14:59:59Z"}],"head":0})",
        R"({"first":1,"entries":[{"ca":"card","serial":"41","happening":"issued","at":"2026-11-24T15:20:00Z","not_after":"2030-02-17T14:59:59Z"}],"head":1})",
        R"({"first":1,"entries":[{"ca":"card-sign","serial":"","happening":"issued","at":"2026-11-24T15:20:00Z","not_after":"2030-02-17T14:59:59Z"}],"head":1})",
        R"({"first":1,"entries":[{"ca":"card-sign","serial":"41","happening":"revoked","at":"2026-11-24T15:20:00Z","not_after":"2030-02-17T14:59:59Z"}],"head":1})",
        R"({"first":1,"entries":[{"ca":"card-sign","serial":"41","happening":"lost","at":"2026-11-24T15:20:00Z","not_after":"2030-02-17T14:59:59Z"}],"head":1})",
        R"({"first":1,"entries":[{"ca":"card-sign","serial":"41","happening":"issued","reason":"superseded","at":"2026-11-24T15:20:00Z","not_after":"2030-02-17T14:59:59Z"}],"head":1})",
        R"({"first":18446744073709551615,"entries":[],"head":18446744073709551615})",
        R"({"first":1,"entries":[],"head":0,"crls":{"card":"MAA="}})"));

}  // namespace
}  // namespace mitome::status
