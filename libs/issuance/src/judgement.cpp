// SPDX-License-Identifier: Apache-2.0
#include "judgement.hpp"

#include <mitome/issuance/life.hpp>

namespace mitome::issuance {
namespace {

// Above the codes of the disk and of OpenSSL, which errors of ours may carry as well.
constexpr std::uint32_t first_code = 0x4C69'0000;  // "Li"

}  // namespace

std::optional<life::Refused> refusal_of(const store::LedgerEntry& entry, const Withdrawal& wanted,
                                        const HoldRules& rules, Time now) {
    using life::InvalidityDate, life::Refused;
    const auto state = life::state_of(entry, now);
    if (!state) return Refused::certificate_unknown;
    const life::Event event = life::event_of(wanted.reason);
    const bool dated = entry.invalidity || (event == life::Event::release && wanted.invalidity);
    const life::Circumstances in{rules, dated ? InvalidityDate::set : InvalidityDate::absent};
    const life::Actors may_speak = life::actors_behind(wanted.role);
    auto worst = Refused::not_authorized;
    for (const life::Actor actor : life::all_actors) {
        if (!may_speak.has(actor) || (wanted.actor && *wanted.actor != actor)) continue;
        const auto refused = life::refusal(*state, event, actor, entry.ca, in);
        if (!refused) return std::nullopt;
        worst = *refused;
    }
    return worst;
}

Error error_of(life::Refused refused) {
    using life::Refused;
    const auto code = first_code + static_cast<std::uint32_t>(refused);
    switch (refused) {
        case Refused::certificate_unknown:
            return {Fault::absent, "issuer: no such certificate", code};
        case Refused::already_revoked: return {Fault::conflict, "issuer: is revoked", code};
        case Refused::certificate_expired: return {Fault::conflict, "issuer: has ended", code};
        case Refused::hold_refused: return {Fault::conflict, "issuer: is not put on hold", code};
        case Refused::release_refused:
            return {Fault::conflict, "issuer: is not released from a hold", code};
        case Refused::not_authorized:
            return {Fault::denied, "issuer: not for this one to do", code};
        case Refused::already_issued:
        case Refused::request_refused: break;
    }
    return {Fault::conflict, "issuer: its state does not allow this", code};
}

std::optional<life::Refused> refused_in(const Error& error) {
    for (auto refused = life::Refused::certificate_unknown;
         refused <= life::Refused::request_refused;
         refused = static_cast<life::Refused>(static_cast<unsigned>(refused) + 1)) {
        if (error.code == first_code + static_cast<std::uint32_t>(refused)) return refused;
    }
    return std::nullopt;
}

}  // namespace mitome::issuance
