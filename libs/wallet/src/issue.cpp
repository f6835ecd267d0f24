// SPDX-License-Identifier: Apache-2.0
#include "changes.hpp"

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

/// One certificate on its way.
struct Transaction {
    Kind kind = Kind::sign;
    Bytes spki;
    Bytes request;  ///< CertReqMsg
    cmp::Exchange exchange;
    std::optional<pki::Certificate> granted;
};

class Machine {
public:
    Machine(const IssuePorts& ports, IssueWish&& wish, IssueSecrets&& secrets)
        : ports_(ports),
          wish_(std::move(wish)),
          secrets_(std::move(secrets)),
          card_(ports.registration, ports.clock, ports.anchors, pki::Kind::sign) {}

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
            case IssueState::releasing: return settle(release());
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

    Reply<IssueEvent> recover() {
        WALLET_TRY(open, ports_.registration.open_order_of_this_phone());
        if (!open) return IssueEvent::nothing_open;
        WALLET_TRY(recovered, ports_.registration.recover(relay_to(ports_.element)));
        switch (recovered) {
            case Registration::Recovered::dropped: return IssueEvent::order_dropped;
            case Registration::Recovered::completed:
                outcome_ = Issued{true, std::nullopt, std::nullopt};
                return IssueEvent::order_finished;
        }
        return std::unexpected{trouble(Code::broken)};
    }

    Reply<IssueEvent> order() {
        WALLET_TRY(order, ports_.registration.open_order(wish_.kinds, wish_.purpose));
        order_ = order;
        return IssueEvent::ordered;
    }

    Reply<IssueEvent> make_keys() {
        // An erasure that waits for this phone comes before its new keys, in a dialog of its own.
        for (int dialog = 0; dialog < most_dialogs; ++dialog) {
            WALLET_TRY(more, ports_.registration.administer(relay_to(ports_.element)));
            if (more == More::no) break;
        }
        return IssueEvent::keys_made;
    }

    Reply<IssueEvent> set_pins() {
        if (auto selected = select_application(ports_.element); !selected)
            return std::unexpected{std::move(selected).error()};
        const auto set = [&](Kind kind, std::optional<Pin>& pin) -> Reply<void> {
            if (!pin || !administration::holds(wish_.kinds, kind)) return {};
            auto command = pin->reveal(
                [&](BytesView digits) { return administration::set_pending_pin(kind, digits); });
            auto response = ask(ports_.element, command);
            wipe(command.data);
            if (!response) return std::unexpected{std::move(response).error()};
            if (response->sw == apdu::sw::memory_failure)
                return std::unexpected{trouble(Code::disk_full)};
            if (!response->ok()) return std::unexpected{trouble(Code::administration_refused)};
            pin.reset();
            return {};
        };
        if (auto done = set(Kind::auth, secrets_.new_authentication); !done)
            return std::unexpected{std::move(done).error()};
        if (auto done = set(Kind::sign, secrets_.new_signature); !done)
            return std::unexpected{std::move(done).error()};
        return IssueEvent::pins_set;
    }

