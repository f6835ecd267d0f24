// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/base/loopback.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <random>

namespace mitome {
namespace {

constexpr std::uint16_t lowest_port = 10'000;    // what is well known lies below, mostly
constexpr std::uint16_t highest_port = 65'535;
constexpr std::size_t enough_choice = 1'000;     // else the outgoing ones are drawn from as well
constexpr std::size_t most_attempts = 10'000;

std::vector<std::uint16_t> candidates() {
    const PortRange outgoing = outgoing_ports();
    std::vector<std::uint16_t> outside;
    std::vector<std::uint16_t> all;
    for (unsigned number = lowest_port; number <= highest_port; ++number) {
        const auto port = static_cast<std::uint16_t>(number);
        all.push_back(port);
        if (!outgoing.holds(port)) outside.push_back(port);
    }
    return outside.size() < enough_choice ? all : outside;
}

}  // namespace

PortRange outgoing_ports() {
    const auto content = read_file("/proc/sys/net/ipv4/ip_local_port_range", 64);
    if (!content) return {};
    const auto line = text(*content);
    PortRange range;
    const char* const end = line.data() + line.size();
    const auto [gap, error] = std::from_chars(line.data(), end, range.first);
    const char* const second =
        std::find_if(gap, end, [](char each) { return each != ' ' && each != '\t'; });
    if (error != std::errc{} || std::from_chars(second, end, range.last).ec != std::errc{})
        return {};
    return range;
}

bool is_free(std::uint16_t port) {
    const Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int yes =
        1;  // as a server does: what its dead forerunner left in TIME_WAIT is no hindrance
    ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return socket && ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address),
                            sizeof address) == 0;
}

Result<std::vector<std::uint16_t>> draw_ports(std::size_t count) {
    const auto choice = candidates();
    std::random_device random;
    std::uniform_int_distribution<std::size_t> any{0, choice.size() - 1};
    std::vector<std::uint16_t> drawn;
    for (std::size_t attempt = 0; attempt < most_attempts && drawn.size() < count; ++attempt) {
        const std::uint16_t port = choice[any(random)];
        if (std::ranges::find(drawn, port) == drawn.end() && is_free(port)) drawn.push_back(port);
    }
    if (drawn.size() < count) return fail(Fault::unavailable, "loopback: no port is free");
    return drawn;
}

}  // namespace mitome
