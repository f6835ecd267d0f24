// SPDX-License-Identifier: Apache-2.0
#include "lint_parts.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <array>

namespace mitome::pki::linting {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t least_serial_octets = 4;       // jpki-facts.md §5
constexpr std::size_t most_address_characters = 200;  // ZK, profile 3.2
constexpr std::chrono::years longest_validity{6};     // renewed in the last three months

const std::vector<Shape> persons{Shape::end_entity};
const std::vector<Shape> authorities{Shape::authority};
const std::vector<Shape> issued{Shape::end_entity, Shape::ocsp_responder, Shape::registration};
const std::vector<Shape> every{Shape::authority, Shape::end_entity, Shape::ocsp_responder,
                               Shape::registration};

bool is_critical(const ExtensionPart& extension) {
    return extension.critical && extension.critical->value[0] != 0;
}

BytesView value_of(const Look& look, BytesView oid) {
    const ExtensionPart* extension = find(look.parts, oid);
    return extension == nullptr ? BytesView{} : extension->value;
}

bool is_serial_long_enough(const Look& look) {
    BytesView serial = look.parts.serial.value;
    if (!serial.empty() && serial[0] == 0) serial = serial.subspan(1);
    return serial.size() >= least_serial_octets;
}

bool is_algorithm_of_issuer(const Look& look) {
    const auto algorithm = parse_signature_algorithm(look.parts.algorithm.whole);
    return algorithm && look.issuer_key && algorithm->rsa == crypto::is_rsa(*look.issuer_key) &&
           algorithm->hash == crypto::usual_hash(*look.issuer_key);
}

bool is_key_of_profile(const Look& look) {
    const auto kind = key_kind_of(look.parts.spki.whole);
    const auto& allowed = look.settings().subject_keys;
    return kind && std::ranges::find(allowed, *kind) != allowed.end();
}

/// Values as they stand in JPKI's certificates, jpki-facts.md §5.
bool is_key_usage_exact(const Look& look) {
    constexpr auto signing = "03020780"_hex;
    constexpr auto signing_for_good = "030206C0"_hex;
    constexpr auto certifying = "03020106"_hex;
    const BytesView value = value_of(look, id::key_usage);
    switch (look.context->shape) {
        case Shape::authority: return same(value, certifying);
        case Shape::end_entity:
            return same(value, look.signs() ? BytesView{signing_for_good} : BytesView{signing});
        case Shape::ocsp_responder:
        case Shape::registration: return same(value, signing);
    }
    return false;
}

bool has_no_basic_constraints(const Look& look) {
    return find(look.parts, id::basic_constraints) == nullptr;
}

bool has_no_extended_key_usage(const Look& look) {
    return find(look.parts, id::extended_key_usage) == nullptr;
}

bool is_basic_constraints_exact(const Look& look) {
    constexpr auto ca_without_limit = "30030101FF"_hex;
    const ExtensionPart* extension = find(look.parts, id::basic_constraints);
    return extension != nullptr && is_critical(*extension) &&
           same(extension->value, ca_without_limit);
}

bool is_policies_critical(const Look& look) {
    const ExtensionPart* extension = find(look.parts, id::certificate_policies);
    return extension != nullptr && is_critical(*extension);
}

/// One PolicyInformation with one CPS qualifier.
Done check_policies(const Look& look) {
    constexpr auto cps = "06082B06010505070201"_hex;
    MITOME_TRY(list, der::only(value_of(look, id::certificate_policies), der::tag::sequence));
    MITOME_TRY(policy, der::only(list.value, der::tag::sequence));
    der::Reader parts{policy.value};
    MITOME_TRY(identifier, parts.next(der::tag::oid));
    MITOME_TRY(dotted, der::to_dotted(identifier.value));
    MITOME_TRY(qualifiers, parts.next(der::tag::sequence));
    MITOME_CHECK(parts.finish());
    MITOME_TRY(qualifier, der::only(qualifiers.value, der::tag::sequence));
    der::Reader inner{qualifier.value};
    MITOME_TRY(kind, inner.next(der::tag::oid));
    MITOME_TRY(url, inner.next(der::tag::ia5_string));
    MITOME_CHECK(inner.finish());
    if (dotted != look.settings().policy || !same(kind.whole, cps) ||
        text(url.value) != look.settings().cps_url) {
        return fail(Fault::malformed, "lint: another policy");
    }
    return {};
}

bool is_policy_exact(const Look& look) { return check_policies(look).has_value(); }

bool is_attribute(const AttributePart& part, BytesView oid, std::string_view value) {
    return same(part.oid, oid) && text(part.text) == value && part.alone;
}

/// Whether a Name begins with the attributes of a profile; how many follow.
std::optional<std::size_t> attributes_behind(const std::vector<AttributePart>& parts,
                                             const std::vector<Attribute>& wanted) {
    if (parts.size() < wanted.size()) return std::nullopt;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto dotted = der::to_dotted(parts[i].oid);
        if (!dotted || *dotted != wanted[i].oid || text(parts[i].text) != wanted[i].value ||
            !parts[i].alone) {
            return std::nullopt;
        }
    }
    return parts.size() - wanted.size();
}

