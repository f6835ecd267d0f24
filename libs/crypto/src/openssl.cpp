// SPDX-License-Identifier: Apache-2.0

// OpenSSL 3.0 has no way but these "deprecated" methods to let one key object call code of ours;
// a provider of our own would be a second library. Decision and measurement: stack.md.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "der.hpp"
#include "handle.hpp"

#include <mitome/base/log.hpp>
#include <mitome/crypto/openssl.hpp>

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>

#include <algorithm>

namespace mitome::crypto {
namespace {

using Rsa = std::unique_ptr<RSA, Releases<RSA_free>>;
using EcKey = std::unique_ptr<EC_KEY, Releases<EC_KEY_free>>;

// Where each key object keeps the address of its signer.
int rsa_slot() {
    static const int slot = ::RSA_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return slot;
}

int ec_slot() {
    static const int slot = ::EC_KEY_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return slot;
}

int refuse() {
    ERR_raise(ERR_LIB_USER, ERR_R_OPERATION_FAIL);
    return -1;
}

/// The library has made the DigestInfo and asks for type 1 padding and the private operation.
/// Any other padding (PSS comes as "none") and any other content is refused: the signer signs
/// digests, nothing else.
int sign_rsa(int size, const unsigned char* from, unsigned char* to, RSA* rsa, int padding) {
    auto* const signer = static_cast<Signer*>(::RSA_get_ex_data(rsa, rsa_slot()));
    if (signer == nullptr || padding != RSA_PKCS1_PADDING || size < 0) return refuse();
    const auto digested = from_digest_info({from, static_cast<std::size_t>(size)});
    if (!digested) return refuse();
    const auto signature = signer->sign_digest(digested->hash, digested->digest);
    if (!signature || signature->size() != static_cast<std::size_t>(::RSA_size(rsa)))
        return refuse();
    std::ranges::copy(*signature, to);
    return static_cast<int>(signature->size());
}

int sign_ec(int, const unsigned char* digest, int size, unsigned char* to, unsigned int* written,
            const BIGNUM*, const BIGNUM*, EC_KEY* key) {
    auto* const signer = static_cast<Signer*>(::EC_KEY_get_ex_data(key, ec_slot()));
    if (signer == nullptr) return refuse(), 0;
    for (const auto hash : {Hash::sha256, Hash::sha384, Hash::sha512, Hash::sha1}) {
        if (size < 0 || static_cast<std::size_t>(size) != size_of(hash)) continue;
        const auto signature = signer->sign_digest(hash, {digest, size_of(hash)});
        if (!signature || signature->size() > static_cast<std::size_t>(::ECDSA_size(key))) break;
        std::ranges::copy(*signature, to);
        *written = static_cast<unsigned int>(signature->size());
        return 1;
    }
    return refuse(), 0;
}

const RSA_METHOD* rsa_method() {
    static const RSA_METHOD* const made = [] {
        RSA_METHOD* const method = ::RSA_meth_dup(::RSA_PKCS1_OpenSSL());
        if (method != nullptr) {
            ::RSA_meth_set1_name(method, "mitome signer");
            ::RSA_meth_set_flags(method, RSA_FLAG_EXT_PKEY);
            ::RSA_meth_set_priv_enc(method, sign_rsa);
            ::RSA_meth_set_priv_dec(method, nullptr);
        }
        return method;
    }();
    return made;
}

const EC_KEY_METHOD* ec_method() {
    static const EC_KEY_METHOD* const made = [] {
        EC_KEY_METHOD* const method = ::EC_KEY_METHOD_new(::EC_KEY_OpenSSL());
        if (method != nullptr) ::EC_KEY_METHOD_set_sign(method, sign_ec, nullptr, nullptr);
        return method;
    }();
    return made;
}

PKey rsa_through(Signer& signer, const PublicParts& parts) {
    Rsa rsa{::RSA_new()};
    BigNumber modulus{
        ::BN_bin2bn(parts.modulus.data(), static_cast<int>(parts.modulus.size()), nullptr)};
    BigNumber exponent{
        ::BN_bin2bn(parts.exponent.data(), static_cast<int>(parts.exponent.size()), nullptr)};
    if (!rsa || !modulus || !exponent || rsa_method() == nullptr ||
        ::RSA_set0_key(rsa.get(), modulus.get(), exponent.get(), nullptr) != 1)
        return nullptr;
    static_cast<void>(modulus.release());
    static_cast<void>(exponent.release());
    PKey key{::EVP_PKEY_new()};
    if (!key || ::RSA_set_method(rsa.get(), rsa_method()) != 1 ||
        ::RSA_set_ex_data(rsa.get(), rsa_slot(), &signer) != 1 ||
        ::EVP_PKEY_assign(key.get(), EVP_PKEY_RSA, rsa.get()) != 1)
        return nullptr;
    static_cast<void>(rsa.release());
    return key;
}

PKey ec_through(Signer& signer, const PublicParts& parts) {
    EcKey ec{::EC_KEY_new_by_curve_name(parts.kind == KeyKind::ec_p256 ? NID_X9_62_prime256v1
                                                                       : NID_secp384r1)};
    PKey key{::EVP_PKEY_new()};
    if (!ec || !key || ec_method() == nullptr ||
        ::EC_KEY_oct2key(ec.get(), parts.point.data(), parts.point.size(), nullptr) != 1 ||
        ::EC_KEY_set_method(ec.get(), ec_method()) != 1 ||
        ::EC_KEY_set_ex_data(ec.get(), ec_slot(), &signer) != 1 ||
        ::EVP_PKEY_assign(key.get(), EVP_PKEY_EC, ec.get()) != 1)
        return nullptr;
    static_cast<void>(ec.release());
    return key;
}

}  // namespace

Result<PKey> key_through(Signer& signer) {
    MITOME_TRY(parts, read_spki(signer.spki()));
    auto key = is_rsa(parts.kind) ? rsa_through(signer, parts) : ec_through(signer, parts);
    if (!key) return broken("crypto: no key object through a signer");
    return key;
}

std::uint32_t drain_errors(Literal during) {
    std::uint32_t last = 0;
    while (const auto error = ::ERR_get_error()) {
        const char* const reason = ::ERR_reason_error_string(error);
        last = static_cast<std::uint32_t>(ERR_GET_REASON(error));
        log(Level::error, during,
            {{"library", std::int64_t{ERR_GET_LIB(error)}},
             {"code", std::int64_t{last}},
             {"reason", std::string_view{reason == nullptr ? "unknown" : reason}}});
    }
    return last;
}

}  // namespace mitome::crypto
