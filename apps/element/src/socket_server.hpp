// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stop.hpp"

#include <mitome/element/element.hpp>

#include <atomic>
#include <filesystem>
#include <list>
#include <thread>

namespace mitome::element_process {

/// Offers an element on a local socket, SOCK_SEQPACKET with one APDU a packet, to processes of
/// the same user. Every connection is a conversation of its own.
class SocketServer {
public:
    /// Binds. `conflict` when something answers there, `malformed` for a path over 107 octets.
    [[nodiscard]] static Result<std::unique_ptr<SocketServer>> create(
        element::Element& element, const std::filesystem::path& path, const Stop& stop);
    ~SocketServer();

    /// Accepts until the stop; returns when every conversation has ended.
    void run();

private:
    SocketServer(element::Element& element, std::filesystem::path path, const Stop& stop,
                 Descriptor listener)
        : element_(element), path_(std::move(path)), stop_(stop), listener_(std::move(listener)) {}
    void converse(int peer);
    void reap();

    struct Conversation {
        Descriptor peer;
        std::atomic<bool> over{false};
        std::jthread thread;  // last: joined before the rest goes
    };

    element::Element& element_;
    std::filesystem::path path_;
    const Stop& stop_;
    Descriptor listener_;
    std::list<Conversation> conversations_;
};

}  // namespace mitome::element_process