bool is_name(BytesView name, const std::vector<Attribute>& wanted) {
    const auto parts = attributes_of(name);
    return parts && attributes_behind(*parts, wanted) == 0;
}

/// GeneralNames of one directoryName: the Name.
Result<BytesView> sole_directory_name(BytesView general_names) {
    MITOME_TRY(list, der::only(general_names, der::tag::sequence));
    MITOME_TRY(name, der::only(list.value, der::tag::constructed(4)));
    return name.value;
}

bool is_alternative_name(const Look& look, BytesView oid) {
    const ExtensionPart* extension = find(look.parts, oid);
    if (extension == nullptr || is_critical(*extension)) return false;
    const auto name = sole_directory_name(extension->value);
    return name && is_name(*name, look.settings().ca_alternative_name);
}

bool is_issuer_alt_name_exact(const Look& look) {
    return is_alternative_name(look, id::issuer_alt_name);
}

bool is_ca_alt_name_exact(const Look& look) {
    return is_alternative_name(look, id::subject_alt_name);
}

/// Content of fullName of the only distribution point.
Result<der::Reader> full_name(const Look& look) {
    const ExtensionPart* extension = find(look.parts, id::crl_distribution_points);
    if (extension == nullptr || is_critical(*extension)) {
        return fail(Fault::absent, "lint: no distribution point");
    }
    MITOME_TRY(list, der::only(extension->value, der::tag::sequence));
    MITOME_TRY(point, der::only(list.value, der::tag::sequence));
    MITOME_TRY(name, der::only(point.value, der::tag::constructed(0)));
    MITOME_TRY(full, der::only(name.value, der::tag::constructed(0)));
    return der::Reader{full.value};
}

struct PlaceNames {
    std::string_view prefecture, municipality;
};

/// directoryName of the profile with a place behind it, then the URL.
Result<PlaceNames> read_distribution_point(const Look& look) {
    MITOME_TRY(names, full_name(look));
    MITOME_TRY(directory, names.next(der::tag::constructed(4)));
    MITOME_TRY(url, names.next(der::tag::context(6)));
    MITOME_CHECK(names.finish());
    const auto parts = attributes_of(directory.value);
    if (!parts || attributes_behind(*parts, look.settings().distribution_point_name) != 2 ||
        text(url.value) != look.settings().crl_url) {
        return fail(Fault::malformed, "lint: another distribution point");
    }
    const AttributePart& prefecture = (*parts)[parts->size() - 2];
    const AttributePart& municipality = parts->back();
    if (!same(prefecture.oid, id::organizational_unit) || !prefecture.alone ||
        !same(municipality.oid, id::common_name) || !municipality.alone) {
        return fail(Fault::malformed, "lint: a distribution point without a place");
    }
    return PlaceNames{text(prefecture.text), text(municipality.text)};
}

bool is_distribution_point_exact(const Look& look) {
    return read_distribution_point(look).has_value();
}

