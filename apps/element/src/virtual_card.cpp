// SPDX-License-Identifier: Apache-2.0
#include "virtual_card.hpp"

#include <mitome/base/log.hpp>
#include <mitome/base/secret.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace mitome::element_process {

namespace {

constexpr int retry_milliseconds = 200;

// Messages of one octet, virtual smart card's vpcd.h.
constexpr std::uint8_t power_off = 0;
constexpr std::uint8_t power_on = 1;
constexpr std::uint8_t warm_reset = 2;
constexpr std::uint8_t ask_atr = 4;

/// vpcd sends length and body in two writes; without this the kernel holds back the
/// acknowledgement of the first and every command takes 40 ms. It lasts for one receive only.
void acknowledge_at_once(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

bool receive(const Stop& stop, int socket, std::span<std::uint8_t> to) {
    while (!to.empty()) {
        acknowledge_at_once(socket);
        if (!stop.wait_readable(socket)) return false;
        const ssize_t got = ::recv(socket, to.data(), to.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to = to.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

bool send_message(int socket, BytesView content) {
    Bytes message{static_cast<std::uint8_t>(content.size() >> 8 & 0xFF),
                  static_cast<std::uint8_t>(content.size() & 0xFF)};
    append(message, content);
    BytesView left = message;
    while (!left.empty()) {
        const ssize_t sent = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        left = left.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

Descriptor VirtualCard::connect() const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    if (::inet_pton(AF_INET, host_.c_str(), &address.sin_addr) != 1) return {};
    Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket) return {};
    if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0)
        return {};
    const int on = 1;
    ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

void VirtualCard::run() {
    bool told = false;
    while (!stop_.is_set()) {
        const Descriptor reader = connect();
        if (reader) {
            log(Level::info, "reader.connected", {{"port", std::int64_t{port_}}});
            serve(reader.number());
            told = false;
        } else if (!told) {
            log(Level::info, "reader.waiting", {{"port", std::int64_t{port_}}});
            told = true;
        }
        if (!stop_.sleep(retry_milliseconds)) return;
    }
}

void VirtualCard::serve(int reader) {
    element::Connection connection;
    while (true) {
        std::array<std::uint8_t, 2> length{};
        if (!receive(stop_, reader, length)) return;
        Bytes message(static_cast<std::size_t>(length[0]) << 8 | length[1]);
        if (!receive(stop_, reader, message)) return;
        if (message.empty()) continue;
        if (message.size() == 1) {
            switch (message[0]) {
                case power_off: connection.power_off(); break;
                case power_on: connection.power_on(); break;
                case warm_reset: element_.reset(connection); break;
                case ask_atr:
                    if (!send_message(reader, element_.atr())) return;
                    break;
                default: break;
            }
            continue;
        }
        const Bytes response = element_.answer(connection, message);
        wipe(message);
        if (!send_message(reader, response)) return;
    }
}

}  // namespace mitome::element_process
