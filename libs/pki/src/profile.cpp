// SPDX-License-Identifier: Apache-2.0
#include "backward_writer.hpp"
#include "oid.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/pki/profile.hpp>

#include <utility>

namespace mitome::pki {

namespace {

// X.520 attribute types as whole elements.
constexpr auto common_name_oid = "0603550403"_hex;
constexpr auto locality_oid = "0603550407"_hex;
constexpr auto organizational_unit_oid = "060355040B"_hex;
constexpr auto country_jp = "310B3009060355040613024A50"_hex;  // RDN C=JP

constexpr auto version_3 = "A003020102"_hex;

// Extension ids as whole elements.
constexpr auto subject_alt_name_oid = "0603551D11"_hex;
constexpr auto authority_key_identifier_oid = "0603551D23"_hex;
constexpr auto subject_key_identifier_oid = "0603551D0E"_hex;
constexpr auto crl_distribution_points_oid = "0603551D1F"_hex;

constexpr std::uint8_t directory_name = der::tag::constructed(4);  // explicit: Name is a CHOICE
constexpr std::uint8_t url_name = der::tag::context(6);

/// Room for the certificate of a person with a long name and address.
constexpr std::size_t usual_tbs_octets = 4096;

Bytes whole_extension(std::string_view id, bool critical, BytesView value) {
    return der::sequence(
        {der::oid(id), critical ? der::boolean(true) : Bytes{}, der::octet_string(value)});
}

Bytes access_description(std::string_view method, std::string_view url) {
    return der::sequence({der::oid(method), der::wrap(url_name, view(url))});
}

Bytes distribution_point(std::initializer_list<BytesView> general_names) {
    return der::sequence({der::sequence({der::wrap(
        der::tag::constructed(0), der::wrap(der::tag::constructed(0), general_names))})});
}

/// RDN of one UTF8String.
void put_attribute(BackwardWriter& out, BytesView oid, std::string_view value) {
    const std::size_t set = out.mark();
    out.element(der::tag::utf8_string, view(value));
    out.put(oid);
    out.close(der::tag::sequence, set);
    out.close(der::tag::set, set);
}

void put_time(BackwardWriter& out, Time time) { out.put(der::time(time)); }

void put_other_name(BackwardWriter& out, BytesView oid, std::string_view value) {
    const std::size_t name = out.mark();
    out.element(der::tag::utf8_string, view(value));
    out.close(der::tag::constructed(0), name);
    out.put(oid);
    out.close(der::tag::constructed(0), name);
}

void put_subject_alt_name(BackwardWriter& out, const BasicFourItems& items) {
    const std::size_t extension = out.mark();
    put_other_name(out, oid::four_items_address_substitutes, items.address_substitutes);
    put_other_name(out, oid::four_items_name_substitutes, items.name_substitutes);
    put_other_name(out, oid::four_items_address, items.address);
    put_other_name(out, oid::four_items_sex, to_text(items.sex));
    put_other_name(out, oid::four_items_birth, to_text(items.birth));
    put_other_name(out, oid::four_items_name, items.name);
    out.close(der::tag::sequence, extension);
    out.close(der::tag::octet_string, extension);
    out.put(subject_alt_name_oid);
    out.close(der::tag::sequence, extension);
}

void put_distribution_points(BackwardWriter& out, BytesView prefix, BytesView url,
                             std::string_view prefecture, std::string_view municipality) {
    const std::size_t extension = out.mark();
    out.put(url);
    const std::size_t name = out.mark();
    put_attribute(out, common_name_oid, municipality);
    put_attribute(out, organizational_unit_oid, prefecture);
    out.put(prefix);
    out.close(der::tag::sequence, name);
    out.close(directory_name, name);
    out.close(der::tag::constructed(0), extension);  // fullName
    out.close(der::tag::constructed(0), extension);  // distributionPoint
    out.close(der::tag::sequence, extension);
    out.close(der::tag::sequence, extension);
    out.close(der::tag::octet_string, extension);
    out.put(crl_distribution_points_oid);
    out.close(der::tag::sequence, extension);
}

void put_subject(BackwardWriter& out, Kind kind, const EndEntityFields& fields) {
    const std::size_t name = out.mark();
    put_attribute(out, common_name_oid, fields.common_name);
    if (kind == Kind::sign) {
        put_attribute(out, locality_oid, fields.place.municipality);
        put_attribute(out, locality_oid, fields.place.prefecture);
    }
    out.put(country_jp);
    out.close(der::tag::sequence, name);
}

void put_serial(BackwardWriter& out, BytesView serial) {
    while (serial.size() > 1 && serial[0] == 0) serial = serial.subspan(1);
    const std::size_t before = out.mark();
    out.put(serial);
    if (serial.empty() || (serial[0] & 0x80) != 0) out.put(0);
    out.close(der::tag::integer, before);
}

Bytes rdns_of(std::span<const Attribute> attributes) {
    const Bytes name = make_name(attributes);
    const auto content = der::only(name, der::tag::sequence);
    return content ? copy(content->value) : Bytes{};
}

void append_decimal(std::string& out, unsigned value, unsigned width) {
    std::string digits(width, '0');
    for (unsigned i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
    out += digits;
}

constexpr unsigned common_names_of_a_second = 1000;  // three digits

}  // namespace

ProfileSettings sandbox_settings(Ca ca, std::string_view base_url) {
    const bool sign = kind_of(ca) == Kind::sign;
    const bool phone = ca == Ca::phone_sign || ca == Ca::phone_auth;
    const std::string base{base_url};
    const std::string file{name_of(ca)};

    const std::string unit =
        std::string{sign ? "JPKI for digital signature" : "JPKI for user authentication"} +
        (phone ? " (mobile)" : "");
    const std::string japanese_unit =
        std::string{sign ? "公的個人認証サービス署名用" : "公的個人認証サービス利用者証明用"} +
        (phone ? "（移動端末設備）" : "");

    using namespace attribute;
    ProfileSettings out;
    out.ca = ca;
    out.ca_name = {{country, "JP"},
                   {organization, "JPKI-TEST"},
                   {organizational_unit, unit},
                   {organizational_unit, "Mitome Sandbox"}};
    out.ca_alternative_name = {{country, "JP"},
                               {organization, "公的個人認証サービス"},
                               {organizational_unit, japanese_unit},
                               {organizational_unit, "Mitome Sandbox"}};
    out.distribution_point_name = {{country, "JP"},
                                   {organization, "JPKI-TEST"},
                                   {organizational_unit, unit},
                                   {organizational_unit, "CRL Distribution Points"}};
    out.policy = std::string{"1.2.392.200149.8.5.1."} +
                 (sign ? (phone ? "0.40" : "0.20") : (phone ? "2.50" : "2.30"));
    out.cps_url = "http://www.jpki.go.jp/cps.html";
    out.crl_url = base + "/crl/" + file + ".crl";
    out.ocsp_url = base + "/ocsp";
    out.issuer_url = base + "/ca/" + file + ".cer";
    out.key_usage = sign ? key_usage::digital_signature | key_usage::non_repudiation
                         : key_usage::digital_signature;
    // 施行規則 art. 2: RSA of 2,048 bits or more. P-256 is what our element offers beside it.
    out.subject_keys = {crypto::KeyKind::rsa_2048, crypto::KeyKind::ec_p256};
    return out;
}

Profile::Profile(ProfileSettings settings) : settings_(std::move(settings)) {
    ca_name_ = make_name(settings_.ca_name);

    const NewExtension usage = extension::key_usage(settings_.key_usage);
    key_usage_ = whole_extension(usage.oid, usage.critical, usage.value);

    const Bytes qualifier =
        der::sequence({der::oid(oid::cps_qualifier), der::ia5_string(settings_.cps_url)});
    policies_ = whole_extension(
        oid::certificate_policies, true,
        der::sequence({der::sequence({der::oid(settings_.policy), der::sequence({qualifier})})}));

    issuer_alt_name_ = whole_extension(
        oid::issuer_alt_name, false,
        der::sequence({der::wrap(directory_name, make_name(settings_.ca_alternative_name))}));

    access_ =
        whole_extension(oid::authority_information_access, false,
                        der::sequence({access_description(oid::ocsp, settings_.ocsp_url),
                                       access_description(oid::ca_issuers, settings_.issuer_url)}));

    distribution_prefix_ = rdns_of(settings_.distribution_point_name);
    distribution_url_ = der::wrap(url_name, view(settings_.crl_url));
}

Bytes Profile::distribution_points(std::string_view prefecture,
                                   std::string_view municipality) const {
    BackwardWriter out{512};
    put_distribution_points(out, distribution_prefix_, distribution_url_, prefecture, municipality);
    return out.take();
}

Result<Bytes> ca_certificate_tbs(const Profile& profile, const CaFields& fields) {
    MITOME_TRY(identifier, key_identifier(fields.spki));
    Template out{
        .serial = fields.serial,
        .signature_algorithm = signature_algorithm(fields.key, crypto::usual_hash(fields.key)),
        .issuer = profile.ca_name(),
        .not_before = fields.validity.not_before,
        .not_after = fields.validity.not_after,
        .subject = profile.ca_name(),
        .spki = copy(fields.spki),
        .extensions = {}};
    const Bytes alternative = der::sequence(
        {der::wrap(directory_name, make_name(profile.settings().ca_alternative_name))});
    const Bytes points = distribution_point({der::wrap(directory_name, profile.ca_name())});
    out.extensions = {extension::key_usage(key_usage::key_cert_sign | key_usage::crl_sign),
                      {std::string{oid::subject_alt_name}, false, alternative},
                      extension::authority(),
                      {std::string{oid::crl_distribution_points}, false, points},
                      extension::subject_key_identifier(identifier)};
    return certificate_tbs(out);
}

Validity ca_validity(Time not_before) {
    const auto day = day_in_japan(not_before) + std::chrono::years{10};
    const std::chrono::sys_days anniversary =
        day.ok() ? std::chrono::sys_days{day}
                 : std::chrono::sys_days{day.year() / day.month() / std::chrono::last};
    return {not_before,
            end_of_day_in_japan(std::chrono::year_month_day{anniversary - std::chrono::days{1}})};
}

Result<Bytes> end_entity_tbs(const Profile& profile, const Issuer& issuer,
                             const EndEntityFields& fields) {
    if ((fields.items != nullptr) != (profile.kind() == Kind::sign)) {
        return fail(Fault::broken, "profile: four items belong to signature certificates alone");
    }
    MITOME_TRY(identifier, key_identifier(fields.spki));

    // Read from bottom to top: the writer goes backwards.
    BackwardWriter out{usual_tbs_octets};
    const std::size_t end = out.mark();

    out.element(der::tag::octet_string, identifier);
    out.close(der::tag::octet_string, end);
    out.put(subject_key_identifier_oid);
    out.close(der::tag::sequence, end);

    const std::size_t authority = out.mark();
    out.element(der::tag::context(0), issuer.key_identifier);
    out.close(der::tag::sequence, authority);
    out.close(der::tag::octet_string, authority);
    out.put(authority_key_identifier_oid);
    out.close(der::tag::sequence, authority);

    out.put(profile.authority_information_access());
    out.put(profile.distribution_points(fields.place.prefecture, fields.place.municipality));
    out.put(profile.issuer_alt_name());
    out.put(profile.policies());
    if (fields.items != nullptr) put_subject_alt_name(out, *fields.items);
    out.put(profile.key_usage());
    out.close(der::tag::sequence, end);
    out.close(der::tag::constructed(3), end);

    out.put(fields.spki);
    put_subject(out, profile.kind(), fields);
    const std::size_t validity = out.mark();
    put_time(out, fields.validity.not_after);
    put_time(out, fields.validity.not_before);
    out.close(der::tag::sequence, validity);
    out.put(issuer.name);
    out.put(issuer.signature_algorithm);
    put_serial(out, fields.serial);
    out.put(version_3);
    out.close(der::tag::sequence, end);
    return out.take();
}

std::string sign_common_name(Time issued, const Place& place, unsigned number) {
    const auto day = day_in_japan(issued);
    const std::chrono::hh_mm_ss clock{issued - start_of_day_in_japan(day)};
    std::string out;
    append_decimal(out, static_cast<unsigned>(static_cast<int>(day.year())), 4);
    append_decimal(out, static_cast<unsigned>(day.month()), 2);
    append_decimal(out, static_cast<unsigned>(day.day()), 2);
    append_decimal(out, static_cast<unsigned>(clock.hours().count()), 2);
    append_decimal(out, static_cast<unsigned>(clock.minutes().count()), 2);
    append_decimal(out, static_cast<unsigned>(clock.seconds().count()), 2);
    out += place.code;
    append_decimal(out, number % common_names_of_a_second, 3);
    out += 'S';
    return out;
}

std::string auth_common_name(std::span<const std::uint8_t, 14> random, const Place& place,
                             unsigned number) {
    constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    std::string out;
    for (const std::uint8_t octet : random) out += alphabet[octet % alphabet.size()];
    out += place.code;
    append_decimal(out, number % common_names_of_a_second, 3);
    out += 'A';
    return out;
}

}  // namespace mitome::pki
