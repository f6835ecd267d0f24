// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config.hpp"

#include <mitome/base/clock.hpp>

#include <string_view>

namespace mitome::registration {

/// The key that protects CMP answers, in our own token.
inline constexpr std::string_view cmp_label = "cmp";

/// Makes what is not there yet: the token with the CMP key, the database, and in a sandbox its
/// people. What is there is left alone.
[[nodiscard]] Done initialise(const Config& config, Time now);

}  // namespace mitome::registration
