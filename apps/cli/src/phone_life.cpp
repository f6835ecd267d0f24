// SPDX-License-Identifier: Apache-2.0
#include "phone.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/wallet/changes.hpp>
#include <mitome/wallet/reset.hpp>
#include <mitome/wallet/sync.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace mitome::cli {
namespace {

using catalogue::Code;

constexpr std::size_t history_page = 500;

std::filesystem::path history_of(const Home& home, const std::string& phone) {
    return home.wallet() / ("phone-" + phone + ".history");
}

wallet::Receipts receipts_of(const Home& home) {
    return wallet::Receipts{home.wallet() / "receipts"};
}

std::filesystem::path seen_file(const Home& home, const std::string& phone) {
    return home.wallet() / ("phone-" + phone) / "notices";
}

std::uint64_t last_seen(const Home& home, const std::string& phone) {
    const auto kept = read_file(seen_file(home, phone));
    std::uint64_t number = 0;
    if (kept) {
        const auto words = text(*kept);
        (void)std::from_chars(words.data(), words.data() + words.size(), number);
    }
    return number;
}

std::string_view words_of(const Context& context, wallet::Deed deed) {
    const auto words = catalogue::Word::find(fmt::format("deed.{}", wallet::name_of(deed)));
    return words ? context.word(*words) : wallet::name_of(deed);
}

Attempt<wallet::History> open_history(const Context& context, const std::string& phone) {
    std::error_code error;
    std::filesystem::create_directories(context.home.wallet(), error);
    auto history = wallet::History::open(history_of(context.home, phone));
    if (history) return std::move(*history);
    log(Level::debug, "history: not opened", {{"error", history.error()}});
    switch (history.error().fault) {
        case Fault::conflict: return stop(Code::home_busy);
        case Fault::unavailable: return stop(Code::disk_full);
        case Fault::malformed:
        case Fault::broken: return stop(Code::store_damaged);
        case Fault::absent:
        case Fault::denied:
        case Fault::unverified: break;
    }
    return stop(Code::home_unusable, {{"home", context.home.path().string()}});
}

/// All pages. What registration sends twice or out of order ends the reading.
Attempt<std::vector<wallet::Notice>> notices_after(PhoneAtHand& phone, std::uint64_t after) {
    std::vector<wallet::Notice> all;
    for (;;) {
        auto page = phone.registration->notices(after);
        if (!page) return std::unexpected{failure_of(page.error())};
        if (page->empty() || page->back().number <= after) return all;
        after = page->back().number;
        std::ranges::move(*page, std::back_inserter(all));
    }
}

Attempt<wallet::Synced> sync_phone(const Context& context, PhoneAtHand& phone) {
    const auto receipts = receipts_of(context.home);
    auto done = wallet::sync(
        {*phone.registration, *phone.registration, *phone.element, phone.shelf, receipts});
    if (!done)
        return std::unexpected{token_failure({Token::Owner::phone, phone.name}, done.error())};
    if (const auto* refusal = std::get_if<wallet::Refusal>(&*done)) return stop(refusal->code);
    auto& synced = std::get<wallet::Synced>(*done);
    if (synced.receipt_refused) context.tell(Code::receipt_bad);
    if (synced.standing.rolled_back) context.tell(Code::element_rolled_back);
    if (!synced.receipts.empty())
        (void)note_deed(context, phone.name, wallet::Deed::erased, std::nullopt, {},
                        synced.receipts.front().filename().string());
    return std::move(synced);
}

boost::json::array paths_of(const std::vector<std::filesystem::path>& files) {
    boost::json::array rows;
    for (const auto& file : files) rows.emplace_back(file.string());
    return rows;
}

std::string words_of(const Context& context, const wallet::Synced& synced) {
    std::string words;
    for (const auto& file : synced.receipts) {
        words += std::string{context.word("cli.phone.gone")} + "\n";
        words += context.sentence("cli.phone.receipt", {{"file", file.native()}}) + "\n";
    }
    return words;
}

/// The failure that the outcome of a change is, if it is one.
std::optional<Failure> failure_in(const Context& context,
                                  const Result<wallet::ChangeOutcome>& outcome, SecretName secret,
                                  const Token& token) {
    if (!outcome) return token_failure(token, outcome.error());
    if (const auto* refusal = std::get_if<wallet::Refusal>(&*outcome))
        return Failure{refusal->code};
    if (const auto* wrong = std::get_if<wallet::WrongPassword>(&*outcome))
        return wrong_pin(context, secret, wrong->tries_left);
    if (std::holds_alternative<wallet::PasswordBlocked>(*outcome)) return blocked_pin(secret);
    return std::nullopt;
}

/// Asks for one change of several certificates, protected by a key of the phone or of the card.
Attempt<void> change(const Context& context, PhoneAtHand& phone, wallet::Deed deed,
                     const std::vector<NamedCertificate>& certificates, pki::Reason reason,
                     const Token& token, pki::Kind key) {
    const auto name = secret_of(token, key);
    auto secret = take_secret(context, name);
    if (!secret) return std::unexpected{secret.error()};
    auto channel = open_channel(context, token);
    if (!channel) return std::unexpected{channel.error()};
    std::vector<pki::cmp::WantedRevocation> wanted;
    for (const auto& one : certificates) {
        wanted.push_back(pki::cmp::WantedRevocation::of(one.certificate, reason));
        if (auto noted = note_deed(context, phone.name, deed, one.kind, one.certificate.serial(),
                                   name_of(name));
            !noted)
            return noted;
    }
    crypto::SystemRandom random;
    const SystemClock clock;
    const auto outcome = wallet::change({*phone.registration, random, clock, phone.anchors},
                                        std::move(*channel), key, wanted, std::move(*secret));
    auto failure = failure_in(context, outcome, name, token);
    if (!failure) return {};
    // Who asked was the phone itself: its signing certificate is the one that is no more.
    if (token.owner == Token::Owner::phone && failure->code == Code::card_certificate_revoked)
        failure = Failure{catalogue::variant(Code::certificate_revoked, "signature")};
    (void)note_deed(context, phone.name, wallet::Deed::failed, std::nullopt, {}, {});
    return std::unexpected{std::move(*failure)};
}

boost::json::array names_of(const std::vector<NamedCertificate>& certificates) {
    boost::json::array names;
    for (const auto& one : certificates) names.emplace_back(pki::name_of(one.kind));
    return names;
}

/// How far the erasure of each former phone is. The receipts that came with it are kept here.
Attempt<Answer> former_rows(const Context& context, PhoneAtHand& phone) {
    const auto former = phone.registration->former();
    if (!former) return std::unexpected{failure_of(former.error())};
    boost::json::array rows;
    std::string words;
    const auto receipts = receipts_of(context.home);
    for (const auto& one : *former) {
        const auto since = to_rfc3339(one.since);
        boost::json::object row{{"phone", one.element}, {"state", one.state}, {"since", since}};
        const auto code = one.state == "erased"      ? Code::erased
                          : one.state == "delivered" ? Code::erase_delivered
                          : one.state == "ordered"   ? Code::erase_ordered
                                                     : Code::erase_unconfirmed;
        words += fmt::format("{}  {}: {}\n", one.element, context.moment(one.since),
                             catalogue::message(code, context.language, {}));
        if (!one.receipt.empty()) {
            const auto kept = receipts.keep(one.receipt);
            if (!kept)
                return std::unexpected{
                    output_failure(kept.error(), context.home.wallet().string())};
            row["receipt"] = kept->string();
            words += context.sentence("cli.phone.receipt", {{"file", kept->native()}}) + "\n";
        }
        rows.push_back(std::move(row));
    }
    if (rows.empty()) words = std::string{context.word("cli.table.none")} + "\n";
    return Answer{std::move(rows), words};
}

}  // namespace

