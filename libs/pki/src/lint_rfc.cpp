// SPDX-License-Identifier: Apache-2.0
#include "lint_parts.hpp"
#include "structure.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <array>

namespace mitome::pki::linting {

namespace {

constexpr std::size_t max_serial_octets = 20;  // RFC 5280 §4.1.2.2
constexpr std::size_t key_identifier_octets = 20;

const std::vector<Shape> every{Shape::authority, Shape::end_entity, Shape::ocsp_responder,
                               Shape::registration};
const std::vector<Shape> issued{Shape::end_entity, Shape::ocsp_responder, Shape::registration};
const std::vector<Shape> services{Shape::ocsp_responder, Shape::registration};

bool is_version_3(const Look& look) {
    if (!look.parts.version) return false;
    const auto number = der::to_number(*look.parts.version);
    return number && *number == 2;
}

bool is_serial_positive(const Look& look) {
    const BytesView serial = look.parts.serial.value;
    return der::check_integer(serial) && (serial[0] & 0x80) == 0 &&
           std::ranges::any_of(serial, [](std::uint8_t octet) { return octet != 0; });
}

bool is_serial_short_enough(const Look& look) {
    return look.parts.serial.value.size() <= max_serial_octets;
}

bool is_algorithm_known(const Look& look) {
    return parse_signature_algorithm(look.parts.algorithm.whole).has_value();
}

bool has_issuer(const Look& look) { return !look.parts.issuer.value.empty(); }

bool has_subject(const Look& look) { return !look.parts.subject.value.empty(); }

bool are_names_well_formed(const Look& look) {
    return check_name(look.parts.issuer.whole) && check_name(look.parts.subject.whole);
}

/// Upper bounds of RFC 5280 appendix A.1, in characters.
bool are_strings_short_enough(const Look& look) {
    struct Bound {
        BytesView type;
        std::size_t most;
    };
    constexpr std::array<Bound, 5> bounds{{{id::common_name, 64},
                                           {id::country, 2},
                                           {id::locality, 128},
                                           {id::organization, 64},
                                           {id::organizational_unit, 64}}};
    for (const BytesView name : {look.parts.issuer.whole, look.parts.subject.whole}) {
        const auto attributes = attributes_of(name);
        if (!attributes) return false;
        for (const AttributePart& attribute : *attributes) {
            const auto bound = std::ranges::find_if(
                bounds, [&](const Bound& b) { return same(b.type, attribute.oid); });
            if (bound != bounds.end() &&
                count_utf8(attribute.text).value_or(bound->most + 1) > bound->most) {
                return false;
            }
        }
    }
    return true;
}

/// §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on, seconds, Z.
bool is_time_encoding_right(const Look& look) {
    constexpr std::string_view first_long_year = "2050";
    for (const der::Element& element : {look.parts.not_before, look.parts.not_after}) {
        if (!der::to_time(element)) return false;
        if (element.tag == der::tag::generalized_time &&
            text(element.value).substr(0, 4) < first_long_year) {
            return false;
        }
    }
    return true;
}

bool is_validity_in_order(const Look& look) {
    const auto begin = der::to_time(look.parts.not_before);
    const auto end = der::to_time(look.parts.not_after);
    return begin && end && *begin < *end;
}

bool is_key_readable(const Look& look) { return key_kind_of(look.parts.spki.whole).has_value(); }

bool is_without_unique_identifiers(const Look& look) { return !look.parts.unique_identifiers; }

bool are_extensions_unique(const Look& look) {
    const auto& list = look.parts.extensions;
    for (std::size_t i = 0; i < list.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            if (same(list[i].oid, list[k].oid)) return false;
        }
    }
    return true;
}

bool is_no_default_written(const Look& look) {
    return std::ranges::none_of(look.parts.extensions, [](const ExtensionPart& extension) {
        return extension.critical && extension.critical->value[0] == 0;
    });
}

bool is_critical(const ExtensionPart& extension) {
    return extension.critical && extension.critical->value[0] != 0;
}

bool are_critical_known(const Look& look) {
    constexpr std::array<BytesView, 4> known{id::key_usage, id::basic_constraints,
                                             id::certificate_policies, id::extended_key_usage};
    return std::ranges::none_of(look.parts.extensions, [&](const ExtensionPart& extension) {
        return is_critical(extension) &&
               std::ranges::none_of(known, [&](BytesView oid) { return same(oid, extension.oid); });
    });
}

bool has_authority_key_identifier(const Look& look) {
    const ExtensionPart* extension = find(look.parts, id::authority_key_identifier);
    if (extension == nullptr || is_critical(*extension)) return false;
    const auto identifier = read_authority_key_identifier(extension->value);
    return identifier && !identifier->empty();
}

bool has_subject_key_identifier(const Look& look) {
    const ExtensionPart* extension = find(look.parts, id::subject_key_identifier);
    if (extension == nullptr || is_critical(*extension)) return false;
    const auto identifier = der::only(extension->value, der::tag::octet_string);
    return identifier && identifier->value.size() == key_identifier_octets &&
           same(identifier->value, look.key_identifier);
}

/// Present, critical, with at least one bit and no trailing zero bits. X.690 §11.2.2.
bool is_key_usage_sound(const Look& look) {
    const ExtensionPart* extension = find(look.parts, id::key_usage);
    if (extension == nullptr || !is_critical(*extension)) return false;
    const auto bits = der::only(extension->value, der::tag::bit_string);
    if (!bits || bits->value.size() < 2 || bits->value.size() > 3 || bits->value[0] > 7) {
        return false;
    }
    const unsigned unused = bits->value[0];
    const std::uint8_t last = bits->value.back();
    return (last >> unused & 1) == 1 && static_cast<std::uint8_t>(last << (8 - unused)) == 0;
}

bool is_ca(const Look& look) {
    constexpr auto ca = "0101FF"_hex;
    const ExtensionPart* extension = find(look.parts, id::basic_constraints);
    if (extension == nullptr) return false;
    const auto sequence = der::only(extension->value, der::tag::sequence);
    return sequence && sequence->value.size() >= ca.size() &&
           same(sequence->value.first(ca.size()), ca);
}

bool does_cert_sign_agree_with_ca(const Look& look) {
    constexpr std::uint8_t key_cert_sign = 0x04;
    const ExtensionPart* extension = find(look.parts, id::key_usage);
    const auto bits = extension == nullptr
                          ? Result<der::Element>{fail(Fault::absent, "lint: no key usage")}
                          : der::only(extension->value, der::tag::bit_string);
    const bool signs = bits && bits->value.size() >= 2 && (bits->value[1] & key_cert_sign) != 0;
    return signs == is_ca(look);
}

bool is_no_ca(const Look& look) { return !is_ca(look); }

bool is_issuer_the_ca(const Look& look) {
    return look.context->ca != nullptr &&
           same(look.parts.issuer.whole, look.context->ca->subject());
}

bool is_self_issued(const Look& look) {
    return same(look.parts.issuer.whole, look.parts.subject.whole);
}

bool is_within_ca_validity(const Look& look) {
    const auto begin = der::to_time(look.parts.not_before);
    const auto end = der::to_time(look.parts.not_after);
    const Certificate* ca = look.context->ca;
    return ca != nullptr && begin && end && *begin >= ca->not_before() && *end <= ca->not_after();
}

/// SEQUENCE of exactly this purpose.
bool has_purpose_alone(const Look& look, BytesView wanted) {
    const ExtensionPart* extension = find(look.parts, id::extended_key_usage);
    if (extension == nullptr) return false;
    const auto list = der::only(extension->value, der::tag::sequence);
    if (!list) return false;
    const auto purpose = der::only(list->value, der::tag::oid);
    return purpose && same(purpose->value, wanted);
}

bool is_ocsp_signing_alone(const Look& look) {
    return has_purpose_alone(look, "2B06010505070309"_hex);
}

bool is_cmc_ra_alone(const Look& look) { return has_purpose_alone(look, "2B0601050507031C"_hex); }

bool has_no_check(const Look& look) {
    constexpr auto null = "0500"_hex;
    const ExtensionPart* extension = find(look.parts, id::ocsp_no_check);
    return extension != nullptr && !is_critical(*extension) && same(extension->value, null);
}

}  // namespace

