// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/cms.hpp>
#include <mitome/signature/cades.hpp>

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
    Words{Ground::digest_mismatch, Verdict::failed, "digest_mismatch", "HASH_FAILURE"},
    Words{Ground::bad_signature, Verdict::failed, "bad_signature", "SIG_CRYPTO_FAILURE"},
    Words{Ground::signer_untrusted, Verdict::failed, "signer_untrusted",
          "NO_CERTIFICATE_CHAIN_FOUND"},
    Words{Ground::signer_absent, Verdict::indeterminate, "signer_absent",
          "NO_SIGNING_CERTIFICATE_FOUND"},
    Words{Ground::signer_not_named, Verdict::indeterminate, "signer_not_named",
          "SIG_CONSTRAINTS_FAILURE"},
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
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].ground != static_cast<Ground>(i)) {
            return false;
        }
    }
    return true;
}
static_assert(in_order() && words.back().ground == Ground::status_unavailable);

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

Ground judge_signer(const pki::cms::Detached& cms, const pki::Certificate& signer,
                    pki::Anchors anchors, Time at, const RevocationState& revocation) {
    const auto path = pki::check_path(signer, cms.certificates(), anchors, at);
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
    if (cms.signing_certificate() != pki::cms::SigningCertificate::named) {
        return Ground::signer_not_named;
    }
    const auto state = judge_revocation(revocation, at);
    // A revocation says more than the end of the validity; a missing answer says less.
    const bool revoked = state == Ground::revoked_no_timestamp || state == Ground::on_hold;
    if (path == pki::PathOutcome::expired && !revoked) {
        return Ground::expired_no_timestamp;
    }
    return state;
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

Result<pki::Certificate> signer_of(BytesView cms) {
    MITOME_TRY(detached, pki::cms::Detached::parse(cms));
    if (detached.signer() == nullptr) {
        return fail(Fault::absent, "cades: the signer's certificate is not carried");
    }
    return *detached.signer();
}

Result<Validation> validate(Content& content, BytesView cms, pki::Anchors anchors, Time at,
                            const RevocationState& revocation) {
    Validation validation;
    const auto parsed = pki::cms::Detached::parse(cms);
    if (!parsed) {
        return validation;
    }
    validation.claimed_signing_time = parsed->claimed_signing_time();
    const auto* signer = parsed->signer();
    if (signer == nullptr) {
        validation.ground = Ground::signer_absent;
        return validation;
    }
    validation.signer = *signer;
    if (!parsed->hash()) {
        validation.ground = Ground::weak_algorithm;
        return validation;
    }
    MITOME_TRY(content_digest, digest(*parsed->hash(), content));
    if (!parsed->covers(content_digest)) {
        validation.ground = Ground::digest_mismatch;
        return validation;
    }
    if (!parsed->verify_signature()) {
        validation.ground = Ground::bad_signature;
        return validation;
    }
    validation.ground = judge_signer(*parsed, *signer, anchors, at, revocation);
    if (revocation.kind == RevocationState::Kind::revoked && revocation.revoked_at <= at) {
        validation.revoked_at = revocation.revoked_at;
        validation.revocation_reason = revocation.reason;
    }
    return validation;
}

}  // namespace mitome::signature
