// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "speaker.hpp"

#include <vector>

namespace mitome::wallet {

/// Whoever answers at that address: the NULL-DN, RFC 9810 §5.1.1.
inline Bytes no_name() { return {0x30, 0x00}; }

/// One rr for all that is wanted, protected by a key that is open already.
[[nodiscard]] Reply<void> ask_for(Speaker& speaker,
                                  const std::vector<pki::cmp::WantedRevocation>& wanted,
                                  crypto::Random& random, const Clock& clock);

}  // namespace mitome::wallet
