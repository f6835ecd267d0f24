// SPDX-License-Identifier: Apache-2.0
#include <mitome/crypto/cipher.hpp>

#include <gtest/gtest.h>

#include <string>

namespace mitome::crypto {
namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

AesKey key(std::string_view text) {
    AesKey made;
    EXPECT_TRUE(made.assign(hex(text)));
    return made;
}

// SP 800-38A appendix F and RFC 4493 §4 share these four blocks.
constexpr std::string_view four_blocks =
    "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51"
    "30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710";
constexpr std::string_view key_256 =
    "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4";

struct CmacRow {
    std::string_view key;
    std::size_t octets;
    std::string_view mac;
};

// RFC 4493 §4; SP 800-38B examples for AES-192 and AES-256
class CmacOf : public testing::TestWithParam<CmacRow> {};

TEST_P(CmacOf, AgreesWithPublishedVectors) {
    const auto content = hex(four_blocks);

    const auto mac = aes_cmac(key(GetParam().key), BytesView{content}.first(GetParam().octets));

    ASSERT_TRUE(mac);
    EXPECT_EQ(to_hex(*mac), GetParam().mac);
}

INSTANTIATE_TEST_SUITE_P(
    Vectors, CmacOf,
    testing::Values(
        CmacRow{"2B7E151628AED2A6ABF7158809CF4F3C", 0, "BB1D6929E95937287FA37D129B756746"},
        CmacRow{"2B7E151628AED2A6ABF7158809CF4F3C", 16, "070A16B46B4D4144F79BDD9DD04A287C"},
        CmacRow{"2B7E151628AED2A6ABF7158809CF4F3C", 40, "DFA66747DE9AE63030CA32611497C827"},
        CmacRow{"2B7E151628AED2A6ABF7158809CF4F3C", 64, "51F0BEBF7E3B9D92FC49741779363CFE"},
        CmacRow{"8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B", 40,
                "8A1DE5BE2EB31AAD089A82E6EE908B0E"},
        CmacRow{key_256, 0, "028962F61B7BF89EFC6B551F4667D983"},
        CmacRow{key_256, 40, "AAF3D8F1DE5640C232F5B169B9C911E6"}));

// Check values of a kdf3 diversification, computed by GlobalPlatformPro: master 40…5F,
// diversification data 00 01 02 03 04 05 06 07 08 09, purposes 1 ENC, 2 MAC, 3 DEK.
TEST(Cmac, DiversifiesAsGlobalPlatformProDoes) {
    const auto master = key("404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F");
    std::string check_values;
    for (const std::string_view purpose : {"01", "02", "03"}) {
        const auto tail = "000000" + std::string{purpose} + "0000010203040506070809";
        const auto high = aes_cmac(master, hex("01" + tail));
        const auto low = aes_cmac(master, hex("02" + tail));
        ASSERT_TRUE(high && low);
        const auto made = key(to_hex(join({*high, *low})));
        const auto check = aes_block(made, Bytes(16, 0x01));
        ASSERT_TRUE(check);
        check_values += to_hex(BytesView{*check}.first(3)) + " ";
    }

    EXPECT_EQ(check_values, "2972D2 036F94 5D57B8 ");
}

TEST(Cbc, AgreesWithSp80038a) {
    const auto enciphered = aes_cbc_encrypt(key(key_256), hex("000102030405060708090A0B0C0D0E0F"),
                                            BytesView{hex(four_blocks)}.first(32));

    ASSERT_TRUE(enciphered);
    EXPECT_EQ(to_hex(*enciphered),
              "F58C4C04D6E5F1BA779EABFB5F7BFBD69CFC4E967EDB808D679F777BC6702C7D");
}

TEST(Cbc, DeciphersWhatItEnciphered) {
    const auto iv = hex("000102030405060708090A0B0C0D0E0F");
    const auto enciphered = aes_cbc_encrypt(key(key_256), iv, hex(four_blocks));
    ASSERT_TRUE(enciphered);

    const auto plain = aes_cbc_decrypt(key(key_256), iv, *enciphered);

    ASSERT_TRUE(plain);
    EXPECT_EQ(*plain, hex(four_blocks));
}

TEST(Cbc, RefusesHalfABlock) {
    const auto refused = aes_cbc_encrypt(key(key_256), Bytes(16), Bytes(8));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::broken);
}

TEST(AesBlock, AgreesWithSp80038a) {
    const auto enciphered = aes_block(key(key_256), BytesView{hex(four_blocks)}.first(16));

    ASSERT_TRUE(enciphered);
    EXPECT_EQ(to_hex(*enciphered), "F3EED1BDB5D2A03C064B5A7E3DB181F8");
}

TEST(AesBlock, RefusesAKeyOfAnotherLength) {
    const auto refused = aes_block(key("00112233"), Bytes(16));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::broken);
}

