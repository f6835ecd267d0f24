// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/apdu/apdu.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

namespace mitome::reader {

/// `Error::code` of the failures that a holder can do something about; PC/SC's own numbers, on
/// every kind of path. Other codes are the operating system's or the reader driver's.
namespace code {
inline constexpr std::uint32_t stopped = 0x80100002;         ///< the caller's stop_token
inline constexpr std::uint32_t unknown_reader = 0x80100009;  ///< no reader or socket of that name
inline constexpr std::uint32_t timed_out = 0x8010000A;
inline constexpr std::uint32_t in_use = 0x8010000B;  ///< another program keeps it for itself
inline constexpr std::uint32_t no_card = 0x8010000C;
inline constexpr std::uint32_t no_service = 0x8010001D;  ///< pcscd does not run
inline constexpr std::uint32_t mute_card = 0x80100066;  ///< upside down, or no smart card
inline constexpr std::uint32_t reset = 0x80100068;  ///< another program reset the token
inline constexpr std::uint32_t removed = 0x80100069;
}  // namespace code

/// What a path does with its token when the conversation ends.
enum class Disposition : std::uint8_t { leave, reset, unpower };

/// An open conversation with one token: command out, response in. Whatever is behind it (a PC/SC
/// reader, the element's socket, an element in this process) is not the caller's business.
/// One thread at a time.
class Channel {
public:
    virtual ~Channel() = default;

    /// The whole answer: 61xx is collected and 6Cxx asked again with the length it names
    /// (ISO/IEC 7816-4:2005 §5.1.3), so neither reaches the caller.
    ///
    /// `unavailable` when the token or its reader is gone or the wait was stopped: it is then
    /// unknown whether the command was carried out. The channel is dead afterwards.
    /// `conflict` with `code::reset` when another program reset the token: the command was not
    /// carried out, selection and PINs are forgotten, and the channel goes on.
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

    /// Keeps other programs' commands out until `end_exclusive`; waits for theirs to end.
    /// Use `Exclusive`. A path that nobody can share has nothing to do.
    [[nodiscard]] virtual Done begin_exclusive() { return {}; }
    virtual void end_exclusive() noexcept {}

    /// Chooses what happens to the token when the channel is closed; the last call counts. A path
    /// whose token forgets the PINs of a conversation with its end has nothing to do.
    virtual void at_close(Disposition) noexcept {}
};

/// The time in which no other program talks to the token.
class Exclusive {
public:
    [[nodiscard]] static Result<Exclusive> begin(Channel& channel) {
        MITOME_CHECK(channel.begin_exclusive());
        return Exclusive{channel};
    }
    Exclusive(Exclusive&& other) noexcept : channel_(std::exchange(other.channel_, nullptr)) {}
    Exclusive& operator=(Exclusive&&) = delete;
    ~Exclusive() {
        if (channel_ != nullptr) {
            channel_->end_exclusive();
        }
    }

private:
    explicit Exclusive(Channel& channel) : channel_(&channel) {}
    Channel* channel_;
};

/// A token in this process, for tests and benches: octets in, octets out. An empty answer means
/// that the token has gone.
using Answer = std::function<Bytes(BytesView command)>;
[[nodiscard]] std::unique_ptr<Channel> in_process(Answer answer);

/// How long a path waits before it gives up with `unavailable`.
struct Limits {
    std::chrono::milliseconds connect{5'000};
    std::chrono::milliseconds command{30'000};
};

/// The element's local socket (SOCK_SEQPACKET, one APDU a packet). `stop` ends every wait of the
/// channel, now and later. `malformed` for a path of more than 107 octets.
[[nodiscard]] Result<std::unique_ptr<Channel>> connect_element(const std::string& socket_path,
                                                               std::stop_token stop = {},
                                                               Limits limits = {});

}  // namespace mitome::reader
