// SPDX-License-Identifier: Apache-2.0
#include "oid.hpp"
#include "structure.hpp"

#include <mitome/pki/certificate.hpp>

#include <algorithm>
#include <utility>

namespace mitome::pki {

namespace {

constexpr std::size_t max_certificate_octets = std::size_t{1} << 18;  // ours have about 2,000

/// KeyUsage ::= BIT STRING { digitalSignature (0), … decipherOnly (8) }
Result<std::uint16_t> read_key_usage(BytesView value) {
    MITOME_TRY(bits, der::only(value, der::tag::bit_string));
    const BytesView content = bits.value;
    if (content.size() < 2 || content.size() > 3 || content[0] > 7) {
        return fail(Fault::malformed, "key usage: no bits, or too many");
    }
    const std::uint8_t last = content.back();
    // X.690 §11.2.2: trailing zero bits of a named bit list are left out.
    if ((last & (1U << content[0])) == 0 || (last & ((1U << content[0]) - 1)) != 0) {
        return fail(Fault::malformed, "key usage: not minimal");
    }
    if (content.size() == 3 && content[0] != 7) {
        return fail(Fault::malformed, "key usage: no such bit");
    }
    return static_cast<std::uint16_t>(content[1] | (content.size() == 3 ? 0x8000 : 0));
}

struct BasicConstraints {
    bool ca = false;
    std::optional<std::uint64_t> path_length;
};

/// BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }
Result<BasicConstraints> read_basic_constraints(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    der::Reader parts{sequence.value};
    BasicConstraints read;
    MITOME_TRY(ca, parts.next_if(der::tag::boolean));
    if (ca) {
        MITOME_TRY(flag, der::to_boolean(*ca));
        if (!flag) return fail(Fault::malformed, "basic constraints: a default written out");
        read.ca = true;
    }
    MITOME_TRY(length, parts.next_if(der::tag::integer));
    if (length) {
        if (!read.ca) return fail(Fault::malformed, "basic constraints: a path length without cA");
        MITOME_TRY(number, der::to_number(*length));
        read.path_length = number;
    }
    MITOME_CHECK(parts.finish());
    return read;
}

/// SEQUENCE SIZE (1..MAX) OF OBJECT IDENTIFIER
Result<std::vector<std::string>> read_extended_key_usages(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    std::vector<std::string> read;
    der::Reader list{sequence.value};
    if (list.at_end()) return fail(Fault::malformed, "extended key usage: none");
    while (!list.at_end()) {
        MITOME_TRY(purpose, list.next(der::tag::oid));
        MITOME_TRY(dotted, der::to_dotted(purpose.value));
        read.push_back(std::move(dotted));
    }
    return read;
}

/// SEQUENCE SIZE (1..MAX) OF SEQUENCE { policyIdentifier, policyQualifiers SEQUENCE OPTIONAL }
Result<std::vector<std::string>> read_policies(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    std::vector<std::string> read;
    der::Reader list{sequence.value};
    if (list.at_end()) return fail(Fault::malformed, "policies: none");
    while (!list.at_end()) {
        MITOME_TRY(policy, list.enter(der::tag::sequence));
        MITOME_TRY(identifier, policy.next(der::tag::oid));
        MITOME_TRY(dotted, der::to_dotted(identifier.value));
        if (std::ranges::find(read, dotted) != read.end()) {  // RFC 5280 §4.2.1.4
            return fail(Fault::malformed, "policies: one comes twice");
        }
        read.push_back(std::move(dotted));
        if (policy.at_end()) continue;
        MITOME_TRY(qualifiers, policy.enter(der::tag::sequence));
        if (qualifiers.at_end())
            return fail(Fault::malformed, "policies: no qualifier in the list");
        while (!qualifiers.at_end()) {
            MITOME_TRY(qualifier, qualifiers.enter(der::tag::sequence));
            MITOME_CHECK(qualifier.next(der::tag::oid));
            MITOME_CHECK(qualifier.next());
            MITOME_CHECK(qualifier.finish());
        }
        MITOME_CHECK(policy.finish());
    }
    return read;
}

void append_urls(std::vector<std::string>& urls, BytesView general_names) {
    der::Reader names{general_names};
    while (!names.at_end()) {
        const auto name = names.next();
        if (!name) return;
        if (name->tag == der::tag::context(6)) urls.emplace_back(text(name->value));
    }
}

/// SEQUENCE SIZE (1..MAX) OF DistributionPoint; the URLs among the full names.
///
///     DistributionPoint ::= SEQUENCE {
///         distributionPoint [0] DistributionPointName OPTIONAL,
///         reasons [1] ReasonFlags OPTIONAL, cRLIssuer [2] GeneralNames OPTIONAL }
Result<std::vector<std::string>> read_crl_urls(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    std::vector<std::string> read;
    der::Reader list{sequence.value};
    if (list.at_end()) return fail(Fault::malformed, "CRL distribution points: none");
    while (!list.at_end()) {
        MITOME_TRY(point, list.enter(der::tag::sequence));
        MITOME_TRY(name, point.next_if(der::tag::constructed(0)));
        if (name) {
            der::Reader choice{name->value};
            MITOME_TRY(chosen, choice.next());
            if (chosen.tag == der::tag::constructed(0)) {
                MITOME_CHECK(check_general_names(chosen.value));
                append_urls(read, chosen.value);
            } else if (chosen.tag != der::tag::constructed(1)) {
                return fail(Fault::malformed, "CRL distribution points: no such name");
            }
            MITOME_CHECK(choice.finish());
        }
        MITOME_CHECK(point.next_if(der::tag::context(1)));
        MITOME_TRY(issuer, point.next_if(der::tag::constructed(2)));
        if (issuer) MITOME_CHECK(check_general_names(issuer->value));
        MITOME_CHECK(point.finish());
    }
    return read;
}

/// SEQUENCE SIZE (1..MAX) OF SEQUENCE { accessMethod, accessLocation GeneralName }
Result<std::vector<std::string>> read_access_urls(BytesView value, std::string_view method) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    std::vector<std::string> read;
    der::Reader list{sequence.value};
    if (list.at_end()) return fail(Fault::malformed, "authority information access: none");
    while (!list.at_end()) {
        MITOME_TRY(description, list.enter(der::tag::sequence));
        MITOME_TRY(identifier, description.next(der::tag::oid));
        MITOME_TRY(dotted, der::to_dotted(identifier.value));
        MITOME_TRY(location, description.next());
        MITOME_CHECK(check_general_names(location.whole));
        MITOME_CHECK(description.finish());
        if (dotted == method) append_urls(read, location.whole);
    }
    return read;
}

}  // namespace

