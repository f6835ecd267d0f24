// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/settings.hpp>

#include <gtest/gtest.h>

namespace mitome {
namespace {

TEST(Settings, GivesTheValuesOfTheirKeys) {
    auto settings =
        Settings::parse("port = 8443\nsandbox = true\n[tls]\nkey = \"/tls/a.key\"\n").value();

    EXPECT_EQ(settings.port("port"), 8443);
    EXPECT_TRUE(settings.flag("sandbox"));
    EXPECT_EQ(settings.path("tls.key"), "/tls/a.key");
    EXPECT_TRUE(settings.finish());
}

TEST(Settings, RefuseAKeyThatNobodyAskedFor) {
    auto settings = Settings::parse("[tls]\nkey = \"/a\"\nkye = \"/b\"\n").value();
    static_cast<void>(settings.path("tls.key"));

    const auto finished = settings.finish();

    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().fault, Fault::malformed);
}

TEST(Settings, RefuseAMissingKey) {
    auto settings = Settings::parse("").value();

    EXPECT_EQ(settings.text("folder"), "");
    EXPECT_FALSE(settings.finish());
}

TEST(Settings, RefuseAPathThatIsNotAbsolute) {
    auto settings = Settings::parse("folder = \"status\"").value();

    static_cast<void>(settings.path("folder"));

    EXPECT_FALSE(settings.finish());
}

TEST(Settings, RefuseAPortThatIsNone) {
    auto settings = Settings::parse("port = 65536").value();

    EXPECT_EQ(settings.port("port"), 0);
    EXPECT_FALSE(settings.finish());
}

TEST(Settings, TakeWhatIsSaidOtherwiseForAMissingNumber) {
    auto settings = Settings::parse("").value();

    EXPECT_EQ(settings.number("seconds", 1, 600, 60), 60);
    EXPECT_TRUE(settings.finish());
}

TEST(Settings, NameTheLineThatIsNotToml) {
    const auto settings = Settings::parse("port = 1\nfolder = \n");

    ASSERT_FALSE(settings);
    EXPECT_EQ(settings.error().fault, Fault::malformed);
    EXPECT_EQ(settings.error().code, 2U);
}

}  // namespace
}  // namespace mitome
