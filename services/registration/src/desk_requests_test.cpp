// SPDX-License-Identifier: Apache-2.0
#include "desk_requests.hpp"

#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

TEST(NewResident, IsInventedWhereNothingIsSaid) {
    const auto made = parse_new_resident(view("{}"));

    ASSERT_TRUE(made);
    EXPECT_FALSE(made->name.empty());
    EXPECT_TRUE(made->birth.ok());
}

TEST(NewResident, TakesWhatIsSaid) {
    const auto made = parse_new_resident(
        view(R"({"name":"新田　一","birth_date":"2001-02-03","address":"架空町","sex":2})"));

    ASSERT_TRUE(made);
    EXPECT_EQ(made->name, "新田　一");
    EXPECT_EQ(made->sex, pki::Sex::female);
}

TEST(NewResident, RefusesWhatIsNoPerson) {
    EXPECT_FALSE(parse_new_resident(view(R"({"birth_date":"2001-02-30"})")));
    EXPECT_FALSE(parse_new_resident(view(R"({"sex":3})")));
    EXPECT_FALSE(parse_new_resident(view(R"({"name":""})")));
    EXPECT_FALSE(parse_new_resident(view(R"({"municipality":"99999"})")));
    EXPECT_FALSE(parse_new_resident(view(R"({"colour":"red"})")));
    EXPECT_FALSE(parse_new_resident(view(R"({"name":")" + std::string(201, 'a') + R"("})")));
}

TEST(CardRequest, KnowsItsCases) {
    EXPECT_EQ(parse_card_request(
                  view(R"({"resident":1,"sign_spki":"AA==","auth_spki":"AA==","case":"moved"})"))
                  ->flaw,
              Case::moved);
    EXPECT_EQ(parse_card_request(
                  view(R"({"resident":1,"sign_spki":"AA==","auth_spki":"AA==","expired":true})"))
                  ->flaw,
              Case::expired);
    EXPECT_FALSE(parse_card_request(
        view(R"({"resident":1,"sign_spki":"AA==","auth_spki":"AA==","case":"tired"})")));
}

TEST(OrderWish, IsForOneKindOrTwo) {
    EXPECT_EQ(parse_order(view(R"({"kinds":["sign","auth"]})"))->kinds.size(), 2U);
    EXPECT_EQ(parse_order(view(R"({"kinds":["auth"]})"))->kinds.front(), pki::Kind::auth);
    EXPECT_FALSE(parse_order(view(R"({"kinds":[]})")));
    EXPECT_FALSE(parse_order(view(R"({"kinds":["sign","sign"]})")));
    EXPECT_FALSE(parse_order(view(R"({"kinds":["both"]})")));
}

TEST(OrderWish, IsARenewalWhenItSaysSo) {
    EXPECT_FALSE(parse_order(view(R"({"kinds":["sign"]})"))->renewal);
    EXPECT_TRUE(parse_order(view(R"({"kinds":["sign"],"renewal":true})"))->renewal);
    EXPECT_FALSE(parse_order(view(R"({"kinds":["sign"],"renewal":"yes"})")));
}

}  // namespace
}  // namespace mitome::registration
