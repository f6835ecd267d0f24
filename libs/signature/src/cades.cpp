// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/cms.hpp>
#include <mitome/signature/cades.hpp>

#include <algorithm>
#include <array>

namespace mitome::signature {
namespace {

struct Words {
    Ground ground;
    Verdict verdict;
    std::string_view name;
    std::string_view etsi;
};

constexpr std::array words{
    Words{Ground::valid, Verdict::passed, "valid", "PASSED"},
    Words{Ground::malformed, Verdict::failed, "malformed", "FORMAT_FAILURE"},
    Words{Ground::unsupported, Verdict::indeterminate, "unsupported", "GENERIC"},
    Words{Ground::unsigned_message, Verdict::failed, "unsigned_message", "FORMAT_FAILURE"},
    Words{Ground::digest_mismatch, Verdict::failed, "digest_mismatch", "HASH_FAILURE"},
    Words{Ground::bad_signature, Verdict::failed, "bad_signature", "SIG_CRYPTO_FAILURE"},
    Words{Ground::signer_untrusted, Verdict::failed, "signer_untrusted",
          "NO_CERTIFICATE_CHAIN_FOUND"},
    Words{Ground::signer_absent, Verdict::indeterminate, "signer_absent",
          "NO_SIGNING_CERTIFICATE_FOUND"},
    Words{Ground::signer_exchanged, Verdict::indeterminate, "signer_exchanged",
          "NO_SIGNING_CERTIFICATE_FOUND"},
    Words{Ground::weak_algorithm, Verdict::indeterminate, "weak_algorithm",
          "CRYPTO_CONSTRAINTS_FAILURE"},
    Words{Ground::chain_unfit, Verdict::indeterminate, "chain_unfit", "CHAIN_CONSTRAINTS_FAILURE"},
    Words{Ground::not_yet_valid, Verdict::indeterminate, "not_yet_valid", "OUT_OF_BOUNDS_NO_POE"},
    Words{Ground::expired_no_timestamp, Verdict::indeterminate, "expired_no_timestamp",
          "OUT_OF_BOUNDS_NO_POE"},
    Words{Ground::revoked_no_timestamp, Verdict::indeterminate, "revoked_no_timestamp",
          "REVOKED_NO_POE"},
    Words{Ground::on_hold, Verdict::indeterminate, "on_hold", "TRY_LATER"},
    Words{Ground::status_unknown, Verdict::indeterminate, "status_unknown",
          "CERTIFICATE_CHAIN_GENERAL_FAILURE"},
    Words{Ground::status_unavailable, Verdict::indeterminate, "status_unavailable", "TRY_LATER"},
    Words{Ground::signer_not_named, Verdict::indeterminate, "signer_not_named",
          "SIG_CONSTRAINTS_FAILURE"},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].ground != static_cast<Ground>(i)) {
            return false;
        }
    }
    return true;
}
static_assert(in_order() && words.back().ground == Ground::signer_not_named);

const Words& words_of(Ground ground) { return words[static_cast<std::size_t>(ground)]; }

/// What the state of the certificate means for a signature without a time-stamp.
Ground judge_revocation(const RevocationState& state, Time at) {
    switch (state.kind) {
        case RevocationState::Kind::good:
            return state.asked_at + freshness < at ? Ground::status_unavailable : Ground::valid;
        case RevocationState::Kind::revoked:
            if (state.revoked_at > at) {
                return Ground::valid;  // what happens after the time asked about does not count
            }
            return state.reason == pki::Reason::certificate_hold ? Ground::on_hold
                                                                 : Ground::revoked_no_timestamp;
        case RevocationState::Kind::unknown: return Ground::status_unknown;
        case RevocationState::Kind::unavailable: break;
    }
    return Ground::status_unavailable;
}

/// A key for log-in signs whatever challenge it is shown, so what it signed is nobody's document:
/// only nonRepudiation will do. RFC 5280 §4.2.1.3: without the extension, any use.
bool is_for_signatures(const pki::Certificate& certificate) {
    const auto usage = certificate.key_usage();
    return usage == 0 || (usage & pki::key_usage::non_repudiation) != 0;
}

/// A certificate that is not the one meant ends the matter; one that is not named at all is
/// looked at like any other, and the missing tie is said last (EN 319 102-1 §5.2.8).
Ground judge_reference(pki::cms::SigningCertificate reference) {
    switch (reference) {
        case pki::cms::SigningCertificate::other: return Ground::signer_exchanged;
        case pki::cms::SigningCertificate::named_weakly: return Ground::weak_algorithm;
        case pki::cms::SigningCertificate::absent:
        case pki::cms::SigningCertificate::named: break;
    }
    return Ground::valid;
}

