// SPDX-License-Identifier: Apache-2.0
#include <mitome/http/json.hpp>

#include <gtest/gtest.h>

namespace mitome::http {
namespace {

TEST(JsonObject, GivesItsMembers) {
    auto object = JsonObject::parse(view(
        R"({"ca":"card-sign","spki":"AQID","head":7,"at":"2026-11-24T15:20:00Z","crls":{"a":"b"}})"));

    ASSERT_TRUE(object);
    EXPECT_EQ(object->text("ca"), "card-sign");
    EXPECT_EQ(object->base64("spki"), (Bytes{1, 2, 3}));
    EXPECT_EQ(object->number("head"), 7U);
    EXPECT_EQ(to_rfc3339(object->time("at").value()), "2026-11-24T15:20:00Z");
    EXPECT_EQ(object->object("crls")->text("a"), "b");
    EXPECT_TRUE(object->finish());
}

TEST(JsonObject, RefusesAMemberThatNobodyAskedFor) {
    auto object = JsonObject::parse(view(R"({"ca":"x","CA":"y"})"));
    ASSERT_TRUE(object);
    static_cast<void>(object->text("ca"));

    EXPECT_FALSE(object->finish());
}

TEST(JsonObject, GivesNothingForAMissingOptionalMember) {
    auto object = JsonObject::parse(view("{}"));
    ASSERT_TRUE(object);

    EXPECT_EQ(object->optional_text("reason").value(), std::nullopt);
    EXPECT_FALSE(object->text("reason"));
}

class NoObject : public testing::TestWithParam<const char*> {};

TEST_P(NoObject, IsRefused) {
    const auto object = JsonObject::parse(view(GetParam()));

    ASSERT_FALSE(object);
    EXPECT_EQ(object.error().fault, Fault::malformed);
}

INSTANTIATE_TEST_SUITE_P(Texts, NoObject,
                         testing::Values("", "7", "[]", "{} {}", R"({"a":1,"a":2})",
                                         R"({"a":1,"\u0061":2})", R"({"x":[{"a":1,"a":2}]})",
                                         "[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]",
                                         "{\"a\":\"\xFF\"}"));

}  // namespace
}  // namespace mitome::http
