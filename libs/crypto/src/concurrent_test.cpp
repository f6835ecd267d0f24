// SPDX-License-Identifier: Apache-2.0
#include "softhsm.hpp"

#include <mitome/crypto/key.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

namespace mitome::crypto {
namespace {

constexpr int rounds = 20;

/// True when every round's signature holds.
bool sign_and_verify(Signer& signer, const PublicKey& key) {
    for (int i = 0; i < rounds; ++i) {
        const Bytes content(static_cast<std::size_t>(i), 0x5A);
        const auto hash = usual_hash(key.kind());
        const auto signature = signer.sign(hash, content);
        if (!signature || !key.verify(hash, content, *signature)) return false;
    }
    return true;
}

class OneKey : public testing::TestWithParam<KeyKind> {};

TEST_P(OneKey, SignsAndVerifiesInTwoThreadsAtOnce) {
    const auto signer = SoftwareKey::generate(GetParam());
    ASSERT_TRUE(signer);
    const auto key = PublicKey::from_spki((*signer)->spki());
    ASSERT_TRUE(key);
    std::array<bool, 2> held{};

    {
        const std::jthread first{[&] { held[0] = sign_and_verify(**signer, *key); }};
        const std::jthread second{[&] { held[1] = sign_and_verify(**signer, *key); }};
    }

    EXPECT_TRUE(held[0]);
    EXPECT_TRUE(held[1]);
}

TEST_P(OneKey, OfAnHsmSignsInTwoThreadsAtOnce) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    const auto signer = token->generate("key", GetParam());
    ASSERT_TRUE(signer);
    const auto key = PublicKey::from_spki((*signer)->spki());
    ASSERT_TRUE(key);
    std::array<bool, 2> held{};

    {
        const std::jthread first{[&] { held[0] = sign_and_verify(**signer, *key); }};
        const std::jthread second{[&] { held[1] = sign_and_verify(**signer, *key); }};
    }

    EXPECT_TRUE(held[0]);
    EXPECT_TRUE(held[1]);
}

TEST(OneHsm, LosesNoSignatureWhenItsSessionsAreLost) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    const auto signer = token->generate("key", KeyKind::ec_p256);
    ASSERT_TRUE(signer);
    const auto key = PublicKey::from_spki((*signer)->spki());
    ASSERT_TRUE(key);
    std::array<bool, 2> held{};

    {
        const std::jthread first{[&] { held[0] = sign_and_verify(**signer, *key); }};
        const std::jthread second{[&] { held[1] = sign_and_verify(**signer, *key); }};
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
        Intruder{}.close_all_sessions();
    }

    EXPECT_TRUE(held[0]);
    EXPECT_TRUE(held[1]);
}

INSTANTIATE_TEST_SUITE_P(Kinds, OneKey, testing::Values(KeyKind::rsa_2048, KeyKind::ec_p256));

}  // namespace
}  // namespace mitome::crypto
