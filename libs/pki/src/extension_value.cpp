// SPDX-License-Identifier: Apache-2.0
#include "oid.hpp"
#include "structure.hpp"
#include "utf8.hpp"

#include <mitome/pki/attestation.hpp>
#include <mitome/pki/der.hpp>
#include <mitome/pki/extension_value.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace mitome::pki {

namespace {

constexpr std::string_view user_notice = "1.3.6.1.5.5.7.2.2";  // RFC 5280 §4.2.1.4
constexpr std::uint8_t visible_string = 0x1A;
constexpr std::uint8_t bmp_string = 0x1E;

constexpr std::array<std::pair<std::string_view, std::string_view>, 24> extension_names{{
    {oid::subject_key_identifier, "subjectKeyIdentifier"},
    {oid::key_usage, "keyUsage"},
    {oid::subject_alt_name, "subjectAltName"},
    {oid::issuer_alt_name, "issuerAltName"},
    {oid::basic_constraints, "basicConstraints"},
    {"2.5.29.30", "nameConstraints"},
    {oid::crl_distribution_points, "cRLDistributionPoints"},
    {oid::certificate_policies, "certificatePolicies"},
    {"2.5.29.33", "policyMappings"},
    {oid::authority_key_identifier, "authorityKeyIdentifier"},
    {"2.5.29.36", "policyConstraints"},
    {oid::extended_key_usage, "extKeyUsage"},
    {"2.5.29.46", "freshestCRL"},
    {"2.5.29.54", "inhibitAnyPolicy"},
    {"2.5.29.9", "subjectDirectoryAttributes"},
    {"2.5.29.16", "privateKeyUsagePeriod"},
    {oid::authority_information_access, "authorityInfoAccess"},
    {"1.3.6.1.5.5.7.1.11", "subjectInfoAccess"},
    {"1.3.6.1.5.5.7.1.3", "qcStatements"},
    {"1.3.6.1.5.5.7.1.24", "tlsFeature"},
    {oid::ocsp_no_check, "ocspNoCheck"},
    {"1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestampList"},
    {id_key_description, "keyDescription"},
    {id_aa_attestation, "attestation"},
}};

std::string address_text(BytesView octets) {
    std::string out;
    if (octets.size() == 4) {
        for (const auto octet : octets) {
            if (!out.empty()) out += '.';
            out += std::to_string(octet);
        }
        return out;
    }
    for (std::size_t i = 0; i < octets.size(); i += 2) {
        if (!out.empty()) out += ':';
        out += to_hex(octets.subspan(i, std::min<std::size_t>(2, octets.size() - i)));
    }
    return out;
}

/// AnotherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }
Result<std::string> other_name_text(BytesView content) {
    der::Reader parts{content};
    MITOME_TRY(type, parts.next(der::tag::oid));
    MITOME_TRY(dotted, der::to_dotted(type.value));
    MITOME_TRY(explicit_value, parts.enter(der::tag::constructed(0)));
    MITOME_TRY(value, explicit_value.next());
    const bool is_text = value.tag == der::tag::utf8_string || value.tag == der::tag::ia5_string ||
                         value.tag == der::tag::printable_string;
    return dotted + "=" + (is_text ? printable(text(value.value)) : "#" + to_hex(value.whole));
}

Result<GeneralName> general_name(const der::Element& name) {
    using Kind = GeneralName::Kind;
    switch (name.tag) {
        case der::tag::constructed(0): {
            MITOME_TRY(other, other_name_text(name.value));
            return GeneralName{Kind::other, std::move(other)};
        }
        case der::tag::context(1): return GeneralName{Kind::mail, printable(text(name.value))};
        case der::tag::context(2): return GeneralName{Kind::host, printable(text(name.value))};
        case der::tag::constructed(4):
            return GeneralName{Kind::directory, to_text_name(name.value)};
        case der::tag::context(6): return GeneralName{Kind::url, printable(text(name.value))};
        case der::tag::context(7): return GeneralName{Kind::address, address_text(name.value)};
        case der::tag::context(8): {
            MITOME_TRY(dotted, der::to_dotted(name.value));
            return GeneralName{Kind::registered, std::move(dotted)};
        }
        default: break;
    }
    return GeneralName{Kind::foreign, to_hex(name.whole)};
}

/// Content of GeneralNames.
Result<std::vector<GeneralName>> general_names(BytesView content) {
    MITOME_CHECK(check_general_names(content));
    std::vector<GeneralName> read;
    der::Reader names{content};
    while (!names.at_end()) {
        MITOME_TRY(name, names.next());
        MITOME_TRY(one, general_name(name));
        read.push_back(std::move(one));
    }
    return read;
}

/// DistributionPointName ::= CHOICE { fullName [0] GeneralNames,
///     nameRelativeToCRLIssuer [1] RelativeDistinguishedName }
Done read_point_name(BytesView choice, DistributionPoint& point) {
    der::Reader reader{choice};
    MITOME_TRY(chosen, reader.next());
    MITOME_CHECK(reader.finish());
    if (chosen.tag == der::tag::constructed(0)) {
        MITOME_TRY(names, general_names(chosen.value));
        point.full_name = std::move(names);
    } else {  // a name of this one RDN has the same text
        const auto name = der::sequence({der::wrap(der::tag::set, chosen.value)});
        MITOME_CHECK(check_name(name));
        point.relative_text = to_text_name(name);
    }
    return {};
}

/// DisplayText ::= CHOICE of four kinds of string
std::string display_text(const der::Element& string) {
    const bool is_text = string.tag == der::tag::utf8_string ||
                         string.tag == der::tag::ia5_string || string.tag == visible_string;
    if (is_text) return printable(text(string.value));
    if (string.tag != bmp_string) return "#" + to_hex(string.whole);
    std::string out;
    for (std::size_t i = 0; i + 1 < string.value.size(); i += 2) {  // UCS-2, so no pairs
        const unsigned code = static_cast<unsigned>(string.value[i]) << 8 | string.value[i + 1];
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xC0 | code >> 6);
            out += static_cast<char>(0x80 | (code & 0x3F));
        } else {
            out += static_cast<char>(0xE0 | code >> 12);
            out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
            out += static_cast<char>(0x80 | (code & 0x3F));
        }
    }
    return printable(out);
}

