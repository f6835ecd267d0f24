// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state.hpp"

#include <optional>
#include <utility>

namespace mitome::element {

/// What an operation wants to become durable, or the word that refuses it.
struct Change {
    std::uint16_t word = sw::ok;
    std::optional<Contents> next;
    bool ends_pins = false;  ///< PINs verified before speak of others than those after
    bool scrubs = false;     ///< keys were given up: no slot may still hold them
};

[[nodiscard]] inline Change refused(std::uint16_t word) {
    return {word, std::nullopt, false, false};
}
[[nodiscard]] inline Change nothing() { return {}; }
/// A repetition makes sure again that nothing is left of what was given up.
[[nodiscard]] inline Change nothing_but_scrub(const Contents& now) {
    return {sw::ok, now, false, true};
}
[[nodiscard]] inline Change becomes(Contents&& next) {
    return {sw::ok, std::move(next), false, false};
}

// ── pending_set.cpp
[[nodiscard]] Change carry_out(const Contents& now, const apdu::administration::Begin& begin);
[[nodiscard]] Change carry_out(const Contents& now, const apdu::administration::Generate& generate);
[[nodiscard]] Change carry_out(const Contents& now,
                               const apdu::administration::StoreCertificate& store);
[[nodiscard]] Change carry_out(const Contents& now, const apdu::administration::Swap& swap);
[[nodiscard]] Change carry_out(const Contents& now, const apdu::administration::Drop& drop);

// ── administration.cpp
[[nodiscard]] Change carry_out(const Contents& now, const apdu::administration::AskState& ask);
[[nodiscard]] Change carry_out(const Contents& now, const apdu::administration::Unblock& unblock);
[[nodiscard]] Change carry_out(const Contents& now, const apdu::administration::Lease& lease);
[[nodiscard]] Change carry_out(const Contents& now,
                               const apdu::administration::ReceiptTaken& taken);

// ── erasure.cpp; `record` is the number that the erasure's record will have
[[nodiscard]] Change carry_out(const Contents& now, const apdu::administration::Erase& erase,
                               std::uint64_t record);

}  // namespace mitome::element
