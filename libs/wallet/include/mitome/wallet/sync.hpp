// SPDX-License-Identifier: Apache-2.0
#pragma once

// One contact of a phone with registration: orders to the element are carried out until none is
// left, receipts are kept here and handed over there.

#include <mitome/wallet/ports.hpp>
#include <mitome/wallet/shelf.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <variant>
#include <vector>

namespace mitome::wallet {

enum class SyncState : std::uint8_t {
    handing_over,   ///< the receipt of what the holder erased without registration
    administering,  ///< registration's orders to the element
    keeping,        ///< what the element proves of an erasure goes into a file
    asking,         ///< how registration sees this phone
    done,
    stopped,
};
enum class SyncEvent : std::uint8_t { handed_over, more, nothing_left, kept, answered, trouble };

struct SyncMove {
    SyncState from;
    SyncEvent on;
    SyncState to;
};

/// Every legal move; what is not listed is refused.
inline constexpr std::array sync_moves{
    SyncMove{SyncState::handing_over, SyncEvent::handed_over, SyncState::administering},
    SyncMove{SyncState::handing_over, SyncEvent::trouble, SyncState::stopped},
    SyncMove{SyncState::administering, SyncEvent::more, SyncState::administering},
    SyncMove{SyncState::administering, SyncEvent::nothing_left, SyncState::keeping},
    // The element may have been erased before the line was cut: its receipt is kept all the same.
    SyncMove{SyncState::administering, SyncEvent::trouble, SyncState::keeping},
    SyncMove{SyncState::keeping, SyncEvent::kept, SyncState::asking},
    SyncMove{SyncState::keeping, SyncEvent::trouble, SyncState::stopped},
    SyncMove{SyncState::asking, SyncEvent::answered, SyncState::done},
    SyncMove{SyncState::asking, SyncEvent::trouble, SyncState::stopped},
};

[[nodiscard]] constexpr std::optional<SyncState> next(SyncState from, SyncEvent on) {
    for (const auto& move : sync_moves)
        if (move.from == from && move.on == on) return move.to;
    return std::nullopt;
}

/// Where receipts are kept: `CONTENT-DIGEST.p7s`, CMS in DER.
class Receipts {
public:
    explicit Receipts(std::filesystem::path folder) : folder_(std::move(folder)) {}

    [[nodiscard]] bool has(BytesView receipt) const;
    /// The file that holds it from now on.
    [[nodiscard]] Result<std::filesystem::path> keep(BytesView receipt) const;

private:
    [[nodiscard]] std::filesystem::path file_of(BytesView receipt) const;
    std::filesystem::path folder_;
};

struct SyncPorts {
    Registration& registration;
    Contact& contact;
    reader::Channel& element;
    Shelf& shelf;  ///< forgotten with an erasure
    const Receipts& receipts;
};

struct Synced {
    std::vector<std::filesystem::path> receipts;  ///< of erasures not known before
    bool receipt_refused = false;  ///< registration did not take the holder's own
    PhoneStanding standing;
};

/// May be repeated at any time.
[[nodiscard]] Result<std::variant<Synced, Refusal>> sync(const SyncPorts& ports);

/// Destroys what the element holds, without registration and without a PIN, and keeps the receipt;
/// `sync` hands it over. Refused with `certificate_absent` where there is nothing to erase.
[[nodiscard]] Result<std::variant<std::filesystem::path, Refusal>> erase_here(
    reader::Channel& element, Shelf& shelf, const Receipts& receipts);

}  // namespace mitome::wallet
