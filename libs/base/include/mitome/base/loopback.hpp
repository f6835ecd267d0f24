// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mitome {

/// First and last port.
struct PortRange {
    std::uint16_t first = 1;
    std::uint16_t last = 0;  ///< below `first`: empty

    [[nodiscard]] bool holds(std::uint16_t port) const { return first <= port && port <= last; }
};

/// The ports that the kernel gives to outgoing connections; empty where it does not say. ip(7).
[[nodiscard]] PortRange outgoing_ports();

/// Whether a server could listen on that port of 127.0.0.1 now.
[[nodiscard]] bool is_free(std::uint16_t port);

/// `count` ports of 127.0.0.1 that are free now, all different, drawn at random from 10000 up and
/// outside of `outgoing_ports()`: a port that is kept while its server does not run must not go to
/// somebody's outgoing connection meanwhile.
[[nodiscard]] Result<std::vector<std::uint16_t>> draw_ports(std::size_t count);

}  // namespace mitome
