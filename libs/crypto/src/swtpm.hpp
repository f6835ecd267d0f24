// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: a TPM 2.0 made of swtpm, with its own state and loopback ports.

#include <mitome/base/loopback.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace mitome::crypto {

/// Two neighbouring free ports, as the TCTI wants them: the first of them.
inline std::uint16_t two_free_ports() {
    for (;;) {
        const auto drawn = draw_ports(1);
        const auto next = static_cast<std::uint16_t>(drawn ? drawn->front() + 1 : 0);
        if (next != 0 && is_free(next)) return drawn->front();
    }
}

class Swtpm {
public:
    /// Its state is in `folder`, which it makes: the same folder is the same TPM.
    explicit Swtpm(const std::filesystem::path& folder) : port_(two_free_ports()) {
        std::filesystem::create_directories(folder);
        const auto at = [](int port) {
            return "type=tcp,bindaddr=127.0.0.1,port=" + std::to_string(port);
        };
        std::vector<std::string> words{"swtpm",
                                       "socket",
                                       "--tpm2",
                                       "--tpmstate",
                                       "dir=" + std::filesystem::absolute(folder).string(),
                                       "--ctrl",
                                       at(port_ + 1),
                                       "--server",
                                       at(port_),
                                       "--flags",
                                       "not-need-init,startup-clear"};
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        ::posix_spawnp(&child_, "swtpm", nullptr, nullptr, argv.data(), environ);
        for (int tries = 0; tries < 500 && is_free(static_cast<std::uint16_t>(port_ + 1)); ++tries)
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    Swtpm(const Swtpm&) = delete;
    Swtpm& operator=(const Swtpm&) = delete;
    ~Swtpm() {
        if (child_ <= 0) return;
        ::kill(child_, SIGTERM);
        ::waitpid(child_, nullptr, 0);
    }

    [[nodiscard]] std::string tcti() const {
        return "swtpm:host=127.0.0.1,port=" + std::to_string(port_);
    }

private:
    std::uint16_t port_;
    ::pid_t child_ = 0;
};

}  // namespace mitome::crypto
