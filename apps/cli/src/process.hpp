// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>
#include <mitome/base/result.hpp>

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mitome::cli {

/// How a program is started.
struct Launch {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> environment;  ///< added to our own
    /// Join the network of this process (a sandbox's reader room) before the program starts.
    std::optional<pid_t> join_network_of;
};

/// Starts a program that outlives us: own session, standard input closed, both outputs appended
/// to `log`, and its record (pid and start time) written to `record`.
[[nodiscard]] Result<pid_t> start_daemon(const Launch& launch, const std::filesystem::path& log,
                                         const std::filesystem::path& record);

struct Output {
    int status = 0;  ///< exit status; 128 + signal when it was killed
    Bytes out;
    Bytes err;
};

/// Runs a program to its end, with `input` on its standard input.
[[nodiscard]] Result<Output> run_program(const Launch& launch, BytesView input);

/// The process behind a record, if it is still the one that was started.
[[nodiscard]] std::optional<pid_t> alive(const std::filesystem::path& record);

/// SIGTERM, then SIGKILL after `patience`; returns when the process is gone. The record goes too.
void end_process(const std::filesystem::path& record, std::chrono::milliseconds patience);

/// The folder of the running program, where its siblings are.
[[nodiscard]] std::filesystem::path program_folder();

}  // namespace mitome::cli