// The GCM specification's test cases 13 to 16 (McGrew and Viega, submission to SP 800-38D)
constexpr std::string_view gcm_key =
    "FEFFE9928665731C6D6A8F9467308308FEFFE9928665731C6D6A8F9467308308";
constexpr std::string_view gcm_nonce = "CAFEBABEFACEDBADDECAF888";
constexpr std::string_view gcm_associated = "FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2";
constexpr std::string_view gcm_plain =
    "D9313225F88406E5A55909C5AFF5269A86A7A9531534F7DA2E4C303D8A318A72"
    "1C3C0C95956809532FCF0E2449A6B525B16AEDF5AA0DE657BA637B39";
constexpr std::string_view gcm_sealed =
    "522DC1F099567D07F47F37A32A84427D643A8CDCBFE5C0C97598A2BD2555D1AA"
    "8CB08E48590DBB3DA7B08B1056828838C5F61E6393BA7A0ABCC9F662"
    "76FC6ECE0F4E1768CDDF8853BB2D551B";

TEST(Gcm, SealsAsTestCase13And16) {
    const auto nothing = aes_gcm_seal(key(std::string(64, '0')), Bytes(12), {}, {});
    const auto text =
        aes_gcm_seal(key(gcm_key), hex(gcm_nonce), hex(gcm_associated), hex(gcm_plain));

    ASSERT_TRUE(nothing && text);
    EXPECT_EQ(to_hex(*nothing), "530F8AFBC74536B9A963B4F1C4CB738B");
    EXPECT_EQ(to_hex(*text), gcm_sealed);
}

TEST(Gcm, OpensTestCase16) {
    const auto plain =
        aes_gcm_open(key(gcm_key), hex(gcm_nonce), hex(gcm_associated), hex(gcm_sealed));

    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->reveal([](BytesView octets) { return to_hex(octets); }), gcm_plain);
}

TEST(Gcm, RefusesOneChangedBitAnywhere) {
    const auto sealed = hex(gcm_sealed);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] ^= 1;

        const auto refused =
            aes_gcm_open(key(gcm_key), hex(gcm_nonce), hex(gcm_associated), changed);

        ASSERT_FALSE(refused) << i;
        ASSERT_EQ(refused.error().fault, Fault::unverified) << i;
    }
}

TEST(Gcm, RefusesOtherAssociatedOctets) {
    EXPECT_FALSE(aes_gcm_open(key(gcm_key), hex(gcm_nonce), {}, hex(gcm_sealed)));
}

TEST(Gcm, RefusesLessThanATag) {
    const auto refused = aes_gcm_open(key(gcm_key), hex(gcm_nonce), {}, Bytes(15));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unverified);
}

TEST(Hmac, AgreesWithRfc4231Case2) {
    EXPECT_EQ(to_hex(hmac_sha256(view("Jefe"), view("what do ya want for nothing?"))),
              "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843");
}

// `openssl dgst -sha256 -mac HMAC -macopt hexkey:` of nothing
TEST(Hmac, TakesAnEmptyKey) {
    EXPECT_EQ(to_hex(hmac_sha256({}, {})),
              "B613679A0814D9EC772F95D778C35FC5FF1697C493715653C6C712144292C5AD");
}

std::string revealed(const Result<AesKey>& made) {
    return made ? made->reveal([](BytesView octets) { return to_hex(octets); }) : "none";
}

TEST(Hkdf, AgreesWithRfc5869Case1) {
    const auto made =
        hkdf(Bytes(22, 0x0B), hex("000102030405060708090A0B0C"), hex("F0F1F2F3F4F5F6F7F8F9"), 32);

    EXPECT_EQ(revealed(made), "3CB25F25FAACD57A90434F64D0362F2A2D2D0A90CF1A5A4C5DB02D56ECC4C5BF");
}

TEST(Hkdf, AgreesWithRfc5869Case3WithoutSaltAndInfo) {
    EXPECT_EQ(revealed(hkdf(Bytes(22, 0x0B), {}, {}, 16)), "8DA4E775A563C18F715F802A063C5A31");
}

TEST(Hkdf, RefusesMoreThanAKey) { EXPECT_FALSE(hkdf(Bytes(22), {}, {}, 33)); }

// `openssl kdf -kdfopt n:32768 -kdfopt r:8 -kdfopt p:1 … SCRYPT`, OpenSSL 3.0.22; inputs of RFC
// 7914 §12
TEST(Stretch, AgreesWithOpensslScrypt) {
    EXPECT_EQ(revealed(stretch(view("pleaseletmein"), view("SodiumChloride"))),
              "F72CBC204BDCFC3FF5B115D8508AEC1566FF0EF3F658388601A3933078EF7AC8");
}

}  // namespace
}  // namespace mitome::crypto
