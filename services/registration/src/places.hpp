// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/pki/profile.hpp>

#include <optional>
#include <string_view>

namespace mitome::registration {

/// The names in roman letters of a municipality by its five digits. Of Japan's 1,741 the few that
/// the sandbox's people live in are known.
[[nodiscard]] std::optional<pki::Place> place_of(std::string_view municipality);

}  // namespace mitome::registration