bool is_distribution_point_of_place(const Look& look) {
    const auto place = read_distribution_point(look);
    if (!place) return true;  // said already
    if (!look.signs()) return true;
    const auto subject = attributes_of(look.parts.subject.whole);
    if (!subject || subject->size() != 4) return true;  // another lint
    return text((*subject)[1].text) == place->prefecture &&
           text((*subject)[2].text) == place->municipality;
}

bool is_ca_distribution_point_exact(const Look& look) {
    auto names = full_name(look);
    if (!names) return false;
    const auto directory = names->next(der::tag::constructed(4));
    return directory && names->finish() && same(directory->value, look.parts.subject.whole);
}

/// OCSP first, then caIssuers; each one URL of the profile.
Done check_access(const Look& look) {
    constexpr auto ocsp = "06082B06010505073001"_hex;
    constexpr auto ca_issuers = "06082B06010505073002"_hex;
    const ExtensionPart* extension = find(look.parts, id::authority_information_access);
    if (extension == nullptr || is_critical(*extension)) {
        return fail(Fault::absent, "lint: no authority information access");
    }
    MITOME_TRY(list, der::only(extension->value, der::tag::sequence));
    der::Reader descriptions{list.value};
    const auto is_next = [&](BytesView method, std::string_view url) -> Done {
        MITOME_TRY(parts, descriptions.enter(der::tag::sequence));
        MITOME_TRY(read_method, parts.next(der::tag::oid));
        MITOME_TRY(location, parts.next(der::tag::context(6)));
        MITOME_CHECK(parts.finish());
        if (!same(read_method.whole, method) || text(location.value) != url) {
            return fail(Fault::malformed, "lint: another access");
        }
        return {};
    };
    MITOME_CHECK(is_next(ocsp, look.settings().ocsp_url));
    MITOME_CHECK(is_next(ca_issuers, look.settings().issuer_url));
    return descriptions.finish();
}

bool is_access_exact(const Look& look) { return check_access(look).has_value(); }

bool is_authority_key_identifier_exact(const Look& look) {
    const auto sequence =
        der::only(value_of(look, id::authority_key_identifier), der::tag::sequence);
    if (!sequence || look.context->ca == nullptr) return false;
    const auto identifier = der::only(sequence->value, der::tag::context(0));
    return identifier && same(identifier->value, look.context->ca->subject_key_identifier());
}

bool is_order(const Look& look, std::initializer_list<BytesView> order) {
    return std::ranges::equal(look.parts.extensions, order, [](const auto& extension, auto oid) {
        return same(extension.oid, oid);
    });
}

bool is_extension_order_right(const Look& look) {
    switch (look.context->shape) {
        case Shape::authority:
            return is_order(look, {id::key_usage, id::subject_alt_name, id::basic_constraints,
                                   id::crl_distribution_points, id::subject_key_identifier});
        case Shape::end_entity:
            return look.signs()
                       ? is_order(look,
                                  {id::key_usage, id::subject_alt_name, id::certificate_policies,
                                   id::issuer_alt_name, id::crl_distribution_points,
                                   id::authority_information_access, id::authority_key_identifier,
                                   id::subject_key_identifier})
                       : is_order(look,
                                  {id::key_usage, id::certificate_policies, id::issuer_alt_name,
                                   id::crl_distribution_points, id::authority_information_access,
                                   id::authority_key_identifier, id::subject_key_identifier});
        case Shape::ocsp_responder:
            return is_order(look, {id::basic_constraints, id::key_usage, id::extended_key_usage,
                                   id::authority_key_identifier, id::subject_key_identifier,
                                   id::ocsp_no_check});
        case Shape::registration:
            return is_order(look, {id::basic_constraints, id::key_usage, id::extended_key_usage,
                                   id::authority_key_identifier, id::subject_key_identifier});
    }
    return false;
}

bool are_types_right(BytesView name) {
    const auto parts = attributes_of(name);
    return parts && std::ranges::all_of(*parts, [](const AttributePart& part) {
               return part.tag == (same(part.oid, id::country) ? der::tag::printable_string
                                                               : der::tag::utf8_string);
           });
}

