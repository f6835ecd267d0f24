// SPDX-License-Identifier: Apache-2.0
#include "token.hpp"

#include "anchors.hpp"
#include "phone.hpp"
#include "process.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/card/token_signer.hpp>
#include <mitome/client/revocation.hpp>
#include <mitome/reader/pcsc.hpp>
#include <mitome/signature/cades.hpp>
#include <mitome/signature/content.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mitome::cli {
namespace {

using catalogue::Code;
using namespace std::chrono_literals;

constexpr std::array kinds{pki::Kind::sign, pki::Kind::auth};
constexpr auto patience = 5s;  // for a card that was just put in
constexpr auto patience_for_state = 2s;  // the signature is made, and its maker waits

bool is_card(const Token& token) { return token.owner == Token::Owner::card; }

Attempt<std::unique_ptr<reader::Channel>> open_pcsc(const Context& context, const Token& token,
                                                    const std::optional<std::string>& wanted) {
    choose_readers(context.home);
    reader::Pcsc pcsc;
    const auto readers = pcsc.readers();
    if (!readers) return std::unexpected{token_failure(token, readers.error())};
    if (readers->empty()) return stop(Code::reader_absent);
    std::vector<std::string> present;
    for (const auto& reader : *readers) {
        if (wanted && reader.name != *wanted) continue;
        if (reader.presence == reader::Presence::mute) return stop(Code::card_mute);
        if (reader.presence == reader::Presence::present) present.push_back(reader.name);
    }
    if (present.empty()) {
        // A card on its way in, such as one whose element was just started, gets a moment.
        const auto waited = pcsc.wait_for_card(wanted, wanted ? 1s : 0s);
        if (!waited) return std::unexpected{token_failure(token, waited.error())};
        present.push_back(waited->name);
    }
    if (present.size() > 1) return stop(Code::card_ambiguous);
    auto channel = pcsc.connect(present.front());
    if (!channel) return std::unexpected{token_failure(token, channel.error())};
    return std::move(*channel);
}

std::string state_of(const pki::Certificate& certificate,
                     const std::vector<pki::Certificate>& anchors) {
    const SystemClock clock;
    if (const auto* issuer = issuer_of(certificate, anchors); issuer != nullptr) {
        const auto state = client::ask_revocation(certificate, *issuer, clock);
        switch (state.kind) {
            case signature::RevocationState::Kind::revoked:
                return state.reason == pki::Reason::certificate_hold ? "on_hold" : "revoked";
            case signature::RevocationState::Kind::good:
                return certificate.not_after() < clock.now() ? "expired" : "active";
            case signature::RevocationState::Kind::unknown:
            case signature::RevocationState::Kind::unavailable: break;
        }
    }
    return certificate.not_after() < clock.now() ? "expired" : "unknown";
}

/// The token's own certificate if it shows it, else what the wallet kept.
std::optional<pki::Certificate> known_certificate(card::Session& session,
                                                  const std::optional<wallet::Shelf>& shelf,
                                                  pki::Kind kind) {
    if (auto shown = card::read_certificate(session, card::certificate_of(kind)))
        return std::move(*shown);
    if (shelf)
        if (auto kept = shelf->find(kind)) return std::move(*kept);
    return std::nullopt;
}

/// What speaks against a signature that was just made. Where nobody answers, nothing is said: it
/// is the recipient's to ask, and signing works without a network.
boost::json::array warnings_of_signing(const Context& context,
                                       const pki::Certificate& certificate) {
    using Kind = signature::RevocationState::Kind;
    const SystemClock clock;
    boost::json::array warnings;
    if (certificate.not_after() < clock.now())
        warnings.push_back(
            context.warn(Code::signed_expired, {{"date", context.day(certificate.not_after())}}));
    const auto anchors = load_anchors(context, std::nullopt);
    const auto* issuer = anchors ? issuer_of(certificate, *anchors) : nullptr;
    if (issuer == nullptr) return warnings;
    const auto state = client::ask_ocsp_once(certificate, *issuer, clock, patience_for_state);
    if (state.kind != Kind::revoked) return warnings;
    const bool held = state.reason == pki::Reason::certificate_hold;
    warnings.push_back(context.warn(held ? Code::signed_on_hold : Code::signed_revoked,
                                    {{"date", context.moment(state.revoked_at)}}));
    return warnings;
}

std::string_view state_words(const Context& context, std::string_view state) {
    if (state == "active") return context.word("badge.ok");
    if (state == "on_hold") return context.word("badge.hold");
    if (state == "revoked") return context.word("badge.revoked");
    if (state == "expired") return context.word("badge.expired");
    return context.word("cli.table.unknown");
}

catalogue::Word certificate_word(const Token& token, pki::Kind kind) {
    if (is_card(token))
        return kind == pki::Kind::sign ? catalogue::Word{"kind.card.sign"}
                                       : catalogue::Word{"kind.card.auth"};
    return kind == pki::Kind::sign ? catalogue::Word{"kind.phone.sign"}
                                   : catalogue::Word{"kind.phone.auth"};
}

Attempt<std::optional<wallet::Shelf>> shelf_of(const Context& context, const Token& token,
                                               card::Session& session) {
    if (is_card(token)) {
        auto auth = card::read_certificate(session, card::CertificateRef::authentication);
        if (!auth) return std::nullopt;
        return shelf_of_card(context.home, *auth);
    }
    auto state = require_sandbox(context.home);
    if (!state) return std::unexpected{state.error()};
    auto name = phone_name(*state, token.phone);
    if (!name) return std::unexpected{name.error()};
    return shelf_of_phone(context.home, *name);
}

Attempt<void> write_output(const std::filesystem::path& out, BytesView content) {
    if (const auto written = write_file(out, content); !written)
        return std::unexpected{output_failure(written.error(), out.string())};
    return {};
}

bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code error;
    return std::filesystem::equivalent(a, b, error) && !error;
}

