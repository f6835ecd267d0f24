// SPDX-License-Identifier: Apache-2.0
#pragma once

// Many withdrawals at once: a cascade of registration's, carried out in one change of the ledger.

#include <mitome/issuance/issuer.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mitome::issuance {

inline constexpr std::size_t largest_batch = 500;  ///< bounds how long others wait for the writer

struct BatchEntry {
    pki::Ca ca = pki::Ca::card_sign;
    Withdrawal withdrawal;
};

/// What became of one entry.
enum class Taken : std::uint8_t {
    changed,
    unchanged,  ///< it stood like that before: the same batch may be sent again
    unknown,  ///< this CA has no such certificate
    refused,  ///< its state or the rules for holds do not allow it
};
[[nodiscard]] std::string_view name_of(Taken taken);

struct WithdrawnBatch {
    Time at{};
    std::uint64_t head = 0;  ///< of the feed, with these changes in it
    std::vector<Taken> taken;  ///< in the order of the entries
};

/// Every entry that may be, in one change; the others stay as they are and are named. One entry
/// after the other, so that the last of two about one certificate wins. `malformed`: none, or
/// more than `largest_batch`.
[[nodiscard]] Result<WithdrawnBatch> withdraw_all(const Records& records,
                                                  std::span<const BatchEntry> entries);

}  // namespace mitome::issuance
