// SPDX-License-Identifier: Apache-2.0
#pragma once

// The four CAs as this process holds them: keys in the HSM, certificates beside the ledger.

#include "config.hpp"

#include <mitome/issuance/issuer.hpp>

#include <vector>

namespace mitome::authority {

/// Makes what is not there yet: the token with its PINs, a key and a certificate for each CA
/// (`FOLDER/ca/NAME.pem` and `.cer`). What is there is left alone.
[[nodiscard]] Done initialise(const Config& config, Time now);

/// `absent` before `initialise`; `broken` when a certificate is not that of its key.
[[nodiscard]] Result<std::vector<issuance::CertificateAuthority>> open_cas(const Config& config);

}  // namespace mitome::authority
