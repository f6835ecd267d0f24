// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/crypto/digest.hpp>
#include <mitome/crypto/random.hpp>

#include <gtest/gtest.h>

namespace mitome::crypto {
namespace {

// FIPS 180-4 examples, one block
TEST(Digest, AgreesWithFips180Examples) {
    EXPECT_EQ(to_hex(digest(Hash::sha1, view("abc"))), "A9993E364706816ABA3E25717850C26C9CD0D89D");
    EXPECT_EQ(to_hex(digest(Hash::sha256, view("abc"))),
              "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
    EXPECT_EQ(to_hex(digest(Hash::sha384, view("abc"))),
              "CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED"
              "8086072BA1E7CC2358BAECA134C825A7");
    EXPECT_EQ(to_hex(digest(Hash::sha512, view("abc"))),
              "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A"
              "2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F");
}

TEST(Digest, OfNothingIsKnown) {
    EXPECT_EQ(to_hex(digest(Hash::sha256, {})),
              "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
}

TEST(Hasher, PiecesGiveTheWhole) {
    Hasher hasher{Hash::sha256};

    hasher.add(view("a"));
    hasher.add({});
    hasher.add(view("bc"));

    EXPECT_EQ(hasher.finish(), digest(Hash::sha256, view("abc")));
}

class DigestInfoOf : public testing::TestWithParam<std::pair<Hash, const char*>> {};

TEST_P(DigestInfoOf, IsWhatOpensslEncodes) {
    const auto [hash, file] = GetParam();
    const auto encoded =
        read_file(std::filesystem::path{MITOME_SOURCE_DIR "/tests/corpus/digest_info"} / file);
    ASSERT_TRUE(encoded);

    const auto read = from_digest_info(*encoded);

    ASSERT_TRUE(read);
    EXPECT_EQ(read->hash, hash);
    EXPECT_EQ(copy(read->digest), digest(hash, {}));
    EXPECT_EQ(digest_info(hash, read->digest), *encoded);
}

INSTANTIATE_TEST_SUITE_P(Hashes, DigestInfoOf,
                         testing::Values(std::pair{Hash::sha1, "sha1.der"},
                                         std::pair{Hash::sha256, "sha256.der"},
                                         std::pair{Hash::sha384, "sha384.der"},
                                         std::pair{Hash::sha512, "sha512.der"}));

TEST(DigestInfo, RefusesOneOctetMore) {
    auto longer = digest_info(Hash::sha256, digest(Hash::sha256, {}));
    longer.push_back(0);

    const auto refused = from_digest_info(longer);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::malformed);
}

TEST(DigestInfo, RefusesAbsentParameters) {
    auto absent = *from_hex("302F300B0609608648016503040201");
    append(absent, *from_hex("0420"));
    append(absent, digest(Hash::sha256, {}));

    EXPECT_FALSE(from_digest_info(absent));
}

TEST(SystemRandom, DoesNotRepeatItself) {
    SystemRandom random;

    const auto first = random.octets(16);
    const auto second = random.octets(16);

    EXPECT_EQ(first.size(), 16U);
    EXPECT_NE(first, second);
}

}  // namespace
}  // namespace mitome::crypto
