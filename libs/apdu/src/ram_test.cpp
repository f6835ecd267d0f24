// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/ram.hpp>

#include <gtest/gtest.h>

namespace mitome::apdu::ram {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

TEST(Commands, EncodeAsTheGoldenScripts) {
    EXPECT_EQ(to_hex(encode_commands({hex("80F24002024F0000")})), "AA0A220880F24002024F0000");
    EXPECT_EQ(to_hex(encode_commands({hex("80F24002024F0000"), hex("00A40004023F0000")})),
              "AA14220880F24002024F0000220800A40004023F0000");
    const std::string long_one = to_hex(encode_commands({Bytes(200, 0)}));
    EXPECT_EQ(long_one.substr(0, 12), "AA81CB2281C8");
}

TEST(Commands, ReadTheScriptOfALiveCard) {
    const auto commands = decode_commands(hex("AE80220580CAFF21000000"));

    ASSERT_TRUE(commands);
    EXPECT_EQ(*commands, (std::vector<Bytes>{hex("80CAFF2100")}));
    EXPECT_EQ(to_hex(encode_commands(*commands, Form::indefinite)), "AE80220580CAFF21000000");
}

TEST(Answers, ReadTheAnswerOfALiveCard) {
    const Bytes octets = hex("AF802304930590000000");

    const auto answers = decode_answers(octets);

    ASSERT_TRUE(answers);
    EXPECT_EQ(answers->responses, (std::vector<Bytes>{hex("93059000")}));
    EXPECT_EQ(encode_answers(*answers, Form::indefinite), octets);
}

TEST(Answers, CountInTheDefiniteForm) {
    const Answers answers{{hex("9000"), hex("AA6A88")}, Trouble::none};

    EXPECT_EQ(to_hex(encode_answers(answers)), "AB0C800102230290002303AA6A88");
    EXPECT_EQ(decode_answers(encode_answers(answers)).value(), answers);
}

TEST(Answers, RefuseAWrongCount) { EXPECT_FALSE(decode_answers(hex("AB07800102 23029000"))); }

TEST(Answers, CarryTrouble) {
    for (const Trouble trouble :
         {Trouble::unknown_tag, Trouble::wrong_length, Trouble::length_not_found,
          Trouble::suspended, Trouble::no_previous_script, Trouble::chaining_refused,
          Trouble::chaining_failed}) {
        const Answers answers{{hex("9000")}, trouble};
        EXPECT_EQ(decode_answers(encode_answers(answers)).value(), answers);
    }
}

class BadScripts : public testing::TestWithParam<const char*> {};

TEST_P(BadScripts, AreRefused) { EXPECT_FALSE(decode_commands(hex(GetParam()))); }

INSTANTIATE_TEST_SUITE_P(All, BadScripts,
                         testing::Values("", "AA", "AA05220480CA", "AA0480010100", "AB00",
                                         "AA03220180", "AE80220480CA0066", "AA0022",
                                         "AE80220480CA00660000FF", "AA84000000012200",
                                         "AE81220480CA00660000"));

TEST(Run, StopsBehindAnError) {
    int asked = 0;
    const auto answers = run(encode_commands({Bytes(4, 1), Bytes(4, 2), Bytes(4, 3)}),
                             [&](BytesView) -> Result<Bytes> {
                                 ++asked;
                                 return asked == 2 ? hex("6985") : hex("9000");
                             });

    ASSERT_TRUE(answers);
    EXPECT_EQ(answers->responses.size(), 2U);
    EXPECT_EQ(asked, 2);
}

TEST(Run, NamesTheTroubleOfAScriptItCannotRead) {
    const auto transmit = [](BytesView) -> Result<Bytes> { return Bytes{}; };

    EXPECT_EQ(run(hex("AC00"), transmit)->trouble, Trouble::unknown_tag);
    EXPECT_EQ(run(hex("AA0522048000"), transmit)->trouble, Trouble::wrong_length);
    EXPECT_EQ(run(hex("AA"), transmit)->trouble, Trouble::length_not_found);
}

TEST(Run, ReportsALostToken) {
    const auto answers = run(encode_commands({Bytes(4, 1)}), [](BytesView) -> Result<Bytes> {
        return fail(Fault::unavailable, "test: gone");
    });

    EXPECT_EQ(answers.error().fault, Fault::unavailable);
}

}  // namespace
}  // namespace mitome::apdu::ram
