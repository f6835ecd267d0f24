// SPDX-License-Identifier: Apache-2.0
#include "changes.hpp"

#include <mitome/wallet/reset.hpp>

namespace mitome::wallet {
namespace {

using catalogue::Code;
namespace administration = apdu::administration;
namespace cmp = pki::cmp;

class Resetting {
public:
    Resetting(const ResetPorts& ports, ResetSecrets&& secrets)
        : ports_(ports),
          secrets_(std::move(secrets)),
          card_(ports.registration, ports.clock, ports.anchors, pki::Kind::sign) {}

    Result<ResetOutcome> run() {
        auto state = ResetState::waiting_for_card;
        while (state != ResetState::done && state != ResetState::stopped) {
            if (ports_.on_state) ports_.on_state(state);
            const auto to = next(state, settle(act(state)));
            if (!to) return fail(Fault::broken, "reset: a move that is not in the table");
            state = *to;
        }
        if (!trouble_) return std::move(outcome_);
        if (const auto* error = std::get_if<Error>(&*trouble_)) return std::unexpected{*error};
        return ResetOutcome{std::get<Refusal>(*trouble_)};
    }

private:
    Reply<ResetEvent> act(ResetState state) {
        switch (state) {
            case ResetState::waiting_for_card: return wait_for_card();
            case ResetState::unlocking: return unlock();
            case ResetState::asking: return ask_for_leave();
            case ResetState::opening: return open();
            case ResetState::setting: return set();
            case ResetState::done:
            case ResetState::stopped: break;
        }
        return std::unexpected{trouble(Code::broken)};
    }

    ResetEvent settle(Reply<ResetEvent> reply) {
        if (reply) return *reply;
        trouble_ = std::move(reply).error();
        return ResetEvent::trouble;
    }

    Reply<ResetEvent> wait_for_card() {
        WALLET_TRY(channel, ports_.card.wait_for_card());
        WALLET_CHECK(card_.take(std::move(channel)));
        return ResetEvent::card_found;
    }

    Reply<ResetEvent> unlock() {
        WALLET_TRY(outcome, card_.present(secrets_.card_signature));
        secrets_.card_signature.clear();
        if (const auto* rejected = std::get_if<card::Rejected>(&outcome)) {
            outcome_ = WrongPassword{rejected->tries_left};
            return ResetEvent::trouble;
        }
        if (std::holds_alternative<card::Blocked>(outcome)) {
            outcome_ = PasswordBlocked{};
            return ResetEvent::trouble;
        }
        WALLET_CHECK(card_.read_certificate());
        return ResetEvent::password_right;
    }

    [[nodiscard]] cmp::ResetKinds wanted() const {
        if (secrets_.new_authentication && secrets_.new_signature) return cmp::ResetKinds::both;
        return secrets_.new_signature ? cmp::ResetKinds::sign : cmp::ResetKinds::auth;
    }

    Reply<ResetEvent> ask_for_leave() {
        WALLET_CHECK(select_application(ports_.element));
        WALLET_TRY(id, ask(ports_.element, administration::element_id()));
        if (!id.ok()) return std::unexpected{trouble(Code::element_mute)};
        const cmp::PinResetWish wish{.element = id.data, .kinds = wanted()};
        WALLET_TRY(answered, card_.exchange([&](const cmp::Identity& as) {
            return cmp::ask_pin_reset(wish, as, no_name(), ports_.random, ports_.clock.now());
        }));
        WALLET_TRY(outcome, cmp::pin_reset_outcome(answered.message));
        if (const auto* no = std::get_if<cmp::TurnedDown>(&outcome))
            return std::unexpected{trouble(code_of(no->status))};
        card_.let_go();
        return ResetEvent::allowed;
    }

    Reply<ResetEvent> open() {
        WALLET_TRY(more, ports_.registration.administer(relay_to(ports_.element)));
        more_ = more;
        return ResetEvent::opened;
    }

    Reply<ResetEvent> set() {
        WALLET_CHECK(select_application(ports_.element));
        for (const auto& [kind, pin] : {std::pair{Kind::auth, &secrets_.new_authentication},
                                        std::pair{Kind::sign, &secrets_.new_signature}}) {
            if (!*pin) continue;
            auto command = (*pin)->reveal(
                [&](BytesView digits) { return administration::set_new_pin(kind, digits); });
            auto response = ask(ports_.element, command);
            wipe(command.data);
            WALLET_TRY(answer, std::move(response));
            // Another dialog came first: the one that opens the element is still to come.
            if (answer.sw == apdu::sw::conditions_of_use && more_ == More::yes &&
                ++dialogs_ < most_dialogs)
                return ResetEvent::window_closed;
            if (answer.sw == apdu::sw::memory_failure)
                return std::unexpected{trouble(Code::disk_full)};
            if (!answer.ok()) return std::unexpected{trouble(Code::administration_refused)};
            pin->reset();
        }
        return ResetEvent::set;
    }

    const ResetPorts& ports_;
    ResetSecrets secrets_;
    Speaker card_;
    More more_ = More::no;
    int dialogs_ = 0;
    ResetOutcome outcome_ = PinsSet{};
    std::optional<Trouble> trouble_;
};

}  // namespace

Result<ResetOutcome> reset_pins(const ResetPorts& ports, ResetSecrets&& secrets) {
    return Resetting{ports, std::move(secrets)}.run();
}

}  // namespace mitome::wallet
