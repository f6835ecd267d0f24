// SPDX-License-Identifier: Apache-2.0
#pragma once

// The client's end of CMP as pure functions. The caller carries `Exchange` from one message of
// a transaction to the next, and may write it down in between.

#include <mitome/crypto/random.hpp>
#include <mitome/pki/cmp.hpp>
#include <mitome/pki/path.hpp>
#include <mitome/pki/pin_reset.hpp>

namespace mitome::pki::cmp {

/// Where a transaction stands.
struct Exchange {
    Bytes transaction_id;
    Bytes sender_nonce;  ///< of our last message
    Bytes recip_nonce;   ///< the server's last one
    Bytes server;        ///< DER Name
};

struct Outgoing {
    Bytes der;
    Exchange exchange;
};

/// What is believed about who answers. A protecting certificate must lead to an anchor at `at`
/// and carry id-kp-cmcRA, or be an anchor itself.
struct Trust {
    Anchors anchors;
    Time at;
};

struct Received {
    Message message;
    Exchange exchange;
};

/// `requests` are CertReqMsg in DER (crmf::encode_request); `type` is ir or cr.
[[nodiscard]] Result<Outgoing> request_certificates(BodyType type,
                                                    const std::vector<Bytes>& requests,
                                                    const Identity& as, Bytes recipient,
                                                    crypto::Random& random, Time now);

/// Checks transaction id, nonce and protection, an error message's too. `unverified` when one of
/// them does not hold; an answer that says no is not an error.
[[nodiscard]] Result<Received> receive(BytesView der, const Exchange& exchange, const Trust& trust);

/// The answer to the request `id`.
struct Granted {
    Certificate certificate;
    Status status;  ///< accepted or granted_with_mods
    std::optional<Time> confirm_until;
};
struct Waiting {};
struct TurnedDown {
    StatusReport status;
};
using Outcome = std::variant<Granted, Waiting, TurnedDown>;

/// Reads ip, cp or error. `unverified` when the certificate is for another key than `spki`,
/// `malformed` when the message answers something else.
[[nodiscard]] Result<Outcome> outcome(const Message& answer, std::int32_t id, BytesView spki);

/// certConf that accepts the certificate.
[[nodiscard]] Result<Outgoing> confirm(const Exchange& exchange, std::int32_t id,
                                       const Certificate& certificate, const Identity& as,
                                       crypto::Random& random, Time now);
/// certConf that rejects it; the server revokes it.
[[nodiscard]] Result<Outgoing> reject(const Exchange& exchange, std::int32_t id,
                                      const Certificate& certificate, Failure why,
                                      const Identity& as, crypto::Random& random, Time now);
[[nodiscard]] Result<Outgoing> poll(const Exchange& exchange, std::int32_t id, const Identity& as,
                                    crypto::Random& random, Time now);
[[nodiscard]] Result<Outgoing> request_revocation(BytesView issuer, BytesView serial,
                                                  std::optional<Reason> reason, const Identity& as,
                                                  Bytes recipient, crypto::Random& random,
                                                  Time now);

/// rr with one RevDetails for each: certificateHold holds, removeFromCRL releases, every other
/// reason revokes. `broken` when there is none, or too many for one message.
[[nodiscard]] Result<Outgoing> request_revocations(const std::vector<WantedRevocation>& wanted,
                                                   const Identity& as, Bytes recipient,
                                                   crypto::Random& random, Time now);

struct CarriedOut {};
using RevocationOutcome = std::variant<CarriedOut, TurnedDown>;

/// Reads rp or error: one outcome for each revocation that was asked for, in that order; an error
/// turns all of them down. `malformed` when the message answers something else, or names other
/// certificates than `wanted`.
[[nodiscard]] Result<std::vector<RevocationOutcome>> revocation_outcomes(
    const Message& answer, const std::vector<WantedRevocation>& wanted);

/// genm that asks registration to let the element take new PINs. Protected by the card's
/// signature certificate.
[[nodiscard]] Result<Outgoing> ask_pin_reset(const PinResetWish& wish, const Identity& as,
                                             Bytes recipient, crypto::Random& random, Time now);

using PinResetOutcome = std::variant<PinResetGrant, TurnedDown>;
/// Reads genp or error. `malformed` when the message answers something else.
[[nodiscard]] Result<PinResetOutcome> pin_reset_outcome(const Message& answer);

/// True for pkiconf.
[[nodiscard]] bool is_confirmed(const Message& answer);

}  // namespace mitome::pki::cmp
