// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <filesystem>

namespace mitome::cli {

/// A room of its own for pcscd: network and mount namespaces in which vpcd may listen on every
/// address although nobody outside hears it, and in which `run` stands in the place of pcscd's
/// own folder, so that clients outside reach `run/pcscd.comm`. The room stays when pcscd dies;
/// a new pcscd is started in it.
///
/// Runs in the calling process until SIGTERM; returns the exit status. 69 when the kernel refuses
/// the namespaces.
[[nodiscard]] int keep_reader_room(const std::filesystem::path& run,
                                   const std::filesystem::path& reader_conf);

/// Whether this process may make such a room at all; asked in a child, nothing stays behind.
[[nodiscard]] bool reader_room_possible();

inline constexpr int reader_room_refused = 69;

}  // namespace mitome::cli
