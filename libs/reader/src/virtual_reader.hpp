// SPDX-License-Identifier: Apache-2.0
#pragma once

// A real pcscd with vsmartcard's virtual reader (vpcd), and cards that live in this process. The
// test program runs itself again in a private mount and network namespace first: vpcd listens on
// every address, and pcscd's socket has one fixed place.

#include <mitome/base/file.hpp>
#include <mitome/reader/channel.hpp>

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

namespace mitome::reader {

inline constexpr std::uint16_t first_slot = 0x8C7B;  // the second slot listens on the next port

/// The daemon. Ends with the object.
class Daemon {
public:
    Daemon() { start(); }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon() { end(); }

    void start();
    void end();
    /// Holds the daemon, or lets it go on.
    void send(int signal) const;

private:
    pid_t process_ = -1;
};

/// A card in a slot of the virtual reader, answering from a function. An empty answer takes the
/// card out of the reader.
class VirtualCard {
public:
    explicit VirtualCard(Answer answer, std::uint16_t port = first_slot, Bytes atr = contact_atr());
    VirtualCard(const VirtualCard&) = delete;
    VirtualCard& operator=(const VirtualCard&) = delete;
    /// Takes the card out.
    ~VirtualCard();

    [[nodiscard]] int resets() const { return resets_; }
    [[nodiscard]] int power_downs() const { return power_downs_; }

    [[nodiscard]] static Bytes contact_atr();

private:
    void serve();

    Answer answer_;
    Bytes atr_;
    Descriptor socket_;
    std::atomic<int> resets_ = 0;
    std::atomic<int> power_downs_ = 0;
    std::jthread thread_;
};

/// Why there is no daemon here; empty when there is one.
[[nodiscard]] std::string why_no_daemon();

}  // namespace mitome::reader