/// Written before the key is used, for the phone's holder alone.
Attempt<void> note_use(const Context& context, const Token& token, wallet::Deed deed,
                       pki::Kind kind, const pki::Certificate& certificate, std::string_view with) {
    if (is_card(token)) return {};
    auto state = require_sandbox(context.home);
    if (!state) return std::unexpected{state.error()};
    const auto name = phone_name(*state, token.phone);
    if (!name) return std::unexpected{name.error()};
    return note_deed(context, *name, deed, kind, certificate.serial(), with);
}

/// A session whose key may be used, and the signer on it.
struct Unlocked {
    std::unique_ptr<card::Session> session;
    std::unique_ptr<card::TokenSigner> signer;
    pki::Certificate certificate;
};

Attempt<Unlocked> unlock(const Context& context, const Token& token, pki::Kind kind, Pin&& pin) {
    auto session = open_session(context, token);
    if (!session) return std::unexpected{session.error()};
    if (const auto held = card::read_held(**session);
        held && !(kind == pki::Kind::sign ? held->signature : held->authentication))
        return stop(is_card(token) ? Code::card_certificate_absent : Code::certificate_absent);
    if (auto right = present(context, token, **session, kind, std::move(pin)); !right)
        return std::unexpected{right.error()};
    auto certificate = card::read_certificate(**session, card::certificate_of(kind));
    if (!certificate && certificate.error().fault == Fault::absent)
        return stop(is_card(token) ? Code::card_certificate_absent : Code::certificate_absent);
    if (!certificate) return std::unexpected{token_failure(token, certificate.error())};
    auto signer = card::TokenSigner::create(**session, kind, *certificate);
    if (!signer) return std::unexpected{token_failure(token, signer.error())};
    return Unlocked{std::move(*session), std::move(*signer), std::move(*certificate)};
}

}  // namespace

