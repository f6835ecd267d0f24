// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <csignal>
#include <filesystem>
#include <span>

namespace mitome {

/// `--config FILE [--initialise]`.
struct ServiceArguments {
    std::filesystem::path config;
    bool initialise = false;  ///< prepare the folder and end
};

/// SIGTERM and SIGINT, taken from this thread and from all that it makes later.
class EndSignals {
public:
    EndSignals();

    /// Returns when one of them comes, and logs it.
    void wait() const;

private:
    sigset_t set_{};
};

using ServiceRun = Done (*)(const ServiceArguments& arguments, const EndSignals& ends);

/// All of a service's `main` that is not its own: its arguments, its log, its end. Returns the exit
/// code: 0, 64 for a wrong command line, 7 when trying again may help, 70 otherwise.
[[nodiscard]] int run_service(const char* name, std::span<char*> words, ServiceRun run);

}  // namespace mitome
