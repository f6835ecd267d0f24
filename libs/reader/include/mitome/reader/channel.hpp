// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/apdu/apdu.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

namespace mitome::reader {

/// An open conversation with one token: command out, response in. Whatever is behind it (a PC/SC
/// reader, the element's socket, an element in this process) is not the caller's business.
class Channel {
public:
    virtual ~Channel() = default;

    /// `unavailable` when the token or its reader is gone or the wait was stopped: it is then
    /// unknown whether the command was carried out. The channel is dead afterwards.
    [[nodiscard]] virtual Result<apdu::Response> transmit(const apdu::Command& command) = 0;

    /// Largest response the path carries: 256 or 65,536.
    [[nodiscard]] virtual std::uint32_t largest_response() const = 0;

    /// What was carried so far; for progress and for the figures.
    struct Count {
        std::uint32_t commands = 0;
        std::uint64_t octets_out = 0;
        std::uint64_t octets_in = 0;
    };
    [[nodiscard]] virtual Count count() const = 0;
};

/// A token in this process, for tests and benches: octets in, octets out.
using Answer = std::function<Bytes(BytesView command)>;
[[nodiscard]] std::unique_ptr<Channel> in_process(Answer answer);

/// The element's local socket (SOCK_SEQPACKET, one APDU a packet).
[[nodiscard]] Result<std::unique_ptr<Channel>> connect_element(const std::string& socket_path,
                                                               std::stop_token stop = {});

}  // namespace mitome::reader
