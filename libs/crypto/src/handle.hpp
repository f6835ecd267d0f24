// SPDX-License-Identifier: Apache-2.0
#pragma once

// OpenSSL's objects with one owner each, and its algorithms, fetched once.

#include <mitome/crypto/openssl.hpp>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <limits>

namespace mitome::crypto {

using PKeyContext = std::unique_ptr<EVP_PKEY_CTX, Releases<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Releases<EVP_MD_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Releases<EVP_CIPHER_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Releases<EVP_MAC_CTX_free>>;
using BigNumber = std::unique_ptr<BIGNUM, Releases<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Releases<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Releases<OSSL_PARAM_free>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Releases<PKCS8_PRIV_KEY_INFO_free>>;

/// The library's algorithm behind `hash`. It lives as long as the process, so that no thread
/// can find it gone at exit.
[[nodiscard]] const EVP_MD* algorithm_of(Hash hash);

/// Empties the error queue without a line in the log and returns its last reason code. For
/// failures that a stranger's octets can cause at will: they must not fill the operator's log.
inline std::uint32_t forget_errors() {
    const auto last = ERR_peek_last_error();
    ERR_clear_error();
    return static_cast<std::uint32_t>(ERR_GET_REASON(last));
}

/// Our own failure, with the library's errors in the log.
[[nodiscard]] inline std::unexpected<Error> broken(Literal what) {
    return fail(Fault::broken, what, drain_errors(what));
}

/// Most of the library's lengths are an `int`.
[[nodiscard]] inline bool fits_int(std::size_t size) {
    return size <= static_cast<std::size_t>(std::numeric_limits<int>::max());
}

}  // namespace mitome::crypto
