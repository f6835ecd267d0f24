// SPDX-License-Identifier: Apache-2.0
#pragma once

// CAdES B-B, ETSI EN 319 122-1: detached CMS signatures, made and validated. Validation follows
// the basic signature of ETSI EN 319 102-1 §5.3 and uses its words beside ours.
//
// Deviation: a signer without a chain to the anchors is `failed`; EN 319 102-1 says
// indeterminate (NO_CERTIFICATE_CHAIN_FOUND) and leaves the choice of anchors open, ours is made.
// Left to the caller: asking for the revocation state, of which this room only draws the
// conclusions. Without a trusted time-stamp nobody can place a signature before a revocation.

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/path.hpp>
#include <mitome/signature/content.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mitome::signature {

/// Signs `content`. `others` are certificates to carry beside the signer's. An error of `signer`
/// is passed on as it is.
[[nodiscard]] Result<Bytes> sign(Content& content, crypto::Signer& signer,
                                 const pki::Certificate& certificate, std::span<const Bytes> others,
                                 Time signing_time);

/// The certificate that the signature carries for its signer: whose state to ask for. Nothing
/// is verified. `absent` when it carries none.
[[nodiscard]] Result<pki::Certificate> signer_of(BytesView cms);

/// What a status service said of the signer's certificate.
struct RevocationState {
    enum class Kind : std::uint8_t { good, revoked, unknown, unavailable };
    Kind kind = Kind::unavailable;
    Time asked_at{};  ///< good and revoked: the time for which it was said
    Time revoked_at{};
    pki::Reason reason = pki::Reason::unspecified;
};

/// How long a good answer stays good: EN 319 102-1 §5.2.5, freshness.
inline constexpr std::chrono::hours freshness{24};

enum class Verdict : std::uint8_t { passed, failed, indeterminate };

/// Why. One verdict belongs to each, see `verdict_of`.
enum class Ground : std::uint8_t {
    valid,
    malformed,             ///< not a detached CMS signature with one signer
    digest_mismatch,       ///< the content is not what was signed
    bad_signature,         ///< the signer's key did not make it
    signer_untrusted,      ///< no chain to the anchors
    signer_absent,         ///< carries no certificate for its signer
    signer_not_named,      ///< signing-certificate-v2 missing or for another certificate
    weak_algorithm,        ///< a digest that is no longer taken
    chain_unfit,           ///< a chain that breaks a rule, or a key that is not for signatures
    not_yet_valid,         ///< the certificate had not begun
    expired_no_timestamp,  ///< the certificate had ended, and the signature may be younger
    revoked_no_timestamp,  ///< revoked, and the signature may be younger
    on_hold,               ///< suspended; the answer may change
    status_unknown,        ///< the service does not know the certificate
    status_unavailable,    ///< no answer, or one that is too old
};

[[nodiscard]] Verdict verdict_of(Ground ground);
/// `passed`, `failed`, `indeterminate`.
[[nodiscard]] std::string_view name_of(Verdict verdict);
/// `digest_mismatch`, `revoked_no_timestamp`, …
[[nodiscard]] std::string_view name_of(Ground ground);
/// The (sub-)indication of EN 319 102-1 §5.1.3: `HASH_FAILURE`, `REVOKED_NO_POE`, …
[[nodiscard]] std::string_view etsi_name_of(Ground ground);

struct Validation {
    Ground ground = Ground::malformed;
    std::optional<pki::Certificate> signer;
    std::optional<Time> claimed_signing_time;  ///< the signer's word, proven by nothing
    std::optional<Time> revoked_at;            ///< when that lies before `at`
    std::optional<pki::Reason> revocation_reason;

    [[nodiscard]] Verdict verdict() const { return verdict_of(ground); }
};

/// Judges the signature as of `at`. An unreadable `content` is an error; everything about the
/// signature is a `Validation`.
[[nodiscard]] Result<Validation> validate(Content& content, BytesView cms, pki::Anchors anchors,
                                          Time at, const RevocationState& revocation);

}  // namespace mitome::signature
