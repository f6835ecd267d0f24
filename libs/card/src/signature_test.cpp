// SPDX-License-Identifier: Apache-2.0
#include "scripted_channel.hpp"
#include "stub_token.hpp"

#include <mitome/card/token_signer.hpp>

#include <gtest/gtest.h>

namespace mitome::card {
namespace {

[[nodiscard]] auto on(const std::shared_ptr<StubToken>& token) {
    return recorded([token](BytesView command) { return token->answer(command); });
}

/// What a holder does to log in: certificate and one signature, on a card that nobody has used.
[[nodiscard]] Result<Bytes> authenticate(std::unique_ptr<reader::Channel> channel) {
    MITOME_TRY(session, Session::open(std::move(channel)));
    MITOME_TRY(signer, TokenSigner::create(*session, pki::Kind::auth));
    MITOME_TRY(outcome, verify_pin(*session, PinRef::authentication, pin("1234")));
    EXPECT_TRUE(std::holds_alternative<Accepted>(outcome));
    return signer->sign(crypto::Hash::sha256, view("a challenge"));
}

TEST(Authentication, TakesFiveCommandsOnAFreshCard) {
    const auto token = StubToken::with("rsa2048");
    auto made = on(token);

    const auto signature = authenticate(std::move(made.channel));

    ASSERT_TRUE(signature);
    const std::string digest_info = "3031300D060960864801650304020105000420";
    const std::string digest = to_hex(crypto::digest(crypto::Hash::sha256, view("a challenge")));
    const std::vector<std::string> expected{
        "00A4040C0AD392F000260100000001",              // the application
        "00B08A00000000",                              // the certificate, in one answer
        "002000980431323334",                          // the PIN
        "802A009733" + digest_info + digest + "00",    // the signature
        "00A4040C07A0000001510000",                    // the PIN is forgotten
    };
    EXPECT_EQ(made.record->commands, expected);
    EXPECT_FALSE(token->verified);
}

TEST(Authentication, StaysWithinElevenCommandsWithoutExtendedLength) {
    const auto token = StubToken::with("rsa2048");
    token->extended = false;
    auto made = on(token);

    const auto signature = authenticate(std::move(made.channel));

    ASSERT_TRUE(signature);
    EXPECT_LE(made.record->commands.size(), 11u);
}

TEST(Authentication, ForgetsThePinAlsoWhenTheSignatureFails) {
    const auto token = StubToken::with("rsa2048");
    bool was_verified = false;
    auto made = recorded([&](BytesView command) -> Bytes {
        if (command[1] == 0x2A) {
            was_verified = token->verified;
            return {0x6F, 0x00};
        }
        return token->answer(command);
    });

    const auto signature = authenticate(std::move(made.channel));

    EXPECT_FALSE(signature);
    EXPECT_TRUE(was_verified);
    EXPECT_FALSE(token->verified);
}

class SignedByAKey : public testing::TestWithParam<const char*> {};

TEST_P(SignedByAKey, VerifiesWithItsCertificate) {
    auto made = on(StubToken::with(GetParam()));
    const auto certificate =
        pki::Certificate::from_der(StubToken::vector_file(std::string{GetParam()} + ".der"));
    ASSERT_TRUE(certificate);
    const auto key = crypto::PublicKey::from_spki(certificate->spki());
    ASSERT_TRUE(key);

    const auto signature = authenticate(std::move(made.channel));

    ASSERT_TRUE(signature) << signature.error().what.text;
    EXPECT_TRUE(key->verify(crypto::Hash::sha256, view("a challenge"), *signature));
}

INSTANTIATE_TEST_SUITE_P(Keys, SignedByAKey, testing::Values("rsa2048", "rsa3072", "p256"));

TEST(TokenSigner, ReadsTheCertificateBehindThePinOfAPhone) {
    const auto token = StubToken::with("p256");
    token->certificate_needs_pin = true;
    auto made = on(token);
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);
    const auto before = TokenSigner::create(**session, pki::Kind::auth);
    ASSERT_TRUE(verify_pin(**session, PinRef::authentication, pin("1234")));

    const auto after = TokenSigner::create(**session, pki::Kind::auth);

    ASSERT_FALSE(before);
    EXPECT_EQ(before.error().code, 0x6982u);
    ASSERT_TRUE(after);
    EXPECT_EQ((*after)->kind(), crypto::KeyKind::ec_p256);
}

TEST(TokenSigner, HandsOutNoSignatureThatItsCertificateDenies) {
    const auto token = StubToken::with("rsa2048");
    auto made = on(token);
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);
    const auto signer = TokenSigner::create(**session, pki::Kind::auth);
    ASSERT_TRUE(signer);
    ASSERT_TRUE(verify_pin(**session, PinRef::authentication, pin("1234")));
    auto other = crypto::SoftwareKey::from_pkcs8(StubToken::vector_file("rsa3072.p8"));
    ASSERT_TRUE(other);
    token->key = std::move(*other);
    token->most_octets = 65'536;

    const auto signature = (*signer)->sign(crypto::Hash::sha256, view("a challenge"));

    EXPECT_FALSE(signature);
}

TEST(SignDigest, SaysThatThePinIsMissing) {
    auto made = on(StubToken::with("p256"));
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);

    const auto signature =
        sign_digest(**session, pki::Kind::auth, crypto::Hash::sha256, Bytes(32, 0x11));

    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().fault, Fault::denied);
    EXPECT_EQ(signature.error().code, 0x6982u);
}

TEST(SignDigest, RefusesADigestThatIsTooWeak) {
    auto made = on(StubToken::with("p256"));
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);

    const auto signature =
        sign_digest(**session, pki::Kind::auth, crypto::Hash::sha1, Bytes(20, 0x11));

    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().fault, Fault::denied);
    EXPECT_EQ(made.record->commands.size(), 1u) << "the SELECT alone";
}

TEST(SignDigest, RefusesADigestOfAnotherLength) {
    auto made = on(StubToken::with("p256"));
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);

    const auto signature =
        sign_digest(**session, pki::Kind::auth, crypto::Hash::sha256, Bytes(31, 0x11));

    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().fault, Fault::malformed);
}

}  // namespace
}  // namespace mitome::card
