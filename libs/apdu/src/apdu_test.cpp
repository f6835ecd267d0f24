// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/apdu.hpp>

#include <gtest/gtest.h>

namespace mitome::apdu {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

struct Case {
    const char* name;
    std::string octets;
    std::size_t data;
    std::optional<std::uint32_t> expected;
    bool extended;
};

class CommandCases : public testing::TestWithParam<Case> {};

TEST_P(CommandCases, DecodeAndEncodeBack) {
    const Bytes octets = hex(GetParam().octets);

    const auto command = Command::decode(octets);

    ASSERT_TRUE(command);
    EXPECT_EQ(command->data.size(), GetParam().data);
    EXPECT_EQ(command->expected, GetParam().expected);
    EXPECT_EQ(command->extended, GetParam().extended);
    EXPECT_EQ(command->encode(), octets);
}

// ISO/IEC 7816-3:2006 §12.1.3, table 10.
INSTANTIATE_TEST_SUITE_P(
    All, CommandCases,
    testing::Values(Case{"Case1", "00200080", 0, std::nullopt, false},
                    Case{"Case2Short", "00B0000004", 0, 4, false},
                    Case{"Case2ShortAll", "00B0000000", 0, 256, false},
                    Case{"Case2Extended", "00B08A00001000", 0, 4096, true},
                    Case{"Case2ExtendedAll", "00B08A00000000", 0, 65536, true},
                    Case{"Case3Short", "0020008004 31323334", 4, std::nullopt, false},
                    Case{"Case3Extended", "00200080000004 31323334", 4, std::nullopt, true},
                    Case{"Case4Short", "802A0080023031 00", 2, 256, false},
                    Case{"Case4Extended", "802A00800000023031 0100", 2, 256, true}),
    [](const auto& given) { return given.param.name; });

class BadCommands : public testing::TestWithParam<const char*> {};

TEST_P(BadCommands, AreMalformed) {
    const auto command = Command::decode(hex(GetParam()));

    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().fault, Fault::malformed);
}

INSTANTIATE_TEST_SUITE_P(All, BadCommands,
                         testing::Values("", "00", "002000", "0020008004313233",
                                         "00200080043132333400AA", "002000800000",
                                         "00200080000000AA", "0020008000000431323334AA",
                                         "00200080000000000000"));

TEST(Command, TurnsExtendedWhenTheAnswerIsLong) {
    const Command command{.cla = 0,
                          .ins = 0xB0,
                          .p1 = 0x8A,
                          .p2 = 0,
                          .data = {},
                          .expected = 65536,
                          .extended = false};

    EXPECT_EQ(command.encode(), hex("00B08A00000000"));
}

TEST(Command, TurnsExtendedWhenItsDataAreLong) {
    const Command command{.cla = 0,
                          .ins = 0xD6,
                          .p1 = 0,
                          .p2 = 0,
                          .data = Bytes(256, 7),
                          .expected = {},
                          .extended = false};

    const Bytes octets = command.encode();

    EXPECT_EQ(octets.size(), 4U + 3 + 256);
    EXPECT_EQ(Command::decode(octets)->data, command.data);
}

TEST(Response, KeepsItsWordApart) {
    const auto response = Response::decode(hex("01029000"));

    ASSERT_TRUE(response);
    EXPECT_TRUE(response->ok());
    EXPECT_EQ(response->data, hex("0102"));
    EXPECT_EQ(response->encode(), hex("01029000"));
}

TEST(Response, WithoutWordIsMalformed) {
    EXPECT_EQ(Response::decode(hex("90")).error().fault, Fault::malformed);
}

}  // namespace
}  // namespace mitome::apdu
