// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/card/session.hpp>
#include <mitome/crypto/key.hpp>

#include <memory>

namespace mitome::card {

/// A key on a token as every other signer. Uses the session, which must outlive it; the PIN must
/// have been verified when it signs. A signature that its certificate's key does not confirm is
/// `unverified` and never handed out.
class TokenSigner final : public crypto::Signer {
public:
    /// Reads the key's certificate from the token, for which some tokens ask the PIN first.
    [[nodiscard]] static Result<std::unique_ptr<TokenSigner>> create(Session& session,
                                                                     pki::Kind key);
    /// With a certificate known from elsewhere.
    [[nodiscard]] static Result<std::unique_ptr<TokenSigner>> create(
        Session& session, pki::Kind key, const pki::Certificate& certificate);

    [[nodiscard]] crypto::KeyKind kind() const override { return public_key_.kind(); }
    [[nodiscard]] const Bytes& spki() const override { return public_key_.spki(); }
    [[nodiscard]] Result<Bytes> sign_digest(crypto::Hash hash, BytesView digest) override;

private:
    TokenSigner(Session& session, pki::Kind key, crypto::PublicKey public_key)
        : session_(&session), key_(key), public_key_(std::move(public_key)) {}

    Session* session_;
    pki::Kind key_;
    crypto::PublicKey public_key_;
};

}  // namespace mitome::card
