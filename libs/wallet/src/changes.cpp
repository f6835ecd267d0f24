// SPDX-License-Identifier: Apache-2.0
#include "changes.hpp"

#include <mitome/wallet/changes.hpp>

namespace mitome::wallet {
namespace {

using catalogue::Code;
namespace cmp = pki::cmp;

/// What a refused change means: certRevoked speaks here of the certificate that was to be changed.
Code code_of_change(const cmp::StatusReport& status, pki::Reason reason) {
    const auto failure = status.failure();
    if (failure && *failure == cmp::Failure::cert_revoked) return Code::already_revoked;
    if (failure && *failure == cmp::Failure::not_authorized &&
        reason == pki::Reason::remove_from_crl)
        return Code::release_refused;
    if (failure && *failure == cmp::Failure::bad_request && reason == pki::Reason::certificate_hold)
        return Code::hold_refused;
    if (failure && *failure == cmp::Failure::bad_cert_id) return Code::certificate_unknown;
    return code_of(status);
}

ChangeOutcome outcome_of(const card::PinOutcome& outcome) {
    if (const auto* rejected = std::get_if<card::Rejected>(&outcome))
        return WrongPassword{rejected->tries_left};
    if (std::holds_alternative<card::Blocked>(outcome)) return PasswordBlocked{};
    return Changed{};
}

Reply<ChangeOutcome> try_to_change(const ChangePorts& ports, std::unique_ptr<reader::Channel> token,
                                   pki::Kind key, const std::vector<cmp::WantedRevocation>& wanted,
                                   Pin secret) {
    Speaker speaker{ports.registration, ports.clock, ports.anchors, key};
    WALLET_CHECK(speaker.take(std::move(token)));
    WALLET_TRY(outcome, speaker.present(secret));
    secret.clear();
    if (!std::holds_alternative<card::Accepted>(outcome)) return outcome_of(outcome);
    WALLET_CHECK(speaker.read_certificate());
    WALLET_CHECK(ask_for(speaker, wanted, ports.random, ports.clock));
    return Changed{};
}

}  // namespace

Reply<void> ask_for(Speaker& speaker, const std::vector<cmp::WantedRevocation>& wanted,
                    crypto::Random& random, const Clock& clock) {
    WALLET_TRY(answered, speaker.exchange([&](const cmp::Identity& as) {
        return cmp::request_revocations(wanted, as, no_name(), random, clock.now());
    }));
    // The message as a whole: it speaks of who asks.
    if (const auto* error = std::get_if<cmp::ErrorContent>(&answered.message.body))
        return std::unexpected{trouble(code_of(error->status))};
    WALLET_TRY(outcomes, cmp::revocation_outcomes(answered.message, wanted));
    for (std::size_t n = 0; n < outcomes.size(); ++n)
        if (const auto* no = std::get_if<cmp::TurnedDown>(&outcomes[n]))
            return std::unexpected{trouble(code_of_change(no->status, wanted[n].reason))};
    return {};
}

Result<ChangeOutcome> change(const ChangePorts& ports, std::unique_ptr<reader::Channel> token,
                             pki::Kind key, const std::vector<cmp::WantedRevocation>& wanted,
                             Pin&& secret) {
    auto done = try_to_change(ports, std::move(token), key, wanted, std::move(secret));
    if (done) return std::move(*done);
    if (const auto* refusal = std::get_if<Refusal>(&done.error())) return ChangeOutcome{*refusal};
    return std::unexpected{std::get<Error>(done.error())};
}

}  // namespace mitome::wallet
