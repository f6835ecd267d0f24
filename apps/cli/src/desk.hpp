// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "context.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace mitome::cli {

/// Whose certificates a desk is asked about: a person's, or one that is shown.
struct DeskSubject {
    std::uint64_t resident = 0;  ///< 0: not a person
    std::filesystem::path certificate;
    std::string whose;  ///< of a person: phone (usual), card or both
};

[[nodiscard]] Outcome desk_hold(const Context& context, const DeskSubject& subject);
[[nodiscard]] Outcome desk_revoke(const Context& context, const DeskSubject& subject,
                                  const std::string& reason);
/// Needs two persons. In a sandbox both are this command, which says so.
[[nodiscard]] Outcome desk_erase(const Context& context, std::uint64_t resident);
[[nodiscard]] Outcome desk_status(const Context& context, const DeskSubject& subject);

[[nodiscard]] Outcome resident_move(const Context& context, std::uint64_t id,
                                    const std::string& address, const std::string& municipality);
[[nodiscard]] Outcome resident_rename(const Context& context, std::uint64_t id,
                                      const std::string& name);
/// Needs two persons, too.
[[nodiscard]] Outcome resident_decease(const Context& context, std::uint64_t id);

}  // namespace mitome::cli
