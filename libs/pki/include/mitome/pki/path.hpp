// SPDX-License-Identifier: Apache-2.0
#pragma once

// Path validation, RFC 5280 §6, by OpenSSL. Revocation is not looked at: that is the caller's.

#include <mitome/pki/certificate.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace mitome::pki {

/// Certificates that are believed; one alone is `Anchors{&certificate, 1}`.
using Anchors = std::span<const Certificate>;

enum class PathOutcome : std::uint8_t {
    trusted,
    untrusted,      ///< no chain of true signatures to an anchor
    expired,        ///< a chain, but a certificate of it had ended at that time
    not_yet_valid,  ///< a chain, but a certificate of it had not begun
    unfit,          ///< a chain that breaks a rule: path length, unknown critical extension, …
};

/// Looks for a chain from `leaf` through `others` (DER; may be anything, unordered) to one of
/// `anchors`, each of which is believed whether self-signed or not, and judges it at `at`. A
/// `leaf` that is itself an anchor is trusted. Keys below 112 bits of strength make it unfit.
[[nodiscard]] PathOutcome check_path(const Certificate& leaf, std::span<const Bytes> others,
                                     Anchors anchors, Time at);

}  // namespace mitome::pki