Attempt<void> note_deed(const Context& context, const std::string& phone, wallet::Deed deed,
                        std::optional<pki::Kind> kind, BytesView serial, std::string_view with) {
    auto history = open_history(context, phone);
    if (!history) return std::unexpected{history.error()};
    if (const auto noted = history->note(SystemClock{}.now(), deed, kind, serial, with); !noted)
        return stop(noted.error().fault == Fault::unavailable ? Code::disk_full
                                                              : code_for(noted.error()));
    return {};
}

Attempt<std::vector<NamedCertificate>> certificates_in(
    PhoneAtHand& phone, std::initializer_list<std::string_view> states) {
    const auto standing = phone.registration->standing();
    if (!standing) return std::unexpected{failure_of(standing.error())};
    std::vector<NamedCertificate> found;
    for (const auto& row : standing->certificates) {
        if (std::ranges::find(states, row.state) == states.end()) continue;
        auto kept = phone.shelf.find(row.kind);
        if (!kept || !same(kept->serial(), row.serial)) return stop(Code::certificate_absent);
        found.push_back({row.kind, std::move(*kept)});
    }
    return found;
}

Outcome phone_sync(const Context& context, const std::string& name) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    auto synced = sync_phone(context, *phone);
    if (!synced) return std::unexpected{synced.error()};
    const auto notices = notices_after(*phone, last_seen(context.home, phone->name));
    if (!notices) return std::unexpected{notices.error()};
    const auto& standing = synced->standing;
    boost::json::object json{{"erased", !synced->receipts.empty()},
                             {"lease_until", nullptr},
                             {"notices", notices->size()},
                             {"witness", standing.rolled_back ? "rolled_back"
                                         : standing.bound     ? "ok"
                                                              : "none"},
                             {"receipts", paths_of(synced->receipts)}};
    std::string words = std::string{context.word("cli.phone.synced")} + "\n";
    words += words_of(context, *synced);
    if (standing.lease_until) {
        json["lease_until"] = to_rfc3339(*standing.lease_until);
        words +=
            context.sentence("cli.phone.lease", {{"date", context.day(*standing.lease_until)}}) +
            "\n";
    }
    return Answer{std::move(json), words};
}

