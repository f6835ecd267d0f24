// SPDX-License-Identifier: Apache-2.0
#pragma once

// For the tests of this room: peers that say exactly what a test tells them to.

#include <mitome/base/file.hpp>
#include <mitome/http/client.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mitome::http::test {

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// A client that only moves octets; gives up reading after five seconds.
class RawClient {
public:
    explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const timeval limit{5, 0};
        ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        const sockaddr_in address = loopback(port);
        connected_ = ::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&address),
                               sizeof address) == 0;
    }

    [[nodiscard]] bool connected() const { return connected_; }

    void say(std::string_view octets) const {
        while (!octets.empty()) {
            const ssize_t count =
                ::send(socket_.number(), octets.data(), octets.size(), MSG_NOSIGNAL);
            if (count <= 0) return;
            octets.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    /// What has come once `end` is among it, or the peer has closed.
    [[nodiscard]] std::string hear_until(std::string_view end) const {
        std::string heard;
        std::array<char, 4096> piece{};
        while (end.empty() || heard.find(end) == std::string::npos) {
            const ssize_t count = ::recv(socket_.number(), piece.data(), piece.size(), 0);
            if (count <= 0) break;
            heard.append(piece.data(), static_cast<std::size_t>(count));
        }
        return heard;
    }
    [[nodiscard]] std::string hear_all() const { return hear_until({}); }

private:
    Descriptor socket_;
    bool connected_ = false;
};

/// Everything a server says to `octets` until it closes.
inline std::string told(std::uint16_t port, std::string_view octets) {
    const RawClient client{port};
    client.say(octets);
    return client.hear_all();
}

/// A server that reads one head per connection and then says the next of its lines, closing
/// behind each.
class ScriptedServer {
public:
    explicit ScriptedServer(std::vector<std::string> lines)
        : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        static_cast<void>(::bind(listener_.number(), any, size));
        static_cast<void>(::listen(listener_.number(), 8));
        static_cast<void>(::getsockname(listener_.number(), any, &size));
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread{[this, said = std::move(lines)] {
            for (const std::string& line : said) serve(line);
        }};
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;
    ~ScriptedServer() { ::shutdown(listener_.number(), SHUT_RDWR); }

    [[nodiscard]] Url url() const { return {false, "127.0.0.1", port_, "/"}; }

private:
    void serve(std::string_view line) const {
        const Descriptor peer{::accept(listener_.number(), nullptr, nullptr)};
        if (!peer) return;
        std::string heard;
        std::array<char, 4096> piece{};
        while (heard.find("\r\n\r\n") == std::string::npos) {
            const ssize_t count = ::recv(peer.number(), piece.data(), piece.size(), 0);
            if (count <= 0) return;
            heard.append(piece.data(), static_cast<std::size_t>(count));
        }
        static_cast<void>(::send(peer.number(), line.data(), line.size(), MSG_NOSIGNAL));
    }

    Descriptor listener_;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

inline Response echo(const Request& request) {
    Response response;
    response.headers.push_back({"Content-Type", "application/octet-stream"});
    response.body = request.body;
    return response;
}

inline std::unique_ptr<Server> serving(Server::Options options, Handle handle) {
    auto server = Server::start(std::move(options), std::move(handle));
    return server ? *std::move(server) : nullptr;
}

inline Url url_of(const Server& server, bool tls = false) {
    return {tls, "127.0.0.1", server.port(), "/"};
}

inline Request asking(std::string method, std::string path, Bytes body = {}) {
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = std::move(body);
    return request;
}

inline std::string vector_path(std::string_view name) {
    return std::string{MITOME_SOURCE_DIR} + "/tests/vectors/http/tls/" + std::string{name};
}

/// `name` shows itself, `trusted` is the CA it takes.
inline TlsIdentity identity(std::string_view name, std::string_view trusted = "ca") {
    const auto read = [](std::string_view part) {
        return read_file(vector_path(part)).value_or(Bytes{});
    };
    TlsIdentity made;
    made.certificate_pem = text(read(std::string{name} + ".pem"));
    made.key_pem = SecretBytes{read(std::string{name} + ".key")};
    made.trusted_pem = text(read(std::string{trusted} + ".pem"));
    return made;
}

}  // namespace mitome::http::test
