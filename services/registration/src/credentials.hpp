// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config.hpp"
#include "office.hpp"

#include <mitome/crypto/key.hpp>

namespace mitome::registration {

/// The CAs' certificates and both of the CMP key's: those kept in our folder while they last, else
/// from authority and maker, and kept then.
[[nodiscard]] Result<Credentials> obtain_credentials(const Config& config,
                                                     RemoteAuthority& authority,
                                                     const crypto::Signer& key, Time now);

}  // namespace mitome::registration
