// SPDX-License-Identifier: Apache-2.0
#pragma once

// Getting phone certificates with the card's signature certificate: both for the first time (M1),
// others in the place of those that the phone has (M3), the signature certificate anew when a hold
// is ended (M4).
//
// Duties left to the caller: ask the holder for the three secrets before, since a refusal for
// want of one must not leave an order open; keep one machine per phone at a time.

#include <mitome/base/clock.hpp>
#include <mitome/base/secret.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/pki/cmp.hpp>
#include <mitome/pki/path.hpp>
#include <mitome/wallet/ports.hpp>
#include <mitome/wallet/shelf.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace mitome::wallet {

enum class IssueState : std::uint8_t {
    recovering,        ///< finishing or undoing what an earlier run left
    ordering,          ///< asking registration for an order
    making_keys,       ///< registration has the element make both pairs
    setting_pins,      ///< the holder's new PIN and password go into the element
    proving,           ///< the element makes its two requests
    waiting_for_card,
    unlocking,         ///< the card's password is presented, once
    releasing,         ///< a hold is ended by the card, in the same sitting
    requesting,        ///< two requests, protected by the card
    storing,           ///< registration puts the certificates in and swaps the sets
    confirming,        ///< both certificates confirmed, by the card too
    done,
    stopped,           ///< with a refusal or an error
};

enum class IssueEvent : std::uint8_t {
    nothing_open,
    order_finished,
    order_dropped,
    ordered,
    keys_made,
    pins_set,
    proven,
    card_found,
    password_right,
    release_wanted,  ///< right, and a hold is to be ended first
    freed,
    granted,
    stored,
    confirmed,
    card_lost,  ///< the card left before its part was over
    trouble,
};

/// `making_keys` and so on, for logs and tests.
[[nodiscard]] std::string_view name_of(IssueState state);

struct IssueMove {
    IssueState from;
    IssueEvent on;
    IssueState to;
};

/// Every legal move. What is not listed is refused, so a new event is inert until a row admits it.
inline constexpr std::array issue_moves{
    IssueMove{IssueState::recovering, IssueEvent::nothing_open, IssueState::ordering},
    IssueMove{IssueState::recovering, IssueEvent::order_dropped, IssueState::ordering},
    IssueMove{IssueState::recovering, IssueEvent::order_finished, IssueState::done},
    IssueMove{IssueState::recovering, IssueEvent::trouble, IssueState::stopped},
    IssueMove{IssueState::ordering, IssueEvent::ordered, IssueState::making_keys},
    IssueMove{IssueState::ordering, IssueEvent::trouble, IssueState::stopped},
    IssueMove{IssueState::making_keys, IssueEvent::keys_made, IssueState::setting_pins},
    IssueMove{IssueState::making_keys, IssueEvent::trouble, IssueState::stopped},
    IssueMove{IssueState::setting_pins, IssueEvent::pins_set, IssueState::proving},
    IssueMove{IssueState::setting_pins, IssueEvent::trouble, IssueState::stopped},
    IssueMove{IssueState::proving, IssueEvent::proven, IssueState::waiting_for_card},
    IssueMove{IssueState::proving, IssueEvent::trouble, IssueState::stopped},
    IssueMove{IssueState::waiting_for_card, IssueEvent::card_found, IssueState::unlocking},
    IssueMove{IssueState::waiting_for_card, IssueEvent::trouble, IssueState::stopped},
    // A card that leaves while its password is presented may have spent a try: not again.
    IssueMove{IssueState::unlocking, IssueEvent::password_right, IssueState::requesting},
    IssueMove{IssueState::unlocking, IssueEvent::release_wanted, IssueState::releasing},
    IssueMove{IssueState::unlocking, IssueEvent::trouble, IssueState::stopped},
    IssueMove{IssueState::releasing, IssueEvent::freed, IssueState::requesting},
    IssueMove{IssueState::releasing, IssueEvent::trouble, IssueState::stopped},
    IssueMove{IssueState::requesting, IssueEvent::granted, IssueState::storing},
    IssueMove{IssueState::requesting, IssueEvent::trouble, IssueState::stopped},
    IssueMove{IssueState::storing, IssueEvent::stored, IssueState::confirming},
    IssueMove{IssueState::storing, IssueEvent::trouble, IssueState::stopped},
    IssueMove{IssueState::confirming, IssueEvent::confirmed, IssueState::done},
    // The set is swapped: the card is asked for once more, within confirmWaitTime.
    IssueMove{IssueState::confirming, IssueEvent::card_lost, IssueState::confirming},
    IssueMove{IssueState::confirming, IssueEvent::trouble, IssueState::stopped},
};

[[nodiscard]] constexpr std::optional<IssueState> next(IssueState from, IssueEvent on) {
    for (const auto& move : issue_moves)
        if (move.from == from && move.on == on) return move.to;
    return std::nullopt;
}
static_assert(!next(IssueState::stopped, IssueEvent::granted), "what stopped stays stopped");
static_assert(!next(IssueState::unlocking, IssueEvent::card_lost), "no password is tried twice");

struct IssueSecrets {
    /// 4 digits; 6–16 of A–Z and 0–9, both kinds. None: a renewal keeps the one that the phone has.
    std::optional<Pin> new_authentication;
    std::optional<Pin> new_signature;
    Pin card_signature;
};

struct IssueWish {
    Kinds kinds = apdu::administration::with(apdu::administration::with(0, Kind::sign), Kind::auth);
    OrderFor purpose = OrderFor::first_set;
    /// A hold to end with the same entry of the card's password, before the new certificates.
    std::optional<pki::cmp::WantedRevocation> release = {};
};

struct Issued {
    bool resumed = false;  ///< an earlier run had all but finished it
    std::optional<pki::Certificate> sign;  ///< absent when resumed: the shelf or the PIN has it
    std::optional<pki::Certificate> auth;
};
struct WrongPassword {
    std::uint8_t tries_left;  ///< at least one
};
struct PasswordBlocked {};
/// Refusals are outcomes; what the machine could not do at all is an error.
using IssueOutcome = std::variant<Issued, WrongPassword, PasswordBlocked, Refusal>;

/// What the machine works with; everything outlives it.
struct IssuePorts {
    Registration& registration;
    reader::Channel& element;
    CardPlace& card;
    Shelf& shelf;
    crypto::Random& random;
    const Clock& clock;
    pki::Anchors anchors;  ///< the issuing CAs
    std::function<void(IssueState)> on_state = {};  ///< for the holder's eyes
};

/// Runs the whole of it. All certificates wished for are on the phone afterwards, or none; what a
/// crash leaves is finished or undone by the next run.
[[nodiscard]] Result<IssueOutcome> issue(const IssuePorts& ports, IssueWish wish,
                                         IssueSecrets&& secrets);

}  // namespace mitome::wallet
