// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands behind PublicKey and SoftwareKey.

#include "handle.hpp"

namespace mitome::crypto {

/// Contexts are made and initialised once per key and duplicated for each call: that spares the
/// library's search for an implementation, and a duplicate belongs to its thread alone.
struct PublicKey::State {
    PKey key;
    KeyKind kind;
    Bytes spki;
    PKeyContext verifying;
};

struct SoftwareKey::State {
    PKey key;
    KeyKind kind;
    Bytes spki;
    PKeyContext signing;
};

struct OpenSslView {
    static EVP_PKEY* of(const PublicKey& key) { return key.state_->key.get(); }
    static EVP_PKEY* of(const SoftwareKey& key) { return key.state_->key.get(); }
};

}  // namespace mitome::crypto
