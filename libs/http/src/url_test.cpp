// SPDX-License-Identifier: Apache-2.0
#include <mitome/http/url.hpp>

#include <gtest/gtest.h>

namespace mitome::http {
namespace {

TEST(Url, IsTakenApart) {
    const auto url = Url::parse("https://127.0.0.1:8443/issue?x=1");

    ASSERT_TRUE(url);
    EXPECT_TRUE(url->tls);
    EXPECT_EQ(url->host, "127.0.0.1");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/issue?x=1");
}

TEST(Url, HasThePortOfItsSchemeWhenNoneIsSaid) {
    EXPECT_EQ(Url::parse("http://example.test")->port, 80);
    EXPECT_EQ(Url::parse("HTTPS://example.test/")->port, 443);
}

TEST(Url, HasARootWhenItNamesNoPath) {
    EXPECT_EQ(Url::parse("http://example.test?x")->target, "/?x");
}

TEST(Url, KeepsAnIpv6AddressWithoutItsBrackets) {
    const auto url = Url::parse("http://[::1]:8080/");

    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->to_text(), "http://[::1]:8080/");
}

class NoUrl : public testing::TestWithParam<const char*> {};

TEST_P(NoUrl, IsMalformed) {
    const auto url = Url::parse(GetParam());

    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().fault, Fault::malformed);
}

INSTANTIATE_TEST_SUITE_P(Texts, NoUrl,
                         testing::Values("", "ftp://host/", "http:/host", "http://", "http:///path",
                                         "http://:80/", "http://host:/", "http://host:0/",
                                         "http://host:65536/", "http://host:8x/",
                                         "http://user@host/", "http://host/a b", "http://host/a#b",
                                         "http://ho st/", "http://[::1/", "http://[]/",
                                         "http://[ab]/", "http://[::1]8/", "http://host/\r\nX: 1",
                                         "http://h\xC3\xB6st/"));

TEST(PercentDecode, TurnsPairsIntoOctets) {
    EXPECT_EQ(percent_decode("a%2Fb%00%e8"), std::string("a/b\0\xE8", 5));
}

TEST(PercentDecode, RefusesAPercentWithoutTwoDigits) {
    EXPECT_FALSE(percent_decode("%"));
    EXPECT_FALSE(percent_decode("%2"));
    EXPECT_FALSE(percent_decode("%2g"));
}

TEST(PercentEncode, KeepsOnlyWhatIsUnreserved) {
    EXPECT_EQ(percent_encode("Az0-._~/+ =\xE8"), "Az0-._~%2F%2B%20%3D%E8");
}

TEST(Parameter, IsFoundAmongOthersAndDecoded) {
    const auto value = parameter("ca=card-sign&serial=0A%2b+1&ca=other", "serial");

    ASSERT_TRUE(value && *value);
    EXPECT_EQ(**value, "0A+ 1");
}

TEST(Parameter, OfANameGivenTwiceIsTheFirst) { EXPECT_EQ(*parameter("a=1&a=2", "a"), "1"); }

TEST(Parameter, MayBeEmptyOrAbsent) {
    EXPECT_EQ(*parameter("a&b=", "a"), "");
    EXPECT_EQ(*parameter("a&b=", "b"), "");
    EXPECT_EQ(*parameter("a&b=", "c"), std::nullopt);
}

}  // namespace
}  // namespace mitome::http
