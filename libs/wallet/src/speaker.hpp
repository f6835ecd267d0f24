// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reply.hpp"

#include <mitome/base/clock.hpp>
#include <mitome/base/secret.hpp>
#include <mitome/card/session.hpp>
#include <mitome/card/token_signer.hpp>
#include <mitome/pki/cmp_client.hpp>
#include <mitome/pki/path.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace mitome::wallet {

/// The token whose key protects our CMP messages: the holder's card, or the phone itself.
class Speaker {
public:
    Speaker(Registration& registration, const Clock& clock, pki::Anchors anchors, pki::Kind key)
        : registration_(registration), clock_(clock), anchors_(anchors), key_(key) {}

    /// Begins a hold of the token; refused with `card_foreign` when it has no JPKI application.
    [[nodiscard]] Reply<void> take(std::unique_ptr<reader::Channel> token);
    /// Ends the hold: the token has forgotten the secret.
    void let_go() { session_.reset(); }
    [[nodiscard]] bool holds_token() const { return session_ != nullptr; }
    [[nodiscard]] card::Session& session() { return *session_; }

    /// Presents the secret of the key, once. The key's certificate is read only when it was right.
    [[nodiscard]] Reply<card::PinOutcome> present(const Pin& secret);
    /// Reads the key's certificate and its CA's, and keeps them over holds. Refused with
    /// `card_certificate_absent` or `card_certificate_expired`.
    [[nodiscard]] Reply<void> read_certificate();
    [[nodiscard]] const pki::Certificate& certificate() const { return *certificate_; }

    /// Has `make` build a message that the token protects, sends it, and judges the answer.
    struct Answered {
        pki::cmp::Message message;
        pki::cmp::Exchange exchange;
    };
    using Make = std::function<Result<pki::cmp::Outgoing>(const pki::cmp::Identity& as)>;
    [[nodiscard]] Reply<Answered> exchange(const Make& make);

private:
    Registration& registration_;
    const Clock& clock_;
    pki::Anchors anchors_;
    pki::Kind key_;
    std::unique_ptr<card::Session> session_;
    std::optional<pki::Certificate> certificate_;
    Bytes issuer_;
};

}  // namespace mitome::wallet
