// SPDX-License-Identifier: Apache-2.0
#pragma once

// New PINs for a phone whose old ones are forgotten or locked (M6), with the card's signature. The
// new ones go from the holder into the element, and to nobody else.

#include <mitome/wallet/issue.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

namespace mitome::wallet {

enum class ResetState : std::uint8_t {
    waiting_for_card,
    unlocking,  ///< the card's password is presented, once
    asking,     ///< registration is asked for leave, under the card's signature
    opening,    ///< registration opens the element for new PINs, over this connection alone
    setting,    ///< the holder's new ones go into the element
    done,
    stopped,
};
enum class ResetEvent : std::uint8_t {
    card_found,
    password_right,
    allowed,
    opened,
    window_closed,  ///< something else was done over this connection in between
    set,
    trouble,
};

struct ResetMove {
    ResetState from;
    ResetEvent on;
    ResetState to;
};

/// Every legal move; what is not listed is refused.
inline constexpr std::array reset_moves{
    ResetMove{ResetState::waiting_for_card, ResetEvent::card_found, ResetState::unlocking},
    ResetMove{ResetState::waiting_for_card, ResetEvent::trouble, ResetState::stopped},
    ResetMove{ResetState::unlocking, ResetEvent::password_right, ResetState::asking},
    ResetMove{ResetState::unlocking, ResetEvent::trouble, ResetState::stopped},
    ResetMove{ResetState::asking, ResetEvent::allowed, ResetState::opening},
    ResetMove{ResetState::asking, ResetEvent::trouble, ResetState::stopped},
    ResetMove{ResetState::opening, ResetEvent::opened, ResetState::setting},
    ResetMove{ResetState::opening, ResetEvent::trouble, ResetState::stopped},
    ResetMove{ResetState::setting, ResetEvent::set, ResetState::done},
    ResetMove{ResetState::setting, ResetEvent::window_closed, ResetState::opening},
    ResetMove{ResetState::setting, ResetEvent::trouble, ResetState::stopped},
};

[[nodiscard]] constexpr std::optional<ResetState> next(ResetState from, ResetEvent on) {
    for (const auto& move : reset_moves)
        if (move.from == from && move.on == on) return move.to;
    return std::nullopt;
}
static_assert(!next(ResetState::setting, ResetEvent::allowed), "leave is asked for once");

struct ResetPorts {
    Registration& registration;
    reader::Channel& element;
    CardPlace& card;
    crypto::Random& random;
    const Clock& clock;
    pki::Anchors anchors;
    std::function<void(ResetState)> on_state = {};
};

struct ResetSecrets {
    std::optional<Pin> new_authentication;  ///< one of the two at least
    std::optional<Pin> new_signature;
    Pin card_signature;
};

struct PinsSet {};
using ResetOutcome = std::variant<PinsSet, WrongPassword, PasswordBlocked, Refusal>;

/// The PINs are the old ones until the element has taken the new ones; one of two may be set when
/// power goes in between.
[[nodiscard]] Result<ResetOutcome> reset_pins(const ResetPorts& ports, ResetSecrets&& secrets);

}  // namespace mitome::wallet
