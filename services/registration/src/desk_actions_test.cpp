// SPDX-License-Identifier: Apache-2.0
#include "desk_actions.hpp"

#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

TEST(Subject, IsAPersonsPhoneUnlessSaidOtherwise) {
    const auto usual = parse_subject(view(R"({"resident":3})"));

    ASSERT_TRUE(usual);
    EXPECT_EQ(usual->resident, 3U);
    EXPECT_EQ(usual->whose, Whose::phone);
    EXPECT_EQ(parse_subject(view(R"({"resident":3,"whose":"card"})"))->whose, Whose::card);
    EXPECT_EQ(parse_subject(view(R"({"resident":3,"whose":"both"})"))->whose, Whose::both);
}

TEST(Subject, MayBeOneCertificate) {
    const auto subject = parse_subject(view(R"({"certificate":"MAA="})"));

    ASSERT_TRUE(subject);
    EXPECT_FALSE(subject->resident);
    EXPECT_EQ(subject->certificate, (Bytes{0x30, 0x00}));
}

TEST(Subject, IsNotBothAndNotNothing) {
    EXPECT_FALSE(parse_subject(view(R"({"resident":3,"certificate":"MAA="})")));
    EXPECT_FALSE(parse_subject(view(R"({"certificate":""})")));
    EXPECT_FALSE(parse_subject(view("{}")));
    EXPECT_FALSE(parse_subject(view(R"({"resident":3,"whose":"neighbour"})")));
    EXPECT_FALSE(parse_subject(view(R"({"resident":3,"reason":"keyCompromise"})")));
}

TEST(DeskRevocation, TakesOnlyReasonsOfADesk) {
    EXPECT_EQ(parse_desk_revocation(view(R"({"resident":3})"))->reason, pki::Reason::unspecified);
    EXPECT_EQ(parse_desk_revocation(view(R"({"resident":3,"reason":"keyCompromise"})"))->reason,
              pki::Reason::key_compromise);
    EXPECT_FALSE(parse_desk_revocation(view(R"({"resident":3,"reason":"certificateHold"})")));
    EXPECT_FALSE(parse_desk_revocation(view(R"({"resident":3,"reason":"removeFromCRL"})")));
    EXPECT_FALSE(parse_desk_revocation(view(R"({"resident":3,"reason":"cACompromise"})")));
}

TEST(NewAddress, IsATextInAPlaceThatIsKnown) {
    EXPECT_EQ(parse_new_address(view(R"({"address":"架空町"})"))->address, "架空町");
    EXPECT_EQ(
        parse_new_address(view(R"({"address":"架空町","municipality":"13221"})"))->municipality,
        "13221");
    EXPECT_FALSE(parse_new_address(view(R"({"address":""})")));
    EXPECT_FALSE(parse_new_address(view(R"({"address":"架空町","municipality":"99999"})")));
    EXPECT_FALSE(parse_new_name(view(R"({"name":")" + std::string(201, 'a') + R"("})")));
}

TEST(StopRequest, NeedsTenDigits) {
    const auto request =
        parse_stop(view(R"({"phone":"00112233445566778899","code":"0123456789"})"));

    ASSERT_TRUE(request);
    EXPECT_EQ(to_hex(request->element), "00112233445566778899");
    EXPECT_EQ(request->code.size(), 10U);
    for (const std::string code : {"123456789", "12345678901", "12345-6789", ""})
        EXPECT_FALSE(
            parse_stop(view(R"({"phone":"00112233445566778899","code":")" + code + R"("})")));
    EXPECT_FALSE(parse_stop(view(R"({"phone":"0011","code":"0123456789"})")));
}

TEST(Rejection, IsSaidAloud) {
    EXPECT_FALSE(parse_rejection({}).value());
    EXPECT_FALSE(parse_rejection(view("{}")).value());
    EXPECT_TRUE(parse_rejection(view(R"({"reject":true})")).value());
    EXPECT_FALSE(parse_rejection(view(R"({"agree":true})")));
}

}  // namespace
}  // namespace mitome::registration
