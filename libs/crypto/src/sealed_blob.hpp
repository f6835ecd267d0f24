// SPDX-License-Identifier: Apache-2.0
#pragma once

// The file that a TPM's sealed key is kept in: one line of text, then TPM2B_NAME of the storage
// key, TPM2B_PUBLIC and TPM2B_PRIVATE of the sealed object as TPM 2.0 Library part 2 marshals them.

#include <mitome/base/bytes.hpp>

#include <tss2/tss2_tpm2_types.h>

namespace mitome::crypto {

struct SealedBlob {
    TPM2B_NAME storage;
    TPM2B_PUBLIC shown;
    TPM2B_PRIVATE kept;
};

[[nodiscard]] Result<Bytes> write_sealed_blob(const SealedBlob& blob);

/// Strict: `malformed` for what `write_sealed_blob` would not write.
[[nodiscard]] Result<SealedBlob> read_sealed_blob(BytesView octets);

}  // namespace mitome::crypto