bool are_string_types_right(const Look& look) {
    if (!are_types_right(look.parts.issuer.whole) || !are_types_right(look.parts.subject.whole)) {
        return false;
    }
    for (const BytesView oid : {BytesView{id::issuer_alt_name}, BytesView{id::subject_alt_name}}) {
        const auto name = sole_directory_name(value_of(look, oid));
        if (name && !are_types_right(*name)) return false;
    }
    auto names = full_name(look);
    if (!names) return true;  // said elsewhere
    const auto directory = names->next(der::tag::constructed(4));
    return !directory || are_types_right(directory->value);
}

bool is_ca_name_exact(const Look& look) {
    return is_name(look.parts.subject.whole, look.settings().ca_name);
}

bool is_subject_shape_right(const Look& look) {
    const auto parts = attributes_of(look.parts.subject.whole);
    if (!parts || parts->empty() || !is_attribute(parts->front(), id::country, "JP")) return false;
    const auto is_type = [&](std::size_t i, BytesView oid) {
        return same((*parts)[i].oid, oid) && (*parts)[i].alone && !(*parts)[i].text.empty();
    };
    if (!look.signs()) return parts->size() == 2 && is_type(1, id::common_name);
    return parts->size() == 4 && is_type(1, id::locality) && is_type(2, id::locality) &&
           is_type(3, id::common_name);
}

bool is_digit(std::uint8_t octet) { return octet >= '0' && octet <= '9'; }

bool is_common_name_shape_right(const Look& look) {
    constexpr std::size_t id_octets = 14;
    constexpr std::size_t length = id_octets + 5 + 3 + 1;  // id, municipality, number, class
    const auto parts = attributes_of(look.parts.subject.whole);
    if (!parts || parts->empty()) return false;
    const BytesView name = parts->back().text;
    if (name.size() != length || name.back() != (look.signs() ? 'S' : 'A')) return false;
    const bool id_right = std::ranges::all_of(name.first(id_octets), [&](std::uint8_t octet) {
        return is_digit(octet) || (!look.signs() && octet >= 'A' && octet <= 'Z');
    });
    return id_right && std::ranges::all_of(name.subspan(id_octets, 8), is_digit);
}

constexpr std::size_t name_at = 0;
constexpr std::size_t birth_at = 1;
constexpr std::size_t sex_at = 2;
constexpr std::size_t address_at = 3;
constexpr std::size_t name_flags_at = 4;
constexpr std::size_t address_flags_at = 5;
constexpr std::size_t four_items_count = 6;

bool are_other_names_right(const Look& look) {
    const ExtensionPart* names = find(look.parts, id::subject_alt_name);
    if (!look.signs()) return names == nullptr;
    return names != nullptr && !is_critical(*names) && look.items.size() == four_items_count;
}

std::optional<std::string_view> item(const Look& look, std::size_t at) {
    return at < look.items.size() ? std::optional{look.items[at]} : std::nullopt;
}

bool has_name(const Look& look) {
    const auto name = item(look, name_at);
    return !name || !name->empty();
}

bool is_birth_date_right(const Look& look) {
    const auto date = item(look, birth_at);
    if (!date) return true;
    const auto read = to_birth_date(*date);
    return read && (!read->day.ok() || read->era == Era::unknown || read->era == era_of(read->day));
}

bool is_sex_right(const Look& look) {
    const auto sex = item(look, sex_at);
    return !sex || *sex == "1" || *sex == "2" || *sex == "3";
}

bool is_address_short_enough(const Look& look) {
    const auto address = item(look, address_at);
    return !address || count_utf8(view(*address)).value_or(most_address_characters + 1) <=
                           most_address_characters;
}

bool do_flags_fit(const Look& look, std::size_t text_at, std::size_t flags_at) {
    const auto of = item(look, text_at);
    const auto flags = item(look, flags_at);
    if (!of || !flags) return true;
    return count_utf8(view(*of)) == flags->size() &&
           std::ranges::all_of(*flags, [](char flag) { return flag == '0' || flag == '1'; });
}