/// UserNotice ::= SEQUENCE { noticeRef NoticeReference OPTIONAL, explicitText DisplayText OPTIONAL
/// }
Result<std::string> notice_text(const der::Element& notice) {
    if (notice.tag != der::tag::sequence) return fail(Fault::malformed, "policies: no notice");
    der::Reader parts{notice.value};
    MITOME_CHECK(parts.next_if(der::tag::sequence));
    if (parts.at_end()) return std::string{};
    MITOME_TRY(string, parts.next());
    MITOME_CHECK(parts.finish());
    return display_text(string);
}

/// PolicyQualifierInfo ::= SEQUENCE { policyQualifierId, qualifier ANY }
Done read_qualifier(der::Reader& list, PolicyText& policy) {
    MITOME_TRY(parts, list.enter(der::tag::sequence));
    MITOME_TRY(identifier, parts.next(der::tag::oid));
    MITOME_TRY(dotted, der::to_dotted(identifier.value));
    MITOME_TRY(value, parts.next());
    MITOME_CHECK(parts.finish());
    if (dotted == oid::cps_qualifier && value.tag == der::tag::ia5_string) {
        policy.practice_texts.push_back(printable(text(value.value)));
    } else if (dotted == user_notice) {
        MITOME_TRY(notice, notice_text(value));
        if (!notice.empty()) policy.notice_texts.push_back(std::move(notice));
    } else {
        policy.other_qualifiers.push_back(std::move(dotted));
    }
    return {};
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        // The longest start of at most four octets that is one character.
        std::size_t length = 1;
        while (length < 4 && length < text.size() && !count_utf8(view(text.substr(0, length)))) {
            ++length;
        }
        const bool whole = count_utf8(view(text.substr(0, length))).has_value();
        const std::size_t escaped = whole ? steering_octets(text) : 1;
        if (escaped == 0) {
            out += text.substr(0, length);
            text.remove_prefix(length);
            continue;
        }
        for (const char octet : text.substr(0, escaped)) {
            out += '\\';
            out += to_hex(view({&octet, 1}));
        }
        text.remove_prefix(escaped);
    }
    return out;
}