/// Reads a certificate front to back and keeps where its parts stand.
struct CertificateParser {
    Certificate result;

    [[nodiscard]] Certificate::Span span(BytesView part) const {
        if (part.empty()) return {};
        return {static_cast<std::uint32_t>(part.data() - result.der_.data()),
                static_cast<std::uint32_t>(part.size())};
    }

    ///     Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING
    ///     }
    Done parse() {
        MITOME_TRY(whole, der::only(result.der_, der::tag::sequence));
        der::Reader parts{whole.value};
        MITOME_TRY(tbs, parts.next(der::tag::sequence));
        MITOME_TRY(algorithm, parts.next(der::tag::sequence));
        MITOME_TRY(bits, parts.next(der::tag::bit_string));
        MITOME_TRY(signature, der::to_whole_octets(bits));
        MITOME_CHECK(parts.finish());
        if (signature.empty()) return fail(Fault::malformed, "certificate: an empty signature");

        result.tbs_ = span(tbs.whole);
        result.algorithm_ = span(algorithm.whole);
        result.signature_ = span(signature);
        return parse_tbs(tbs.value);
    }

    ///     TBSCertificate ::= SEQUENCE {
    ///         version [0] EXPLICIT, serialNumber, signature AlgorithmIdentifier, issuer Name,
    ///         validity, subject Name, subjectPublicKeyInfo, extensions [3] EXPLICIT OPTIONAL }
    Done parse_tbs(BytesView content) {
        der::Reader parts{content};
        MITOME_TRY(explicit_version, parts.enter(der::tag::constructed(0)));
        MITOME_TRY(version, explicit_version.next(der::tag::integer));
        MITOME_TRY(version_number, der::to_number(version));
        MITOME_CHECK(explicit_version.finish());
        if (version_number != 2) return fail(Fault::malformed, "certificate: not of version 3");

        MITOME_TRY(serial, parts.next(der::tag::integer));
        MITOME_CHECK(check_serial(serial.value));
        result.serial_ = span(serial.value);

        MITOME_TRY(algorithm, parts.next(der::tag::sequence));
        MITOME_CHECK(check_algorithm(algorithm.whole));
        if (!same(algorithm.whole, result.signature_algorithm())) {  // RFC 5280 §4.1.1.2
            return fail(Fault::malformed, "certificate: two signature algorithms");
        }

        MITOME_TRY(issuer, parts.next(der::tag::sequence));
        MITOME_CHECK(check_name(issuer.whole));
        if (issuer.value.empty()) return fail(Fault::malformed, "certificate: no issuer");
        result.issuer_ = span(issuer.whole);

        MITOME_TRY(validity, parts.enter(der::tag::sequence));
        MITOME_TRY(not_before, read_validity_time(validity));
        MITOME_TRY(not_after, read_validity_time(validity));
        MITOME_CHECK(validity.finish());
        result.not_before_ = not_before;
        result.not_after_ = not_after;

        MITOME_TRY(subject, parts.next(der::tag::sequence));
        MITOME_CHECK(check_name(subject.whole));
        result.subject_ = span(subject.whole);

        MITOME_TRY(spki, parts.next(der::tag::sequence));
        der::Reader key{spki.value};
        MITOME_TRY(key_algorithm, key.next(der::tag::sequence));
        MITOME_CHECK(check_algorithm(key_algorithm.whole));
        MITOME_TRY(key_bits, key.next(der::tag::bit_string));
        MITOME_CHECK(der::to_whole_octets(key_bits));
        MITOME_CHECK(key.finish());
        result.spki_ = span(spki.whole);

        MITOME_TRY(extensions, parts.next_if(der::tag::constructed(3)));
        if (extensions) {
            MITOME_TRY(list, der::only(extensions->value, der::tag::sequence));
            MITOME_TRY(read, read_extensions(list.value));
            result.extensions_ = std::move(read);
        }
        MITOME_CHECK(parts.finish());
        return parse_known_extensions(subject.value.empty());
    }

