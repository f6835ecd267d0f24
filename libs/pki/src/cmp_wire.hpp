// SPDX-License-Identifier: Apache-2.0
#pragma once

// The little HTTP that the CMP tests need on loopback: one request, one answer, then closed.

#include <mitome/base/bytes.hpp>
#include <mitome/base/file.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

namespace mitome::wire {

/// A program of a shell, ended with this object.
class Process {
public:
    explicit Process(const std::string& command) {
        const std::string words = "exec " + command;
        std::string shell = "/bin/sh", option = "-c", text = words;
        char* const arguments[]{shell.data(), option.data(), text.data(), nullptr};
        if (::posix_spawn(&id_, shell.c_str(), nullptr, nullptr, arguments, environ) != 0) {
            id_ = -1;
        }
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process() {
        if (!has_ended()) {
            ::kill(id_, SIGTERM);
            ::waitpid(id_, nullptr, 0);
        }
    }

    [[nodiscard]] bool has_ended() {
        if (id_ > 0 && ::waitpid(id_, &status_, WNOHANG) == id_) {
            id_ = -1;
        }
        return id_ < 0;
    }
    [[nodiscard]] bool succeeded() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

private:
    pid_t id_ = -1;
    int status_ = -1;
};

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// Everything up to the end of the body that Content-Length announces; empty when it breaks off.
inline Bytes read_body(int connection) {
    std::string all;
    char buffer[4096];
    for (;;) {
        const auto head = all.find("\r\n\r\n");
        if (head != std::string::npos) {
            const auto at = all.find("ontent-Length:");
            const auto length = at == std::string::npos ? 0UL : std::stoul(all.substr(at + 14));
            if (all.size() >= head + 4 + length) {
                return copy(view(std::string_view{all}.substr(head + 4, length)));
            }
        }
        const auto count = ::recv(connection, buffer, sizeof buffer, 0);
        if (count <= 0) {
            return {};
        }
        all.append(buffer, static_cast<std::size_t>(count));
    }
}

inline void send_message(int connection, const std::string& first_line, BytesView body) {
    const std::string head = first_line +
                             "\r\nContent-Type: application/pkixcmp\r\nConnection: close"
                             "\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n";
    auto whole = copy(view(head));
    append(whole, body);
    static_cast<void>(::send(connection, whole.data(), whole.size(), MSG_NOSIGNAL));
}

class Listener {
public:
    Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        auto address = loopback(0);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        static_cast<void>(::bind(socket_.number(), generic, size));
        static_cast<void>(::listen(socket_.number(), 8));
        static_cast<void>(::getsockname(socket_.number(), generic, &size));
        port_ = ntohs(address.sin_port);
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// Answers every request until `client` has ended.
    void serve_until_end_of(Process& client, const std::function<Bytes(BytesView)>& answer) {
        while (!client.has_ended()) {
            pollfd waiting{socket_.number(), POLLIN, 0};
            if (::poll(&waiting, 1, 10) <= 0) {
                continue;
            }
            const Descriptor connection{
                ::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC)};
            const auto request = read_body(connection.number());
            if (!request.empty()) {
                send_message(connection.number(), "HTTP/1.1 200 OK", answer(request));
            }
        }
    }

private:
    Descriptor socket_;
    std::uint16_t port_ = 0;
};

inline Bytes post(std::uint16_t port, BytesView body) {
    const Descriptor connection{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto address = loopback(port);
    if (::connect(connection.number(), reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) != 0) {
        return {};
    }
    send_message(connection.number(), "POST / HTTP/1.0", body);
    return read_body(connection.number());
}

}  // namespace mitome::wire