bool do_name_flags_fit(const Look& look) { return do_flags_fit(look, name_at, name_flags_at); }

bool do_address_flags_fit(const Look& look) {
    return do_flags_fit(look, address_at, address_flags_at);
}

bool is_long_form(const Look& look) {
    constexpr auto two_octets = "3082"_hex;
    return same(look.parts.whole.first(2), two_octets);
}

bool is_not_after_within_limit(const Look& look) {
    const auto end = der::to_time(look.parts.not_after);
    return !look.context->latest_not_after || (end && *end <= *look.context->latest_not_after);
}

bool does_end_with_a_day(const Look& look) {
    const auto end = der::to_time(look.parts.not_after);
    return end && *end == end_of_day_in_japan(day_in_japan(*end));
}

bool is_validity_short_enough(const Look& look) {
    const auto begin = der::to_time(look.parts.not_before);
    const auto end = der::to_time(look.parts.not_after);
    if (!begin || !end) return false;
    auto last = day_in_japan(*begin) + longest_validity;
    if (!last.ok()) last = last.year() / last.month() / std::chrono::last;
    return *end <= end_of_day_in_japan(last);
}

}  // namespace

std::vector<std::string_view> four_items_of(const Parts& parts) {
    // 1.2.392.200149.8.5.5.x
    constexpr std::array<std::uint8_t, 6> order{1, 4, 3, 5, 2, 6};
    constexpr auto arc = "2A83088C9B55080505"_hex;
    std::vector<std::string_view> read;
    const ExtensionPart* names = find(parts, id::subject_alt_name);
    if (names == nullptr) return read;
    auto list = der::Reader{names->value}.enter(der::tag::sequence);
    if (!list) return read;
    for (const std::uint8_t tail : order) {
        auto name = list->enter(der::tag::constructed(0));
        if (!name) return read;
        const auto type = name->next(der::tag::oid);
        const auto value = name->next(der::tag::constructed(0));
        if (!type || !value || !name->finish() || type->value.size() != arc.size() + 1 ||
            !same(type->value.first(arc.size()), arc) || type->value.back() != tail) {
            return read;
        }
        const auto string = der::only(value->value, der::tag::utf8_string);
        if (!string || !count_utf8(string->value)) return read;
        read.push_back(text(string->value));
    }
    if (!list->finish()) read.clear();
    return read;
}

