// SPDX-License-Identifier: Apache-2.0
#include "der.hpp"
#include "key_state.hpp"

#include <mitome/crypto/key.hpp>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

namespace mitome::crypto {
namespace {

BigNumber number(BytesView big_endian) {
    return BigNumber{::BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr)};
}

PKey made_of(const char* algorithm, int selection, const Params& params) {
    const PKeyContext building{::EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr)};
    if (!params || !building || ::EVP_PKEY_fromdata_init(building.get()) != 1) return nullptr;
    EVP_PKEY* made = nullptr;
    if (::EVP_PKEY_fromdata(building.get(), &made, selection, params.get()) != 1) return nullptr;
    return PKey{made};
}

PKey rsa_key(const PublicParts& parts) {
    const ParamBuilder builder{::OSSL_PARAM_BLD_new()};
    const auto modulus = number(parts.modulus);
    const auto exponent = number(parts.exponent);
    if (!builder || !modulus || !exponent ||
        ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
        ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
        return nullptr;
    return made_of("RSA", EVP_PKEY_PUBLIC_KEY, Params{::OSSL_PARAM_BLD_to_param(builder.get())});
}

PKey curve_of(const char* name) {
    const ParamBuilder builder{::OSSL_PARAM_BLD_new()};
    if (!builder ||
        ::OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, name, 0) != 1)
        return nullptr;
    return made_of("EC", EVP_PKEY_KEY_PARAMETERS, Params{::OSSL_PARAM_BLD_to_param(builder.get())});
}

// The library spends 10 of 14 µs on making the curve anew for each key; a copy takes 2. Both live
// as long as the process, so that no thread can find them gone at exit.
PKey ec_key(const PublicParts& parts) {
    static EVP_PKEY* const p256 = curve_of("P-256").release();
    static EVP_PKEY* const p384 = curve_of("P-384").release();
    EVP_PKEY* const curve = parts.kind == KeyKind::ec_p256 ? p256 : p384;
    PKey key{curve == nullptr ? nullptr : ::EVP_PKEY_dup(curve)};
    if (!key ||
        ::EVP_PKEY_set1_encoded_public_key(key.get(), parts.point.data(), parts.point.size()) != 1)
        return nullptr;
    return key;
}

std::unexpected<Error> does_not_hold() {
    return fail(Fault::unverified, "crypto: the signature does not hold", forget_errors());
}

}  // namespace

PublicKey::PublicKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey> PublicKey::from_spki(BytesView der) {
    MITOME_TRY(parts, read_spki(der));
    PKey key = is_rsa(parts.kind) ? rsa_key(parts) : ec_key(parts);
    if (!key) return fail(Fault::malformed, "crypto: the key is not on its curve", forget_errors());

    PKeyContext verifying{::EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr)};
    if (!verifying || ::EVP_PKEY_verify_init(verifying.get()) != 1)
        return broken("crypto: no verification with this key");
    return PublicKey{
        std::make_unique<State>(std::move(key), parts.kind, copy(der), std::move(verifying))};
}

KeyKind PublicKey::kind() const { return state_->kind; }

const Bytes& PublicKey::spki() const { return state_->spki; }

Bytes PublicKey::modulus() const {
    const auto parts = read_spki(state_->spki);
    return parts ? copy(parts->modulus) : Bytes{};
}

Bytes PublicKey::exponent() const {
    const auto parts = read_spki(state_->spki);
    return parts ? copy(parts->exponent) : Bytes{};
}

Done PublicKey::verify_digest(Hash hash, BytesView digest, BytesView signature) const {
    if (digest.size() != size_of(hash))
        return fail(Fault::malformed, "crypto: not a digest of that algorithm");
    // RFC 8017 §8.2.2 step 4 compares encoded messages: the DigestInfo is ours, never parsed
    // out of the signature. The library would accept shorter signatures.
    const bool rsa = is_rsa(state_->kind);
    if (rsa && signature.size() != static_cast<std::size_t>(::EVP_PKEY_get_size(state_->key.get())))
        return does_not_hold();
    const auto encoded = rsa ? digest_info(hash, digest) : Bytes{};
    const auto expected = rsa ? BytesView{encoded} : digest;

    const PKeyContext context{::EVP_PKEY_CTX_dup(state_->verifying.get())};
    if (!context) return broken("crypto: no verification");
    if (::EVP_PKEY_verify(context.get(), signature.data(), signature.size(), expected.data(),
                          expected.size()) != 1)
        return does_not_hold();
    return {};
}

Done PublicKey::verify(Hash hash, BytesView content, BytesView signature) const {
    return verify_digest(hash, crypto::digest(hash, content), signature);
}

Done PublicKey::verify_pss(Hash hash, BytesView digest, BytesView signature) const {
    if (!is_rsa(state_->kind)) return fail(Fault::malformed, "crypto: PSS is for RSA");
    if (digest.size() != size_of(hash))
        return fail(Fault::malformed, "crypto: not a digest of that algorithm");
    if (signature.size() != static_cast<std::size_t>(::EVP_PKEY_get_size(state_->key.get())))
        return does_not_hold();
    const PKeyContext context{::EVP_PKEY_CTX_dup(state_->verifying.get())};
    if (!context || ::EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) != 1 ||
        ::EVP_PKEY_CTX_set_signature_md(context.get(), algorithm_of(hash)) != 1 ||
        ::EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) != 1)
        return broken("crypto: no PSS verification");
    if (::EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(),
                          digest.size()) != 1)
        return does_not_hold();
    return {};
}

Result<Bytes> PublicKey::recover(BytesView signature) const {
    if (!is_rsa(state_->kind)) return fail(Fault::malformed, "crypto: only RSA recovers");
    Bytes out(static_cast<std::size_t>(::EVP_PKEY_get_size(state_->key.get())));
    if (signature.size() != out.size()) return does_not_hold();
    const PKeyContext context{::EVP_PKEY_CTX_new_from_pkey(nullptr, state_->key.get(), nullptr)};
    if (!context || ::EVP_PKEY_verify_recover_init(context.get()) != 1 ||
        ::EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1)
        return broken("crypto: no recovery");
    std::size_t size = out.size();
    if (::EVP_PKEY_verify_recover(context.get(), out.data(), &size, signature.data(),
                                  signature.size()) != 1)
        return does_not_hold();
    out.resize(size);
    return out;
}

PKey key_of(const PublicKey& key) {
    EVP_PKEY* const shared = OpenSslView::of(key);
    ::EVP_PKEY_up_ref(shared);
    return PKey{shared};
}

}  // namespace mitome::crypto
