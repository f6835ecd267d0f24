// SPDX-License-Identifier: Apache-2.0
#include "card_texts.hpp"

#include "card_verifiable.hpp"

#include <mitome/apdu/tlv.hpp>
#include <mitome/crypto/digest.hpp>

#include <gtest/gtest.h>

namespace mitome::maker {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;

constexpr std::chrono::year_month_day first_birth{year{1980}, month{2}, day{17}};

CardTexts texts(std::string address) {
    return {.my_number = "123456789018",
            .name = "吉田　太郎",
            .address = std::move(address),
            .birth = first_birth,
            .sex = '1'};
}

TEST(MyNumber, IsTakenWithItsRightCheckDigitOnly) {
    EXPECT_TRUE(is_my_number("123456789018"));
    EXPECT_FALSE(is_my_number("123456789019"));
    EXPECT_FALSE(is_my_number("12345678901"));
    EXPECT_FALSE(is_my_number("12345678901x"));
}

TEST(MyNumberFile, IsSeventeenOctetsLong) {
    const auto file = my_number_file(texts("東京都"));

    ASSERT_TRUE(file);
    EXPECT_EQ(to_hex(*file), "FF100C313233343536373839303138FFFF");
}

TEST(ItemsFile, PointsAtEachObjectFromTheStartOfTheFile) {
    const auto file = items_file(texts("東京都"));

    ASSERT_TRUE(file);
    const BytesView octets{file->octets};
    EXPECT_EQ(to_hex(octets.first(14)), "FF2038DF2108000E0020002C0037");
    EXPECT_EQ(to_hex(octets.subspan(0x0E, 2)), "DF22");
    EXPECT_EQ(to_hex(octets.subspan(0x20, 2)), "DF23");
    EXPECT_EQ(to_hex(octets.subspan(0x2C, 2)), "DF24");
    EXPECT_EQ(to_hex(octets.subspan(0x37)), "DF250131");
}

TEST(ItemsFile, WritesLongLengthsInThreeOctets) {
    std::string address;
    for (int i = 0; i < 40; ++i) address += "京";
    const auto file = items_file(texts(address));

    ASSERT_TRUE(file);
    EXPECT_EQ(to_hex(BytesView{file->octets}.first(2)), "FF20");
    EXPECT_EQ(file->octets[2], 0x82);
    EXPECT_EQ(file->name_at, 0x10U);
}

TEST(ItemsFile, RefusesWhatDoesNotFit) {
    std::string address;
    for (int i = 0; i < 170; ++i) address += "京";

    EXPECT_FALSE(items_file(texts(address)));
}

TEST(IntegrityFile, SignsBothHashesWithTheirTags) {
    const auto signer = crypto::SoftwareKey::generate(crypto::KeyKind::rsa_2048);
    ASSERT_TRUE(signer);
    const auto number = my_number_file(texts("東京都"));
    const auto items = items_file(texts("東京都"));

    const auto file = integrity_file(*number, *items, **signer);

    ASSERT_TRUE(file);
    EXPECT_EQ(file->size(), 336U);
    EXPECT_EQ(to_hex(BytesView{*file}.first(8)), "FF3082014BDF3120");
    EXPECT_TRUE(
        same(BytesView{*file}.subspan(8, 32), crypto::digest(crypto::Hash::sha256, *number)));
    const auto key = crypto::PublicKey::from_spki((*signer)->spki());
    EXPECT_TRUE(key->verify(crypto::Hash::sha256, BytesView{*file}.subspan(5, 70),
                            BytesView{*file}.last(256)));
}

TEST(CheckNumberB, CountsYearsOfTheEra) {
    EXPECT_EQ(check_number_b(first_birth, {year{2035}, month{2}, day{17}}, "2285"),
              "55021720352285");
    EXPECT_EQ(
        check_number_b({year{2019}, month{5}, day{1}}, {year{2030}, month{5}, day{1}}, "0001"),
        "01050120300001");
    EXPECT_EQ(
        check_number_b({year{1926}, month{12}, day{24}}, {year{2030}, month{5}, day{1}}, "0001"),
        "15122420300001");
}

TEST(KeyId, IsSixteenOctets) {
    const auto id = key_id("9000033", "001");

    ASSERT_TRUE(id);
    EXPECT_EQ(to_hex(*id), "39303030303333080530303100000000");
    EXPECT_FALSE(key_id("900003", "001"));
    EXPECT_FALSE(key_id("900003x", "001"));
}

TEST(CardVerifiableCertificate, IsSignedOverItsBody) {
    const auto key = crypto::SoftwareKey::generate(crypto::KeyKind::rsa_2048);
    ASSERT_TRUE(key);
    const auto id = key_id("9000033", "001");

    const auto made = card_verifiable_certificate(**key, *id, {.id = *id, .spki = (*key)->spki()});

    ASSERT_TRUE(made);
    EXPECT_EQ(made->size(), 568U);
    EXPECT_EQ(to_hex(BytesView{*made}.first(10)), "7F218202335F4E820129");
    const auto verifier = crypto::PublicKey::from_spki((*key)->spki());
    EXPECT_TRUE(verifier->verify(crypto::Hash::sha256, BytesView{*made}.subspan(10, 297),
                                 BytesView{*made}.last(256)));
}

}  // namespace
}  // namespace mitome::maker
