// SPDX-License-Identifier: Apache-2.0
#include "key_state.hpp"
#include "signable.hpp"

#include <mitome/crypto/key.hpp>

#include <openssl/rsa.h>

namespace mitome::crypto {
namespace {

constexpr std::size_t type_1_octets = 11;  // RFC 8017 §9.2: 00 01 FF×8 00 at least

PKey new_key(KeyKind kind) {
    switch (kind) {
        case KeyKind::rsa_2048:
            return PKey{::EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})};
        case KeyKind::rsa_3072:
            return PKey{::EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{3072})};
        case KeyKind::rsa_4096:
            return PKey{::EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{4096})};
        case KeyKind::ec_p256: return PKey{::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
        case KeyKind::ec_p384: return PKey{::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384")};
    }
    return nullptr;
}

Bytes public_part(EVP_PKEY* key) {
    const int size = ::i2d_PUBKEY(key, nullptr);
    if (size <= 0) return {};
    Bytes der(static_cast<std::size_t>(size));
    auto* end = der.data();
    ::i2d_PUBKEY(key, &end);
    return der;
}

PKeyContext signing_context(EVP_PKEY* key) {
    PKeyContext context{::EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr)};
    if (!context || ::EVP_PKEY_sign_init(context.get()) != 1) return nullptr;
    return context;
}

Result<Bytes> sign_octets(EVP_PKEY* key, const PKeyContext& context, BytesView octets) {
    if (!context) return broken("crypto: no signing");
    Bytes out(static_cast<std::size_t>(::EVP_PKEY_get_size(key)));
    std::size_t size = out.size();
    if (::EVP_PKEY_sign(context.get(), out.data(), &size, octets.data(), octets.size()) != 1)
        return broken("crypto: not signed");
    out.resize(size);
    return out;
}

}  // namespace

Result<Bytes> Signer::sign(Hash hash, BytesView content) {
    return sign_digest(hash, crypto::digest(hash, content));
}

SoftwareKey::SoftwareKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
SoftwareKey::~SoftwareKey() = default;

Result<std::unique_ptr<SoftwareKey>> SoftwareKey::generate(KeyKind kind) {
    auto key = new_key(kind);
    if (!key) return broken("crypto: no key made");
    auto spki = public_part(key.get());
    auto signing = signing_context(key.get());
    if (spki.empty() || !signing) return broken("crypto: no signing with this key");
    return std::unique_ptr<SoftwareKey>{new SoftwareKey{
        std::make_unique<State>(std::move(key), kind, std::move(spki), std::move(signing))}};
}

Result<std::unique_ptr<SoftwareKey>> SoftwareKey::from_pkcs8(BytesView der) {
    constexpr std::size_t largest = 8192;  // RSA-4096 takes about 2,400
    if (der.size() > largest) return fail(Fault::malformed, "crypto: not a private key");
    const auto* end = der.data();
    const Pkcs8 wrapped{::d2i_PKCS8_PRIV_KEY_INFO(nullptr, &end, static_cast<long>(der.size()))};
    if (!wrapped || end != der.data() + der.size())
        return fail(Fault::malformed, "crypto: not a private key", forget_errors());
    PKey key{::EVP_PKCS82PKEY(wrapped.get())};
    if (!key) return fail(Fault::malformed, "crypto: not a private key", forget_errors());

    // The same door as for any public key decides what kind it is and whether it is accepted.
    MITOME_TRY(public_key, PublicKey::from_spki(public_part(key.get())));
    auto signing = signing_context(key.get());
    if (!signing) return fail(Fault::malformed, "crypto: the key does not sign", forget_errors());
    return std::unique_ptr<SoftwareKey>{new SoftwareKey{std::make_unique<State>(
        std::move(key), public_key.kind(), public_key.spki(), std::move(signing))}};
}

KeyKind SoftwareKey::kind() const { return state_->kind; }

const Bytes& SoftwareKey::spki() const { return state_->spki; }

Result<Bytes> SoftwareKey::sign_digest(Hash hash, BytesView digest) {
    MITOME_CHECK(check_signable(hash, digest));
    if (is_rsa(state_->kind)) return sign_padded(digest_info(hash, digest));
    return sign_octets(state_->key.get(), PKeyContext{::EVP_PKEY_CTX_dup(state_->signing.get())},
                       digest);
}

Result<Bytes> SoftwareKey::sign_padded(BytesView content) {
    if (!is_rsa(state_->kind))
        return fail(Fault::malformed, "crypto: only RSA signs padded octets");
    const auto size = static_cast<std::size_t>(::EVP_PKEY_get_size(state_->key.get()));
    if (content.empty() || content.size() > size - type_1_octets)
        return fail(Fault::malformed, "crypto: too few or too many octets for padding");
    // Without a digest set, the library pads the octets as they are; type 1 is its default.
    return sign_octets(state_->key.get(), PKeyContext{::EVP_PKEY_CTX_dup(state_->signing.get())},
                       content);
}

Result<Bytes> SoftwareKey::sign_pss(Hash hash, BytesView digest) {
    MITOME_CHECK(check_signable(hash, digest));
    if (!is_rsa(state_->kind)) return fail(Fault::malformed, "crypto: PSS is for RSA");
    const PKeyContext context{::EVP_PKEY_CTX_dup(state_->signing.get())};
    if (!context || ::EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) != 1 ||
        ::EVP_PKEY_CTX_set_signature_md(context.get(), algorithm_of(hash)) != 1 ||
        ::EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) != 1)
        return broken("crypto: no PSS signing");
    return sign_octets(state_->key.get(), context, digest);
}

Result<SecretBytes> SoftwareKey::to_pkcs8() const {
    const Pkcs8 wrapped{::EVP_PKEY2PKCS8(state_->key.get())};
    const int size = wrapped ? ::i2d_PKCS8_PRIV_KEY_INFO(wrapped.get(), nullptr) : -1;
    if (size <= 0) return broken("crypto: key not written");
    SecretBytes der{static_cast<std::size_t>(size)};
    auto* end = der.writable().data();
    ::i2d_PKCS8_PRIV_KEY_INFO(wrapped.get(), &end);
    return der;
}

PKey key_of(const SoftwareKey& key) {
    EVP_PKEY* const shared = OpenSslView::of(key);
    ::EVP_PKEY_up_ref(shared);
    return PKey{shared};
}

}  // namespace mitome::crypto
