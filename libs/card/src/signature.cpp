// SPDX-License-Identifier: Apache-2.0
#include "status.hpp"

#include <mitome/card/token_signer.hpp>

#include <algorithm>

namespace mitome::card {
namespace {

constexpr std::uint8_t ins_sign = 0x2A;

[[nodiscard]] constexpr std::uint8_t reference_of(pki::Kind key) {
    return key == pki::Kind::sign ? 0x9A : 0x97;  // EF 001A, EF 0017
}

/// The most octets that a signature of such a key has; ECDSA: two INTEGERs and their frame.
[[nodiscard]] constexpr std::uint32_t signature_size(crypto::KeyKind kind) {
    switch (kind) {
        case crypto::KeyKind::rsa_2048: return 256;
        case crypto::KeyKind::rsa_3072: return 384;
        case crypto::KeyKind::rsa_4096: return 512;
        case crypto::KeyKind::ec_p256:
        case crypto::KeyKind::ec_p384: return 256;
    }
    return 256;
}

}  // namespace

Result<Bytes> sign_digest(Session& session, pki::Kind key, crypto::Hash hash, BytesView digest,
                          std::uint32_t signature_size) {
    // A token signs whatever it is given; what is worth a signature is decided here.
    if (hash == crypto::Hash::sha1) {
        return fail(Fault::denied, "card: a digest weaker than SHA-256 is not signed");
    }
    if (digest.size() != crypto::size_of(hash)) {
        return fail(Fault::malformed, "card: the digest has a wrong length");
    }
    MITOME_TRY(answer, session.transmit({.cla = 0x80,
                                         .ins = ins_sign,
                                         .p1 = 0x00,
                                         .p2 = reference_of(key),
                                         .data = crypto::digest_info(hash, digest),
                                         .expected = std::max(signature_size, 256U)}));
    if (!answer.ok()) {
        return refusal(answer.sw);
    }
    if (answer.data.empty()) {
        return fail(Fault::malformed, "card: the token gave no signature");
    }
    return std::move(answer.data);
}

Result<std::unique_ptr<TokenSigner>> TokenSigner::create(Session& session, pki::Kind key) {
    MITOME_TRY(certificate, read_certificate(session, certificate_of(key)));
    return create(session, key, certificate);
}

Result<std::unique_ptr<TokenSigner>> TokenSigner::create(Session& session, pki::Kind key,
                                                         const pki::Certificate& certificate) {
    MITOME_TRY(public_key, crypto::PublicKey::from_spki(certificate.spki()));
    return std::unique_ptr<TokenSigner>{new TokenSigner{session, key, std::move(public_key)}};
}

Result<Bytes> TokenSigner::sign_digest(crypto::Hash hash, BytesView digest) {
    MITOME_TRY(signature, card::sign_digest(*session_, key_, hash, digest,
                                            signature_size(public_key_.kind())));
    MITOME_CHECK(public_key_.verify_digest(hash, digest, signature));
    return signature;
}

}  // namespace mitome::card
