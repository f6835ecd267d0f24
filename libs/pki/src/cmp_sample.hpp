// SPDX-License-Identifier: Apache-2.0
#pragma once

// One CA, its registration service and one holder, for the CMP tests.

#include <mitome/pki/cmp_server.hpp>
#include <mitome/pki/template.hpp>

#include <array>
#include <memory>

namespace mitome::pki::sample {

inline const Time now = from_rfc3339("2026-11-24T15:20:00Z").value();

using Key = std::unique_ptr<crypto::SoftwareKey>;

inline Key make_key(crypto::KeyKind kind = crypto::KeyKind::ec_p256) {
    return crypto::SoftwareKey::generate(kind).value();
}

inline Bytes name(const char* common_name) {
    return make_name({{attribute::country, "JP"}, {attribute::common_name, common_name}});
}

inline Validity some_years() {
    return {now - std::chrono::hours{24 * 365}, now + std::chrono::hours{24 * 365 * 20}};
}

struct Holder {
    Key key;
    Certificate certificate;

    [[nodiscard]] cmp::Identity identity(std::vector<Bytes> others = {}) const {
        return cmp::Identity::of(*key, certificate, std::move(others));
    }
};

inline Certificate signed_by(const Template& what, crypto::Signer& signer) {
    return Certificate::from_der(sign_tbs(certificate_tbs(what), signer).value()).value();
}

inline Holder make_root(const char* common_name) {
    auto key = make_key();
    const auto what = root_template(name(common_name), *key, Bytes{1}, some_years()).value();
    auto certificate = signed_by(what, *key);
    return {std::move(key), std::move(certificate)};
}

/// A person's certificate: digitalSignature and nonRepudiation.
inline Certificate issue(const Holder& ca, BytesView spki, const char* common_name,
                         Validity validity = some_years()) {
    static std::uint8_t serial = 0x10;
    const auto issuer = issuer_of(ca.certificate).value();
    const Template what{
        .serial = {++serial, 0x02},
        .signature_algorithm = issuer.signature_algorithm,
        .issuer = issuer.name,
        .not_before = validity.not_before,
        .not_after = validity.not_after,
        .subject = name(common_name),
        .spki = copy(spki),
        .extensions = {
            extension::key_usage(key_usage::digital_signature | key_usage::non_repudiation),
            extension::subject_key_identifier(key_identifier(spki).value()),
            extension::authority_key_identifier(issuer.key_identifier)}};
    return signed_by(what, *ca.key);
}

inline Holder make_person(const Holder& ca, const char* common_name,
                          crypto::KeyKind kind = crypto::KeyKind::ec_p256,
                          Validity validity = some_years()) {
    auto key = make_key(kind);
    auto certificate = issue(ca, key->spki(), common_name, validity);
    return {std::move(key), std::move(certificate)};
}

inline Holder make_registration(const Holder& ca) {
    auto key = make_key();
    const auto what =
        registration_template(issuer_of(ca.certificate).value(), name("Sample registration"),
                              key->spki(), Bytes{2}, some_years())
            .value();
    auto certificate = signed_by(what, *ca.key);
    return {std::move(key), std::move(certificate)};
}

inline const Holder& ca() {
    static const auto one = make_root("Sample CA");
    return one;
}
inline const Holder& registration() {
    static const auto one = make_registration(ca());
    return one;
}
inline const Holder& person() {
    static const auto one = make_person(ca(), "Sample person");
    return one;
}
inline const Holder& stranger() {
    static const auto one = make_person(make_root("Another CA"), "Sample person");
    return one;
}

/// A CertReqMsg for `key`, with its proof of possession.
inline Bytes wanted(crypto::Signer& key, std::vector<crmf::WantedExtension> extensions = {},
                    std::int32_t id = 0,
                    const std::optional<crmf::FormerCertificate>& replaces = {}) {
    crmf::Template what;
    what.subject = {0x30, 0x00};
    what.spki = key.spki();
    what.extensions = std::move(extensions);
    const auto request = crmf::encode_cert_request(id, what, replaces);
    const auto hash = crypto::usual_hash(key.kind());
    return crmf::encode_request(request, key.kind(), hash, key.sign(hash, request).value());
}

}  // namespace mitome::pki::sample
