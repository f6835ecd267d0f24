// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/ram.hpp>
#include <mitome/base/log.hpp>
#include <mitome/card/session.hpp>
#include <mitome/card/token_signer.hpp>
#include <mitome/pki/cmp_client.hpp>
#include <mitome/wallet/issue.hpp>

namespace mitome::wallet {
namespace {

using apdu::administration::kinds;
using catalogue::Code;
namespace administration = apdu::administration;
namespace cmp = pki::cmp;

/// Longest that the holder may take to bring the card back once the set is swapped; registration
/// closes the order at confirmWaitTime anyway.
constexpr int most_cards = 2;

/// How far a CA's clock may be ahead of the phone's.
constexpr std::chrono::minutes most_skew{5};

pki::Kind kind_of(Kind kind) { return kind == Kind::sign ? pki::Kind::sign : pki::Kind::auth; }

/// Whoever answers at that address: the NULL-DN, RFC 9810 §5.1.1.
Bytes no_name() { return {0x30, 0x00}; }

/// One certificate on its way.
struct Transaction {
    Kind kind = Kind::sign;
    Bytes spki;
    Bytes request;  ///< CertReqMsg
    cmp::Exchange exchange;
    std::optional<pki::Certificate> granted;
};

/// What our failInfo answers mean to the holder.
Code code_of(const cmp::StatusReport& status) {
    const auto failure = status.failure();
    if (!failure) return Code::request_refused;
    if (*failure == cmp::Failure::signer_not_trusted) return Code::card_certificate_untrusted;
    if (*failure == cmp::Failure::cert_revoked) return Code::card_certificate_revoked;
    if (*failure == cmp::Failure::not_authorized) return Code::not_authorized;
    if (*failure == cmp::Failure::bad_pop) return Code::possession_unproven;
    if (*failure == cmp::Failure::bad_cert_template) return Code::attestation_refused;
    // Registration learns whose order it is when the card speaks: another phone's is open.
    if (*failure == cmp::Failure::duplicate_cert_req) return Code::order_open;
    if (*failure == cmp::Failure::system_unavail) return Code::service_unavailable;
    if (*failure == cmp::Failure::system_failure) return Code::service_unavailable;
    return Code::request_refused;
}

Trouble trouble(const Error& error) { return error; }
Trouble trouble(Code code) { return Refusal{code}; }
Trouble trouble(Trouble known) { return known; }

/// As MITOME_TRY, into a `Reply`.
#define WALLET_TRY(name, expression)                                                   \
    auto MITOME_JOIN(name, _reply) = (expression);                                     \
    if (!MITOME_JOIN(name, _reply))                                                    \
        return std::unexpected{trouble(std::move(MITOME_JOIN(name, _reply)).error())}; \
    auto name = *std::move(MITOME_JOIN(name, _reply))

class Machine {
public:
    Machine(const IssuePorts& ports, IssueSecrets&& secrets)
        : ports_(ports), secrets_(std::move(secrets)) {}

    Result<IssueOutcome> run() {
        while (state_ != IssueState::done && state_ != IssueState::stopped) {
            if (ports_.on_state) ports_.on_state(state_);
            const auto event = act();
            const auto to = next(state_, event);
            if (!to) return fail(Fault::broken, "issue: a move that is not in the table");
            state_ = *to;
        }
        if (ports_.on_state) ports_.on_state(state_);
        if (trouble_) {
            if (const auto* error = std::get_if<Error>(&*trouble_)) return std::unexpected{*error};
            return IssueOutcome{std::get<Refusal>(*trouble_)};
        }
        return std::move(outcome_);
    }

private:
    IssueEvent act() {
        switch (state_) {
            case IssueState::recovering: return settle(recover());
            case IssueState::ordering: return settle(order());
            case IssueState::making_keys: return settle(make_keys());
            case IssueState::setting_pins: return settle(set_pins());
            case IssueState::proving: return settle(prove());
            case IssueState::waiting_for_card: return settle(wait_for_card());
            case IssueState::unlocking: return settle(unlock());
            case IssueState::requesting: return settle(request());
            case IssueState::storing: return settle(store());
            case IssueState::confirming: return settle(confirm());
            case IssueState::done:
            case IssueState::stopped: break;
        }
        return IssueEvent::trouble;
    }

    IssueEvent settle(Reply<IssueEvent> reply) {
        if (reply) return *reply;
        trouble_ = std::move(reply).error();
        return IssueEvent::trouble;
    }

