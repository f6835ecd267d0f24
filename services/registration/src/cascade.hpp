// SPDX-License-Identifier: Apache-2.0
#pragma once

// What happens to certificates when something happens to a person, a card or a phone.
//
// An event is one change of the register: the new state, its audit rows and a task for every
// certificate that has to go. Tasks are carried out at the authority afterwards, in batches that
// may be sent again, so that a crash between the two loses none and does none twice.

#include "batches.hpp"
#include "office.hpp"
#include "push.hpp"

#include <mitome/store/casebook.hpp>

#include <array>
#include <mutex>

namespace mitome::registration {

enum class Event : std::uint8_t {
    moved,         ///< another address
    renamed,       ///< another name
    deceased,
    card_revoked,  ///< the card's signature certificate is revoked
    card_changed,  ///< the same, because what stands in it is no longer true
    card_ended,    ///< its validity is over
    phone_erased,  ///< the phone's element is to destroy what it holds
};

/// `moved`, `card_revoked`, …: the cause that the ledger keeps.
[[nodiscard]] std::string_view name_of(Event event);

struct Effect {
    Event on;
    pki::Ca ca;
    pki::Reason reason;
};

/// Every effect. What is not listed stays as it is: a person who moves may still log in, and the
/// phone of a lost card, whose certificates are only on hold, is not touched.
inline constexpr std::array effects{
    Effect{Event::moved, pki::Ca::card_sign, pki::Reason::affiliation_changed},
    Effect{Event::moved, pki::Ca::phone_sign, pki::Reason::affiliation_changed},
    Effect{Event::renamed, pki::Ca::card_sign, pki::Reason::affiliation_changed},
    Effect{Event::renamed, pki::Ca::phone_sign, pki::Reason::affiliation_changed},
    Effect{Event::deceased, pki::Ca::card_sign, pki::Reason::cessation_of_operation},
    Effect{Event::deceased, pki::Ca::card_auth, pki::Reason::cessation_of_operation},
    Effect{Event::deceased, pki::Ca::phone_sign, pki::Reason::cessation_of_operation},
    Effect{Event::deceased, pki::Ca::phone_auth, pki::Reason::cessation_of_operation},
    Effect{Event::card_revoked, pki::Ca::phone_sign, pki::Reason::cessation_of_operation},
    Effect{Event::card_revoked, pki::Ca::phone_auth, pki::Reason::cessation_of_operation},
    Effect{Event::card_changed, pki::Ca::phone_sign, pki::Reason::affiliation_changed},
    Effect{Event::card_ended, pki::Ca::phone_sign, pki::Reason::cessation_of_operation},
    Effect{Event::card_ended, pki::Ca::phone_auth, pki::Reason::cessation_of_operation},
    Effect{Event::phone_erased, pki::Ca::phone_sign, pki::Reason::cessation_of_operation},
    Effect{Event::phone_erased, pki::Ca::phone_auth, pki::Reason::cessation_of_operation},
};

[[nodiscard]] constexpr const Effect* effect_of(Event on, pki::Ca ca) {
    for (const Effect& effect : effects)
        if (effect.on == on && effect.ca == ca) return &effect;
    return nullptr;
}
static_assert(effect_of(Event::moved, pki::Ca::phone_auth) == nullptr, "still logs in");
static_assert(effect_of(Event::moved, pki::Ca::card_auth) == nullptr, "still logs in");

/// The cause of what a resident desk has decided itself; every other one is the name of an event.
inline constexpr std::string_view desk_cause = "resident_desk";

class Cascade {
public:
    Cascade(Office& office, store::Casebook& casebook, Batches& batches, Push& push)
        : office_(office), casebook_(casebook), batches_(batches), push_(push) {}

    /// Within a change: writes down what the event means for a person's cards and phone
    /// certificates, and what it makes of the cards. The tasks that are new.
    [[nodiscard]] Result<std::vector<store::Task>> person(store::Transaction& in, Event event,
                                                          std::uint64_t resident);
    /// The same for one card.
    [[nodiscard]] Result<std::vector<store::Task>> card(store::Transaction& in, Event event,
                                                        store::Card card);
    /// The same for a phone that counts.
    [[nodiscard]] Result<std::vector<store::Task>> phone(store::Transaction& in, Event event,
                                                         const store::ActivePhone& phone);
    /// One revocation that somebody has decided. What follows from it is the caller's to add.
    [[nodiscard]] Result<std::vector<store::Task>> revoke(store::Transaction& in, pki::Ca ca,
                                                          BytesView serial, pki::Reason reason,
                                                          std::string_view cause);

    /// Brings waiting tasks to the authority until none is left. `unavailable`: the rest waits.
    [[nodiscard]] Done carry_out();

    /// Reads what has changed at the authority, whoever caused it: a card's revocation pulls on
    /// the phone, and what happens to a phone's certificate is told to its holder.
    [[nodiscard]] Done follow();

    /// Cards whose validity is over.
    [[nodiscard]] Done look_at_ended_cards();

private:
    [[nodiscard]] Done add(store::Transaction& in, std::vector<store::Task>& made,
                           store::Task task);
    [[nodiscard]] Done add(store::Transaction& in, std::vector<store::Task>& made, Event event,
                           pki::Ca ca, BytesView serial);
    struct Told;
    [[nodiscard]] Done take(store::Transaction& in, const store::FeedEntry& line, Told& told);
    [[nodiscard]] Done tell(store::Transaction& in, const store::FeedEntry& line, Told& told) const;

    Office& office_;
    store::Casebook& casebook_;
    Batches& batches_;
    Push& push_;
    std::mutex carrying_;  // one batch at a time: callers behind find their tasks done
};

}  // namespace mitome::registration