    Done parse_known_extensions(bool nameless) {
        bool named_otherwise = false;
        for (const Extension& extension : result.extensions_) {
            const BytesView value = extension.value;
            if (extension.oid == oid::key_usage) {
                MITOME_TRY(bits, read_key_usage(value));
                result.key_usage_ = bits;
            } else if (extension.oid == oid::basic_constraints) {
                MITOME_TRY(constraints, read_basic_constraints(value));
                result.is_ca_ = constraints.ca;
                result.path_length_ = constraints.path_length;
            } else if (extension.oid == oid::subject_key_identifier) {
                MITOME_TRY(identifier, der::only(value, der::tag::octet_string));
                result.subject_key_identifier_ = span(identifier.value);
            } else if (extension.oid == oid::authority_key_identifier) {
                MITOME_TRY(identifier, read_authority_key_identifier(value));
                result.authority_key_identifier_ = span(identifier);
            } else if (extension.oid == oid::subject_alt_name ||
                       extension.oid == oid::issuer_alt_name) {
                MITOME_TRY(names, der::only(value, der::tag::sequence));
                MITOME_CHECK(check_general_names(names.value));
                named_otherwise |= extension.oid == oid::subject_alt_name && extension.critical;
            } else if (extension.oid == oid::certificate_policies) {
                MITOME_CHECK(read_policies(value));
            } else if (extension.oid == oid::crl_distribution_points) {
                MITOME_CHECK(read_crl_urls(value));
            } else if (extension.oid == oid::authority_information_access) {
                MITOME_CHECK(read_access_urls(value, {}));
            } else if (extension.oid == oid::extended_key_usage) {
                MITOME_CHECK(read_extended_key_usages(value));
            }
        }
        // RFC 5280 §4.1.2.6: without a subject, its other name is critical.
        if (nameless && !named_otherwise) return fail(Fault::malformed, "certificate: no subject");
        return {};
    }
};

