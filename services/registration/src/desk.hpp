// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the resident desk and the call desk do to certificates that exist, and to the register.

#include "cascade.hpp"
#include "desk_actions.hpp"
#include "refused.hpp"

#include <optional>
#include <vector>

namespace mitome::registration {

/// What somebody has decided. It stands, whether the authority has heard of it yet or not.
struct Decision {
    std::vector<store::Task> tasks;
    bool waiting = false;  ///< for the authority: `tend` goes on
};

class Desk {
public:
    Desk(Office& office, Batches& batches, Cascade& cascade)
        : office_(office), batches_(batches), cascade_(cascade) {}

    struct Held {
        pki::Ca ca = pki::Ca::card_sign;
        Bytes serial;
        Taken taken = Taken::changed;
    };
    /// By the call desk, at once. `hold_refused` when none of them can be, `certificate_unknown`,
    /// `subject_without_certificate`, `resident_absent`.
    [[nodiscard]] Judged<std::vector<Held>> hold(const Subject& subject);

    /// With what follows from it: a card's signature certificate takes the phone with it, and a
    /// phone of which nothing lives any more is to erase its keys. `already_revoked` when nothing
    /// is left to revoke.
    [[nodiscard]] Judged<Decision> revoke(const DeskRevocation& wanted);

    [[nodiscard]] Judged<Decision> move(std::uint64_t resident, const NewAddress& to);
    [[nodiscard]] Judged<Decision> rename(std::uint64_t resident, const std::string& name);

    /// The person is in the register and not dead.
    [[nodiscard]] Judged<store::Resident> living(std::uint64_t resident) const;

    /// The phone that counts for the person; `subject_without_certificate` without one.
    [[nodiscard]] Judged<store::ActivePhone> phone_of(std::uint64_t resident) const;

    /// Carries out what was decided; `waiting` when the authority cannot be reached.
    [[nodiscard]] Decision carried_out(std::vector<store::Task> tasks);

    struct Half {
        Bytes serial;
        Recorded recorded;
    };
    struct CardStatus {
        store::Card card;
        std::optional<Half> sign, auth;
    };
    struct PhoneStatus {
        store::ActivePhone phone;
        std::optional<Half> sign, auth;
        std::vector<store::EraseOrder> erasures;
    };
    struct Status {
        store::Resident resident;
        std::vector<CardStatus> cards;
        std::optional<PhoneStatus> phone;
    };
    [[nodiscard]] Judged<Status> status(std::uint64_t resident) const;
    [[nodiscard]] Judged<Recorded> status(pki::Ca ca, BytesView serial) const;

private:
    struct Named {
        pki::Ca ca;
        Bytes serial;
    };
    [[nodiscard]] Judged<std::vector<Named>> named(const Subject& subject) const;
    [[nodiscard]] Judged<Named> named(BytesView certificate) const;
    [[nodiscard]] Judged<std::vector<Named>> alive(const std::vector<Named>& all) const;
    /// The phone that counts for somebody and of which nothing lives once these are gone.
    [[nodiscard]] Judged<std::optional<store::ActivePhone>> emptied(
        const std::vector<Named>& gone) const;
    [[nodiscard]] Judged<Decision> change(const store::Resident& resident, Event event);
    [[nodiscard]] Result<std::optional<Half>> half(pki::Ca ca, const Bytes& serial) const;

    Office& office_;
    Batches& batches_;
    Cascade& cascade_;
};

}  // namespace mitome::registration
