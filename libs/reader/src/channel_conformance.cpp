// SPDX-License-Identifier: Apache-2.0
#include "channel_conformance.hpp"

#include <atomic>

namespace mitome::reader::conformance {
namespace {

[[nodiscard]] apdu::Command read_all() { return {.ins = 0xB0, .p1 = 0x8A, .expected = 65'536}; }

}  // namespace

TEST_P(ChannelConformance, CarriesCommandAndResponse) {
    Bytes seen;
    auto opened = GetParam().open([&](BytesView command) {
        seen = copy(command);
        return Bytes{0x01, 0x02, 0x90, 0x00};
    });
    ASSERT_TRUE(opened.channel);

    const auto answer = opened.channel->transmit({.ins = 0xB0, .expected = 2});

    ASSERT_TRUE(answer) << answer.error().what.text;
    EXPECT_EQ(to_hex(seen), "00B0000002");
    EXPECT_EQ(to_hex(answer->data), "0102");
    EXPECT_EQ(answer->sw, 0x9000);
}

TEST_P(ChannelConformance, GivesErrorsOfTheTokenAsAnswers) {
    auto opened = GetParam().open([](BytesView) { return Bytes{0x6A, 0x82}; });
    ASSERT_TRUE(opened.channel);

    const auto answer = opened.channel->transmit({.ins = 0xA4, .data = Bytes{0x3F, 0x00}});

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->sw, 0x6A82);
}

TEST_P(ChannelConformance, CollectsWhatTheTokenHoldsBack) {
    auto opened = GetParam().open([](BytesView command) -> Bytes {
        if (command[1] == 0xC0) {
            return command[4] == 0x03 ? Bytes{3, 4, 5, 0x90, 0x00} : Bytes{0x67, 0x00};
        }
        return {1, 2, 0x61, 0x03};
    });
    ASSERT_TRUE(opened.channel);

    const auto answer = opened.channel->transmit({.ins = 0xB0, .expected = 256});

    ASSERT_TRUE(answer);
    EXPECT_EQ(to_hex(answer->data), "0102030405");
    EXPECT_EQ(answer->sw, 0x9000);
}

TEST_P(ChannelConformance, AsksAgainWithTheRightLength) {
    auto opened = GetParam().open([](BytesView command) -> Bytes {
        return command.back() == 0x02 ? Bytes{7, 8, 0x90, 0x00} : Bytes{0x6C, 0x02};
    });
    ASSERT_TRUE(opened.channel);

    const auto answer = opened.channel->transmit({.ins = 0xB0, .expected = 256});

    ASSERT_TRUE(answer);
    EXPECT_EQ(to_hex(answer->data), "0708");
}

TEST_P(ChannelConformance, EndsAnAnswerThatNeverEnds) {
    auto opened = GetParam().open([](BytesView) { return Bytes{0x61, 0x01}; });
    ASSERT_TRUE(opened.channel);

    const auto answer = opened.channel->transmit({.ins = 0xB0, .expected = 256});

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::malformed);
}

TEST_P(ChannelConformance, CarriesExtendedCommands) {
    std::size_t size = 0;
    auto opened = GetParam().open([&](BytesView command) {
        size = command.size();
        return Bytes{0x90, 0x00};
    });
    ASSERT_TRUE(opened.channel);

    const auto answer = opened.channel->transmit({.ins = 0xE2, .data = Bytes(2'000, 0x55)});

    ASSERT_TRUE(answer);
    EXPECT_EQ(size, 4 + 3 + 2'000u);
}

TEST_P(ChannelConformance, CarriesExtendedAnswers) {
    auto opened = GetParam().open([](BytesView) {
        Bytes file(3'072, 0xA5);
        append(file, "9000"_hex);
        return file;
    });
    ASSERT_TRUE(opened.channel);

    const auto answer = opened.channel->transmit(read_all());

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->data, Bytes(3'072, 0xA5));
    EXPECT_EQ(opened.channel->largest_response(), 65'536u);
}

TEST_P(ChannelConformance, CountsWhatItCarries) {
    auto opened = GetParam().open([](BytesView) { return Bytes{1, 2, 3, 0x90, 0x00}; });
    ASSERT_TRUE(opened.channel);

    ASSERT_TRUE(opened.channel->transmit({.ins = 0xB0, .expected = 3}));
    ASSERT_TRUE(opened.channel->transmit({.ins = 0xB0, .expected = 3}));

    EXPECT_EQ(opened.channel->count().commands, 2u);
    EXPECT_EQ(opened.channel->count().octets_out, 10u);
    EXPECT_EQ(opened.channel->count().octets_in, 10u);
}

TEST_P(ChannelConformance, IsDeadOnceTheTokenHasGone) {
    std::atomic<int> commands = 0;
    auto opened = GetParam().open([&](BytesView) {
        ++commands;
        return Bytes{};  // gone in mid-command
    });
    ASSERT_TRUE(opened.channel);

    const auto first = opened.channel->transmit(read_all());
    const auto second = opened.channel->transmit(read_all());

    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().fault, Fault::unavailable);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault, Fault::unavailable);
    EXPECT_EQ(commands, 1);
}

TEST_P(ChannelConformance, LetsOneConversationExcludeOthers) {
    auto opened = GetParam().open([](BytesView) { return Bytes{0x90, 0x00}; });
    ASSERT_TRUE(opened.channel);

    auto alone = Exclusive::begin(*opened.channel);
    ASSERT_TRUE(alone);
    const auto answer = opened.channel->transmit({.ins = 0x84});

    EXPECT_TRUE(answer);
}

}  // namespace mitome::reader::conformance
