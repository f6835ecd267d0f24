// SPDX-License-Identifier: Apache-2.0
#include "oid.hpp"

#include <mitome/pki/trusted_issuers.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace mitome::pki {

namespace {

/// What we understand where a certificate says that we must. The CPS text is not looked at.
constexpr std::array understood{oid::key_usage, oid::basic_constraints, oid::certificate_policies,
                                oid::subject_alt_name, oid::extended_key_usage};

bool has_unknown_critical(const Certificate& certificate) {
    return std::ranges::any_of(certificate.extensions(), [](const Extension& extension) {
        return extension.critical &&
               std::ranges::find(understood, extension.oid) == understood.end();
    });
}

/// RFC 5280 §6.1.3 and §6.1.4 for one certificate below one anchor, apart from the signature.
PathVerdict judge_below(const Certificate& certificate, const Certificate& issuer, Time at,
                        std::uint16_t usage) {
    if (!issuer.is_ca() || (issuer.key_usage() & key_usage::key_cert_sign) == 0 ||
        has_unknown_critical(issuer)) {
        return PathVerdict::issuer_unfit;
    }
    if (at < issuer.not_before()) return PathVerdict::issuer_not_yet_valid;
    if (at > issuer.not_after()) return PathVerdict::issuer_expired;
    if (at < certificate.not_before()) return PathVerdict::not_yet_valid;
    if (at > certificate.not_after()) return PathVerdict::expired;
    if (has_unknown_critical(certificate)) return PathVerdict::unknown_critical;
    if (certificate.is_ca()) return PathVerdict::is_authority;
    if ((certificate.key_usage() & usage) != usage) return PathVerdict::key_usage_wrong;
    return PathVerdict::valid;
}

}  // namespace

std::string_view name_of(PathVerdict verdict) {
    switch (verdict) {
        case PathVerdict::valid: return "valid";
        case PathVerdict::issuer_unknown: return "issuer-unknown";
        case PathVerdict::signature_wrong: return "signature-wrong";
        case PathVerdict::not_yet_valid: return "not-yet-valid";
        case PathVerdict::expired: return "expired";
        case PathVerdict::issuer_not_yet_valid: return "issuer-not-yet-valid";
        case PathVerdict::issuer_expired: return "issuer-expired";
        case PathVerdict::issuer_unfit: return "issuer-unfit";
        case PathVerdict::key_usage_wrong: return "key-usage-wrong";
        case PathVerdict::unknown_critical: return "unknown-critical";
        case PathVerdict::is_authority: return "is-authority";
    }
    return {};
}

Result<TrustedIssuers> TrustedIssuers::create(std::span<const Certificate> cas) {
    TrustedIssuers made;
    made.issuers_.reserve(cas.size());
    for (const Certificate& ca : cas) {
        MITOME_TRY(key, crypto::PublicKey::from_spki(ca.spki()));
        made.issuers_.push_back({ca, std::move(key)});
    }
    return made;
}

Result<TrustedIssuers> TrustedIssuers::from_pem(std::string_view pem) {
    MITOME_TRY(blocks, mitome::from_pem(pem, "CERTIFICATE"));
    std::vector<Certificate> cas;
    for (Bytes& block : blocks) {
        MITOME_TRY(ca, Certificate::from_der(std::move(block)));
        cas.push_back(std::move(ca));
    }
    return create(cas);
}

PathAnswer TrustedIssuers::judge(const Certificate& certificate, Time at,
                                 std::uint16_t usage) const {
    // Generations of one CA share its name; the key identifier tells them apart, and where a
    // certificate has none the signature does.
    const BytesView authority = certificate.authority_key_identifier();
    PathAnswer answer{.verdict = PathVerdict::issuer_unknown};
    for (std::size_t place = 0; place < issuers_.size(); ++place) {
        const Trusted& trusted = issuers_[place];
        const BytesView identifier = trusted.certificate.subject_key_identifier();
        if (!same(trusted.certificate.subject(), certificate.issuer())) continue;
        if (!authority.empty() && !identifier.empty() && !same(authority, identifier)) continue;
        if (!certificate.verify_signature(trusted.key)) {
            answer.verdict = PathVerdict::signature_wrong;
            continue;
        }
        answer.verdict = judge_below(certificate, trusted.certificate, at, usage);
        answer.issuer = &trusted.certificate;
        answer.issuer_key = &trusted.key;
        answer.place = place;
        return answer;
    }
    return answer;
}

PathVerdict TrustedIssuers::judge_known(const Certificate& certificate, std::size_t place, Time at,
                                        std::uint16_t usage) const {
    return judge_below(certificate, issuers_.at(place).certificate, at, usage);
}

}  // namespace mitome::pki
