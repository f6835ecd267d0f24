// SPDX-License-Identifier: Apache-2.0
#include "revocations.hpp"

#include "erasures.hpp"

#include <mitome/base/log.hpp>

#include <algorithm>
#include <utility>

namespace mitome::registration {
namespace {

namespace cmp = pki::cmp;
using cmp::Failure;
using pki::Reason;
namespace life = issuance::life;
using life::Event;

std::unexpected<cmp::Refusal> no(Failure failure, Literal what) {
    return std::unexpected{cmp::Refusal{failure, what}};
}

/// Those that a holder may give; the others speak of CAs and of privileges.
constexpr bool is_holders(Reason reason) {
    return reason == Reason::unspecified || reason == Reason::key_compromise ||
           reason == Reason::affiliation_changed || reason == Reason::superseded ||
           reason == Reason::cessation_of_operation || reason == Reason::certificate_hold ||
           reason == Reason::remove_from_crl;
}

cmp::Refusal refusal_of(life::Refused refused) {
    switch (refused) {
        case life::Refused::certificate_unknown:
            return {Failure::bad_cert_id, "certificate_unknown"};
        case life::Refused::already_revoked:
            return {Failure::cert_revoked, "already_revoked: the certificate is revoked"};
        case life::Refused::certificate_expired:
            return {Failure::bad_request, "certificate_expired: the certificate has ended"};
        case life::Refused::hold_refused:
            return {Failure::bad_request, "hold_refused: the certificate is on hold"};
        case life::Refused::release_refused:
            return {Failure::not_authorized,
                    "release_refused: it is not on hold, or is issued anew instead"};
        case life::Refused::not_authorized:
            return {Failure::not_authorized, "not_authorized: another certificate may ask this"};
        case life::Refused::already_issued:
        case life::Refused::request_refused: break;
    }
    return {Failure::bad_request, "request_refused"};
}

/// Whether the authority has it as it should be.
bool is_done(const Recorded& now, Event event) {
    if (event == Event::hold) return now.standing == Standing::held;
    if (event == Event::release) return now.standing == Standing::alive;
    return now.standing == Standing::revoked;
}

bool ends(Event event) { return event == Event::revoke || event == Event::supersede; }

std::string_view action_of(Event event) {
    if (event == Event::hold) return "certificate.hold";
    if (event == Event::release) return "certificate.release";
    return "certificate.revoke";
}

}  // namespace

cmp::Judged<store::Withdrawal> Revocations::judge_one(const Speaker& speaker,
                                                      const cmp::WantedRevocation& wanted) const {
    const auto credentials = office_.credentials.get();
    if (!credentials) return no(Failure::system_unavail, "try again later");
    std::optional<pki::Ca> ca;
    for (const pki::Ca each : {pki::Ca::phone_sign, pki::Ca::phone_auth})
        if (same(credentials->authority(each).subject(), wanted.issuer)) ca = each;
    if (!ca) return no(Failure::bad_cert_id, "not a phone's certificate");
    const pki::Kind kind = pki::kind_of(*ca);
    const auto order = office_.people.order_with_serial(kind, wanted.serial);
    if (!order) return no(Failure::system_failure, "our own fault");
    // One answer for what is nobody's and what is another's.
    if (!*order || (*order)->resident != speaker.resident)
        return no(Failure::bad_cert_id, "not a certificate of this person's phones");
    if ((*order)->state != store::OrderState::completed)
        return no(Failure::bad_request, "the certificate is not confirmed: reject it instead");
    if (speaker.by == life::Actor::phone) {
        const auto own = office_.people.phone_of(speaker.resident);
        if (!own) return no(Failure::system_failure, "our own fault");
        if (!*own || (*own)->element != speaker.element ||
            (kind == pki::Kind::sign ? (*own)->sign_serial : (*own)->auth_serial) != wanted.serial)
            return no(Failure::bad_cert_id, "not a certificate of this phone");
    }

    if (!is_holders(wanted.reason))
        return no(Failure::bad_request, "not a reason that a holder gives");
    const auto found = office_.authority.look_up(*ca, wanted.serial);
    if (!found) return no(Failure::system_unavail, "the authority cannot be asked");
    const auto state = state_of(*found, office_.clock.now());
    if (!state) return no(Failure::bad_cert_id, "certificate_unknown");
    const life::Circumstances circumstances{
        .invalidity = found->invalidity ? life::InvalidityDate::set : life::InvalidityDate::absent};
    if (const auto against =
            life::refusal(*state, life::event_of(wanted.reason), speaker.by, *ca, circumstances))
        return std::unexpected{refusal_of(*against)};
    return store::Withdrawal{.transaction = {},
                             .position = 0,
                             .ca = *ca,
                             .serial = wanted.serial,
                             .reason = wanted.reason,
                             .invalidity = wanted.invalidity,
                             .element = (*order)->element,
                             .resident = speaker.resident};
}

Result<Revocations::Judgement> Revocations::judge(
    const Speaker& speaker, std::span<const cmp::WantedRevocation> wanted) const {
    Judgement out;
    for (const auto& one : wanted) {
        auto judged = judge_one(speaker, one);
        if (judged) {
            out.verdicts.emplace_back();
            out.withdrawals.push_back(*std::move(judged));
        } else {
            out.verdicts.emplace_back(judged.error());
        }
    }
    if (out.withdrawals.size() < wanted.size()) out.withdrawals.clear();
    return out;
}

Done Revocations::record(store::Transaction& in, const Speaker& speaker, BytesView transaction,
                         const std::vector<store::Withdrawal>& withdrawals) const {
    std::uint32_t position = 0;
    for (store::Withdrawal one : withdrawals) {
        one.transaction = copy(transaction);
        one.position = position++;
        MITOME_CHECK(office_.people.add(in, one));
        MITOME_CHECK(
            office_.note(in, life::name_of(speaker.by), action_of(life::event_of(one.reason)),
                         certificate_reference(one.ca, one.serial), pki::name_of(one.reason)));
    }
    return {};
}

/// Phones that count for somebody, of which nothing is alive any more.
Result<std::vector<store::ActivePhone>> Revocations::dead_phones(
    const std::vector<store::Withdrawal>& withdrawals) const {
    std::vector<store::ActivePhone> out;
    for (const auto& one : withdrawals) {
        if (!ends(life::event_of(one.reason))) continue;
        MITOME_TRY(phone, office_.people.phone_of(one.element));
        if (!phone || std::ranges::find(out, *phone) != out.end()) continue;
        MITOME_TRY(alive, is_alive(office_, *phone));
        if (!alive) out.push_back(*std::move(phone));
    }
    return out;
}

namespace {

/// The authority has judged; anything else may go better the next time.
bool is_final(Fault fault) {
    return fault == Fault::conflict || fault == Fault::denied || fault == Fault::absent;
}

cmp::Verdict no_of_authority() {
    return cmp::Refusal{Failure::bad_request, "the authority refuses this"};
}

}  // namespace

Result<std::vector<cmp::Verdict>> Revocations::carry_out(BytesView transaction) {
    const Turns::Turn turn{office_.turns, Thing::withdrawal, transaction};
    MITOME_TRY(all, office_.people.withdrawals_of(transaction));
    std::vector<cmp::Verdict> verdicts(all.size());
    std::vector<store::Withdrawal> now_done;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].done) {  // by `tend`, or before a crash: what became of it is told alike
            MITOME_TRY(found, office_.authority.look_up(all[i].ca, all[i].serial));
            if (!is_done(found, life::event_of(all[i].reason))) verdicts[i] = no_of_authority();
            continue;
        }
        const Done done =
            office_.authority.withdraw(all[i].ca, all[i].serial, all[i].reason, all[i].invalidity,
                                       action_of(life::event_of(all[i].reason)));
        if (!done) {
            if (!is_final(done.error().fault)) return std::unexpected{done.error()};
            // Done by an earlier attempt, or something else came first.
            MITOME_TRY(found, office_.authority.look_up(all[i].ca, all[i].serial));
            if (!is_done(found, life::event_of(all[i].reason))) {
                log(Level::warning, "withdrawal refused", {{"because", done.error()}});
                verdicts[i] = no_of_authority();
            }
        }
        all[i].done = true;
        now_done.push_back(all[i]);
    }
    if (now_done.empty()) return verdicts;
    MITOME_TRY(dead, dead_phones(all));
    office_.interruption.reached(Step::revocation_done);

    MITOME_TRY(change, office_.database.begin());
    for (const auto& one : now_done) MITOME_CHECK(office_.people.change(change, one));
    for (const auto& phone : dead)
        MITOME_CHECK(order_erasure(office_, change, phone.element, phone.resident, "revoked"));
    MITOME_CHECK(change.commit());
    office_.interruption.reached(Step::revocation_stored);
    return verdicts;
}

void Revocations::tend() {
    const auto open = office_.people.open_withdrawals();
    if (!open) return log(Level::warning, "not tended", {{"because", open.error()}});
    for (const Bytes& transaction : *open)
        if (const auto done = carry_out(transaction); !done)
            log(Level::warning, "not withdrawn yet", {{"because", done.error()}});
}

}  // namespace mitome::registration
