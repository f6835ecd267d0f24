// SPDX-License-Identifier: Apache-2.0
#pragma once

// Invented people, the hard cases among them. Nobody of these lives.

#include <mitome/store/register.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::registration {

/// What is hard about a resident of the sandbox, or wrong with the first card.
enum class Case : std::uint8_t {
    none,
    long_name,
    variant_glyph,     ///< 異体字 by a variation selector
    substitute,        ///< 外字 replaced by a similar character, flagged
    latin,             ///< a foreign resident
    minor,             ///< 14 years old: no signature certificate
    fifteen_tomorrow,
    moved,             ///< signature certificate revoked
    deceased,          ///< both revoked
    expired,
    revoked,
    locked,            ///< no tries left; made in the card itself
};

[[nodiscard]] std::string_view name_of(Case which);
[[nodiscard]] std::optional<Case> case_of(std::string_view name);

/// The people a sandbox begins with; their ids are 1, 2, … in this order. Ages follow `today`.
[[nodiscard]] std::vector<store::Resident> sandbox_residents(std::chrono::year_month_day today);

/// Of the residents above; `none` for everybody else.
[[nodiscard]] Case case_of(std::uint64_t resident);

/// Four digits on the face of the first person's card, which the documents name.
[[nodiscard]] std::optional<std::string> security_code_of(std::uint64_t resident);

/// Eleven digits with the twelfth that checks them: weights 6 5 4 3 2 7 6 5 4 3 2, modulus 11.
[[nodiscard]] std::string my_number_of(std::string_view eleven_digits);

}  // namespace mitome::registration