    Reply<IssueEvent> prove() {
        for (const auto kind : kinds) {
            if (!administration::holds(wish_.kinds, kind)) continue;
            WALLET_TRY(response, ask(ports_.element, administration::prove(kind, order_)));
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
        card_.let_go();
        WALLET_TRY(channel, ports_.card.wait_for_card());
        return card_.take(std::move(channel));
    }

    Reply<IssueEvent> wait_for_card() {
        if (auto taken = take_card(); !taken) return std::unexpected{std::move(taken).error()};
        return IssueEvent::card_found;
    }

    /// A certificate of the card; none where it has none or shows none.
    Reply<std::optional<Bytes>> shown(card::CertificateRef which) {
        auto der = card::read_certificate_der(card_.session(), which);
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
        WALLET_TRY(outcome, card_.present(secrets_.card_signature));
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
        WALLET_CHECK(card_.read_certificate());
        return wish_.release ? IssueEvent::release_wanted : IssueEvent::password_right;
    }

    /// A wrong password is no trouble: the machine stops and its outcome says why.
    static IssueEvent stop_with_outcome() { return IssueEvent::trouble; }

    Reply<IssueEvent> release() {
        const std::vector wanted{*wish_.release};
        WALLET_CHECK(ask_for(card_, wanted, ports_.random, ports_.clock));
        return IssueEvent::freed;
    }

    /// What was issued a moment ago begins by the clock of its CA, not by ours.
    Time judged_at(const pki::Certificate& certificate) const {
        const auto now = ports_.clock.now();
        const auto begins = certificate.not_before();
        return begins > now && begins - now <= most_skew ? begins : now;
    }

    Reply<IssueEvent> request() {
        // What takes the place of another certificate is asked for with cr, RFC 9810 §5.3.5.
        const auto type =
            wish_.purpose == OrderFor::renewal ? cmp::BodyType::cr : cmp::BodyType::ir;
        for (auto& transaction : transactions_) {
            WALLET_TRY(answered, card_.exchange([&](const cmp::Identity& as) {
                return cmp::request_certificates(type, {transaction.request}, as, no_name(),
                                                 ports_.random, ports_.clock.now());
            }));
            transaction.exchange = std::move(answered.exchange);
            const auto& answer = answered.message;
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
        if (auto stored = ports_.registration.administer(relay_to(ports_.element)); !stored)
            return std::unexpected{std::move(stored).error()};
        for (const auto& transaction : transactions_)
            if (auto put = ports_.shelf.put(kind_of(transaction.kind), *transaction.granted); !put)
                return std::unexpected{trouble(put.error())};
        return IssueEvent::stored;
    }

    Reply<void> confirm_once() {
        for (; confirmed_ < transactions_.size(); ++confirmed_) {
            auto& transaction = transactions_[confirmed_];
            WALLET_TRY(answered, card_.exchange([&](const cmp::Identity& as) {
                return cmp::confirm(transaction.exchange, 0, *transaction.granted, as,
                                    ports_.random, ports_.clock.now());
            }));
            transaction.exchange = std::move(answered.exchange);
            const auto& answer = answered.message;
            if (!cmp::is_confirmed(answer)) {
                const auto* error = std::get_if<cmp::ErrorContent>(&answer.body);
                return std::unexpected{
                    trouble(error != nullptr ? code_of(error->status) : Code::order_expired)};
            }
        }
        return {};
    }

    Reply<IssueEvent> confirm() {
        if (!card_.holds_token()) {  // the card left: once more, and the password with it
            if (auto taken = take_card(); !taken) return std::unexpected{std::move(taken).error()};
            WALLET_TRY(mark, mark_of_card());
            if (mark != card_mark_) return std::unexpected{trouble(Code::card_of_another)};
            WALLET_TRY(accepted, present_password());
            if (!accepted) return stop_with_outcome();
            WALLET_TRY(certificate, shown(card::CertificateRef::signature));
            if (!certificate || !same(*certificate, card_.certificate().der()))
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
            card_.let_go();
            return IssueEvent::card_lost;
        }
        secrets_.card_signature.clear();
        card_.let_go();
        Issued issued;
        for (auto& transaction : transactions_)
            (transaction.kind == Kind::sign ? issued.sign : issued.auth) =
                std::move(transaction.granted);
        outcome_ = std::move(issued);
        return IssueEvent::confirmed;
    }

    const IssuePorts& ports_;
    IssueWish wish_;
    IssueSecrets secrets_;
    IssueState state_ = IssueState::recovering;
    IssueOutcome outcome_ = Refusal{Code::issue_interrupted};
    std::optional<Trouble> trouble_;
    Order order_{};
    std::vector<Transaction> transactions_;
    std::size_t confirmed_ = 0;
    int cards_ = 0;
    Speaker card_;
    std::optional<Bytes> card_mark_;
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
        case IssueState::releasing: return "releasing";
        case IssueState::requesting: return "requesting";
        case IssueState::storing: return "storing";
        case IssueState::confirming: return "confirming";
        case IssueState::done: return "done";
        case IssueState::stopped: return "stopped";
    }
    return "";
}

Result<IssueOutcome> issue(const IssuePorts& ports, IssueWish wish, IssueSecrets&& secrets) {
    return Machine{ports, std::move(wish), std::move(secrets)}.run();
}

}  // namespace mitome::wallet
