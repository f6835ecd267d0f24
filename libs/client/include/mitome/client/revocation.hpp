// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks the world whether a certificate is still good: OCSP first, the CRL where OCSP does not
// answer. Only http addresses that the certificate itself names are asked.

#include <mitome/pki/certificate.hpp>
#include <mitome/signature/cades.hpp>

#include <chrono>

namespace mitome::client {

/// What the issuer's services say of `subject` now. Answers are believed only when `issuer` or
/// its delegate signed them. Never fails: what could not be learnt is `unavailable`.
[[nodiscard]] signature::RevocationState ask_revocation(const pki::Certificate& subject,
                                                        const pki::Certificate& issuer,
                                                        const Clock& clock);

/// The same, but one question by OCSP and no more, for about `patience` at the most: for those
/// who would rather not know than wait.
[[nodiscard]] signature::RevocationState ask_ocsp_once(const pki::Certificate& subject,
                                                       const pki::Certificate& issuer,
                                                       const Clock& clock,
                                                       std::chrono::milliseconds patience);

}  // namespace mitome::client