Outcome phone_former(const Context& context, const std::string& name) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    return former_rows(context, *phone);
}

/// Each step finds what an earlier run did: a phone that exists, certificates that are there.
Outcome phone_move(const Context& context, const std::string& from, const std::string& to) {
    auto state = require_sandbox(context.home);
    if (!state) return std::unexpected{state.error()};
    const auto old_name = phone_name(*state, from);
    if (!old_name) return std::unexpected{old_name.error()};
    if (*old_name == to)
        return stop(catalogue::variant(Code::usage, "value"), {{"argument", "--to"}});
    if (auto made = phone_init(context, to, Reset::no); !made) return made;
    auto issued = phone_issue(context, to);
    if (!issued && issued.error().code != Code::already_issued) return issued;
    // The old phone may be lost or switched off: then its order waits for it.
    bool visited = false;
    if (auto old = phone_at_hand(context, *old_name))
        visited = sync_phone(context, *old).has_value();
    auto fresh = phone_at_hand(context, to);
    if (!fresh) return std::unexpected{fresh.error()};
    auto former = former_rows(context, *fresh);
    if (!former) return former;
    return Answer{boost::json::object{{"from", *old_name},
                                      {"to", to},
                                      {"visited", visited},
                                      {"former", std::move(former->json)}},
                  (issued ? issued->text : std::string{}) + former->text};
}

Outcome phone_notices(const Context& context, const std::string& name) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    const auto notices = notices_after(*phone, 0);
    if (!notices) return std::unexpected{notices.error()};
    boost::json::array rows;
    std::string words;
    for (const auto& one : *notices) {
        const auto at = to_rfc3339(one.at);
        const auto code = catalogue::find(one.code);
        // Of a newer registration: the code alone says what there is to say.
        const auto message =
            code ? catalogue::message(*code, context.language, {{"date", context.day(one.at)}})
                 : one.code;
        rows.push_back(boost::json::object{{"number", one.number},
                                           {"at", at},
                                           {"code", one.code},
                                           {"detail", one.detail},
                                           {"message", message}});
        words += fmt::format("{}  {}\n", context.moment(one.at), message);
    }
    if (!notices->empty()) {
        std::error_code error;
        const auto file = seen_file(context.home, phone->name);
        std::filesystem::create_directories(file.parent_path(), error);
        if (const auto kept = write_file(file, view(std::to_string(notices->back().number))); !kept)
            log(Level::warning, "wallet: notices not marked as seen", {{"error", kept.error()}});
    }
    if (rows.empty()) words = std::string{context.word("cli.table.none")} + "\n";
    return Answer{std::move(rows), words};
}

