// SPDX-License-Identifier: Apache-2.0
#pragma once

// Owning handles of OpenSSL's X.509 objects. Private to this room.

#include <mitome/base/bytes.hpp>
#include <mitome/crypto/openssl.hpp>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>

namespace mitome::pki {

inline void release(STACK_OF(X509) * list) { sk_X509_pop_free(list, X509_free); }

using X509Handle = std::unique_ptr<X509, crypto::Releases<X509_free>>;
using X509List = std::unique_ptr<STACK_OF(X509), crypto::Releases<release>>;
using X509Context = std::unique_ptr<X509_STORE_CTX, crypto::Releases<X509_STORE_CTX_free>>;

/// Empty when it cannot be read; the error queue stays clean.
[[nodiscard]] inline X509Handle x509_of(BytesView der) {
    const auto* at = der.data();
    X509Handle read{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
    ERR_clear_error();
    return read;
}

inline void add_to(STACK_OF(X509) & list, X509Handle certificate) {
    if (certificate && sk_X509_push(&list, certificate.get()) > 0) {
        static_cast<void>(certificate.release());
    }
}

}  // namespace mitome::pki
