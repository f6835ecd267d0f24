// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a holder asks of certificates that are there: revocation (M2), hold, release. Asked by the
// key of a certificate: the card's or the phone's signature key, or the card's login key.

#include <mitome/base/clock.hpp>
#include <mitome/base/secret.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/pki/cmp.hpp>
#include <mitome/pki/path.hpp>
#include <mitome/wallet/issue.hpp>
#include <mitome/wallet/ports.hpp>

#include <memory>
#include <vector>

namespace mitome::wallet {

struct Changed {};
using ChangeOutcome = std::variant<Changed, WrongPassword, PasswordBlocked, Refusal>;

struct ChangePorts {
    Registration& registration;
    crypto::Random& random;
    const Clock& clock;
    pki::Anchors anchors;
};

/// Asks for all of `wanted` with the key `key` of `token`: all happen or none. The secret is
/// presented once and never to a token that is not there.
[[nodiscard]] Result<ChangeOutcome> change(const ChangePorts& ports,
                                           std::unique_ptr<reader::Channel> token, pki::Kind key,
                                           const std::vector<pki::cmp::WantedRevocation>& wanted,
                                           Pin&& secret);

}  // namespace mitome::wallet