Ground judge_signer(const pki::cms::SignerPart& part, std::span<const Bytes> others,
                    pki::Anchors anchors, Time at, const RevocationState& revocation) {
    const auto& signer = *part.certificate();
    const auto path = pki::check_path(signer, others, anchors, at);
    switch (path) {
        case pki::PathOutcome::untrusted: return Ground::signer_untrusted;
        case pki::PathOutcome::unfit: return Ground::chain_unfit;
        case pki::PathOutcome::not_yet_valid: return Ground::not_yet_valid;
        case pki::PathOutcome::trusted:
        case pki::PathOutcome::expired: break;
    }
    if (!is_for_signatures(signer)) {
        return Ground::chain_unfit;
    }
    if (const auto reference = judge_reference(part.signing_certificate());
        reference != Ground::valid) {
        return reference;
    }
    const auto state = judge_revocation(revocation, at);
    // A revocation says more than the end of the validity; a missing answer says less.
    const bool revoked = state == Ground::revoked_no_timestamp || state == Ground::on_hold;
    if (path == pki::PathOutcome::expired && !revoked) {
        return Ground::expired_no_timestamp;
    }
    const bool named = part.signing_certificate() == pki::cms::SigningCertificate::named;
    return state == Ground::valid && !named ? Ground::signer_not_named : state;
}

/// The ground that stands before any question of trust, or `valid`.
Ground judge_octets(const pki::cms::SignerPart& part, const std::optional<BytesView>& inside,
                    BytesView content_digest) {
    if (inside && !same(crypto::digest(*part.hash(), *inside), content_digest)) {
        return Ground::digest_mismatch;
    }
    if (!part.covers(content_digest)) {
        return Ground::digest_mismatch;
    }
    const auto verified = part.verify_signature(content_digest);
    if (!verified) {
        return verified.error().fault == Fault::denied ? Ground::unsupported
                                                       : Ground::bad_signature;
    }
    return Ground::valid;
}

/// What can be said of a signer before its digest is known; `valid` when that is needed.
Ground judge_form(const pki::cms::SignerPart& part) {
    if (part.certificate() == nullptr) {
        return Ground::signer_absent;
    }
    switch (part.digest_use()) {
        case pki::cms::DigestUse::outdated: return Ground::weak_algorithm;
        case pki::cms::DigestUse::unknown: return Ground::unsupported;
        case pki::cms::DigestUse::taken: break;
    }
    return Ground::valid;
}

Ground ground_of(const Error& error) {
    switch (error.fault) {
        case Fault::absent: return Ground::unsigned_message;
        case Fault::denied: return Ground::unsupported;
        case Fault::malformed:
        case Fault::unverified:
        case Fault::conflict:
        case Fault::unavailable:
        case Fault::broken: break;
    }
    return Ground::malformed;
}

/// The more, the worse.
int weight_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::passed: return 0;
        case Verdict::indeterminate: return 1;
        case Verdict::failed: break;
    }
    return 2;
}

}  // namespace

Verdict verdict_of(Ground ground) { return words_of(ground).verdict; }
std::string_view name_of(Ground ground) { return words_of(ground).name; }
std::string_view etsi_name_of(Ground ground) { return words_of(ground).etsi; }

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::passed: return "passed";
        case Verdict::failed: return "failed";
        case Verdict::indeterminate: break;
    }
    return "indeterminate";
}

Result<Bytes> sign(Content& content, crypto::Signer& signer, const pki::Certificate& certificate,
                   std::span<const Bytes> others, Time signing_time) {
    if (!same(signer.spki(), certificate.spki())) {
        return fail(Fault::broken, "cades: the certificate is for another key");
    }
    pki::cms::ToSign what;
    what.hash = crypto::usual_hash(signer.kind());
    what.signing_time = signing_time;
    MITOME_TRY(content_digest, digest(what.hash, content));
    what.content_digest = content_digest;
    return pki::cms::make_detached(what, signer, certificate, others);
}

const Validation& Report::worst() const {
    return *std::ranges::max_element(
        signers, {}, [](const Validation& one) { return weight_of(one.verdict()); });
}

Result<Report> validate(Content& content, BytesView cms, pki::Anchors anchors, Time at,
                        const AskRevocation& ask) {
    const auto parsed = pki::cms::SignedData::parse(cms);
    if (!parsed) {
        Validation nothing;
        nothing.ground = ground_of(parsed.error());
        return Report{{std::move(nothing)}};
    }
    std::vector<crypto::Hash> hashes;
    for (const auto& part : parsed->signers()) {
        if (judge_form(part) == Ground::valid &&
            std::ranges::find(hashes, *part.hash()) == hashes.end()) {
            hashes.push_back(*part.hash());
        }
    }
    std::vector<Bytes> computed;
    if (!hashes.empty()) {
        MITOME_TRY(read, digests(hashes, content));
        computed = std::move(read);
    }
    Report report;
    for (const auto& part : parsed->signers()) {
        Validation found;
        found.ground = judge_form(part);
        found.claimed_signing_time = part.claimed_signing_time();
        if (part.certificate() != nullptr) {
            found.signer = *part.certificate();
        }
        if (found.ground == Ground::valid) {
            const auto at_hash = std::ranges::find(hashes, *part.hash()) - hashes.begin();
            found.ground =
                judge_octets(part, parsed->content(), computed[static_cast<std::size_t>(at_hash)]);
        }
        if (found.ground == Ground::valid) {
            const auto revocation = ask(*found.signer);
            if (revocation.kind == RevocationState::Kind::revoked && revocation.revoked_at <= at) {
                found.revoked_at = revocation.revoked_at;
                found.revocation_reason = revocation.reason;
            }
            found.ground = judge_signer(part, parsed->certificates(), anchors, at, revocation);
        }
        report.signers.push_back(std::move(found));
    }
    return report;
}

}  // namespace mitome::signature
