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

Params params_of(const PublicParts& parts) {
    const ParamBuilder builder{::OSSL_PARAM_BLD_new()};
    if (!builder) return nullptr;
    if (!is_rsa(parts.kind)) {
        const char* const curve = parts.kind == KeyKind::ec_p256 ? "P-256" : "P-384";
        if (::OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve,
                                              0) != 1 ||
            ::OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                               parts.point.data(), parts.point.size()) != 1)
            return nullptr;
        return Params{::OSSL_PARAM_BLD_to_param(builder.get())};
    }
    const auto modulus = number(parts.modulus);
    const auto exponent = number(parts.exponent);
    if (!modulus || !exponent ||
        ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
        ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
        return nullptr;
    return Params{::OSSL_PARAM_BLD_to_param(builder.get())};
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
    const auto params = params_of(parts);
    const PKeyContext building{
        ::EVP_PKEY_CTX_new_from_name(nullptr, is_rsa(parts.kind) ? "RSA" : "EC", nullptr)};
    if (!params || !building || ::EVP_PKEY_fromdata_init(building.get()) != 1)
        return broken("crypto: no key object");
    EVP_PKEY* made = nullptr;
    if (::EVP_PKEY_fromdata(building.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return fail(Fault::malformed, "crypto: the key is not on its curve", forget_errors());
    PKey key{made};

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
