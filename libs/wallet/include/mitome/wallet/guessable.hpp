// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <chrono>
#include <optional>

namespace mitome::wallet {

/// Whether a stranger would try this secret among the first: one character repeated, a sequence,
/// a pair twice, the holder's date of birth in any usual order, or one of those that people take.
/// A warning, never a rule: the holder may keep it.
[[nodiscard]] bool is_guessable(BytesView secret, std::optional<std::chrono::year_month_day> birth);

}  // namespace mitome::wallet
