// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/crypto/digest.hpp>

namespace mitome::crypto {

/// What every signer of ours asks of a digest before it touches the key.
[[nodiscard]] inline Done check_signable(Hash hash, BytesView digest) {
    if (digest.size() != size_of(hash))
        return fail(Fault::malformed, "crypto: not a digest of that algorithm");
    if (hash == Hash::sha1) return fail(Fault::denied, "crypto: SHA-1 is not signed");
    return {};
}

}  // namespace mitome::crypto