Failure token_failure(const Token& token, const Error& error) {
    log(Level::debug, "token: failed", {{"error", error}});
    switch (error.code) {
        case reader::code::no_card: return {Code::card_absent};
        case reader::code::mute_card: return {Code::card_mute};
        case reader::code::in_use: return {Code::card_busy};
        case reader::code::no_service: return {Code::pcsc_down};
        case reader::code::unknown_reader: return {Code::reader_absent};
        case reader::code::removed: return {Code::card_lost};
        default: break;
    }
    switch (error.fault) {
        case Fault::absent:
            return {error.code == card::wrong_card && is_card(token) ? Code::card_foreign
                                                                     : Code::certificate_absent};
        case Fault::unavailable:
            if (error.code == apdu::sw::memory_failure) return {Code::disk_full};
            return {is_card(token) ? Code::card_lost : Code::element_mute};
        case Fault::conflict: return {Code::card_busy};
        case Fault::denied: return {Code::element_terminated};
        case Fault::malformed:
        case Fault::unverified: return {is_card(token) ? Code::card_foreign : Code::element_mute};
        case Fault::broken: return {Code::broken};
    }
    return {Code::broken};
}

SecretName secret_of(const Token& token, pki::Kind kind) {
    if (is_card(token))
        return kind == pki::Kind::sign ? SecretName::card_signature
                                       : SecretName::card_authentication;
    return kind == pki::Kind::sign ? SecretName::phone_signature : SecretName::phone_authentication;
}

Failure wrong_pin(const Context& context, SecretName name, unsigned tries_left) {
    return {catalogue::variant(Code::pin_wrong, name_of(name)),
            {{"secret", std::string{plain_name(context, name)}}},
            tries_left};
}

Failure blocked_pin(SecretName name) {
    return {catalogue::variant(Code::pin_blocked, name_of(name)), {}, 0U};
}

Attempt<std::string> phone_name(const SandboxState& state, const std::string& given) {
    if (given.empty()) {
        if (state.phones.empty()) return stop(Code::phone_absent);
        return state.phones.front();
    }
    if (std::ranges::find(state.phones, given) == state.phones.end())
        return stop(catalogue::variant(Code::phone_absent, "unknown"), {{"name", given}});
    return given;
}

wallet::Shelf shelf_of_phone(const Home& home, const std::string& phone) {
    return wallet::Shelf{home.wallet() / ("phone-" + phone)};
}

wallet::Shelf shelf_of_card(const Home& home, const pki::Certificate& auth) {
    return wallet::Shelf{home.wallet() / ("card-" + to_hex(auth.subject_key_identifier()))};
}

Attempt<std::unique_ptr<reader::Channel>> open_channel(const Context& context, const Token& token) {
    auto state = SandboxState::load(context.home);
    if (!state) return std::unexpected{state.error()};
    if (!is_card(token)) {
        if (!*state) return stop(Code::phone_absent);
        const auto name = phone_name(**state, token.phone);
        if (!name) return std::unexpected{name.error()};
        auto channel = reader::connect_element(context.home.phone_socket(*name).string());
        if (!channel) return stop(Code::element_mute);
        return std::move(*channel);
    }
    if (!*state) return open_pcsc(context, token, std::nullopt);
    const bool readers = alive(record_of(context.home, "readers")).has_value();
    if (readers) return open_pcsc(context, token, std::string{card_reader_name});
    if (!(*state)->card_in_reader) return stop(Code::card_absent);
    auto channel = reader::connect_element(context.home.card_socket().string());
    if (!channel) return stop(Code::reader_lost);
    return std::move(*channel);
}

Attempt<std::unique_ptr<card::Session>> open_session(const Context& context, const Token& token) {
    auto channel = open_channel(context, token);
    if (!channel) return std::unexpected{channel.error()};
    auto session = card::Session::open(std::move(*channel));
    if (!session) return std::unexpected{token_failure(token, session.error())};
    return std::move(*session);
}

Attempt<void> present(const Context& context, const Token& token, card::Session& session,
                      pki::Kind kind, Pin&& pin) {
    const auto name = secret_of(token, kind);
    const auto outcome = card::verify_pin(session, card::pin_of(kind), std::move(pin));
    if (!outcome) return std::unexpected{token_failure(token, outcome.error())};
    if (const auto* rejected = std::get_if<card::Rejected>(&*outcome))
        return std::unexpected{wrong_pin(context, name, rejected->tries_left)};
    if (std::holds_alternative<card::Blocked>(*outcome)) return std::unexpected{blocked_pin(name)};
    return {};
}

