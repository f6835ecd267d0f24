// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "context.hpp"
#include "sandbox_state.hpp"

#include <boost/json/array.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mitome::cli {

/// What the sandbox's factory and resident desk do together: cards and phones that others then use.

/// Which way a sandbox card is wrong from the start.
enum class Flaw : std::uint8_t { none, expired, revoked, moved, deceased, locked };

/// Makes a card of `resident` and gives its number. With `keys`, the private keys and the
/// certificates are written there too.
[[nodiscard]] Attempt<std::uint64_t> make_card(const Context& context, std::uint64_t resident,
                                               Flaw flaw,
                                               const std::optional<std::filesystem::path>& keys);

/// One card for every resident that has none, flawed as the resident's case says.
[[nodiscard]] Attempt<void> make_birth_cards(const Context& context,
                                             const boost::json::array& residents);

/// A phone's element in a folder of its own, with its identity from the maker.
[[nodiscard]] Attempt<void> make_phone(const Context& context, const std::string& name);

/// The administration keys of the first phone's element, as lines of `sandbox env`.
[[nodiscard]] Attempt<std::vector<std::pair<std::string, std::string>>> administration_keys(
    const Context& context, const SandboxState& state);

}  // namespace mitome::cli
