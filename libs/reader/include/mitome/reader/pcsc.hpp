// SPDX-License-Identifier: Apache-2.0
#pragma once

// Smart-card readers through PC/SC (pcsc-lite). PCSCLITE_CSOCK_NAME chooses the daemon, as in every
// program that uses libpcsclite.
//
// Duties left to the caller: stop the wait when the holder gives up; every wait has a limit too.

#include <mitome/reader/channel.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace mitome::reader {

enum class Presence : std::uint8_t {
    empty,
    present,
    mute,  ///< something is there that does not answer: upside down, or no smart card
};

struct ReaderState {
    std::string name;  ///< UTF-8, as the driver gave it; the key to `connect`
    Presence presence = Presence::empty;
    Bytes atr;  ///< for people; says nothing reliable about the kind of card
    /// Grows with every insertion and removal, so that a quick change of cards is noticed.
    std::uint32_t events = 0;

    bool operator==(const ReaderState&) const = default;
};

enum class Sharing : std::uint8_t { shared, exclusive };

/// Who waits for a command.
enum class Waiting : std::uint8_t {
    bounded,  ///< a thread beside the caller's: limit and stop hold, whatever driver or daemon do
    direct,  ///< the caller's own thread: some µs less, and no end but the driver's
};

struct PcscOptions {
    Sharing sharing = Sharing::shared;
    Waiting waiting = Waiting::bounded;
    Disposition at_close = Disposition::leave;
    Limits limits = {};
    std::stop_token stop = {};
};

/// One program's view of the readers of one pcscd. Survives the daemon's restart: a call made
/// without it is `unavailable` (`code::no_service`), the next one after it is back works.
/// One thread at a time.
class Pcsc {
public:
    Pcsc();
    Pcsc(Pcsc&&) noexcept;
    Pcsc& operator=(Pcsc&&) noexcept;
    ~Pcsc();

    [[nodiscard]] Result<std::vector<ReaderState>> readers();

    /// Waits until the readers or what is in them differ from `known`, for `limit` at the most,
    /// and gives the present state either way. `unavailable` with `code::stopped` on stop.
    [[nodiscard]] Result<std::vector<ReaderState>> wait_for_change(
        const std::vector<ReaderState>& known, std::chrono::milliseconds limit,
        const std::stop_token& stop = {});

    /// Waits for a card in `reader`, or in any reader. `unavailable` with `code::no_card` when
    /// `limit` has passed.
    [[nodiscard]] Result<ReaderState> wait_for_card(std::optional<std::string> reader,
                                                    std::chrono::milliseconds limit,
                                                    const std::stop_token& stop = {});

    /// Opens a conversation with the card in `reader`. `absent` for an unknown reader;
    /// `unavailable` with `code::no_card`, `code::mute_card` or `code::in_use`.
    [[nodiscard]] Result<std::unique_ptr<Channel>> connect(const std::string& reader,
                                                           const PcscOptions& options = {});

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace mitome::reader