Outcome token_show(const Context& context, const Token& token) {
    auto session = open_session(context, token);
    if (!session) return std::unexpected{session.error()};
    const auto held = card::read_held(**session);
    const auto shelf = shelf_of(context, token, **session);
    if (!shelf) return std::unexpected{shelf.error()};
    std::vector<pki::Certificate> anchors;
    if (auto loaded = load_anchors(context, std::nullopt)) anchors = std::move(*loaded);
    boost::json::array rows;
    std::string words;
    for (const auto kind : kinds) {
        if (held && !(kind == pki::Kind::sign ? held->signature : held->authentication)) continue;
        const auto tries = card::tries_left(**session, card::pin_of(kind));
        if (!tries) return std::unexpected{token_failure(token, tries.error())};
        const auto certificate = known_certificate(**session, *shelf, kind);
        if (!certificate && !is_card(token)) continue;
        boost::json::object row{{"kind", pki::name_of(kind)}, {"serial", nullptr},
                                {"issuer", nullptr},          {"not_before", nullptr},
                                {"not_after", nullptr},       {"state", "unknown"},
                                {"tries_left", nullptr}};
        if (*tries) row["tries_left"] = **tries;
        words += fmt::format("{}\n", context.word(certificate_word(token, kind)));
        if (certificate) {
            const auto state = state_of(*certificate, anchors);
            row["serial"] = to_hex(certificate->serial());
            row["issuer"] = pki::to_text_name(certificate->issuer());
            row["not_before"] = to_rfc3339(certificate->not_before());
            row["not_after"] = to_rfc3339(certificate->not_after());
            row["state"] = state;
            words += fmt::format("  {}: {}\n  {}: {}\n  {}: {}\n", context.word("field.serial"),
                                 to_hex(certificate->serial()), context.word("field.not_after"),
                                 context.day(certificate->not_after()),
                                 context.word("cli.table.state"), state_words(context, state));
        }
        if (*tries) words += fmt::format("  {}: {}\n", context.word("cli.table.tries"), **tries);
        rows.push_back(std::move(row));
    }
    if (rows.empty()) words = std::string{context.word("cli.table.none")} + "\n";
    return Answer{boost::json::object{{"certificates", std::move(rows)}}, words};
}

Outcome token_certs(const Context& context, const Token& token, const std::filesystem::path& out) {
    auto session = open_session(context, token);
    if (!session) return std::unexpected{session.error()};
    std::error_code error;
    std::filesystem::create_directories(out, error);
    if (error) return stop(Code::file_unwritable, {{"file", out.string()}});
    boost::json::array written;
    std::string words;
    bool closed = false;
    for (const auto kind : kinds) {
        auto certificate = card::read_certificate(**session, card::certificate_of(kind));
        const auto secret = secret_of(token, kind);
        if (!certificate && certificate.error().fault == Fault::denied &&
            has_secret(context, secret)) {
            auto pin = take_secret(context, secret);
            if (!pin) return std::unexpected{pin.error()};
            if (auto right = present(context, token, **session, kind, std::move(*pin)); !right)
                return std::unexpected{right.error()};
            certificate = card::read_certificate(**session, card::certificate_of(kind));
        }
        const auto what = context.word(certificate_word(token, kind));
        if (!certificate && certificate.error().fault == Fault::denied) {
            closed = true;
            context.note(
                context.sentence("cli.certs.closed",
                                 {{"certificate", what}, {"secret", plain_name(context, secret)}}));
            continue;
        }
        if (!certificate && certificate.error().fault == Fault::absent) {
            context.note(context.sentence("cli.certs.absent", {{"certificate", what}}));
            continue;
        }
        if (!certificate) return std::unexpected{token_failure(token, certificate.error())};
        const auto path = out / (std::string{pki::name_of(kind)} + ".pem");
        const auto pem = to_pem("CERTIFICATE", certificate->der());
        if (auto done = write_output(path, view(pem)); !done) return std::unexpected{done.error()};
        written.emplace_back(path.string());
        words += context.sentence("cli.certs.written", {{"file", path.native()}}) + "\n";
    }
    if (written.empty() && closed)
        return stop(Code::secret_missing,
                    {{"secret", std::string{plain_name(context, secret_of(token, kinds[0]))}},
                     {"name", std::string{name_of(secret_of(token, kinds[0]))}}});
    if (written.empty())
        return stop(is_card(token) ? Code::card_certificate_absent : Code::certificate_absent);
    return Answer{boost::json::object{{"written", std::move(written)}}, words};
}

