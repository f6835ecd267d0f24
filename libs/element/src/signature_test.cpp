// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <gtest/gtest.h>

namespace mitome::element {
namespace {

using apdu::Command;
using crypto::Hash;

constexpr auto select_jpki = "00A4040C0AD392F000260100000001"_hex;
constexpr auto verify_pin = "002000980431323334"_hex;

class Signature : public testing::TestWithParam<crypto::KeyKind> {
protected:
    void SetUp() override {
        world.ask(select_jpki);
        ASSERT_EQ(to_hex(world.ask(verify_pin)), "9000");
    }
    [[nodiscard]] apdu::Response sign(std::uint8_t p1, BytesView content) {
        return world.ask(Command{.cla = 0x80,
                                 .ins = 0x2A,
                                 .p1 = p1,
                                 .p2 = 0x97,
                                 .data = copy(content),
                                 .expected = 256,
                                 .extended = false});
    }
    [[nodiscard]] crypto::PublicKey key() const {
        return crypto::PublicKey::from_spki(world.element->spki(Kind::auth)).value();
    }
    [[nodiscard]] bool rsa() const { return crypto::is_rsa(GetParam()); }

    sample::World world = sample::card(GetParam());
    const Bytes message = copy(view("a message of the holder"));
    const Bytes hash = crypto::digest(Hash::sha256, message);
};

TEST_P(Signature, OfADigestInfoVerifies) {
    for (const Hash each : {Hash::sha256, Hash::sha384, Hash::sha512}) {
        const auto answer = sign(0x00, crypto::digest_info(each, crypto::digest(each, message)));

        ASSERT_TRUE(answer.ok());
        EXPECT_TRUE(key().verify(each, message, answer.data));
    }
}

TEST_P(Signature, OfAReadyHashVerifies) {
    EXPECT_TRUE(key().verify(Hash::sha256, message, sign(0x02, hash).data));
}

TEST_P(Signature, OfTheMessageItselfVerifies) {
    EXPECT_TRUE(key().verify(Hash::sha256, message, sign(0x03, message).data));
}

TEST_P(Signature, OfTheBareHashIsPaddedAsItIs) {
    const auto answer = sign(0x01, message);

    ASSERT_TRUE(answer.ok());
    if (rsa()) {
        EXPECT_EQ(key().recover(answer.data).value(), hash);
    } else {
        EXPECT_TRUE(key().verify(Hash::sha256, message, answer.data));
    }
}

TEST_P(Signature, WithProbabilisticPaddingIsForRsaAlone) {
    const auto ready = sign(0x04, hash);
    const auto whole = sign(0x05, message);

    ASSERT_EQ(ready.ok(), rsa());
    EXPECT_EQ(whole.ok(), rsa());
    if (rsa()) {
        EXPECT_TRUE(key().verify_pss(Hash::sha256, hash, ready.data));
        EXPECT_TRUE(key().verify_pss(Hash::sha256, hash, whole.data));
    } else {
        EXPECT_EQ(ready.sw, apdu::sw::conditions_of_use);
    }
}

TEST_P(Signature, OverOddDataIsPaddedOrRefused) {
    EXPECT_EQ(sign(0x00, Bytes(245, 1)).ok(), rsa());
    EXPECT_EQ(sign(0x00, Bytes(246, 1)).sw, apdu::sw::conditions_of_use);
}

INSTANTIATE_TEST_SUITE_P(Keys, Signature,
                         testing::Values(crypto::KeyKind::rsa_2048, crypto::KeyKind::ec_p256),
                         [](const auto& given) {
                             return crypto::is_rsa(given.param) ? "Rsa2048" : "P256";
                         });

TEST(PresenceProof, IsMadeByTheKeyOfTheInputAssistanceApplication) {
    sample::World world = sample::card();
    world.ask("00A4040C0AD3921000310001010408"_hex);
    const Bytes message = copy(view("nonce"));

    const auto answer = world.ask(Command{.cla = 0x80,
                                          .ins = 0x2A,
                                          .p1 = 3,
                                          .p2 = 0,
                                          .data = message,
                                          .expected = 256,
                                          .extended = false});

    const auto key = crypto::PublicKey::from_spki(world.element->text_spki());
    EXPECT_TRUE(key->verify(Hash::sha256, message, answer.data));
}

}  // namespace
}  // namespace mitome::element
