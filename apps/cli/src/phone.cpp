// SPDX-License-Identifier: Apache-2.0
#include "phone.hpp"

#include "anchors.hpp"
#include "factory.hpp"
#include "services.hpp"

#include <mitome/base/log.hpp>
#include <mitome/client/registration.hpp>
#include <mitome/client/revocation.hpp>
#include <mitome/wallet/issue.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace mitome::cli {
namespace {

using catalogue::Code;
using catalogue::Word;
using wallet::IssueState;

const Token the_card{Token::Owner::card, {}};

/// Nothing is shown at the end of the way.
std::string_view words_of(const Context& context, IssueState state) {
    switch (state) {
        case IssueState::recovering:
        case IssueState::ordering: return context.word("cli.issue.step.connect");
        case IssueState::making_keys: return context.word("cli.issue.step.keys");
        case IssueState::setting_pins: return context.word("cli.issue.step.secrets");
        case IssueState::proving: return context.word("cli.issue.step.prepare");
        case IssueState::waiting_for_card:
        case IssueState::unlocking: return context.word("cli.issue.step.card");
        case IssueState::releasing:
        case IssueState::requesting: return context.word("cli.issue.step.sign");
        case IssueState::storing: return context.word("cli.issue.step.store");
        case IssueState::confirming: return context.word("cli.issue.step.confirm");
        case IssueState::done:
        case IssueState::stopped: return {};
    }
    return {};
}

/// The first phone alone is in a PC/SC reader.
Attempt<void> see_first_phone(const Context& context, const SandboxState& state,
                              const std::string& name, Plugged plugged) {
    if (state.phones.empty() || state.phones.front() != name) return {};
    return wait_for_reader(context, phone_reader_name, plugged);
}

/// MITOME_STOP_AT=requesting: stands still there, so that a test can take a process away from
/// between two steps. Only a sandbox has this verb at all.
void stop_where_a_test_says(IssueState at) {
    const char* wanted = std::getenv("MITOME_STOP_AT");
    static bool stopped = false;
    if (stopped || wanted == nullptr || wallet::name_of(at) != wanted) return;
    stopped = true;
    ::raise(SIGSTOP);
}

/// Said before the holder types anything; registration says the same in the end.
bool has_live_pair(const wallet::Shelf& shelf, const std::vector<pki::Certificate>& anchors) {
    const SystemClock clock;
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        const auto kept = shelf.find(kind);
        if (!kept || kept->not_after() < clock.now()) return false;
        const auto* issuer = issuer_of(*kept, anchors);
        if (issuer == nullptr || client::ask_revocation(*kept, *issuer, clock).kind !=
                                     signature::RevocationState::Kind::good)
            return false;
    }
    return true;
}

/// What a row of the answer says of a certificate.
boost::json::object row_of(pki::Kind kind, const pki::Certificate& certificate) {
    return {{"kind", pki::name_of(kind)},
            {"serial", to_hex(certificate.serial())},
            {"issuer", pki::to_text_name(certificate.issuer())},
            {"not_before", to_rfc3339(certificate.not_before())},
            {"not_after", to_rfc3339(certificate.not_after())}};
}

/// What is not issued after all.
std::unexpected<Failure> stop_issue(const Context& context, const wallet::IssueOutcome& outcome) {
    if (const auto* refusal = std::get_if<wallet::Refusal>(&outcome)) return stop(refusal->code);
    if (const auto* wrong = std::get_if<wallet::WrongPassword>(&outcome))
        return std::unexpected{wrong_pin(context, SecretName::card_signature, wrong->tries_left)};
    return std::unexpected{blocked_pin(SecretName::card_signature)};
}

/// Runs the machine over a phone at hand. `deed` goes into the history before the card is asked.
Attempt<wallet::Issued> run_issue(const Context& context, PhoneAtHand& phone, wallet::Deed deed,
                                  wallet::IssueWish wish, wallet::IssueSecrets&& secrets) {
    if (auto noted = note_deed(context, phone.name, deed, std::nullopt, {}, {}); !noted)
        return std::unexpected{noted.error()};
    Progress progress{context};
    CardAtReader card{context};
    crypto::SystemRandom random;
    const SystemClock clock;
    wallet::IssuePorts ports{*phone.registration,
                             *phone.element,
                             card,
                             phone.shelf,
                             random,
                             clock,
                             phone.anchors,
                             [&](IssueState at) {
                                 stop_where_a_test_says(at);
                                 if (const auto words = words_of(context, at); !words.empty())
                                     progress.show(words);
                             }};
    auto outcome = wallet::issue(ports, std::move(wish), std::move(secrets));
    auto* issued = outcome ? std::get_if<wallet::Issued>(&*outcome) : nullptr;
    if (issued != nullptr) return std::move(*issued);
    (void)note_deed(context, phone.name, wallet::Deed::failed, std::nullopt, {}, {});
    // The network's failures come as refusals: what is left is the card's or the element's.
    if (!outcome) return std::unexpected{token_failure(the_card, outcome.error())};
    return stop_issue(context, *outcome);
}

