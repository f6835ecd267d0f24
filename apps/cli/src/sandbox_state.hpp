// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "context.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::cli {

/// What a home remembers of its sandbox between two commands: `HOME/sandbox.json`.
struct SandboxState {
    struct Ports {
        std::uint16_t authority = 0;
        std::uint16_t status = 0;         ///< feed, mutual TLS
        std::uint16_t status_public = 0;  ///< OCSP, CRLs, CA certificates
        std::uint16_t maker = 0;
        std::uint16_t registration = 0;
        std::uint16_t registration_public = 0;  ///< CMP on plain HTTP
    };
    Ports ports;
    std::optional<std::uint64_t> card_in_reader;
    std::vector<std::string> phones;  ///< the first one has the second reader
    bool cards_made = false;

    /// Absent when there is no sandbox in this home yet.
    [[nodiscard]] static Attempt<std::optional<SandboxState>> load(const Home& home);
    [[nodiscard]] Attempt<void> save(const Home& home) const;

    [[nodiscard]] std::string public_url() const {
        return "http://127.0.0.1:" + std::to_string(ports.status_public);
    }
    [[nodiscard]] std::string cmp_url() const {
        return "http://127.0.0.1:" + std::to_string(ports.registration_public) + "/cmp/";
    }
};

inline constexpr std::string_view card_reader_name = "Mitome Virtual 00 00";
inline constexpr std::string_view phone_reader_name = "Mitome Virtual 00 01";

/// Free ports of the loopback address for a new home, all different.
[[nodiscard]] Attempt<SandboxState::Ports> draw_home_ports();

/// `port_in_use`, with port and process, if another program has a port of a process that does not
/// run. The ports stay: certificates and the configuration of what runs name them.
[[nodiscard]] Attempt<void> require_free_ports(const Home& home, const SandboxState::Ports& ports);

/// The state of a sandbox that has been set up; `sandbox_down` otherwise.
[[nodiscard]] Attempt<SandboxState> require_sandbox(const Home& home);

/// Points this process's PC/SC at the readers of this home's sandbox. A home without one has the
/// machine's readers, or those that PCSCLITE_CSOCK_NAME names, but never those of another home.
void choose_readers(const Home& home);

/// Starts the element of a card or a phone unless it runs; returns when it answers.
[[nodiscard]] Attempt<void> start_card_element(const Context& context, std::uint64_t number);
[[nodiscard]] Attempt<void> start_phone_element(const Context& context, const SandboxState& state,
                                                const std::string& phone);
void stop_element(const Home& home, const std::string& process);

enum class Plugged : std::uint8_t { in, out };
/// Returns when the token in that reader answers over PC/SC, or is seen gone; at once where there
/// is no PC/SC.
[[nodiscard]] Attempt<void> wait_for_reader(const Context& context, std::string_view name,
                                            Plugged plugged);

/// `HOME/run/pids/NAME`.
[[nodiscard]] std::filesystem::path record_of(const Home& home, const std::string& process);

}  // namespace mitome::cli
