// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "feeder.hpp"

namespace mitome::authority {

/// Lists in the log what a crash has left intended. What is older than a day, so that nobody
/// will ask for it again, is closed as cessationOfOperation; the rest waits for its request
/// key.
[[nodiscard]] Done recover(Issuers& issuers, const store::Ledger& ledger, const Clock& clock);

}  // namespace mitome::authority
