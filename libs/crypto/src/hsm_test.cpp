// SPDX-License-Identifier: Apache-2.0
#include "softhsm.hpp"

#include <mitome/crypto/hsm.hpp>

#include <gtest/gtest.h>
#include <p11-kit/pkcs11.h>

#include <array>
#include <cstdio>
#include <string>

namespace mitome::crypto {
namespace {

/// What a command prints, and its exit status in `status`.
std::string output_of(const std::string& command, int& status) {
    std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::string printed;
    std::array<char, 512> piece{};
    while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) printed += piece.data();
    status = ::pclose(pipe);
    return printed;
}

class HsmKeyOf : public testing::TestWithParam<KeyKind> {};

TEST_P(HsmKeyOf, SignsWhatItsPublicKeyVerifies) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    const auto key = token->generate("ca", GetParam());
    ASSERT_TRUE(key);

    const auto signature = (*key)->sign(usual_hash(GetParam()), view("content"));

    ASSERT_TRUE(signature);
    const auto read = PublicKey::from_spki((*key)->spki());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->kind(), GetParam());
    EXPECT_TRUE(read->verify(usual_hash(GetParam()), view("content"), *signature));
}

TEST_P(HsmKeyOf, SignsWhatOpensslVerifies) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    const auto key = token->generate("ca", GetParam());
    ASSERT_TRUE(key);
    const auto signature = (*key)->sign(Hash::sha256, view("content"));
    ASSERT_TRUE(signature);
    ASSERT_TRUE(write_file(folder.path() / "key", view(to_pem("PUBLIC KEY", (*key)->spki()))));
    ASSERT_TRUE(write_file(folder.path() / "signature", *signature));
    ASSERT_TRUE(write_file(folder.path() / "content", view("content")));

    int status = 0;
    const auto printed =
        output_of("cd " + folder.path().string() +
                      " && openssl dgst -sha256 -verify key -signature signature content",
                  status);

    EXPECT_EQ(status, 0);
    EXPECT_EQ(printed, "Verified OK\n");
}

INSTANTIATE_TEST_SUITE_P(Kinds, HsmKeyOf,
                         testing::Values(KeyKind::rsa_2048, KeyKind::ec_p256, KeyKind::ec_p384));

TEST(Hsm, FindsItsKeyAgainAfterItWasClosed) {
    const SoftHsmFolder folder;
    auto token = new_token();
    ASSERT_TRUE(token);
    const auto spki = (*token->generate("ca", KeyKind::ec_p256))->spki();
    token.reset();

    const auto again = Hsm::open(softhsm_module, "test", pin("5678"));

    ASSERT_TRUE(again);
    const auto key = (*again)->find("ca");
    ASSERT_TRUE(key);
    EXPECT_EQ((*key)->spki(), spki);
}

TEST(Hsm, StaysOpenAsLongAsASignerLives) {
    const SoftHsmFolder folder;
    auto token = new_token();
    ASSERT_TRUE(token);
    const auto key = token->generate("ca", KeyKind::ec_p256);
    ASSERT_TRUE(key);

    token.reset();

    EXPECT_TRUE((*key)->sign(Hash::sha256, view("content")));
}

TEST(Hsm, KeepsItsKeysSensitiveAndInside) {
    const SoftHsmFolder folder;
    auto token = new_token();
    ASSERT_TRUE(token);
    ASSERT_TRUE(token->generate("ca", KeyKind::ec_p256));
    ASSERT_TRUE(token->generate_mac_key("master"));
    token.reset();

    int status = 0;
    const auto printed = output_of("pkcs11-tool --module " + softhsm_module.string() +
                                       " --token-label test --login --pin 5678 -O",
                                   status);

    EXPECT_EQ(status, 0);
    constexpr std::string_view kept = "sensitive, always sensitive, never extractable, local";
    const auto first = printed.find(kept);
    ASSERT_NE(first, std::string::npos) << printed;
    EXPECT_NE(printed.find(kept, first + 1), std::string::npos) << printed;
}

