// SPDX-License-Identifier: Apache-2.0
#include "cards.hpp"

#include <mitome/pki/profile.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace mitome::registration {
namespace {

using catalogue::Code;

constexpr int least_age_to_sign = 15;
/// A card that has ended: issued two years ago, as to a foreign resident whose stay ended a month
/// ago. The sandbox's CAs are older than that.
constexpr std::chrono::days expired_issue{2 * 365};
constexpr std::chrono::days expired_end{30};
constexpr std::size_t request_octets = 16;

struct Revocation {
    pki::Kind kind;
    pki::Reason reason;
};

/// What is revoked right after the issue, and why.
std::vector<Revocation> revocations(Case flaw) {
    using pki::Kind;
    using pki::Reason;
    switch (flaw) {
        case Case::revoked:
            return {{Kind::sign, Reason::key_compromise}, {Kind::auth, Reason::key_compromise}};
        case Case::moved: return {{Kind::sign, Reason::affiliation_changed}};
        case Case::deceased:
            return {{Kind::sign, Reason::affiliation_changed},
                    {Kind::auth, Reason::affiliation_changed}};
        case Case::none:
        case Case::long_name:
        case Case::variant_glyph:
        case Case::substitute:
        case Case::latin:
        case Case::minor:
        case Case::fifteen_tomorrow:
        case Case::expired:
        case Case::locked: break;
    }
    return {};
}

}  // namespace

CardTimes card_times(std::chrono::year_month_day birth, Time now, Case flaw) {
    CardTimes times;
    const Time issued = flaw == Case::expired ? now - expired_issue : now;
    if (flaw == Case::expired) times.not_before = issued;
    times.card_end = flaw == Case::expired ? end_of_day_in_japan(day_in_japan(now - expired_end))
                                           : pki::end_of_card(birth, issued);
    times.auth_end =
        pki::end_of_validity(birth, issued, pki::Renewal::no, std::array{times.card_end});
    if (pki::age_on(birth, day_in_japan(issued)) >= least_age_to_sign)
        times.sign_end = pki::end_of_validity(birth, issued, pki::Renewal::no,
                                              std::array{times.card_end, times.auth_end});
    return times;
}

Judged<NewCard> issue_card(Office& office, const CardRequest& request) {
    REGISTRATION_TRY(resident, office.people.resident(request.resident));
    if (!resident) return refuse(Code::resident_absent, "no such resident");
    if (resident->state == store::ResidentState::deceased && request.flaw != Case::deceased)
        return refuse(Code::resident_not_eligible, "the resident is not in the register");
    const auto birth = resident->items.birth.day;
    if (!birth.ok()) return refuse(Code::resident_not_eligible, "no whole date of birth");
    const CardTimes times = card_times(birth, office.clock.now(), request.flaw);

    const auto issue = [&](pki::Kind kind, const Bytes& spki, Time end) {
        return office.authority.issue({.request = office.random.octets(request_octets),
                                       .ca = card_ca(kind),
                                       .spki = spki,
                                       .not_before = times.not_before,
                                       .not_after = end},
                                      *resident);
    };
    std::optional<pki::Certificate> sign;
    if (times.sign_end) {
        REGISTRATION_TRY(issued, issue(pki::Kind::sign, request.sign_spki, *times.sign_end));
        sign = std::move(issued);
    }
    REGISTRATION_TRY(auth, issue(pki::Kind::auth, request.auth_spki, times.auth_end));

    store::Card card{.number = 0,
                     .resident = resident->id,
                     .sign_serial = sign ? copy(sign->serial()) : Bytes{},
                     .auth_serial = copy(auth.serial()),
                     .not_after = times.sign_end.value_or(times.auth_end),
                     .state = store::CardState::valid};
    const auto wrong = revocations(request.flaw);
    // A card of which both certificates are revoked is revoked; one that can still log in is not.
    if (wrong.size() > 1) card.state = store::CardState::revoked;
    REGISTRATION_TRY(change, office.database.begin());
    REGISTRATION_TRY(number, office.people.add(change, card));
    if (resident->state == store::ResidentState::moved && request.flaw == Case::none) {
        resident->state = store::ResidentState::registered;  // the new card says where
        REGISTRATION_CHECK(office.people.change(change, *resident));
    }
    REGISTRATION_CHECK(office.note(change, "desk", "card.issue", "card/" + std::to_string(number),
                                   name_of(request.flaw)));
    REGISTRATION_CHECK(change.commit());

    for (const auto& [kind, reason] : wrong) {
        const Bytes& serial = kind == pki::Kind::sign ? card.sign_serial : card.auth_serial;
        if (!serial.empty())
            REGISTRATION_CHECK(
                office.authority.revoke(card_ca(kind), serial, reason, name_of(request.flaw)));
    }
    return NewCard{.number = number,
                   .sign = std::move(sign),
                   .auth = std::move(auth),
                   .times = times,
                   .resident = *std::move(resident)};
}

Judged<store::Resident> add_resident(Office& office, const NewResident& wanted) {
    const auto flags = [](const std::string& text) {
        return std::string(pki::count_characters(text).value_or(0), '0');
    };
    store::Resident resident{.id = 0,
                             .items = {.name = wanted.name,
                                       .address = wanted.address,
                                       .birth = pki::birth_date(wanted.birth),
                                       .sex = wanted.sex,
                                       .name_substitutes = flags(wanted.name),
                                       .address_substitutes = flags(wanted.address)},
                             .municipality = wanted.municipality,
                             .my_number = {},
                             .state = store::ResidentState::registered};
    std::string digits;
    for (const std::uint8_t octet : office.random.octets(11))
        digits.push_back(static_cast<char>('0' + octet % 10));
    resident.my_number = my_number_of(digits);
    REGISTRATION_TRY(change, office.database.begin());
    REGISTRATION_TRY(id, office.people.add(change, resident));
    REGISTRATION_CHECK(
        office.note(change, "desk", "resident.add", "resident/" + std::to_string(id)));
    REGISTRATION_CHECK(change.commit());
    resident.id = id;
    return resident;
}

}  // namespace mitome::registration
