// SPDX-License-Identifier: Apache-2.0
#include "socket_server.hpp"

#include <mitome/base/log.hpp>
#include <mitome/base/secret.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace mitome::element_process {

namespace {

constexpr std::size_t longest_command = 4 + 3 + 65535 + 2;  // ISO/IEC 7816-3:2006 §12.1, case 4E
constexpr std::size_t most_conversations = 32;
constexpr int backlog = 8;

std::uint32_t reason() { return static_cast<std::uint32_t>(errno); }

sockaddr_un address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

Result<std::unique_ptr<SocketServer>> SocketServer::create(element::Element& element,
                                                           const std::filesystem::path& path,
                                                           const Stop& stop) {
    if (path.native().size() >= sizeof(sockaddr_un::sun_path))
        return fail(Fault::malformed, "element: path of the socket is over 107 octets");
    const sockaddr_un address = address_of(path);
    Descriptor listener{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
    if (!listener) return fail(Fault::unavailable, "element: no socket", reason());

    // What a killed process left behind refuses connections and may go.
    const Descriptor probe{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
    if (::connect(probe.number(), generic(address), sizeof address) == 0)
        return fail(Fault::conflict, "element: the socket is in use");
    if (errno == ECONNREFUSED) ::unlink(path.c_str());

    const mode_t before = ::umask(0177);
    const int bound = ::bind(listener.number(), generic(address), sizeof address);
    const std::uint32_t why = reason();
    ::umask(before);
    if (bound != 0) return fail(Fault::unavailable, "element: cannot bind the socket", why);
    if (::listen(listener.number(), backlog) != 0)
        return fail(Fault::unavailable, "element: cannot listen", reason());
    return std::unique_ptr<SocketServer>{
        new SocketServer{element, path, stop, std::move(listener)}};
}

SocketServer::~SocketServer() { ::unlink(path_.c_str()); }

void SocketServer::run() {
    while (stop_.wait_readable(listener_.number())) {
        reap();
        Descriptor peer{::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (!peer) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            log(Level::warning, "socket.accept", {{"errno", std::int64_t{errno}}});
            if (!stop_.sleep(100)) break;
            continue;
        }
        if (conversations_.size() >= most_conversations) {
            log(Level::warning, "socket.too_many");
            continue;
        }
        Conversation& conversation = conversations_.emplace_back();
        conversation.peer = std::move(peer);
        try {
            conversation.thread = std::jthread{[this, &conversation] {
                converse(conversation.peer.number());
                conversation.over = true;
            }};
        } catch (const std::system_error&) {  // no thread to be had: this peer must try again
            log(Level::warning, "socket.no_thread");
            conversations_.pop_back();
        }
    }
    for (Conversation& each : conversations_) ::shutdown(each.peer.number(), SHUT_RDWR);
    conversations_.clear();
}

void SocketServer::reap() {
    conversations_.remove_if([](const Conversation& each) { return each.over.load(); });
}

void SocketServer::converse(int peer) {
    element::Connection connection;
    Bytes command(longest_command + 1);
    while (stop_.wait_readable(peer)) {
        const ssize_t got = ::recv(peer, command.data(), command.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        const auto octets = std::span{command}.first(static_cast<std::size_t>(got));
        const Bytes response = element_.answer(connection, octets);
        wipe(octets);  // it may have been a PIN
        if (::send(peer, response.data(), response.size(), MSG_NOSIGNAL) < 0) break;
    }
    ::shutdown(peer, SHUT_RDWR);
}

}  // namespace mitome::element_process
