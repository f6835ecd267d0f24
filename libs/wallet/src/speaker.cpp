// SPDX-License-Identifier: Apache-2.0
#include "speaker.hpp"

#include <mitome/base/log.hpp>

namespace mitome::wallet {

using catalogue::Code;
namespace cmp = pki::cmp;

Reply<void> Speaker::take(std::unique_ptr<reader::Channel> token) {
    session_.reset();
    auto session = card::Session::open(std::move(token));
    if (!session && session.error().fault == Fault::absent)
        return std::unexpected{trouble(Code::card_foreign)};
    if (!session) return std::unexpected{trouble(session.error())};
    session_ = std::move(*session);
    return {};
}

Reply<card::PinOutcome> Speaker::present(const Pin& secret) {
    WALLET_TRY(outcome, card::verify_pin(*session_, card::pin_of(key_), secret.duplicate()));
    return outcome;
}

Reply<void> Speaker::read_certificate() {
    auto certificate = card::read_certificate(*session_, card::certificate_of(key_));
    if (!certificate && certificate.error().fault == Fault::absent)
        return std::unexpected{trouble(Code::card_certificate_absent)};
    if (!certificate) return std::unexpected{trouble(certificate.error())};
    if (certificate->not_after() < clock_.now())
        return std::unexpected{trouble(Code::card_certificate_expired)};
    certificate_.emplace(std::move(*certificate));
    if (auto issuer = card::read_certificate_der(*session_, card::ca_of(key_)))
        issuer_ = std::move(*issuer);
    return {};
}

Reply<Speaker::Answered> Speaker::exchange(const Make& make) {
    WALLET_TRY(signer, card::TokenSigner::create(*session_, key_, *certificate_));
    std::vector<Bytes> others;
    if (!issuer_.empty()) others.push_back(issuer_);
    WALLET_TRY(outgoing, make(cmp::Identity::of(*signer, *certificate_, std::move(others))));
    WALLET_TRY(answer, registration_.certification(outgoing.der));
    auto received = cmp::receive(answer, outgoing.exchange, {anchors_, clock_.now()});
    if (!received) {
        log(Level::debug, "cmp: answer not taken", {{"error", received.error()}});
        return std::unexpected{trouble(received.error().fault == Fault::unverified
                                           ? Code::peer_unverified
                                           : Code::answer_malformed)};
    }
    return Answered{std::move(received->message), std::move(received->exchange)};
}

}  // namespace mitome::wallet