std::vector<Rule> jpki_rules() {
    return {
        {{"jpki_serial_at_least_4_octets", "JPKI profile, serial number",
          "The serial number has at least four octets.", persons},
         is_serial_long_enough},
        {{"jpki_signature_algorithm_of_issuer", "JPKI profile, signature algorithm",
          "The signature algorithm is the usual one of the issuing CA's key.", every},
         is_algorithm_of_issuer},
        {{"jpki_subject_key", "施行規則 art. 2; JPKI profile, public key",
          "The key is of a kind and size that the profile certifies.", persons},
         is_key_of_profile},
        {{"jpki_key_usage_exact", "JPKI profile, key usage",
          "Key usage has exactly the bits of its kind of certificate.", every},
         is_key_usage_exact},
        {{"jpki_no_basic_constraints", "JPKI profile, extensions",
          "A person's certificate has no basic constraints.", persons},
         has_no_basic_constraints},
        {{"jpki_no_extended_key_usage", "JPKI profile, extensions",
          "A person's certificate has no extended key usage.", persons},
         has_no_extended_key_usage},
        {{"jpki_ca_basic_constraints_exact", "JPKI profile, CA certificate",
          "Basic constraints of a CA are critical and say cA without a path length.", authorities},
         is_basic_constraints_exact},
        {{"jpki_policies_critical", "JPKI profile, certificate policies",
          "Certificate policies are critical.", persons},
         is_policies_critical},
        {{"jpki_policy_exact", "JPKI profile, certificate policies",
          "There is one policy, that of the CA, with the CPS qualifier and no other.", persons},
         is_policy_exact},
        {{"jpki_issuer_alt_name_exact", "JPKI profile, issuer alternative name",
          "The issuer alternative name is the CA's Japanese directory name.", persons},
         is_issuer_alt_name_exact},
        {{"jpki_ca_alt_name_exact", "JPKI profile, CA certificate",
          "The subject alternative name of a CA is its Japanese directory name.", authorities},
         is_ca_alt_name_exact},
        {{"jpki_distribution_point_exact", "JPKI profile, CRL distribution points",
          "There is one distribution point: the directory name with a place, then the URL.",
          persons},
         is_distribution_point_exact},
        {{"jpki_distribution_point_of_place", "JPKI profile, CRL distribution points",
          "The distribution point is that of the subject's place.", persons},
         is_distribution_point_of_place},
        {{"jpki_ca_distribution_point_exact", "JPKI profile, CA certificate",
          "The distribution point of a CA is its own name.", authorities},
         is_ca_distribution_point_exact},
        {{"jpki_access_exact", "JPKI profile, authority information access",
          "Authority information access names OCSP and then the CA's certificate, once each.",
          persons},
         is_access_exact},
        {{"jpki_authority_key_identifier_exact", "JPKI profile, authority key identifier",
          "The authority key identifier is the CA's key identifier alone.", issued},
         is_authority_key_identifier_exact},
        {{"jpki_extension_order", "JPKI profile, extensions",
          "The extensions are those of the kind of certificate, all of them, in their order.",
          every},
         is_extension_order_right},
        {{"jpki_string_types", "JPKI profile, names",
          "Country is a PrintableString, every other attribute a UTF8String.", every},
         are_string_types_right},
        {{"jpki_ca_name_exact", "JPKI profile, CA certificate",
          "The CA has the name of the profile.", authorities},
         is_ca_name_exact},
        {{"jpki_subject_shape", "JPKI profile, subject",
          "The subject is C=JP, for signature certificates prefecture and municipality, and CN.",
          persons},
         is_subject_shape_right},
        {{"jpki_common_name_shape", "JPKI profile, subject",
          "CN is 14 characters of id, five digits of the municipality, three digits, S or A.",
          persons},
         is_common_name_shape_right},
        {{"jpki_other_names", "JPKI profile, subject alternative name",
          "A signature certificate has the six otherNames in order, not critical; an "
          "authentication certificate has no subject alternative name.",
          persons},
         are_other_names_right},
        {{"jpki_name_not_empty", "JPKI profile, otherName 1", "The name is not empty.", persons},
         has_name},
        {{"jpki_birth_date", "JPKI profile, otherName 4",
          "The birth date is EYYYYMMDD with the era of that day.", persons},
         is_birth_date_right},
        {{"jpki_sex", "JPKI profile, otherName 3", "The sex is 1, 2 or 3.", persons}, is_sex_right},
        {{"jpki_address_length", "JPKI profile, otherName 5",
          "The address has at most 200 characters.", persons},
         is_address_short_enough},
        {{"jpki_name_substitutes", "JPKI profile, otherName 2",
          "The substitute flags of the name are 0 or 1, one for each character.", persons},
         do_name_flags_fit},
        {{"jpki_address_substitutes", "JPKI profile, otherName 6",
          "The substitute flags of the address are 0 or 1, one for each character.", persons},
         do_address_flags_fit},
        {{"jpki_long_form", "JPKI profile, encoding; OpenSC card-jpki.c",
          "The certificate begins with 30 82: readers take its size from the two octets behind.",
          persons},
         is_long_form},
        {{"jpki_not_after_limit", "JPKI service rules, validity",
          "notAfter is not past the card or the card's signature certificate.", persons},
         is_not_after_within_limit},
        {{"jpki_ends_with_a_day",
          "JPKI profile, validity",
          "notAfter is 23:59:59 in Japan.",
          {Shape::authority, Shape::end_entity}},
         does_end_with_a_day},
        {{"jpki_at_most_six_years", "JPKI service rules, validity",
          "The certificate is valid for six years at most.", persons},
         is_validity_short_enough},
    };
}

}  // namespace mitome::pki::linting
