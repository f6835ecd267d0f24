// SPDX-License-Identifier: Apache-2.0
#pragma once

// CAdES B-B, ETSI EN 319 122-1: detached CMS signatures are made; they and other forms of CMS
// are validated. Validation follows the basic signature of ETSI EN 319 102-1 §5.3 and uses its
// words beside ours.
//
// Deviations: a signer without a chain to the anchors is `failed`; EN 319 102-1 says
// indeterminate (NO_CERTIFICATE_CHAIN_FOUND) and leaves the choice of anchors open, ours is made.
// EN 319 102-1 judges one signature; of several signers the worst verdict is the whole's.
// Left to the caller: asking for the revocation state, of which this room only draws the
// conclusions. Without a trusted time-stamp nobody can place a signature before a revocation.

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/path.hpp>
#include <mitome/signature/content.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mitome::signature {

/// Signs `content`. `others` are certificates to carry beside the signer's. An error of `signer`
/// is passed on as it is.
[[nodiscard]] Result<Bytes> sign(Content& content, crypto::Signer& signer,
                                 const pki::Certificate& certificate, std::span<const Bytes> others,
                                 Time signing_time);

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
    malformed,             ///< not a CMS message
    unsupported,  ///< a form that is not taken: S/MIME, an unknown kind of key or digest
    unsigned_message,  ///< a CMS message that nobody signed
    digest_mismatch,  ///< the content is not what was signed
    bad_signature,  ///< the signer's key did not make it
    signer_untrusted,  ///< no chain to the anchors
    signer_absent,  ///< carries no certificate for its signer
    signer_exchanged,  ///< the signing-certificate attribute is for another certificate
    weak_algorithm,  ///< a digest that is no longer taken
    chain_unfit,  ///< a chain that breaks a rule, or a key that is not for signatures
    not_yet_valid,  ///< the certificate had not begun
    expired_no_timestamp,  ///< the certificate had ended, and the signature may be younger
    revoked_no_timestamp,  ///< revoked, and the signature may be younger
    on_hold,  ///< suspended; the answer may change
    status_unknown,  ///< the service does not know the certificate
    status_unavailable,  ///< no answer, or one that is too old
    signer_not_named,  ///< all holds, but no signing-certificate attribute ties it together
};

[[nodiscard]] Verdict verdict_of(Ground ground);
/// `passed`, `failed`, `indeterminate`.
[[nodiscard]] std::string_view name_of(Verdict verdict);
/// `digest_mismatch`, `revoked_no_timestamp`, …
[[nodiscard]] std::string_view name_of(Ground ground);
/// The (sub-)indication of EN 319 102-1 §5.1.3: `HASH_FAILURE`, `REVOKED_NO_POE`, …
[[nodiscard]] std::string_view etsi_name_of(Ground ground);

/// What was found of one signer.
struct Validation {
    Ground ground = Ground::malformed;
    std::optional<pki::Certificate> signer;
    std::optional<Time> claimed_signing_time;  ///< the signer's word, proven by nothing
    std::optional<Time> revoked_at;  ///< when that lies before `at`
    std::optional<pki::Reason> revocation_reason;

    [[nodiscard]] Verdict verdict() const { return verdict_of(ground); }
    /// By the signer's own clock there was no signature yet at `at`. That clock proves nothing, so
    /// it changes no verdict; whoever asks about `at` should hear of it.
    [[nodiscard]] bool claims_to_be_younger_than(Time at) const {
        return claimed_signing_time && *claimed_signing_time > at;
    }
};

/// What was found of a whole signature file.
struct Report {
    std::vector<Validation> signers;  ///< at least one; what is no signature has one without signer

    /// The first one with the worst verdict: failed, then indeterminate, then passed.
    [[nodiscard]] const Validation& worst() const;
    [[nodiscard]] Verdict verdict() const { return worst().verdict(); }
};

/// Asked once for each signer whose key made its signature.
using AskRevocation = std::function<RevocationState(const pki::Certificate& signer)>;

/// Judges the signature as of `at`: BER, DER or PEM, detached or around the content, which must
/// then be `content` octet by octet. An unreadable `content` is an error; everything about the
/// signature is in the `Report`.
[[nodiscard]] Result<Report> validate(Content& content, BytesView cms, pki::Anchors anchors,
                                      Time at, const AskRevocation& ask);

}  // namespace mitome::signature
