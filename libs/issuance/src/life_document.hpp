// SPDX-License-Identifier: Apache-2.0
#pragma once

// docs/life.md as life.hpp has it.

#include <mitome/issuance/life.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace mitome::issuance::life {

inline std::string_view text_of(CrlAnswer answer) {
    switch (answer) {
        case CrlAnswer::absent: return "not listed";
        case CrlAnswer::held: return "certificateHold";
        case CrlAnswer::revoked: return "its reason, until its last day is over";
    }
    return {};
}

inline std::string_view text_of(DeltaAnswer answer) {
    switch (answer) {
        case DeltaAnswer::absent: return "not listed";
        case DeltaAnswer::held: return "certificateHold";
        case DeltaAnswer::revoked: return "its reason";
        case DeltaAnswer::removed: return "removeFromCRL, if its base has it on hold";
    }
    return {};
}

inline std::string_view text_of(OcspAnswer answer) {
    switch (answer) {
        case OcspAnswer::unknown: return "unknown";
        case OcspAnswer::good: return "good";
        case OcspAnswer::held: return "revoked, certificateHold";
        case OcspAnswer::revoked: return "revoked, its reason";
        case OcspAnswer::as_last: return "as on its last day";
    }
    return {};
}

inline std::string_view text_of(ElementAnswer answer) {
    switch (answer) {
        case ElementAnswer::pending: return "has keys that sign nothing yet";
        case ElementAnswer::signs: return "signs after the PIN, while its lease runs";
        case ElementAnswer::signs_until_told:
            return "signs until a swap, an erase order or the end of its lease";
        case ElementAnswer::empty: return "has no keys";
    }
    return {};
}

inline std::string_view meaning_of(State state) {
    switch (state) {
        case State::requested: return "its octets are recorded, perhaps signed; nobody has it";
        case State::active: return "in use";
        case State::on_hold: return "lost, perhaps found again";
        case State::revoked: return "dead";
        case State::superseded: return "dead, because another one took its place";
        case State::expired: return "ended without having been revoked";
        case State::erased: return "dead, and the element has proved that its keys are gone";
    }
    return {};
}

inline std::string list_of(const std::vector<std::string_view>& words) {
    std::string list;
    for (const std::string_view word : words)
        list += (list.empty() ? "" : ", ") + std::string{word};
    return list;
}

inline std::string list_of(Actors actors) {
    std::vector<std::string_view> names;
    for (const Actor actor : all_actors) {
        if (actors.has(actor)) names.push_back(name_of(actor));
    }
    return list_of(names);
}

inline std::string_view owner_of(Cas which) {
    if (!which.meets(of_card)) return "phone";
    return which.meets(of_phone) ? "any" : "card";
}

/// What becomes of an event of a phone certificate in a state, whoever causes it.
inline std::string cell(State from, Event on) {
    std::string_view refused;
    for (const Actor who : all_actors) {
        const pki::Ca ca = pki::Ca::phone_auth;
        if (const auto to = next(from, on, who, ca)) return fmt::format("**{}**", name_of(*to));
        refused = name_of(*refusal(from, on, who, ca));
    }
    return fmt::format("`{}`", refused);
}

inline std::string document() {
    std::string page =
        "# The life of a certificate\n"
        "\n"
        "Made from `libs/issuance/include/mitome/issuance/life.hpp`; a test compares the two. "
        "Who: registration\nproves who asks, authority holds every change against these tables, "
        "status says what has become of it.\nWhat is not listed is refused.\n"
        "\n"
        "## States, and what is answered in them\n"
        "\n"
        "| state | means | ledger | CRL | delta CRL since it came so | OCSP | element | app says "
        "|\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| – | a serial number that was never issued | – | not listed | not listed | " +
        std::string{text_of(ocsp_answer({}))} + " | – | – |\n";
    for (const State state : all_states) {
        const Answers told = answers(state);
        page += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", name_of(state),
                            meaning_of(state), told.ledger, text_of(told.crl), text_of(told.delta),
                            text_of(told.ocsp), text_of(told.element),
                            told.app.empty() ? "–" : fmt::format("`{}`", told.app));
    }
    page +=
        "\n"
        "## Events, and who may cause them\n"
        "\n"
        "| in state | event | certificate of | by | becomes |\n"
        "|---|---|---|---|---|\n";
    for (const Row& row : rows) {
        page += fmt::format("| {} | {} | {} | {} | {} |\n", name_of(row.from), name_of(row.on),
                            owner_of(row.which), list_of(row.who), name_of(row.to));
    }
    std::vector<std::string_view> releasable;
    for (const pki::Ca ca : pki::all_cas) {
        if (HoldRules{}.may_release(ca)) releasable.push_back(pki::name_of(ca));
    }
    page += fmt::format(
        "\n"
        "A release needs two things more: a CA whose certificates come out of a hold alive (a "
        "setting, by default\n{} alone), and no invalidity date, neither with the hold nor with "
        "the "
        "release: whoever gives one has\ncalled the key bad. Reasons of RFC 5280 are events: "
        "certificateHold holds, removeFromCRL releases,\nsuperseded supersedes, every other one "
        "revokes.\n"
        "\n"
        "## What is refused, and how\n"
        "\n"
        "For the phone's authentication certificate and whoever may most: the state that follows, "
        "or the code of\nthe refusal. Whoever may less hears `not_authorized`.\n"
        "\n"
        "| in state |",
        list_of(releasable));
    for (const Event event : all_events) page += fmt::format(" {} |", name_of(event));
    page += "\n|---|";
    for (std::size_t i = 0; i < all_events.size(); ++i) page += "---|";
    page += "\n";
    for (const State state : all_states) {
        page += fmt::format("| {} |", name_of(state));
        for (const Event event : all_events) page += fmt::format(" {} |", cell(state, event));
        page += "\n";
    }
    page +=
        "\n"
        "## Who is who\n"
        "\n"
        "phone: the holder with the phone's own signature certificate · card: with the card's "
        "signature certificate ·\ncard_login: with the card's authentication certificate · "
        "stop_code: with the ten digits shown at issuance ·\nregistration: by its rules (cascade, "
        "one phone for a person, an order that came to nothing) · authority: the\nCA itself, which "
        "closes what a crash left open · operator: the TLS role of that name · element: by a "
        "receipt\nthat it has signed.\n"
        "\n"
        "| TLS role at the authority | speaks for |\n"
        "|---|---|\n";
    for (const std::string_view role : {"registration", "operator"}) {
        page += fmt::format("| {} | {} |\n", role, list_of(actors_behind(role)));
    }
    page +=
        "\n"
        "Not promised: that the element knows. It learns by an administration dialog, or its lease "
        "ends. Erasure is\nregistration's knowledge: to ledger, CRL and OCSP what is erased is "
        "revoked.\n"
        "Code: issuance/life.hpp, issuance/judgement.cpp    Tests: issuance/life_test.cpp, "
        "issuance/judgement_test.cpp\n";
    return page;
}

}  // namespace mitome::issuance::life