Result<Certificate> Certificate::from_der(Bytes der) {
    if (der.size() > max_certificate_octets) return fail(Fault::malformed, "certificate too long");
    CertificateParser parser{Certificate{}};
    parser.result.der_ = std::move(der);
    MITOME_CHECK(parser.parse());
    return std::move(parser.result);
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
    MITOME_TRY(blocks, mitome::from_pem(pem, "CERTIFICATE"));
    if (blocks.empty()) return fail(Fault::malformed, "no certificate in the PEM text");
    return from_der(std::move(blocks.front()));
}

Certificate::Certificate(const Certificate& other) { *this = other; }

Certificate& Certificate::operator=(const Certificate& other) {
    if (this == &other) return *this;
    Bytes octets = other.der_;
    std::vector<Extension> extensions = other.extensions_;
    for (Extension& extension : extensions) {
        const auto at = extension.value.data() - other.der_.data();
        extension.value =
            BytesView{octets}.subspan(static_cast<std::size_t>(at), extension.value.size());
    }
    der_ = std::move(octets);
    extensions_ = std::move(extensions);
    tbs_ = other.tbs_;
    serial_ = other.serial_;
    issuer_ = other.issuer_;
    subject_ = other.subject_;
    spki_ = other.spki_;
    signature_ = other.signature_;
    algorithm_ = other.algorithm_;
    subject_key_identifier_ = other.subject_key_identifier_;
    authority_key_identifier_ = other.authority_key_identifier_;
    not_before_ = other.not_before_;
    not_after_ = other.not_after_;
    path_length_ = other.path_length_;
    key_usage_ = other.key_usage_;
    is_ca_ = other.is_ca_;
    return *this;
}

BytesView Certificate::view(Span span) const { return BytesView{der_}.subspan(span.at, span.size); }

BytesView Certificate::tbs() const { return view(tbs_); }
BytesView Certificate::serial() const { return view(serial_); }
BytesView Certificate::issuer() const { return view(issuer_); }
BytesView Certificate::subject() const { return view(subject_); }
BytesView Certificate::spki() const { return view(spki_); }
BytesView Certificate::signature() const { return view(signature_); }
BytesView Certificate::signature_algorithm() const { return view(algorithm_); }
BytesView Certificate::subject_key_identifier() const { return view(subject_key_identifier_); }
BytesView Certificate::authority_key_identifier() const { return view(authority_key_identifier_); }

const Extension* Certificate::extension(std::string_view wanted) const {
    return find(extensions_, wanted);
}

// The lists were read once by the parser, so a failure here cannot be; it would be an empty list.
std::vector<std::string> Certificate::extended_key_usages() const {
    const Extension* found = extension(oid::extended_key_usage);
    if (found == nullptr) return {};
    return read_extended_key_usages(found->value).value_or(std::vector<std::string>{});
}

std::vector<std::string> Certificate::policies() const {
    const Extension* found = extension(oid::certificate_policies);
    if (found == nullptr) return {};
    return read_policies(found->value).value_or(std::vector<std::string>{});
}

std::vector<std::string> Certificate::crl_urls() const {
    const Extension* found = extension(oid::crl_distribution_points);
    if (found == nullptr) return {};
    return read_crl_urls(found->value).value_or(std::vector<std::string>{});
}

std::vector<std::string> Certificate::ocsp_urls() const {
    const Extension* found = extension(oid::authority_information_access);
    if (found == nullptr) return {};
    return read_access_urls(found->value, oid::ocsp).value_or(std::vector<std::string>{});
}

std::vector<std::string> Certificate::issuer_urls() const {
    const Extension* found = extension(oid::authority_information_access);
    if (found == nullptr) return {};
    return read_access_urls(found->value, oid::ca_issuers).value_or(std::vector<std::string>{});
}

Done Certificate::verify_signature(const crypto::PublicKey& key) const {
    return verify_with(key, signature_algorithm(), tbs(), signature());
}

}  // namespace mitome::pki
