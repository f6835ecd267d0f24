// SPDX-License-Identifier: Apache-2.0
#include "desk.hpp"

#include "erasures.hpp"

#include <mitome/base/log.hpp>

#include <algorithm>
#include <utility>

namespace mitome::registration {
namespace {

using catalogue::Code;

constexpr std::string_view call_cause = "call_desk";

std::string resident_reference(std::uint64_t resident) {
    return "resident/" + std::to_string(resident);
}

std::string no_substitutes(std::string_view text) {
    return std::string(pki::count_characters(text).value_or(0), '0');
}

}  // namespace

Judged<Desk::Named> Desk::named(BytesView der) const {
    const auto certificate = pki::Certificate::from_der(copy(der));
    if (!certificate) return refuse(Code::certificate_malformed, "not a certificate");
    const auto credentials = office_.credentials.get();
    if (!credentials)
        return refuse(Code::service_unavailable, "the authority has not answered yet");
    for (const pki::Ca ca : pki::all_cas)
        if (same(credentials->authority(ca).subject(), certificate->issuer()))
            return Named{ca, copy(certificate->serial())};
    return refuse(Code::certificate_unknown, "not a certificate of our authority");
}

Judged<std::vector<Desk::Named>> Desk::named(const Subject& subject) const {
    if (!subject.resident) {
        auto one = named(BytesView{subject.certificate});
        if (!one) return std::unexpected{one.error()};
        return std::vector{*std::move(one)};
    }
    REGISTRATION_TRY(resident, office_.people.resident(*subject.resident));
    if (!resident) return refuse(Code::resident_absent, "no such resident");
    std::vector<Named> found;
    const auto add = [&](pki::Ca ca, const Bytes& serial) {
        if (!serial.empty()) found.push_back({ca, serial});
    };
    if (subject.whose != Whose::card) {
        REGISTRATION_TRY(phone, office_.people.phone_of(*subject.resident));
        if (phone) {
            add(pki::Ca::phone_sign, phone->sign_serial);
            add(pki::Ca::phone_auth, phone->auth_serial);
        }
    }
    if (subject.whose != Whose::phone) {
        REGISTRATION_TRY(cards, office_.people.cards_of(*subject.resident));
        for (const auto& card : cards) {
            if (card.state == store::CardState::retired) continue;
            add(pki::Ca::card_sign, card.sign_serial);
            add(pki::Ca::card_auth, card.auth_serial);
        }
    }
    if (found.empty())
        return refuse(Code::subject_without_certificate, "the person has no such certificate");
    return found;
}

Judged<std::vector<Desk::Held>> Desk::hold(const Subject& subject) {
    auto certificates = named(subject);
    if (!certificates) return std::unexpected{certificates.error()};
    std::vector<Wanted> wanted;
    wanted.reserve(certificates->size());
    for (const auto& one : *certificates)
        wanted.push_back({one.ca, one.serial, pki::Reason::certificate_hold,
                          std::string{call_cause}, issuance::life::Actor::call_desk});
    if (wanted.size() > Batches::largest)
        return refuse(Code::request_refused, "too many certificates");
    {
        REGISTRATION_TRY(change, office_.database.begin());
        for (const auto& one : wanted)
            REGISTRATION_CHECK(office_.note(change, "call-desk", "certificate.hold",
                                            certificate_reference(one.ca, one.serial)));
        REGISTRATION_CHECK(change.commit());
    }
    REGISTRATION_TRY(taken, batches_.withdraw(wanted));
    std::vector<Held> held;
    held.reserve(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
        held.push_back({wanted[i].ca, wanted[i].serial, taken[i]});
    const auto none = [&](auto... outcome) {
        return std::ranges::none_of(taken, [&](Taken one) { return (... || (one == outcome)); });
    };
    if (none(Taken::changed, Taken::unchanged))
        return none(Taken::refused)
                   ? refuse(Code::certificate_unknown, "the authority does not know them")
                   : refuse(Code::hold_refused, "none of them can be put on hold");
    return held;
}

Judged<std::vector<Desk::Named>> Desk::alive(const std::vector<Named>& all) const {
    std::vector<Named> found;
    bool known = false;
    for (const auto& one : all) {
        REGISTRATION_TRY(standing, office_.authority.standing(one.ca, one.serial));
        known = known || standing != Standing::unknown;
        if (standing == Standing::alive || standing == Standing::held) found.push_back(one);
    }
    if (!known) return refuse(Code::certificate_unknown, "the authority does not know them");
    if (found.empty()) return refuse(Code::already_revoked, "they are revoked already");
    return found;
}

Judged<std::optional<store::ActivePhone>> Desk::emptied(const std::vector<Named>& gone) const {
    const auto goes = [&](pki::Ca ca, const Bytes& serial) {
        return std::ranges::any_of(
            gone, [&](const Named& one) { return one.ca == ca && one.serial == serial; });
    };
    for (const auto& one : gone) {
        if (one.ca != pki::Ca::phone_sign && one.ca != pki::Ca::phone_auth) continue;
        REGISTRATION_TRY(order, office_.people.order_with_serial(pki::kind_of(one.ca), one.serial));
        if (!order) continue;  // a key in a file
        REGISTRATION_TRY(phone, office_.people.phone_of(order->element));
        if (!phone) continue;
        auto rest = *phone;
        if (goes(pki::Ca::phone_sign, rest.sign_serial)) rest.sign_serial.clear();
        if (goes(pki::Ca::phone_auth, rest.auth_serial)) rest.auth_serial.clear();
        if (rest == *phone) continue;  // of an earlier set
        REGISTRATION_TRY(lives, is_alive(office_, rest));
        if (!lives) return phone;
    }
    return std::optional<store::ActivePhone>{};
}

Judged<Decision> Desk::revoke(const DeskRevocation& wanted) {
    auto certificates = named(wanted.subject);
    if (!certificates) return std::unexpected{certificates.error()};
    auto living = alive(*certificates);
    if (!living) return std::unexpected{living.error()};
    auto dead = emptied(*living);
    if (!dead) return std::unexpected{dead.error()};

    const Event event = wanted.reason == pki::Reason::affiliation_changed ? Event::card_changed
                                                                          : Event::card_revoked;
    std::vector<store::Task> tasks;
    REGISTRATION_TRY(change, office_.database.begin());
    for (const auto& one : *living) {
        REGISTRATION_CHECK(office_.note(change, "desk", "certificate.revoke",
                                        certificate_reference(one.ca, one.serial),
                                        pki::name_of(wanted.reason)));
        REGISTRATION_TRY(made,
                         cascade_.revoke(change, one.ca, one.serial, wanted.reason, desk_cause));
        std::ranges::move(made, std::back_inserter(tasks));
    }
    for (const auto& one : *living) {  // behind all of them, so that theirs is the desk's reason
        if (one.ca != pki::Ca::card_sign) continue;
        REGISTRATION_TRY(card, office_.people.card_of(pki::Kind::sign, one.serial, change));
        if (!card) continue;
        REGISTRATION_TRY(made, cascade_.card(change, event, *std::move(card)));
        std::ranges::move(made, std::back_inserter(tasks));
    }
    if (*dead)
        REGISTRATION_CHECK(
            order_erasure(office_, change, (*dead)->element, (*dead)->resident, "revoked"));
    REGISTRATION_CHECK(change.commit());
    office_.interruption.reached(Step::event_recorded);
    return carried_out(std::move(tasks));
}

Decision Desk::carried_out(std::vector<store::Task> tasks) {
    Decision decision{.tasks = std::move(tasks)};
    if (const Done done = cascade_.carry_out(); !done) {
        log(Level::warning, "not revoked yet", {{"because", done.error()}});
        decision.waiting = true;
    }
    return decision;
}

Judged<store::Resident> Desk::living(std::uint64_t number) const {
    REGISTRATION_TRY(resident, office_.people.resident(number));
    if (!resident) return refuse(Code::resident_absent, "no such resident");
    if (resident->state == store::ResidentState::deceased)
        return refuse(Code::resident_not_eligible, "the resident is not in the register");
    return *std::move(resident);
}

Judged<store::ActivePhone> Desk::phone_of(std::uint64_t number) const {
    REGISTRATION_TRY(resident, office_.people.resident(number));
    if (!resident) return refuse(Code::resident_absent, "no such resident");
    REGISTRATION_TRY(phone, office_.people.phone_of(number));
    if (!phone) return refuse(Code::subject_without_certificate, "the person has no phone");
    return *std::move(phone);
}

Judged<Decision> Desk::change(const store::Resident& resident, Event event) {
    REGISTRATION_TRY(change, office_.database.begin());
    REGISTRATION_CHECK(office_.people.change(change, resident));
    REGISTRATION_CHECK(office_.note(change, "desk", "resident." + std::string{name_of(event)},
                                    resident_reference(resident.id)));
    REGISTRATION_TRY(tasks, cascade_.person(change, event, resident.id));
    REGISTRATION_CHECK(change.commit());
    office_.interruption.reached(Step::event_recorded);
    return carried_out(std::move(tasks));
}

Judged<Decision> Desk::move(std::uint64_t number, const NewAddress& to) {
    auto resident = living(number);
    if (!resident) return std::unexpected{resident.error()};
    auto& items = resident->items;
    const std::string place = to.municipality.value_or(resident->municipality);
    if (items.address == to.address && resident->municipality == place)
        return carried_out({});  // nothing has happened; what waits from before may go on
    items.address = to.address;
    items.address_substitutes = no_substitutes(to.address);
    resident->municipality = place;
    resident->state = store::ResidentState::moved;
    return change(*resident, Event::moved);
}

Judged<Decision> Desk::rename(std::uint64_t number, const std::string& name) {
    auto resident = living(number);
    if (!resident) return std::unexpected{resident.error()};
    if (resident->items.name == name) return carried_out({});
    resident->items.name = name;
    resident->items.name_substitutes = no_substitutes(name);
    return change(*resident, Event::renamed);
}

Result<std::optional<Desk::Half>> Desk::half(pki::Ca ca, const Bytes& serial) const {
    if (serial.empty()) return std::optional<Half>{};
    MITOME_TRY(recorded, office_.authority.look_up(ca, serial));
    return std::optional{Half{.serial = serial, .recorded = recorded}};
}

Judged<Desk::Status> Desk::status(std::uint64_t number) const {
    REGISTRATION_TRY(resident, office_.people.resident(number));
    if (!resident) return refuse(Code::resident_absent, "no such resident");
    Status status{.resident = *std::move(resident), .cards = {}, .phone = {}};
    REGISTRATION_TRY(cards, office_.people.cards_of(number));
    for (const auto& card : cards) {
        REGISTRATION_TRY(sign, half(pki::Ca::card_sign, card.sign_serial));
        REGISTRATION_TRY(auth, half(pki::Ca::card_auth, card.auth_serial));
        status.cards.push_back({card, std::move(sign), std::move(auth)});
    }
    REGISTRATION_TRY(phone, office_.people.phone_of(number));
    if (!phone) return status;
    REGISTRATION_TRY(sign, half(pki::Ca::phone_sign, phone->sign_serial));
    REGISTRATION_TRY(auth, half(pki::Ca::phone_auth, phone->auth_serial));
    REGISTRATION_TRY(erasures, office_.people.erasures_of(BytesView{phone->element}));
    status.phone =
        PhoneStatus{*std::move(phone), std::move(sign), std::move(auth), std::move(erasures)};
    return status;
}

Judged<Recorded> Desk::status(pki::Ca ca, BytesView serial) const {
    REGISTRATION_TRY(recorded, office_.authority.look_up(ca, serial));
    if (recorded.standing == Standing::unknown)
        return refuse(Code::certificate_unknown, "the authority does not know it");
    return recorded;
}

}  // namespace mitome::registration
