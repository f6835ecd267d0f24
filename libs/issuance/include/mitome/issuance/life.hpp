// SPDX-License-Identifier: Apache-2.0
#pragma once

// The life of a certificate as data: every state, every event with those who may cause it, and
// what the world is told meanwhile. What is not listed is refused. docs/life.md is made from it.
//
// Left to the caller: that an actor is who it says it is (its own certificate alive, the subject
// its own), and two persons where the desk needs two.

#include <mitome/pki/certificate.hpp>
#include <mitome/store/ledger.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string_view>

namespace mitome::issuance {

/// The CAs whose certificates come out of a hold alive: the phone's authentication certificate
/// alone. A setting, since the rule for cards is disputed.
struct HoldRules {
    std::array<bool, std::size(pki::all_cas)> releasable{false, false, false, true};

    [[nodiscard]] constexpr bool may_release(pki::Ca ca) const {
        return releasable[static_cast<std::size_t>(ca)];
    }
};

}  // namespace mitome::issuance

namespace mitome::issuance::life {

enum class State : std::uint8_t {
    requested,   ///< intended, perhaps signed: nobody has it
    active,
    on_hold,
    revoked,
    superseded,  ///< revoked because another one took its place
    expired,     ///< ended without having been revoked
    erased,      ///< revoked, and the element has proved that the keys are gone
};
inline constexpr std::array all_states{State::requested, State::active,     State::on_hold,
                                       State::revoked,   State::superseded, State::expired,
                                       State::erased};

enum class Event : std::uint8_t { issue, hold, release, revoke, supersede, expire, erase };
inline constexpr std::array all_events{Event::issue,  Event::hold,      Event::release,
                                       Event::revoke, Event::supersede, Event::expire,
                                       Event::erase};

enum class Actor : std::uint8_t {
    phone,          ///< the holder with the phone's own signature certificate
    card,           ///< the holder with the card's signature certificate
    card_login,     ///< the holder with the card's authentication certificate
    stop_code,      ///< who knows the ten digits that the holder was shown
    call_desk,
    resident_desk,
    registration,  ///< by its rules: cascade, one phone for a person, an order that came to nothing
    authority,  ///< the CA itself, which closes what a crash left open
    ca_operator,  ///< TLS role `operator`
    element,  ///< by a receipt that it has signed
    time,
};
inline constexpr std::array all_actors{Actor::phone,        Actor::card,      Actor::card_login,
                                       Actor::stop_code,    Actor::call_desk, Actor::resident_desk,
                                       Actor::registration, Actor::authority, Actor::ca_operator,
                                       Actor::element,      Actor::time};

[[nodiscard]] constexpr std::string_view name_of(State state) {
    constexpr std::array<std::string_view, all_states.size()> names{
        "requested", "active", "on_hold", "revoked", "superseded", "expired", "erased"};
    return names[static_cast<std::size_t>(state)];
}
[[nodiscard]] constexpr std::string_view name_of(Event event) {
    constexpr std::array<std::string_view, all_events.size()> names{
        "issue", "hold", "release", "revoke", "supersede", "expire", "erase"};
    return names[static_cast<std::size_t>(event)];
}
[[nodiscard]] constexpr std::string_view name_of(Actor actor) {
    constexpr std::array<std::string_view, all_actors.size()> names{
        "phone",        "card",      "card_login", "stop_code", "call_desk", "resident_desk",
        "registration", "authority", "operator",   "element",   "time"};
    return names[static_cast<std::size_t>(actor)];
}
[[nodiscard]] constexpr std::optional<Actor> actor_of(std::string_view name) {
    for (const Actor actor : all_actors) {
        if (name_of(actor) == name) return actor;
    }
    return std::nullopt;
}

/// Some of the values of an enumeration.
template <class Value>
class Some {
public:
    constexpr Some(std::initializer_list<Value> values) {
        for (const Value value : values) bits_ |= bit(value);
    }
    [[nodiscard]] constexpr bool has(Value value) const { return (bits_ & bit(value)) != 0; }
    [[nodiscard]] constexpr bool meets(Some other) const { return (bits_ & other.bits_) != 0; }

private:
    static constexpr std::uint32_t bit(Value value) {
        return std::uint32_t{1} << static_cast<unsigned>(value);
    }
    std::uint32_t bits_ = 0;
};
using Actors = Some<Actor>;
using Cas = Some<pki::Ca>;

inline constexpr Cas of_phone{pki::Ca::phone_sign, pki::Ca::phone_auth};
inline constexpr Cas of_card{pki::Ca::card_sign, pki::Ca::card_auth};
inline constexpr Cas of_any{pki::Ca::phone_sign, pki::Ca::phone_auth, pki::Ca::card_sign,
                            pki::Ca::card_auth};

struct Row {
    State from;
    Event on;
    Cas which;
    Actors who;
    State to;
};

/// Everything that may happen. A release also needs `HoldRules`, and no invalidity date.
inline constexpr std::array rows{
    Row{State::requested, Event::issue, of_phone, {Actor::card}, State::active},
    Row{State::requested, Event::issue, of_card, {Actor::resident_desk}, State::active},
    Row{State::requested,
        Event::revoke,
        of_any,
        {Actor::registration, Actor::authority, Actor::ca_operator},
        State::revoked},

    Row{State::active,
        Event::hold,
        of_phone,
        {Actor::phone, Actor::card, Actor::card_login, Actor::stop_code, Actor::call_desk,
         Actor::ca_operator},
        State::on_hold},
    Row{State::active,
        Event::hold,
        of_card,
        {Actor::call_desk, Actor::ca_operator},
        State::on_hold},
    Row{State::active,
        Event::revoke,
        of_phone,
        {Actor::phone, Actor::card, Actor::resident_desk, Actor::registration, Actor::element,
         Actor::ca_operator},
        State::revoked},
    Row{State::active,
        Event::revoke,
        of_card,
        {Actor::resident_desk, Actor::registration, Actor::ca_operator},
        State::revoked},
    Row{State::active,
        Event::supersede,
        of_phone,
        {Actor::card, Actor::resident_desk, Actor::registration, Actor::ca_operator},
        State::superseded},
    Row{State::active,
        Event::supersede,
        of_card,
        {Actor::resident_desk, Actor::registration, Actor::ca_operator},
        State::superseded},
    Row{State::active, Event::expire, of_any, {Actor::time}, State::expired},

    Row{State::on_hold, Event::release, of_phone, {Actor::card, Actor::ca_operator}, State::active},
    Row{State::on_hold,
        Event::release,
        of_card,
        {Actor::resident_desk, Actor::ca_operator},
        State::active},
    Row{State::on_hold,
        Event::revoke,
        of_phone,
        {Actor::phone, Actor::card, Actor::resident_desk, Actor::registration, Actor::element,
         Actor::ca_operator},
        State::revoked},
    Row{State::on_hold,
        Event::revoke,
        of_card,
        {Actor::resident_desk, Actor::registration, Actor::ca_operator},
        State::revoked},
    Row{State::on_hold,
        Event::supersede,
        of_phone,
        {Actor::card, Actor::resident_desk, Actor::registration, Actor::ca_operator},
        State::superseded},
    Row{State::on_hold,
        Event::supersede,
        of_card,
        {Actor::resident_desk, Actor::registration, Actor::ca_operator},
        State::superseded},
    Row{State::on_hold, Event::expire, of_any, {Actor::time}, State::expired},

    // For a signature made in its time, and for the record; its holder gains nothing by it.
    Row{State::expired,
        Event::revoke,
        of_phone,
        {Actor::resident_desk, Actor::registration, Actor::element, Actor::ca_operator},
        State::revoked},
    Row{State::expired,
        Event::revoke,
        of_card,
        {Actor::resident_desk, Actor::registration, Actor::ca_operator},
        State::revoked},
    Row{State::expired, Event::supersede, of_any, {Actor::registration}, State::superseded},

    Row{State::revoked, Event::erase, of_phone, {Actor::element}, State::erased},
    Row{State::superseded, Event::erase, of_phone, {Actor::element}, State::erased},
};

/// Says from when on the certificate must not have been trusted: whoever sets it has called the
/// key bad, and a hold with it has no way back.
enum class InvalidityDate : std::uint8_t { absent, set };

struct Circumstances {
    HoldRules rules = {};
    InvalidityDate invalidity = InvalidityDate::absent;
};

/// Absent: refused.
[[nodiscard]] constexpr std::optional<State> next(State from, Event on, Actor who, pki::Ca ca,
                                                  const Circumstances& in = {}) {
    if (on == Event::release &&
        (!in.rules.may_release(ca) || in.invalidity == InvalidityDate::set)) {
        return std::nullopt;
    }
    for (const Row& row : rows) {
        if (row.from == from && row.on == on && row.which.has(ca) && row.who.has(who)) {
            return row.to;
        }
    }
    return std::nullopt;
}

[[nodiscard]] constexpr bool admits(State from, Event on, Actor who, pki::Ca ca,
                                    const Circumstances& in = {}) {
    return next(from, on, who, ca, in).has_value();
}

/// Why not. The names are codes of the catalogue.
enum class Refused : std::uint8_t {
    certificate_unknown = 1,
    already_issued,
    already_revoked,
    certificate_expired,
    hold_refused,
    release_refused,
    not_authorized,  ///< another may
    request_refused,
};
[[nodiscard]] constexpr std::string_view name_of(Refused refused) {
    constexpr std::array<std::string_view, 8> names{
        "certificate_unknown", "already_issued",  "already_revoked", "certificate_expired",
        "hold_refused",        "release_refused", "not_authorized",  "request_refused"};
    return names[static_cast<std::size_t>(refused) - 1];
}

[[nodiscard]] constexpr bool is_revoked(State state) {
    return state == State::revoked || state == State::superseded || state == State::erased;
}

/// Absent: it is admitted.
[[nodiscard]] constexpr std::optional<Refused> refusal(State from, Event on, Actor who, pki::Ca ca,
                                                       const Circumstances& in = {}) {
    if (admits(from, on, who, ca, in)) return std::nullopt;
    const bool somebody_may = std::ranges::any_of(
        all_actors, [&](Actor other) { return admits(from, on, other, ca, in); });
    if (somebody_may) return Refused::not_authorized;
    if (from == State::requested) return Refused::certificate_unknown;
    const bool ends_or_comes_back =
        on == Event::hold || on == Event::release || on == Event::revoke || on == Event::supersede;
    if (is_revoked(from) && ends_or_comes_back) return Refused::already_revoked;
    if (from == State::expired && ends_or_comes_back) return Refused::certificate_expired;
    if (on == Event::hold) return Refused::hold_refused;
    if (on == Event::release) return Refused::release_refused;
    if (on == Event::issue) return Refused::already_issued;
    return Refused::request_refused;
}

// ---------------------------------------------------------------- what the world is told

enum class CrlAnswer : std::uint8_t {
    absent,
    held,  ///< listed: certificateHold
    revoked,  ///< listed with its reason until its last day is over
};
/// Of a certificate that came into this state after the delta's base.
enum class DeltaAnswer : std::uint8_t {
    absent,
    held,
    revoked,
    removed,  ///< removeFromCRL, where the base has it on hold; absent otherwise
};
enum class OcspAnswer : std::uint8_t {
    unknown,
    good,
    held,  ///< revoked: certificateHold
    revoked,  ///< revoked with its reason
    as_last,  ///< what was said on its last day: its time is not OCSP's to judge
};
enum class ElementAnswer : std::uint8_t {
    pending,  ///< keys that sign nothing yet
    signs,  ///< after the PIN, while its lease runs
    signs_until_told,  ///< nobody has told it: until erase order, swap or the end of its lease
    empty,  ///< no keys
};

struct Answers {
    std::string_view ledger;  ///< `state` in the authority's answers
    CrlAnswer crl;
    DeltaAnswer delta;
    OcspAnswer ocsp;
    ElementAnswer element;
    std::string_view app;  ///< a code of the catalogue; empty: nothing to say
};

[[nodiscard]] constexpr Answers answers(State state) {
    switch (state) {
        case State::requested:
            return {"intended",          CrlAnswer::absent,      DeltaAnswer::absent,
                    OcspAnswer::unknown, ElementAnswer::pending, "order_open"};
        case State::active:
            return {"issued",         CrlAnswer::absent,    DeltaAnswer::removed,
                    OcspAnswer::good, ElementAnswer::signs, ""};
        case State::on_hold:
            return {"held",
                    CrlAnswer::held,
                    DeltaAnswer::held,
                    OcspAnswer::held,
                    ElementAnswer::signs_until_told,
                    "certificate_on_hold"};
        case State::revoked:
            return {"revoked",
                    CrlAnswer::revoked,
                    DeltaAnswer::revoked,
                    OcspAnswer::revoked,
                    ElementAnswer::signs_until_told,
                    "certificate_revoked"};
        case State::superseded:
            return {"revoked",
                    CrlAnswer::revoked,
                    DeltaAnswer::revoked,
                    OcspAnswer::revoked,
                    ElementAnswer::signs_until_told,
                    "phone_superseded"};
        case State::expired:
            return {"issued or held",
                    CrlAnswer::absent,
                    DeltaAnswer::removed,
                    OcspAnswer::as_last,
                    ElementAnswer::signs_until_told,
                    "certificate_expired"};
        case State::erased:
            return {"revoked",           CrlAnswer::revoked,   DeltaAnswer::revoked,
                    OcspAnswer::revoked, ElementAnswer::empty, "erased"};
    }
    return {};
}

/// Of a serial number, whether it was ever used or not.
[[nodiscard]] constexpr OcspAnswer ocsp_answer(std::optional<State> state) {
    return state ? answers(*state).ocsp : OcspAnswer::unknown;
}

// ---------------------------------------------------------------- from and to the wire

[[nodiscard]] constexpr Event event_of(pki::Reason reason) {
    if (reason == pki::Reason::certificate_hold) return Event::hold;
    if (reason == pki::Reason::remove_from_crl) return Event::release;
    if (reason == pki::Reason::superseded) return Event::supersede;
    return Event::revoke;
}

/// Absent: a serial that was drawn and nothing else, which is no certificate. The ledger does not
/// know of erasure: what is erased is revoked to it.
[[nodiscard]] constexpr std::optional<State> state_of(store::Standing standing, pki::Reason reason,
                                                      Time not_after, Time now) {
    switch (standing) {
        case store::Standing::drawn: return std::nullopt;
        case store::Standing::intended: return State::requested;
        case store::Standing::issued: return now > not_after ? State::expired : State::active;
        case store::Standing::held: return now > not_after ? State::expired : State::on_hold;
        case store::Standing::revoked:
            return reason == pki::Reason::superseded ? State::superseded : State::revoked;
    }
    return std::nullopt;
}
[[nodiscard]] inline std::optional<State> state_of(const store::LedgerEntry& entry, Time now) {
    return state_of(entry.standing, entry.reason, entry.not_after, now);
}

/// For whom a TLS role may speak at the authority. None: for nobody.
[[nodiscard]] constexpr Actors actors_behind(std::string_view role) {
    if (role == "registration") {
        return {Actor::phone,     Actor::card,          Actor::card_login,   Actor::stop_code,
                Actor::call_desk, Actor::resident_desk, Actor::registration, Actor::element};
    }
    if (role == "operator") return {Actor::ca_operator};
    if (role == "authority") return {Actor::authority};
    return {};
}

// ---------------------------------------------------------------- what must always be true

namespace traps {

template <class Says>
constexpr bool always(Says says) {
    for (const Actor who : all_actors) {
        for (const pki::Ca ca : pki::all_cas) {
            if (!says(who, ca)) return false;
        }
    }
    return true;
}

/// With every kind releasable.
inline constexpr Circumstances lenient{HoldRules{{true, true, true, true}}, InvalidityDate::absent};
inline constexpr Circumstances dated{HoldRules{{true, true, true, true}}, InvalidityDate::set};

constexpr bool never(State from, Event on, const Circumstances& in = lenient) {
    return always([&](Actor who, pki::Ca ca) { return !admits(from, on, who, ca, in); });
}

/// No two rows speak of the same thing.
constexpr bool is_unambiguous() {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t j = i + 1; j < rows.size(); ++j) {
            if (rows[i].from == rows[j].from && rows[i].on == rows[j].on &&
                rows[i].which.meets(rows[j].which) && rows[i].who.meets(rows[j].who)) {
                return false;
            }
        }
    }
    return true;
}

