// SPDX-License-Identifier: Apache-2.0
#pragma once

// The path of a person's certificate: one step to a CA that is believed. RFC 5280 §6 for that
// case, with keys parsed once. Longer chains (attestation) are path.hpp's. Revocation is not
// looked at: that is the caller's duty.

#include <mitome/pki/certificate.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace mitome::pki {

enum class PathVerdict : std::uint8_t {
    valid,
    issuer_unknown,   ///< no CA of that name and key is among those believed
    signature_wrong,  ///< such a CA is, but its key did not make this signature
    not_yet_valid,
    expired,
    issuer_not_yet_valid,
    issuer_expired,
    issuer_unfit,        ///< the believed certificate is no CA or may not sign certificates
    key_usage_wrong,     ///< the certificate lacks a usage that was asked for
    unknown_critical,    ///< a critical extension that we do not understand
    is_authority,        ///< a CA where a person's certificate was expected
};

/// Stable word of a verdict, for messages and logs: `issuer-unknown`.
[[nodiscard]] std::string_view name_of(PathVerdict verdict);

struct PathAnswer {
    PathVerdict verdict{};
    const Certificate* issuer = nullptr;  ///< set once one is found; lives in `TrustedIssuers`
    const crypto::PublicKey* issuer_key = nullptr;
    std::size_t place = 0;  ///< of that issuer among those given to `create`
};

/// CAs that are believed. Several generations share one name, so that the issuer is found by key
/// identifier and signature. Safe to use from several threads once made.
class TrustedIssuers {
public:
    /// `malformed` when a certificate's key cannot be read.
    [[nodiscard]] static Result<TrustedIssuers> create(std::span<const Certificate> cas);
    /// Every CERTIFICATE block of a PEM text.
    [[nodiscard]] static Result<TrustedIssuers> from_pem(std::string_view pem);

    /// Judges `certificate` at `at`; `usage` are the bits of namespace key_usage that it must have.
    [[nodiscard]] PathAnswer judge(const Certificate& certificate, Time at,
                                   std::uint16_t usage) const;

    /// The same for a certificate whose signature by the issuer at `place` has held before: all
    /// that depends on the time or the usage is judged again, the signature is not.
    [[nodiscard]] PathVerdict judge_known(const Certificate& certificate, std::size_t place,
                                          Time at, std::uint16_t usage) const;

    [[nodiscard]] bool empty() const { return issuers_.empty(); }

private:
    struct Trusted {
        Certificate certificate;
        crypto::PublicKey key;
    };
    TrustedIssuers() = default;
    std::vector<Trusted> issuers_;
};

}  // namespace mitome::pki