    /// The bearer's part of an administration dialog: octets to the element and back.
    RunScript script_runner() {
        return [this](BytesView script) -> Result<Bytes> {
            MITOME_TRY(answers, apdu::ram::run(script, [this](BytesView octets) -> Result<Bytes> {
                           MITOME_TRY(command, apdu::Command::decode(octets));
                           MITOME_TRY(response, ports_.element.transmit(command));
                           return response.encode();
                       }));
            return apdu::ram::encode_answers(answers);
        };
    }

    Reply<IssueEvent> recover() {
        WALLET_TRY(open, ports_.registration.open_order_of_this_phone());
        if (!open) return IssueEvent::nothing_open;
        WALLET_TRY(recovered, ports_.registration.recover(script_runner()));
        switch (recovered) {
            case Registration::Recovered::dropped: return IssueEvent::order_dropped;
            case Registration::Recovered::completed:
                outcome_ = Issued{true, std::nullopt, std::nullopt};
                return IssueEvent::order_finished;
        }
        return std::unexpected{trouble(Code::broken)};
    }

    Reply<IssueEvent> order() {
        Kinds wanted = 0;
        for (const auto kind : kinds) wanted = administration::with(wanted, kind);
        WALLET_TRY(order, ports_.registration.open_order(wanted));
        order_ = order;
        return IssueEvent::ordered;
    }

    Reply<IssueEvent> make_keys() {
        if (auto made = ports_.registration.administer(script_runner()); !made)
            return std::unexpected{std::move(made).error()};
        return IssueEvent::keys_made;
    }

    Reply<apdu::Response> ask_element(const apdu::Command& command) {
        WALLET_TRY(response, ports_.element.transmit(command));
        return response;
    }

    Reply<void> select_application() {
        WALLET_TRY(selected, ask_element({.cla = 0x00,
                                          .ins = 0xA4,
                                          .p1 = 0x04,
                                          .p2 = 0x0C,
                                          .data = copy(administration::jpki_aid),
                                          .expected = {},
                                          .extended = false}));
        if (!selected.ok()) return std::unexpected{trouble(Code::element_mute)};
        return {};
    }

    Reply<IssueEvent> set_pins() {
        if (auto selected = select_application(); !selected)
            return std::unexpected{std::move(selected).error()};
        const auto set = [&](Kind kind, const Pin& pin) -> Reply<void> {
            auto command = pin.reveal(
                [&](BytesView digits) { return administration::set_pending_pin(kind, digits); });
            auto response = ask_element(command);
            wipe(command.data);
            if (!response) return std::unexpected{std::move(response).error()};
            if (response->sw == apdu::sw::memory_failure)
                return std::unexpected{trouble(Code::disk_full)};
            if (!response->ok()) return std::unexpected{trouble(Code::administration_refused)};
            return {};
        };
        if (auto done = set(Kind::auth, secrets_.new_authentication); !done)
            return std::unexpected{std::move(done).error()};
        if (auto done = set(Kind::sign, secrets_.new_signature); !done)
            return std::unexpected{std::move(done).error()};
        secrets_.new_authentication.clear();
        secrets_.new_signature.clear();
        return IssueEvent::pins_set;
    }

    Reply<IssueEvent> prove() {
        for (const auto kind : kinds) {
            WALLET_TRY(response, ask_element(administration::prove(kind, order_)));
            if (!response.ok()) return std::unexpected{trouble(Code::possession_unproven)};
            WALLET_TRY(proof, administration::decode_proof(response.data));
            WALLET_TRY(wanted, pki::crmf::parse_cert_request(proof.cert_request));
            WALLET_TRY(key, crypto::PublicKey::from_spki(wanted.wanted.spki));
            Transaction transaction;
            transaction.kind = kind;
            transaction.spki = wanted.wanted.spki;
            transaction.request = pki::crmf::encode_request(
                proof.cert_request, key.kind(), crypto::usual_hash(key.kind()), proof.signature);
            transactions_.push_back(std::move(transaction));
        }
        return IssueEvent::proven;
    }

    Reply<void> take_card() {
        session_.reset();
        WALLET_TRY(channel, ports_.card.wait_for_card());
        auto session = card::Session::open(std::move(channel));
        if (!session && session.error().fault == Fault::absent)
            return std::unexpected{trouble(Code::card_foreign)};
        if (!session) return std::unexpected{trouble(session.error())};
        session_ = std::move(*session);
        return {};
    }

    Reply<IssueEvent> wait_for_card() {
        if (auto taken = take_card(); !taken) return std::unexpected{std::move(taken).error()};
        return IssueEvent::card_found;
    }

