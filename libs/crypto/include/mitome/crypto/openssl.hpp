// SPDX-License-Identifier: Apache-2.0
#pragma once

// For pki and http's TLS file alone, the two rooms beside crypto that may name OpenSSL.

#include <mitome/crypto/key.hpp>

#include <openssl/evp.h>

#include <memory>

namespace mitome::crypto {

template <auto Release>
struct Releases {
    template <class T>
    void operator()(T* owned) const noexcept {
        Release(owned);
    }
};

using PKey = std::unique_ptr<EVP_PKEY, Releases<EVP_PKEY_free>>;
static_assert(sizeof(PKey) == sizeof(EVP_PKEY*));

/// A key object that signs through `signer` (RSASSA-PKCS1-v1_5 and ECDSA only, never PSS).
/// `signer` must outlive it. A failure of the signer surfaces as a failed OpenSSL call; the
/// signer keeps its own error.
[[nodiscard]] Result<PKey> key_through(Signer& signer);

/// A new reference to the library's object behind a public or software key.
[[nodiscard]] PKey key_of(const PublicKey& key);
[[nodiscard]] PKey key_of(const SoftwareKey& key);

/// Drains the library's error queue into the operator log and returns its last reason code.
std::uint32_t drain_errors(Literal during);

}  // namespace mitome::crypto