Outcome phone_revoke(const Context& context, const std::string& name) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    const auto alive = certificates_in(*phone, {"active", "on_hold"});
    if (!alive) return std::unexpected{alive.error()};
    if (!alive->empty()) {
        const bool by_card = has_secret(context, SecretName::card_signature);
        const Token token =
            by_card ? Token{Token::Owner::card, {}} : Token{Token::Owner::phone, phone->name};
        if (auto done = change(context, *phone, wallet::Deed::revoked, *alive,
                               pki::Reason::cessation_of_operation, token, pki::Kind::sign);
            !done)
            return std::unexpected{done.error()};
    }
    // Registration orders the erasure with the revocation; this contact carries it out.
    auto synced = sync_phone(context, *phone);
    if (!synced) return std::unexpected{synced.error()};
    if (alive->empty() && synced->receipts.empty()) return stop(Code::already_revoked);
    boost::json::object json{{"revoked", names_of(*alive)},
                             {"erased", !synced->receipts.empty()},
                             {"receipts", paths_of(synced->receipts)}};
    std::string words;
    if (!alive->empty()) words = std::string{context.word("cli.phone.revoked")} + "\n";
    return Answer{std::move(json), words + words_of(context, *synced)};
}

Outcome phone_hold(const Context& context, const std::string& name, const std::string& element) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    boost::json::array held;
    if (!element.empty() || has_secret(context, SecretName::phone_stop_code)) {
        auto digits = take_secret(context, SecretName::phone_stop_code);
        if (!digits) return std::unexpected{digits.error()};
        client::StopCode code;
        if (!digits->reveal([&](BytesView octets) { return code.assign(octets); }))
            return stop(catalogue::variant(Code::pin_form, "stop_code"));
        const auto stopped = phone->registration->stop(
            element.empty() ? phone->registration->element() : element, code);
        if (!stopped) return std::unexpected{failure_of(stopped.error())};
        if (const auto* wrong = std::get_if<client::Registration::WrongStopCode>(&*stopped))
            return std::unexpected{Failure{Code::stop_code_wrong, {}, wrong->tries_left}};
        for (const auto kind : std::get<std::vector<pki::Kind>>(*stopped))
            held.emplace_back(pki::name_of(kind));
    } else {
        const auto active = certificates_in(*phone, {"active"});
        if (!active) return std::unexpected{active.error()};
        if (active->empty()) return stop(Code::hold_refused);
        if (auto done =
                change(context, *phone, wallet::Deed::held, *active, pki::Reason::certificate_hold,
                       {Token::Owner::card, {}}, pki::Kind::auth);
            !done)
            return std::unexpected{done.error()};
        held = names_of(*active);
    }
    return Answer{boost::json::object{{"held", std::move(held)}},
                  std::string{context.word("cli.phone.held")} + "\n"};
}

Outcome phone_stop_code(const Context& context, const std::string& name) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    const auto code = phone->registration->new_stop_code();
    if (!code) return std::unexpected{failure_of(code.error())};
    return code->reveal([&](BytesView digits) {
        const auto words = context.sentence("cli.phone.stop_code", {{"name", text(digits)}}) +
                           "\n" + std::string{context.word("cli.phone.stop_code.keep")} + "\n";
        return Answer{boost::json::object{{"phone", phone->registration->element()},
                                          {"stop_code", text(digits)}},
                      words};
    });
}

Outcome phone_erase(const Context& context, const std::string& name, Confirmed confirmed) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    if (confirmed == Confirmed::no) {
        auto terminal = Terminal::open();
        if (!terminal)
            return stop(catalogue::variant(Code::usage, "missing"), {{"argument", "--yes"}});
        terminal->write(std::string{context.word("cli.prompt.erase")} + " ");
        const auto answer = terminal->ask("");
        const bool yes =
            answer && answer->reveal([](BytesView octets) { return text(octets) == "yes"; });
        if (!yes) return stop(Code::interrupted);
    }
    if (auto noted = note_deed(context, phone->name, wallet::Deed::erased, std::nullopt, {}, {});
        !noted)
        return std::unexpected{noted.error()};
    const auto receipts = receipts_of(context.home);
    const auto done = wallet::erase_here(*phone->element, phone->shelf, receipts);
    if (!done || std::holds_alternative<wallet::Refusal>(*done)) {
        (void)note_deed(context, phone->name, wallet::Deed::failed, std::nullopt, {}, {});
        if (!done)
            return std::unexpected{token_failure({Token::Owner::phone, phone->name}, done.error())};
        return stop(std::get<wallet::Refusal>(*done).code);
    }
    const auto& file = std::get<std::filesystem::path>(*done);
    // Whoever has no line now hands the receipt over with the next contact.
    const bool told = sync_phone(context, *phone).has_value();
    const auto words = std::string{context.word("cli.phone.gone")} + "\n" +
                       context.sentence("cli.phone.receipt", {{"file", file.native()}}) + "\n";
    return Answer{
        boost::json::object{{"erased", true}, {"receipt", file.string()}, {"handed_over", told}},
        words};
}