    /// A certificate of the card; none where it has none or shows none.
    Reply<std::optional<Bytes>> shown(card::CertificateRef which) {
        auto der = card::read_certificate_der(*session_, which);
        if (der) return std::move(*der);
        const auto fault = der.error().fault;
        if (fault == Fault::absent || fault == Fault::denied || fault == Fault::malformed)
            return std::nullopt;
        return std::unexpected{trouble(der.error())};
    }

    /// What tells this card from others before a password is risked: a card shows its
    /// authentication certificate to everyone.
    Reply<std::optional<Bytes>> mark_of_card() {
        WALLET_TRY(certificate, shown(card::CertificateRef::authentication));
        if (!certificate) return std::nullopt;
        return crypto::digest(crypto::Hash::sha256, *certificate);
    }

    /// False: the outcome says why.
    Reply<bool> present_password() {
        WALLET_TRY(outcome, card::verify_pin(*session_, card::PinRef::signature,
                                             secrets_.card_signature.duplicate()));
        if (const auto* rejected = std::get_if<card::Rejected>(&outcome))
            outcome_ = WrongPassword{rejected->tries_left};
        else if (std::holds_alternative<card::Blocked>(outcome))
            outcome_ = PasswordBlocked{};
        return std::holds_alternative<card::Accepted>(outcome);
    }

    Reply<IssueEvent> unlock() {
        WALLET_TRY(mark, mark_of_card());
        card_mark_ = std::move(mark);
        WALLET_TRY(accepted, present_password());
        if (!accepted) return stop_with_outcome();
        auto certificate = card::read_certificate(*session_, card::CertificateRef::signature);
        if (!certificate && certificate.error().fault == Fault::absent)
            return std::unexpected{trouble(Code::card_certificate_absent)};
        if (!certificate) return std::unexpected{trouble(certificate.error())};
        if (certificate->not_after() < ports_.clock.now())
            return std::unexpected{trouble(Code::card_certificate_expired)};
        card_certificate_.emplace(std::move(*certificate));
        if (auto issuer = card::read_certificate_der(*session_, card::CertificateRef::signature_ca))
            issuer_ = std::move(*issuer);
        return IssueEvent::password_right;
    }

    /// A wrong password is no trouble: the machine stops and its outcome says why.
    static IssueEvent stop_with_outcome() { return IssueEvent::trouble; }

    Reply<cmp::Message> exchange(const cmp::Outgoing& outgoing, cmp::Exchange& kept) {
        WALLET_TRY(answer, ports_.registration.certification(outgoing.der));
        auto received =
            cmp::receive(answer, outgoing.exchange, {ports_.anchors, ports_.clock.now()});
        if (!received) {
            log(Level::debug, "issue: answer not taken", {{"error", received.error()}});
            return std::unexpected{trouble(received.error().fault == Fault::unverified
                                               ? Code::peer_unverified
                                               : Code::answer_malformed)};
        }
        kept = received->exchange;
        return std::move(received->message);
    }

    cmp::Identity identity(crypto::Signer& signer) const {
        std::vector<Bytes> others;
        if (!issuer_.empty()) others.push_back(issuer_);
        return cmp::Identity::of(signer, *card_certificate_, std::move(others));
    }

    /// What was issued a moment ago begins by the clock of its CA, not by ours.
    Time judged_at(const pki::Certificate& certificate) const {
        const auto now = ports_.clock.now();
        const auto begins = certificate.not_before();
        return begins > now && begins - now <= most_skew ? begins : now;
    }

    Reply<IssueEvent> request() {
        WALLET_TRY(signer,
                   card::TokenSigner::create(*session_, pki::Kind::sign, *card_certificate_));
        const auto as = identity(*signer);
        for (auto& transaction : transactions_) {
            WALLET_TRY(outgoing,
                       cmp::request_certificates(cmp::BodyType::ir, {transaction.request}, as,
                                                 no_name(), ports_.random, ports_.clock.now()));
            WALLET_TRY(answer, exchange(outgoing, transaction.exchange));
            if (const auto* error = std::get_if<cmp::ErrorContent>(&answer.body))
                return std::unexpected{trouble(code_of(error->status))};
            WALLET_TRY(outcome, cmp::outcome(answer, 0, transaction.spki));
            if (const auto* refused = std::get_if<cmp::TurnedDown>(&outcome))
                return std::unexpected{trouble(code_of(refused->status))};
            auto* granted = std::get_if<cmp::Granted>(&outcome);
            if (granted == nullptr) return std::unexpected{trouble(Code::service_busy)};
            if (pki::check_path(granted->certificate, {}, ports_.anchors,
                                judged_at(granted->certificate)) != pki::PathOutcome::trusted)
                return std::unexpected{trouble(Code::peer_unverified)};
            transaction.granted.emplace(std::move(granted->certificate));
        }
        return IssueEvent::granted;
    }

