// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/crypto/key.hpp>

#include <gtest/gtest.h>

namespace mitome::crypto {
namespace {

// Keys and signatures of tests/vectors/crypto/make.sh: the OpenSSL command line made them.
Bytes vector(std::string_view name) {
    return *read_file(std::filesystem::path{MITOME_SOURCE_DIR "/tests/vectors/crypto"} / name);
}

PublicKey public_key(std::string_view name) { return *PublicKey::from_spki(vector(name)); }

std::unique_ptr<SoftwareKey> private_key(std::string_view name) {
    return *SoftwareKey::from_pkcs8(vector(name));
}

struct KeyRow {
    KeyKind kind;
    Hash hash;
    std::string name;
    std::string signature;
};

class KeyOf : public testing::TestWithParam<KeyRow> {};

TEST_P(KeyOf, VerifiesASignatureOfOpenssl) {
    const auto key = PublicKey::from_spki(vector(GetParam().name + ".spki"));
    ASSERT_TRUE(key);

    EXPECT_EQ(key->kind(), GetParam().kind);
    EXPECT_TRUE(key->verify(GetParam().hash, vector("message"), vector(GetParam().signature)));
}

TEST_P(KeyOf, RefusesThatSignatureForAnotherMessage) {
    const auto refused = public_key(GetParam().name + ".spki")
                             .verify(GetParam().hash, view("other"), vector(GetParam().signature));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unverified);
}

TEST_P(KeyOf, RefusesACutAndALengthenedSignature) {
    const auto key = public_key(GetParam().name + ".spki");
    auto longer = vector(GetParam().signature);
    longer.push_back(0);
    auto cut = vector(GetParam().signature);
    cut.pop_back();

    EXPECT_FALSE(key.verify(GetParam().hash, vector("message"), longer));
    EXPECT_FALSE(key.verify(GetParam().hash, vector("message"), cut));
    EXPECT_FALSE(key.verify(GetParam().hash, vector("message"), {}));
}

TEST_P(KeyOf, SignsWhatItsPublicKeyVerifies) {
    const auto key = private_key(GetParam().name + ".p8");
    ASSERT_EQ(key->spki(), vector(GetParam().name + ".spki"));

    const auto signature = key->sign(GetParam().hash, vector("message"));

    ASSERT_TRUE(signature);
    EXPECT_TRUE(public_key(GetParam().name + ".spki")
                    .verify(GetParam().hash, vector("message"), *signature));
}

TEST_P(KeyOf, SurvivesPkcs8) {
    const auto key = private_key(GetParam().name + ".p8");

    const auto written = key->to_pkcs8();

    ASSERT_TRUE(written);
    const auto again = written->reveal([](BytesView der) { return SoftwareKey::from_pkcs8(der); });
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)->spki(), key->spki());
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, KeyOf,
    testing::Values(KeyRow{KeyKind::rsa_2048, Hash::sha256, "rsa2048", "rsa2048-sha256.sig"},
                    KeyRow{KeyKind::rsa_3072, Hash::sha384, "rsa3072", "rsa3072-sha384.sig"},
                    KeyRow{KeyKind::rsa_4096, Hash::sha512, "rsa4096", "rsa4096-sha512.sig"},
                    KeyRow{KeyKind::ec_p256, Hash::sha256, "p256", "p256-sha256.sig"},
                    KeyRow{KeyKind::ec_p384, Hash::sha384, "p384", "p384-sha384.sig"}));

class RefusedKey : public testing::TestWithParam<const char*> {};

TEST_P(RefusedKey, IsMalformed) {
    const auto refused = PublicKey::from_spki(vector(GetParam()));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::malformed);
}

INSTANTIATE_TEST_SUITE_P(Spki, RefusedKey,
                         testing::Values("refused-rsa1024.spki", "refused-p521.spki",
                                         "refused-p256-explicit.spki", "refused-ed25519.spki",
                                         "refused-p256-compressed.spki"));

class RefusedPrivateKey : public testing::TestWithParam<const char*> {};

TEST_P(RefusedPrivateKey, IsMalformed) {
    const auto refused = SoftwareKey::from_pkcs8(vector(GetParam()));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::malformed);
}

INSTANTIATE_TEST_SUITE_P(Pkcs8, RefusedPrivateKey,
                         testing::Values("refused-rsa1024.p8", "refused-p521.p8",
                                         "refused-ed25519.p8", "rsa2048.spki", "message"));

TEST(PublicKey, RefusesOneOctetMore) {
    for (const auto* name : {"rsa2048.spki", "p256.spki"}) {
        auto longer = vector(name);
        longer.push_back(0);

        EXPECT_FALSE(PublicKey::from_spki(longer)) << name;
    }
}

