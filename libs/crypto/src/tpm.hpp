// SPDX-License-Identifier: Apache-2.0
#pragma once

// A key sealed by a TPM 2.0 under an ECC storage key of its owner hierarchy, without a
// password: what protects it is that the blob is of no use to any other TPM.

#include <mitome/crypto/cipher.hpp>

#include <string>

namespace mitome::crypto {

/// `tcti` names the TPM, such as `device:/dev/tpmrm0`. `unavailable` when it does not answer,
/// `denied` when its owner hierarchy wants a password.
[[nodiscard]] Result<Bytes> tpm_seal(const std::string& tcti, const AesKey& key);

/// `unverified` when another TPM sealed it or a bit was changed; `malformed` for another file.
[[nodiscard]] Result<AesKey> tpm_unseal(const std::string& tcti, BytesView blob);

}  // namespace mitome::crypto