    Reply<IssueEvent> store() {
        if (auto stored = ports_.registration.administer(script_runner()); !stored)
            return std::unexpected{std::move(stored).error()};
        for (const auto& transaction : transactions_)
            if (auto put = ports_.shelf.put(kind_of(transaction.kind), *transaction.granted); !put)
                return std::unexpected{trouble(put.error())};
        return IssueEvent::stored;
    }

    Reply<void> confirm_once() {
        WALLET_TRY(signer,
                   card::TokenSigner::create(*session_, pki::Kind::sign, *card_certificate_));
        const auto as = identity(*signer);
        for (; confirmed_ < transactions_.size(); ++confirmed_) {
            auto& transaction = transactions_[confirmed_];
            WALLET_TRY(outgoing, cmp::confirm(transaction.exchange, 0, *transaction.granted, as,
                                              ports_.random, ports_.clock.now()));
            WALLET_TRY(answer, exchange(outgoing, transaction.exchange));
            if (!cmp::is_confirmed(answer)) {
                const auto* error = std::get_if<cmp::ErrorContent>(&answer.body);
                return std::unexpected{
                    trouble(error != nullptr ? code_of(error->status) : Code::order_expired)};
            }
        }
        return {};
    }

    Reply<IssueEvent> confirm() {
        if (!session_) {  // the card left: once more, and the password with it
            if (auto taken = take_card(); !taken) return std::unexpected{std::move(taken).error()};
            WALLET_TRY(mark, mark_of_card());
            if (mark != card_mark_) return std::unexpected{trouble(Code::card_of_another)};
            WALLET_TRY(accepted, present_password());
            if (!accepted) return stop_with_outcome();
            WALLET_TRY(certificate, shown(card::CertificateRef::signature));
            if (!certificate || !same(*certificate, card_certificate_->der()))
                return std::unexpected{trouble(Code::card_of_another)};
        }
        auto done = confirm_once();
        if (!done) {
            const auto* error = std::get_if<Error>(&done.error());
            const bool card_gone = error != nullptr && error->fault == Fault::unavailable;
            // A password is for the card of the first hold alone, so without a mark there is no
            // second: the next run finishes the order.
            if (!card_gone || !card_mark_ || ++cards_ >= most_cards)
                return std::unexpected{std::move(done).error()};
            session_.reset();
            return IssueEvent::card_lost;
        }
        secrets_.card_signature.clear();
        session_.reset();
        Issued issued;
        for (auto& transaction : transactions_)
            (transaction.kind == Kind::sign ? issued.sign : issued.auth) =
                std::move(transaction.granted);
        outcome_ = std::move(issued);
        return IssueEvent::confirmed;
    }

    const IssuePorts& ports_;
    IssueSecrets secrets_;
    IssueState state_ = IssueState::recovering;
    IssueOutcome outcome_ = Refusal{Code::issue_interrupted};
    std::optional<Trouble> trouble_;
    Order order_{};
    std::vector<Transaction> transactions_;
    std::size_t confirmed_ = 0;
    int cards_ = 0;
    std::unique_ptr<card::Session> session_;
    std::optional<Bytes> card_mark_;
    std::optional<pki::Certificate> card_certificate_;
    Bytes issuer_;
};

}  // namespace

std::string_view name_of(IssueState state) {
    switch (state) {
        case IssueState::recovering: return "recovering";
        case IssueState::ordering: return "ordering";
        case IssueState::making_keys: return "making_keys";
        case IssueState::setting_pins: return "setting_pins";
        case IssueState::proving: return "proving";
        case IssueState::waiting_for_card: return "waiting_for_card";
        case IssueState::unlocking: return "unlocking";
        case IssueState::requesting: return "requesting";
        case IssueState::storing: return "storing";
        case IssueState::confirming: return "confirming";
        case IssueState::done: return "done";
        case IssueState::stopped: return "stopped";
    }
    return "";
}

Result<IssueOutcome> issue(const IssuePorts& ports, IssueSecrets&& secrets) {
    return Machine{ports, std::move(secrets)}.run();
}

}  // namespace mitome::wallet