Outcome phone_history(const Context& context, const std::string& name, Verify verify) {
    auto state = require_sandbox(context.home);
    if (!state) return std::unexpected{state.error()};
    const auto phone = phone_name(*state, name);
    if (!phone) return std::unexpected{phone.error()};
    auto history = open_history(context, *phone);
    if (!history) return std::unexpected{history.error()};
    boost::json::array rows;
    std::string words;
    std::uint64_t after = 0;
    for (;;) {
        const auto page = history->page(after, history_page);
        if (!page) return std::unexpected{Failure{Code::store_damaged}};
        for (const auto& line : *page) {
            after = line.number;
            boost::json::object row{{"number", line.number},
                                    {"at", to_rfc3339(line.at)},
                                    {"deed", wallet::name_of(line.deed)},
                                    {"kind", nullptr},
                                    {"serial", nullptr},
                                    {"with", line.with},
                                    {"hash", to_hex(line.hash)}};
            if (line.kind) row["kind"] = pki::name_of(*line.kind);
            if (!line.serial.empty()) row["serial"] = to_hex(line.serial);
            words += fmt::format("{}  {}  {}  {}\n", line.number, context.moment(line.at),
                                 words_of(context, line.deed), line.with);
            rows.push_back(std::move(row));
        }
        if (page->size() < history_page) break;
    }
    boost::json::object json{{"lines", std::move(rows)}};
    if (verify == Verify::yes) {
        const auto broken = history->first_broken();
        if (!broken) return std::unexpected{Failure{Code::store_damaged}};
        if (*broken) return stop(Code::history_differs);
        json["whole"] = true;
        words += std::string{context.word("cli.phone.history.whole")} + "\n";
    }
    if (words.empty()) words = std::string{context.word("cli.table.none")} + "\n";
    return Answer{std::move(json), words};
}

Outcome phone_pin_reset(const Context& context, const std::string& name, pki::Kind kind) {
    auto phone = phone_at_hand(context, name);
    if (!phone) return std::unexpected{phone.error()};
    const auto new_name = kind == pki::Kind::sign ? SecretName::new_phone_signature
                                                  : SecretName::new_phone_authentication;
    auto chosen = take_secret(context, new_name);
    if (!chosen) return std::unexpected{chosen.error()};
    auto card_password = take_secret(context, SecretName::card_signature);
    if (!card_password) return std::unexpected{card_password.error()};
    auto warnings = guessable_warnings(context, {Token::Owner::phone, phone->name}, *chosen);
    if (auto noted = note_deed(context, phone->name, wallet::Deed::pin_reset, kind, {}, {}); !noted)
        return std::unexpected{noted.error()};
    wallet::ResetSecrets secrets;
    (kind == pki::Kind::sign ? secrets.new_signature : secrets.new_authentication) =
        std::move(*chosen);
    secrets.card_signature = std::move(*card_password);
    CardAtReader card{context};
    crypto::SystemRandom random;
    const SystemClock clock;
    const auto outcome = wallet::reset_pins(
        {*phone->registration, *phone->element, card, random, clock, phone->anchors},
        std::move(secrets));
    if (!outcome || !std::holds_alternative<wallet::PinsSet>(*outcome))
        (void)note_deed(context, phone->name, wallet::Deed::failed, kind, {}, {});
    if (!outcome) return std::unexpected{token_failure({Token::Owner::card, {}}, outcome.error())};
    if (const auto* refusal = std::get_if<wallet::Refusal>(&*outcome)) return stop(refusal->code);
    if (const auto* wrong = std::get_if<wallet::WrongPassword>(&*outcome))
        return std::unexpected{wrong_pin(context, SecretName::card_signature, wrong->tries_left)};
    if (std::holds_alternative<wallet::PasswordBlocked>(*outcome))
        return std::unexpected{blocked_pin(SecretName::card_signature)};
    return Answer{
        boost::json::object{{"reset", pki::name_of(kind)}, {"warnings", std::move(warnings)}},
        context.sentence("cli.pin.reset", {{"secret", plain_name(context, new_name)}}) + "\n"};
}

}  // namespace mitome::cli
