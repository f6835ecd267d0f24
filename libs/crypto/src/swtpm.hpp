// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: a TPM 2.0 made of swtpm, with its own state and loopback ports.

#include <mitome/base/file.hpp>

#include <arpa/inet.h>
#include <spawn.h>
#include <sys/socket.h>
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

/// A socket bound to that loopback port, or to any with 0; not open when the port is taken.
inline Descriptor bound_to(std::uint16_t port) {
    Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = ::htons(port);
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return {};
    return socket;
}

/// Two neighbouring free ports, as the TCTI wants them: the first of them.
inline std::uint16_t two_free_ports() {
    for (;;) {
        const auto first = bound_to(0);
        sockaddr_in address{};
        socklen_t size = sizeof address;
        ::getsockname(first.number(), reinterpret_cast<sockaddr*>(&address), &size);
        const auto port = ::ntohs(address.sin_port);
        if (port < 65535 && bound_to(static_cast<std::uint16_t>(port + 1))) return port;
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
        for (int tries = 0; tries < 500 && bound_to(static_cast<std::uint16_t>(port_ + 1)); ++tries)
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