TEST(PublicKey, RefusesEveryShorterInput) {
    for (const auto* name : {"rsa2048.spki", "p384.spki"}) {
        const auto whole = vector(name);
        for (std::size_t size = 0; size < whole.size(); ++size)
            ASSERT_FALSE(PublicKey::from_spki(BytesView{whole}.first(size))) << name << size;
    }
}

TEST(PublicKey, RefusesAPointOffTheCurve) {
    auto moved = vector("p256.spki");
    moved.back() ^= 1;

    const auto refused = PublicKey::from_spki(moved);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::malformed);
}

TEST(PublicKey, RefusesAnEvenExponent) {
    auto even = vector("rsa2048.spki");
    even.back() = 0x02;

    EXPECT_FALSE(PublicKey::from_spki(even));
}

TEST(PublicKey, GivesModulusAndExponent) {
    const auto key = public_key("rsa2048.spki");

    EXPECT_EQ(key.modulus().size(), 256U);
    EXPECT_EQ(to_hex(key.exponent()), "010001");
    EXPECT_TRUE(public_key("p256.spki").modulus().empty());
}

TEST(PublicKey, VerifiesAPssSignatureOfOpenssl) {
    const auto key = public_key("rsa2048.spki");
    const auto digested = digest(Hash::sha256, vector("message"));

    EXPECT_TRUE(key.verify_pss(Hash::sha256, digested, vector("rsa2048-pss-sha256.sig")));
    EXPECT_FALSE(key.verify_digest(Hash::sha256, digested, vector("rsa2048-pss-sha256.sig")));
    EXPECT_FALSE(key.verify_pss(Hash::sha256, digested, vector("rsa2048-sha256.sig")));
}

TEST(PublicKey, RecoversWhatOpensslPadded) {
    const auto recovered = public_key("rsa2048.spki").recover(vector("rsa2048-raw.sig"));

    ASSERT_TRUE(recovered);
    EXPECT_EQ(*recovered, vector("message"));
}

TEST(PublicKey, RecoversNothingFromAChangedSignature) {
    auto changed = vector("rsa2048-raw.sig");
    changed[100] ^= 1;

    const auto refused = public_key("rsa2048.spki").recover(changed);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unverified);
}

TEST(PublicKey, RefusesADigestOfAnotherLength) {
    const auto refused = public_key("p256.spki").verify_digest(Hash::sha256, Bytes(20), Bytes(70));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::malformed);
}

TEST(SoftwareKey, PadsOctetsAsOpensslDoes) {
    const auto signature = private_key("rsa2048.p8")->sign_padded(vector("message"));

    ASSERT_TRUE(signature);
    EXPECT_EQ(*signature, vector("rsa2048-raw.sig"));  // RSASSA-PKCS1-v1_5 is deterministic
}

TEST(SoftwareKey, SignsDigestsAsOpensslDoes) {
    const auto signature = private_key("rsa2048.p8")->sign(Hash::sha256, vector("message"));

    ASSERT_TRUE(signature);
    EXPECT_EQ(*signature, vector("rsa2048-sha256.sig"));
}

TEST(SoftwareKey, PadsFromOneOctetToElevenBelowTheModulus) {
    const auto key = private_key("rsa2048.p8");

    EXPECT_FALSE(key->sign_padded({}));
    EXPECT_TRUE(key->sign_padded(Bytes(1)));
    EXPECT_TRUE(key->sign_padded(Bytes(245)));
    EXPECT_FALSE(key->sign_padded(Bytes(246)));
    EXPECT_FALSE(private_key("p256.p8")->sign_padded(Bytes(32)));
}

TEST(SoftwareKey, SignsPss) {
    const auto digested = digest(Hash::sha256, vector("message"));

    const auto signature = private_key("rsa2048.p8")->sign_pss(Hash::sha256, digested);

    ASSERT_TRUE(signature);
    EXPECT_TRUE(public_key("rsa2048.spki").verify_pss(Hash::sha256, digested, *signature));
}

TEST(SoftwareKey, DoesNotSignSha1) {
    const auto refused = private_key("p256.p8")->sign(Hash::sha1, vector("message"));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::denied);
}

class NewKey : public testing::TestWithParam<KeyKind> {};

TEST_P(NewKey, SignsAndIsOfItsKind) {
    const auto key = SoftwareKey::generate(GetParam());
    ASSERT_TRUE(key);

    const auto signature = (*key)->sign(usual_hash(GetParam()), view("content"));

    ASSERT_TRUE(signature);
    const auto read = PublicKey::from_spki((*key)->spki());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->kind(), GetParam());
    EXPECT_TRUE(read->verify(usual_hash(GetParam()), view("content"), *signature));
}

INSTANTIATE_TEST_SUITE_P(Kinds, NewKey,
                         testing::Values(KeyKind::rsa_2048, KeyKind::ec_p256, KeyKind::ec_p384));

}  // namespace
}  // namespace mitome::crypto