TEST(Hsm, RefusesAWrongPin) {
    const SoftHsmFolder folder;
    ASSERT_TRUE(Hsm::create_token(softhsm_module, "test", pin("12345678"), pin("5678")));

    const auto refused = Hsm::open(softhsm_module, "test", pin("0000"));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::denied);
    EXPECT_EQ(refused.error().code, CKR_PIN_INCORRECT);
}

TEST(Hsm, KnowsNoTokenOfAnotherLabel) {
    const SoftHsmFolder folder;

    const auto refused = Hsm::open(softhsm_module, "test", pin("5678"));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::absent);
}

TEST(Hsm, IsUnavailableWithoutItsModule) {
    const auto refused = Hsm::open("/nonexistent/module.so", "test", pin("5678"));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
}

TEST(Hsm, MakesEachTokenOnce) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);

    const auto refused = Hsm::create_token(softhsm_module, "test", pin("12345678"), pin("5678"));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::conflict);
}

TEST(Hsm, HoldsSeveralTokens) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    ASSERT_TRUE(Hsm::create_token(softhsm_module, "other", pin("87654321"), pin("9999")));

    const auto other = Hsm::open(softhsm_module, "other", pin("9999"));

    ASSERT_TRUE(other);
    ASSERT_TRUE((*other)->generate("key", KeyKind::ec_p256));
    EXPECT_FALSE(token->find("key"));
}

TEST(Hsm, MakesEachKeyOnce) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    ASSERT_TRUE(token->generate("key", KeyKind::ec_p256));

    const auto second = token->generate("key", KeyKind::ec_p256);
    const auto third = token->generate_mac_key("key");

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault, Fault::conflict);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().fault, Fault::conflict);
}

TEST(Hsm, KnowsNoKeyOfAnotherLabel) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);

    const auto key = token->find("ca");
    const auto mac = token->cmac("master", view("content"));

    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().fault, Fault::absent);
    ASSERT_FALSE(mac);
    EXPECT_EQ(mac.error().fault, Fault::absent);
}

TEST(Hsm, GivesTheSameCmacForTheSameContentOnly) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    ASSERT_TRUE(token->generate_mac_key("master"));

    const auto first = token->cmac("master", view("content"));
    const auto again = token->cmac("master", view("content"));
    const auto other = token->cmac("master", view("other"));

    ASSERT_TRUE(first && again && other);
    EXPECT_EQ(first->size(), 16U);
    EXPECT_EQ(*first, *again);
    EXPECT_NE(*first, *other);
}

TEST(Hsm, DoesNotSignSha1) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    const auto key = token->generate("ca", KeyKind::ec_p256);
    ASSERT_TRUE(key);

    const auto refused = (*key)->sign(Hash::sha1, view("content"));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::denied);
}

TEST(Hsm, SignsAgainAfterItsSessionsWereLost) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    const auto key = token->generate("ca", KeyKind::ec_p256);
    ASSERT_TRUE(key);
    ASSERT_TRUE((*key)->sign(Hash::sha256, view("before")));

    Intruder{}.close_all_sessions();
    const auto signature = (*key)->sign(Hash::sha256, view("after"));

    ASSERT_TRUE(signature);
    EXPECT_TRUE(
        PublicKey::from_spki((*key)->spki())->verify(Hash::sha256, view("after"), *signature));
}

TEST(Hsm, SignsAgainAfterALogOut) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    const auto key = token->generate("ca", KeyKind::ec_p256);
    ASSERT_TRUE(key);

    Intruder{}.log_out();

    EXPECT_TRUE((*key)->sign(Hash::sha256, view("after")));
}

TEST(Hsm, FindsAgainAfterALogOut) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    ASSERT_TRUE(token->generate("ca", KeyKind::ec_p256));

    Intruder{}.log_out();

    EXPECT_TRUE(token->find("ca"));
}

TEST(Hsm, DoesNotMakeAKeyTwiceAfterALogOut) {
    const SoftHsmFolder folder;
    const auto token = new_token();
    ASSERT_TRUE(token);
    ASSERT_TRUE(token->generate_mac_key("master"));

    Intruder{}.log_out();
    const auto refused = token->generate_mac_key("master");

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::conflict);
}

}  // namespace
}  // namespace mitome::crypto
