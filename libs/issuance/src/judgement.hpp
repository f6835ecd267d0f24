// SPDX-License-Identifier: Apache-2.0
#pragma once

// One withdrawal held against the table of life.hpp.

#include <mitome/issuance/issuer.hpp>

namespace mitome::issuance {

/// Absent: nothing is against it. Without an actor in the withdrawal whoever its role speaks for
/// will do.
[[nodiscard]] std::optional<life::Refused> refusal_of(const store::LedgerEntry& entry,
                                                      const Withdrawal& wanted,
                                                      const HoldRules& rules, Time now);

/// The error by which `Issuer::withdraw` says so.
[[nodiscard]] Error error_of(life::Refused refused);

}  // namespace mitome::issuance