std::vector<Rule> rfc_rules() {
    return {
        {{"rfc5280_version_3", "RFC 5280 §4.1.2.1", "The version is 3.", every}, is_version_3},
        {{"rfc5280_serial_positive", "RFC 5280 §4.1.2.2",
          "The serial number is a positive, minimally encoded INTEGER.", every},
         is_serial_positive},
        {{"rfc5280_serial_at_most_20_octets", "RFC 5280 §4.1.2.2",
          "The serial number has at most 20 octets.", every},
         is_serial_short_enough},
        {{"rfc5280_signature_algorithm_known", "RFC 5280 §4.1.2.3; RFC 4055 §5, RFC 5758 §3.2",
          "The signature algorithm is RSA or ECDSA with SHA-256, SHA-384 or SHA-512, with the "
          "parameters that belong to it.",
          every},
         is_algorithm_known},
        {{"rfc5280_issuer_not_empty", "RFC 5280 §4.1.2.4", "The issuer has a name.", every},
         has_issuer},
        {{"rfc5280_names_well_formed", "RFC 5280 §4.1.2.4",
          "Issuer and subject are Names whose strings hold what their type allows.", every},
         are_names_well_formed},
        {{"rfc5280_string_lengths", "RFC 5280 appendix A.1",
          "No attribute is longer than its upper bound.", every},
         are_strings_short_enough},
        {{"rfc5280_time_encoding", "RFC 5280 §4.1.2.5",
          "Times are UTCTime through 2049 and GeneralizedTime from 2050 on, with seconds and Z.",
          every},
         is_time_encoding_right},
        {{"rfc5280_validity_order", "RFC 5280 §4.1.2.5", "notBefore lies before notAfter.", every},
         is_validity_in_order},
        {{"rfc5280_subject_not_empty", "RFC 5280 §4.1.2.6", "The subject has a name.", every},
         has_subject},
        {{"rfc5280_key_readable", "RFC 5280 §4.1.2.7; RFC 3279 §2.3, RFC 5480 §2",
          "The key is RSA of 2048, 3072 or 4096 bits or an uncompressed point of P-256 or P-384.",
          every},
         is_key_readable},
        {{"rfc5280_no_unique_identifiers", "RFC 5280 §4.1.2.8",
          "Neither issuer nor subject has a unique identifier.", every},
         is_without_unique_identifiers},
        {{"rfc5280_extensions_unique", "RFC 5280 §4.2", "No extension comes twice.", every},
         are_extensions_unique},
        {{"rfc5280_no_default_written", "X.690 §11.5",
          "No extension says that it is not critical: FALSE is the default and is left out.",
          every},
         is_no_default_written},
        {{"rfc5280_critical_known", "RFC 5280 §4.2",
          "Only key usage, basic constraints, policies and extended key usage are critical.",
          every},
         are_critical_known},
        {{"rfc5280_authority_key_identifier", "RFC 5280 §4.2.1.1",
          "The authority key identifier is there, not critical, and holds a key identifier.",
          issued},
         has_authority_key_identifier},
        {{"rfc5280_subject_key_identifier", "RFC 5280 §4.2.1.2",
          "The subject key identifier is there, not critical, and is the SHA-1 of the key.", every},
         has_subject_key_identifier},
        {{"rfc5280_key_usage_sound", "RFC 5280 §4.2.1.3; X.690 §11.2.2",
          "Key usage is there, critical, has at least one bit and no trailing zero bits.", every},
         is_key_usage_sound},
        {{"rfc5280_cert_sign_as_ca", "RFC 5280 §4.2.1.3, §4.2.1.9",
          "keyCertSign is set exactly where basic constraints say cA.", every},
         does_cert_sign_agree_with_ca},
        {{"rfc5280_no_ca", "RFC 5280 §4.2.1.9", "A service's certificate is not that of a CA.",
          services},
         is_no_ca},
        {{"rfc5280_issuer_is_ca_subject", "RFC 5280 §4.1.2.4, §6.1.3 (a)(4)",
          "The issuer is octet by octet the subject of the issuing CA.", issued},
         is_issuer_the_ca},
        {{"rfc5280_self_issued",
          "RFC 5280 §3.2, §4.1.2.4",
          "A CA of one tier is issuer and subject of its own certificate.",
          {Shape::authority}},
         is_self_issued},
        {{"rfc5280_within_ca_validity", "RFC 5280 §6.1.3 (a)(2)",
          "The certificate begins and ends within the validity of the issuing CA.", issued},
         is_within_ca_validity},
        {{"rfc6960_ocsp_signing_alone",
          "RFC 6960 §4.2.2.2",
          "A responder's certificate is for id-kp-OCSPSigning and nothing else.",
          {Shape::ocsp_responder}},
         is_ocsp_signing_alone},
        {{"rfc6960_no_check",
          "RFC 6960 §4.2.2.2.1",
          "A responder's certificate has id-pkix-ocsp-nocheck, not critical, NULL.",
          {Shape::ocsp_responder}},
         has_no_check},
        {{"rfc6402_cmc_ra_alone",
          "RFC 6402 §2.10; RFC 9810 §4.5",
          "The registration service's certificate is for id-kp-cmcRA and nothing else.",
          {Shape::registration}},
         is_cmc_ra_alone},
    };
}

}  // namespace mitome::pki::linting
