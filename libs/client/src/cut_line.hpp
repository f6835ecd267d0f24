// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: a line between a client and a server of this machine that breaks when it is told to.

#include <mitome/base/file.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <mutex>
#include <thread>

namespace mitome::client {

/// Leads one connection after the other to a port.
class CutLine {
public:
    CutLine() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (!listener_) return;  // a line to nowhere, which its test will see
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        static_cast<void>(::bind(listener_.number(), any, size));
        static_cast<void>(::listen(listener_.number(), 8));
        static_cast<void>(::getsockname(listener_.number(), any, &size));
        port_ = ntohs(address.sin_port);
    }
    CutLine(const CutLine&) = delete;
    CutLine& operator=(const CutLine&) = delete;
    ~CutLine() {
        ::shutdown(listener_.number(), SHUT_RDWR);
        cut();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    void lead_to(std::uint16_t port) {
        thread_ = std::jthread{[this, port] {
            while (lead_one(port)) {
            }
        }};
    }

    /// Breaks the connection there is; the next one is whole again.
    void cut() {
        const std::lock_guard guard{lock_};
        if (client_ >= 0) ::shutdown(client_, SHUT_RDWR);
    }
    /// The same, once the client has so many octets more.
    void cut_after(std::size_t octets) { left_ = octets; }

private:
    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }

    bool lead_one(std::uint16_t port) {
        const Descriptor client{::accept(listener_.number(), nullptr, nullptr)};
        if (!client) return false;
        const Descriptor server{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        const sockaddr_in address = loopback(port);
        if (::connect(server.number(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof address) != 0)
            return true;
        left_ = std::numeric_limits<std::size_t>::max();
        set_client(client.number());
        std::array<pollfd, 2> ends{{{client.number(), POLLIN, 0}, {server.number(), POLLIN, 0}}};
        while (::poll(ends.data(), ends.size(), -1) > 0) {
            if (ends[0].revents != 0 && !pass(client, server)) break;
            if (ends[1].revents != 0 && !pass_counted(server, client)) break;
        }
        set_client(-1);
        return true;
    }
    void set_client(int number) {
        const std::lock_guard guard{lock_};
        client_ = number;
    }

    static bool pass(const Descriptor& from, const Descriptor& to,
                     std::size_t most = std::numeric_limits<std::size_t>::max()) {
        std::array<char, 4096> piece{};
        const ssize_t count = ::recv(from.number(), piece.data(), std::min(most, piece.size()), 0);
        if (count <= 0) return false;
        return ::send(to.number(), piece.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) ==
               count;
    }
    bool pass_counted(const Descriptor& from, const Descriptor& to) {
        const std::size_t piece = std::min<std::size_t>(left_, 4096);
        if (piece == 0) return false;
        if (left_ != std::numeric_limits<std::size_t>::max()) left_ -= piece;
        return pass(from, to, piece);
    }

    Descriptor listener_;
    std::uint16_t port_ = 0;
    std::mutex lock_;
    int client_ = -1;
    std::atomic<std::size_t> left_ = std::numeric_limits<std::size_t>::max();
    std::jthread thread_;
};

}  // namespace mitome::client