Answer answer_of(const Context& context, const PhoneAtHand& phone, wallet::Issued issued) {
    if (issued.resumed) {  // the run before this one put them on the shelf
        if (auto kept = phone.shelf.find(pki::Kind::sign)) issued.sign.emplace(std::move(*kept));
        if (auto kept = phone.shelf.find(pki::Kind::auth)) issued.auth.emplace(std::move(*kept));
    }
    boost::json::array rows;
    std::string until;  // in words
    for (const auto& [kind, certificate] :
         {std::pair{pki::Kind::sign, &issued.sign}, std::pair{pki::Kind::auth, &issued.auth}}) {
        if (!*certificate) continue;
        until = context.day((*certificate)->not_after());
        rows.push_back(row_of(kind, **certificate));
    }
    if (issued.resumed) context.tell(Code::issue_resumed);
    boost::json::object json{
        {"phone", phone.name}, {"resumed", issued.resumed}, {"certificates", std::move(rows)}};
    return {std::move(json), until.empty()
                                 ? std::string{}
                                 : context.sentence("cli.issue.done", {{"date", until}}) + "\n"};
}

/// A new secret for each kind whose tries are used up; a renewal keeps the others.
Attempt<void> take_for_locked(const Context& context, const std::string& phone, wallet::Kinds kinds,
                              wallet::IssueSecrets& secrets) {
    auto session = open_session(context, {Token::Owner::phone, phone});
    if (!session) return std::unexpected{session.error()};
    const auto take = [&](wallet::Kind kind, card::PinRef ref, SecretName name,
                          std::optional<Pin>& into) -> Attempt<void> {
        if (!apdu::administration::holds(kinds, kind)) return {};
        const auto tries = card::tries_left(**session, ref);
        if (!tries && tries.error().fault == Fault::absent) return stop(Code::certificate_absent);
        if (!tries)
            return std::unexpected{token_failure({Token::Owner::phone, phone}, tries.error())};
        if (*tries && **tries > 0) return {};
        auto taken = take_secret(context, name);
        if (!taken) return std::unexpected{taken.error()};
        into = std::move(*taken);
        return {};
    };
    if (auto done = take(wallet::Kind::auth, card::PinRef::authentication,
                         SecretName::new_phone_authentication, secrets.new_authentication);
        !done)
        return done;
    return take(wallet::Kind::sign, card::PinRef::signature, SecretName::new_phone_signature,
                secrets.new_signature);
}

}  // namespace

wallet::Reply<std::unique_ptr<reader::Channel>> CardAtReader::wait_for_card() {
    for (;;) {
        auto channel = open_channel(context_, the_card);
        if (channel) return std::move(*channel);
        const auto code = channel.error().code;
        auto terminal = Terminal::open();
        const bool may_come = code == Code::card_absent || code == Code::card_lost;
        if (!may_come || !terminal) return std::unexpected{wallet::Refusal{code}};
        terminal->write(std::string{context_.word("cli.issue.card.put")} + " ");
        if (!terminal->ask("")) return std::unexpected{wallet::Refusal{code}};
    }
}

Failure failure_of(const wallet::Trouble& trouble) {
    if (const auto* refusal = std::get_if<wallet::Refusal>(&trouble)) return {refusal->code};
    return token_failure({Token::Owner::phone, {}}, std::get<Error>(trouble));
}

Attempt<PhoneAtHand> phone_at_hand(const Context& context, const std::string& phone) {
    auto state = require_sandbox(context.home);
    if (!state) return std::unexpected{state.error()};
    const auto name = phone_name(*state, phone);
    if (!name) return std::unexpected{name.error()};
    auto anchors = load_anchors(context, std::nullopt);
    if (!anchors) return std::unexpected{anchors.error()};
    auto element = open_channel(context, {Token::Owner::phone, *name});
    if (!element) return std::unexpected{element.error()};
    auto identity = load_identity(context.home.phone(*name), "device");
    if (!identity) return stop(Code::element_mute);
    auto registration =
        client::Registration::connect(state->ports.registration, std::move(*identity));
    if (!registration) return stop(Code::service_unavailable);
    return PhoneAtHand{*name, std::move(*element), std::move(*registration),
                       shelf_of_phone(context.home, *name), std::move(*anchors)};
}

bool is_phone_name(std::string_view name) {
    return !name.empty() && name.size() <= 16 && name.front() != '-' &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-';
           });
}