Result<std::vector<GeneralName>> read_alternative_names(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    return general_names(sequence.value);
}

Result<std::vector<DistributionPoint>> read_distribution_points(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    std::vector<DistributionPoint> read;
    der::Reader list{sequence.value};
    while (!list.at_end()) {
        MITOME_TRY(parts, list.enter(der::tag::sequence));
        DistributionPoint point;
        MITOME_TRY(name, parts.next_if(der::tag::constructed(0)));
        if (name) MITOME_CHECK(read_point_name(name->value, point));
        MITOME_CHECK(parts.next_if(der::tag::context(1)));
        MITOME_TRY(issuer, parts.next_if(der::tag::constructed(2)));
        if (issuer) {
            MITOME_TRY(names, general_names(issuer->value));
            point.issuers = std::move(names);
        }
        MITOME_CHECK(parts.finish());
        read.push_back(std::move(point));
    }
    return read;
}

Result<std::vector<Access>> read_accesses(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    std::vector<Access> read;
    der::Reader list{sequence.value};
    while (!list.at_end()) {
        MITOME_TRY(parts, list.enter(der::tag::sequence));
        MITOME_TRY(identifier, parts.next(der::tag::oid));
        MITOME_TRY(dotted, der::to_dotted(identifier.value));
        MITOME_TRY(location, parts.next());
        MITOME_CHECK(parts.finish());
        MITOME_TRY(names, general_names(location.whole));
        read.push_back({std::move(dotted), std::move(names.front())});
    }
    return read;
}

Result<std::vector<PolicyText>> read_policy_texts(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    std::vector<PolicyText> read;
    der::Reader list{sequence.value};
    while (!list.at_end()) {
        MITOME_TRY(parts, list.enter(der::tag::sequence));
        MITOME_TRY(identifier, parts.next(der::tag::oid));
        MITOME_TRY(dotted, der::to_dotted(identifier.value));
        PolicyText policy;
        policy.policy = std::move(dotted);
        MITOME_TRY(qualifiers, parts.next_if(der::tag::sequence));
        MITOME_CHECK(parts.finish());
        if (qualifiers) {
            der::Reader each{qualifiers->value};
            while (!each.at_end()) MITOME_CHECK(read_qualifier(each, policy));
        }
        read.push_back(std::move(policy));
    }
    return read;
}

// AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OPTIONAL,
//     authorityCertIssuer [1] GeneralNames OPTIONAL, authorityCertSerialNumber [2] OPTIONAL }
Result<AuthorityCertificate> read_authority_certificate(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    der::Reader parts{sequence.value};
    AuthorityCertificate read;
    MITOME_CHECK(parts.next_if(der::tag::context(0)));
    MITOME_TRY(issuer, parts.next_if(der::tag::constructed(1)));
    if (issuer) {
        MITOME_TRY(names, general_names(issuer->value));
        read.issuers = std::move(names);
    }
    MITOME_TRY(serial, parts.next_if(der::tag::context(2)));
    if (serial) read.serial = to_hex(serial->value);
    MITOME_CHECK(parts.finish());
    return read;
}

std::string_view name_of_extension(std::string_view oid) {
    const auto found = std::ranges::find(extension_names, oid,
                                         &std::pair<std::string_view, std::string_view>::first);
    return found == extension_names.end() ? std::string_view{} : found->second;
}

}  // namespace mitome::pki
