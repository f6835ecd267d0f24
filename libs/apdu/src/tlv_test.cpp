// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/tlv.hpp>

#include <gtest/gtest.h>

namespace mitome::apdu {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

TEST(Tlv, ReadsTheObjectInFrontAndLeavesTheFiller) {
    const Bytes octets = hex("FF100C313233343536373839303138FFFF");

    const auto object = first_tlv(octets);

    ASSERT_TRUE(object);
    EXPECT_EQ(object->tag, 0xFF10);
    EXPECT_EQ(text(object->value), "123456789018");
    EXPECT_EQ(object->whole.size(), 15U);
}

TEST(Tlv, TakesLengthsLongerThanNeeded) {
    for (const char* octets : {"8001AA", "808101AA", "80820001AA"})
        EXPECT_EQ(first_tlv(hex(octets))->value.size(), 1U) << octets;
}

TEST(Tlv, RefusesWhatIsCutShortOrIndefinite) {
    for (const char* octets :
         {"", "80", "7F", "7F21", "8002AA", "8080AA0000", "80830000010A", "1F818100"}) {
        const auto object = first_tlv(hex(octets));
        ASSERT_FALSE(object) << octets;
        EXPECT_EQ(object.error().fault, Fault::malformed);
    }
}

TEST(Tlv, KnowsTheWholeSizeFromTheHeader) {
    EXPECT_EQ(tlv_size(hex("7F21820233")).value(), 5U + 0x233);
    EXPECT_EQ(tlv_size(hex("7F2182")).value(), std::nullopt);
    EXPECT_EQ(tlv_size({}).value(), std::nullopt);
    EXPECT_FALSE(tlv_size(hex("7F2185")));
}

TEST(Tlv, ListsObjectsAndFindsOne) {
    const Bytes octets = hex("4F02A000C50100");

    const auto objects = all_tlv(octets);

    ASSERT_TRUE(objects);
    ASSERT_EQ(objects->size(), 2U);
    EXPECT_EQ(find_tlv(*objects, 0xC5)->value.size(), 1U);
    EXPECT_EQ(find_tlv(*objects, 0x66), std::nullopt);
    EXPECT_FALSE(all_tlv(hex("4F02A000C501")));
}

TEST(Tlv, WritesTheShortestForm) {
    EXPECT_EQ(make_tlv(0x80, Bytes(0x7F)).size(), 2U + 0x7F);
    EXPECT_EQ(make_tlv(0x80, Bytes(0x80))[1], 0x81);
    EXPECT_EQ(make_tlv(0x80, Bytes(0x100))[1], 0x82);
}

TEST(Tlv, WritesLongCardLengthsInTwoOctets) {
    const Bytes object = make_card_tlv(0xFF20, Bytes(0x80));

    EXPECT_EQ(Bytes(object.begin(), object.begin() + 5), hex("FF20820080"));
}

}  // namespace
}  // namespace mitome::apdu