Outcome phone_init(const Context& context, const std::string& phone, Reset reset) {
    auto state = require_sandbox(context.home);
    if (!state) return std::unexpected{state.error()};
    const auto name = !phone.empty()           ? phone
                      : !state->phones.empty() ? state->phones.front()
                                               : std::string{"phone"};
    const bool exists = std::ranges::find(state->phones, name) != state->phones.end();
    const auto done = [&](Word words, std::string_view what) {
        return Answer{boost::json::object{{"phone", name}, {"state", what}},
                      std::string{context.word(words)} + "\n"};
    };
    if (exists && reset == Reset::no) {
        if (auto started = start_phone_element(context, *state, name); !started)
            return std::unexpected{started.error()};
        context.tell(Code::phone_exists);
        return Answer{boost::json::object{{"phone", name}, {"state", "unchanged"}}, ""};
    }
    if (exists) {
        stop_element(context.home, "phone-" + name);
        if (auto gone = see_first_phone(context, *state, name, Plugged::out); !gone)
            return std::unexpected{gone.error()};
        std::error_code error;
        std::filesystem::remove_all(context.home.phone(name), error);
        if (error) return stop(Code::home_unusable, {{"home", context.home.path().string()}});
        auto shelf = shelf_of_phone(context.home, name);
        if (const auto cleared = shelf.clear(); !cleared)
            return stop(Code::home_unusable, {{"home", context.home.path().string()}});
    }
    if (auto made = make_phone(context, name); !made) return std::unexpected{made.error()};
    if (!exists) {
        state->phones.push_back(name);
        if (auto saved = state->save(context.home); !saved) return std::unexpected{saved.error()};
    }
    if (auto started = start_phone_element(context, *state, name); !started)
        return std::unexpected{started.error()};
    if (auto seen = see_first_phone(context, *state, name, Plugged::in); !seen)
        return std::unexpected{seen.error()};
    return exists ? done("cli.phone.remade", "reset") : done("cli.phone.made", "made");
}

Outcome phone_issue(const Context& context, const std::string& name) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    // An order that an earlier run left open comes first, whatever the phone shows already.
    const auto left_open = phone->registration->open_order_of_this_phone();
    if (!left_open) return std::unexpected{failure_of(left_open.error())};
    if (!*left_open && has_live_pair(phone->shelf, phone->anchors))
        return stop(Code::already_issued);

    auto new_pin = take_secret(context, SecretName::new_phone_authentication);
    if (!new_pin) return std::unexpected{new_pin.error()};
    auto new_password = take_secret(context, SecretName::new_phone_signature);
    if (!new_password) return std::unexpected{new_password.error()};
    auto card_password = take_secret(context, SecretName::card_signature);
    if (!card_password) return std::unexpected{card_password.error()};
    auto issued =
        run_issue(context, *phone, wallet::Deed::issued, {},
                  {std::move(*new_pin), std::move(*new_password), std::move(*card_password)});
    if (!issued) return std::unexpected{issued.error()};
    return answer_of(context, *phone, std::move(*issued));
}

namespace {

/// New keys behind the PINs that are there; a locked one is chosen anew.
Outcome renew_with(const Context& context, PhoneAtHand& phone, wallet::Deed deed,
                   wallet::IssueWish wish) {
    wish.purpose = wallet::OrderFor::renewal;
    wallet::IssueSecrets secrets;
    if (auto taken = take_for_locked(context, phone.name, wish.kinds, secrets); !taken)
        return std::unexpected{taken.error()};
    auto card_password = take_secret(context, SecretName::card_signature);
    if (!card_password) return std::unexpected{card_password.error()};
    secrets.card_signature = std::move(*card_password);
    auto issued = run_issue(context, phone, deed, std::move(wish), std::move(secrets));
    if (!issued) return std::unexpected{issued.error()};
    return answer_of(context, phone, std::move(*issued));
}

}  // namespace

Outcome phone_renew(const Context& context, const std::string& name,
                    const std::optional<pki::Kind>& only) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    // The keys of a revoked pair go with the next contact, and their PINs with them.
    const auto left_open = phone->registration->open_order_of_this_phone();
    if (!left_open) return std::unexpected{failure_of(left_open.error())};
    const auto standing = phone->registration->standing();
    if (!standing) return std::unexpected{failure_of(standing.error())};
    const bool is_dead = std::ranges::none_of(standing->certificates, [](const auto& row) {
        return row.state == "active" || row.state == "on_hold" || row.state == "expired";
    });
    if (!*left_open && is_dead) return stop(Code::certificate_absent);
    wallet::IssueWish wish;
    if (only)
        wish.kinds = apdu::administration::with(
            0, *only == pki::Kind::sign ? wallet::Kind::sign : wallet::Kind::auth);
    return renew_with(context, *phone, wallet::Deed::renewed, std::move(wish));
}

Outcome phone_release(const Context& context, const std::string& name) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    const auto held = certificates_in(*phone, {"on_hold"});
    if (!held) return std::unexpected{held.error()};
    wallet::IssueWish wish;
    wish.kinds = apdu::administration::with(0, wallet::Kind::sign);
    for (const auto& certificate : *held)
        if (certificate.kind == pki::Kind::auth)
            wish.release = pki::cmp::WantedRevocation::of(certificate.certificate,
                                                          pki::Reason::remove_from_crl);
    // Where an earlier run got as far as the release, its order is finished or begun anew.
    const auto left_open = phone->registration->open_order_of_this_phone();
    if (!left_open) return std::unexpected{failure_of(left_open.error())};
    if (held->empty() && !*left_open) return stop(Code::release_refused);
    auto answer = renew_with(context, *phone, wallet::Deed::released, std::move(wish));
    if (answer) answer->text = std::string{context.word("cli.phone.released")} + "\n";
    return answer;
}

}  // namespace mitome::cli