/// Whoever may revoke what is active may revoke what is on hold.
constexpr bool a_hold_protects_nothing() {
    return always([](Actor who, pki::Ca ca) {
        return (admits(State::active, Event::revoke, who, ca) ==
                admits(State::on_hold, Event::revoke, who, ca)) &&
               (admits(State::active, Event::supersede, who, ca) ==
                admits(State::on_hold, Event::supersede, who, ca));
    });
}

constexpr bool only_phone_auth_is_released() {
    return always([](Actor who, pki::Ca ca) {
        return ca == pki::Ca::phone_auth || !admits(State::on_hold, Event::release, who, ca);
    });
}

}  // namespace traps

static_assert(traps::is_unambiguous());
static_assert(traps::never(State::revoked, Event::release) &&
                  traps::never(State::superseded, Event::release) &&
                  traps::never(State::erased, Event::release),
              "nothing leads back from a revocation");
static_assert(traps::never(State::revoked, Event::revoke), "revoked once is revoked");
static_assert(traps::never(State::expired, Event::hold) &&
                  traps::never(State::expired, Event::release),
              "what has ended is neither held nor released");
static_assert(traps::never(State::on_hold, Event::hold), "a hold is not held again");
static_assert(traps::never(State::active, Event::release), "a release needs a hold");
static_assert(traps::never(State::on_hold, Event::release, traps::dated),
              "what was called bad from a day on does not come back");
static_assert(admits(State::on_hold, Event::release, Actor::card, pki::Ca::phone_auth));
static_assert(!admits(State::on_hold, Event::release, Actor::phone, pki::Ca::phone_auth),
              "a stolen phone does not release itself");
static_assert(traps::only_phone_auth_is_released());
static_assert(traps::a_hold_protects_nothing());
static_assert(traps::never(State::active, Event::erase) &&
                  traps::never(State::on_hold, Event::erase),
              "revoked first, then erased");
static_assert(ocsp_answer(std::nullopt) == OcspAnswer::unknown &&
                  ocsp_answer(State::requested) == OcspAnswer::unknown,
              "a serial number that was not issued is never good");

}  // namespace mitome::issuance::life