Outcome token_sign(const Context& context, const Token& token, const std::filesystem::path& file,
                   const std::filesystem::path& out) {
    auto content = signature::FileContent::open(file);
    if (!content) return std::unexpected{file_failure(content.error(), file.string())};
    if (is_same_file(file, out)) return stop(Code::output_is_input, {{"file", file.string()}});
    auto pin = take_secret(context, secret_of(token, pki::Kind::sign));
    if (!pin) return std::unexpected{pin.error()};
    auto unlocked = unlock(context, token, pki::Kind::sign, std::move(*pin));
    if (!unlocked) return std::unexpected{unlocked.error()};
    if (auto noted = note_use(context, token, wallet::Deed::signed_document, pki::Kind::sign,
                              unlocked->certificate, file.filename().string());
        !noted)
        return std::unexpected{noted.error()};
    auto cms = signature::sign(*content, *unlocked->signer, unlocked->certificate, {},
                               SystemClock{}.now());
    if (!cms) return std::unexpected{token_failure(token, cms.error())};
    if (auto done = write_output(out, *cms); !done) return std::unexpected{done.error()};
    if (const auto shelf = shelf_of(context, token, *unlocked->session); shelf && *shelf) {
        auto kept = **shelf;
        if (const auto put = kept.put(pki::Kind::sign, unlocked->certificate); !put)
            log(Level::warning, "wallet: certificate not kept", {{"error", put.error()}});
    }
    unlocked->signer.reset();  // the card is free while the status service is asked
    unlocked->session.reset();
    auto warnings = warnings_of_signing(context, unlocked->certificate);
    return Answer{boost::json::object{{"signature", out.string()},
                                      {"format", "CAdES-B-B"},
                                      {"serial", to_hex(unlocked->certificate.serial())},
                                      {"warnings", std::move(warnings)}},
                  context.sentence("cli.sign.done", {{"file", out.native()}}) + "\n"};
}

Outcome token_auth(const Context& context, const Token& token,
                   const std::filesystem::path& challenge, const std::filesystem::path& out) {
    const auto content = read_file(challenge);
    if (!content) return std::unexpected{file_failure(content.error(), challenge.string())};
    if (is_same_file(challenge, out))
        return stop(Code::output_is_input, {{"file", challenge.string()}});
    auto pin = take_secret(context, secret_of(token, pki::Kind::auth));
    if (!pin) return std::unexpected{pin.error()};
    auto unlocked = unlock(context, token, pki::Kind::auth, std::move(*pin));
    if (!unlocked) return std::unexpected{unlocked.error()};
    if (auto noted = note_use(context, token, wallet::Deed::authenticated, pki::Kind::auth,
                              unlocked->certificate, challenge.filename().string());
        !noted)
        return std::unexpected{noted.error()};
    const auto raw = unlocked->signer->sign(crypto::usual_hash(unlocked->signer->kind()), *content);
    if (!raw) return std::unexpected{token_failure(token, raw.error())};
    if (auto done = write_output(out, *raw); !done) return std::unexpected{done.error()};
    return Answer{boost::json::object{{"signature", out.string()},
                                      {"serial", to_hex(unlocked->certificate.serial())}},
                  context.sentence("cli.auth.done", {{"file", out.native()}}) + "\n"};
}

}  // namespace mitome::cli
