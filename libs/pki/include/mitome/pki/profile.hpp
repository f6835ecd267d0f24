// SPDX-License-Identifier: Apache-2.0
#pragma once

// The JPKI certificate profile as data: what the four CAs write into their own certificates and
// into those of persons. What is not published is a setting, so that another world (another DN,
// another policy OID) is another `ProfileSettings` and no other code.

#include <mitome/pki/four_items.hpp>
#include <mitome/pki/template.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mitome::pki {

/// Where a person is registered: names in roman letters as certificates carry them, and the
/// municipality's five digits.
struct Place {
    std::string prefecture;    ///< `Tokyo-to`
    std::string municipality;  ///< `Kiyose-shi`
    std::string code;          ///< `13221`
};

struct ProfileSettings {
    Ca ca = Ca::card_sign;
    std::vector<Attribute> ca_name;              ///< issuer and subject of the CA
    std::vector<Attribute> ca_alternative_name;  ///< SAN of the CA, issuerAltName of its issue
    /// Directory name of the distribution point, before `OU=<prefecture>, CN=<municipality>`.
    std::vector<Attribute> distribution_point_name;
    std::string policy;  ///< dotted
    std::string cps_url;
    std::string crl_url;
    std::string ocsp_url;
    std::string issuer_url;  ///< the CA's certificate, DER
    std::uint16_t key_usage = 0;
    std::vector<crypto::KeyKind> subject_keys;  ///< the keys that are certified
};

/// The test world of the sandbox: nothing in it passes for the real JPKI. `base_url` is the
/// status service, without a slash at its end.
[[nodiscard]] ProfileSettings sandbox_settings(Ca ca, std::string_view base_url);

/// Settings with everything encoded that is the same in each certificate.
class Profile {
public:
    explicit Profile(ProfileSettings settings);

    [[nodiscard]] const ProfileSettings& settings() const { return settings_; }
    [[nodiscard]] Ca ca() const { return settings_.ca; }
    [[nodiscard]] Kind kind() const { return kind_of(settings_.ca); }
    [[nodiscard]] const Bytes& ca_name() const { return ca_name_; }  ///< DER Name

    // Whole Extension elements, for builders and lints.
    [[nodiscard]] const Bytes& key_usage() const { return key_usage_; }
    [[nodiscard]] const Bytes& policies() const { return policies_; }
    [[nodiscard]] const Bytes& issuer_alt_name() const { return issuer_alt_name_; }
    [[nodiscard]] const Bytes& authority_information_access() const { return access_; }
    /// Of a person registered at `place`.
    [[nodiscard]] Bytes distribution_points(std::string_view prefecture,
                                            std::string_view municipality) const;

private:
    ProfileSettings settings_;
    Bytes ca_name_, key_usage_, policies_, issuer_alt_name_, access_;
    Bytes distribution_prefix_;  // RDNs before those of the place
    Bytes distribution_url_;     // GeneralName
};

struct CaFields {
    Bytes serial;
    Validity validity;
    BytesView spki;
    crypto::KeyKind key{};
};

/// TBSCertificate of one of the four CAs, self-signed by `fields.key`.
[[nodiscard]] Result<Bytes> ca_certificate_tbs(const Profile& profile, const CaFields& fields);

/// Ten years, to 23:59:59 in Japan of the day before the tenth anniversary.
[[nodiscard]] Validity ca_validity(Time not_before);

struct EndEntityFields {
    BytesView serial;  ///< big-endian, positive
    Validity validity;
    Place place;
    std::string common_name;
    BytesView spki;  ///< copied as it is
    /// Of a signature certificate, and of no other.
    const BasicFourItems* items = nullptr;
};

/// TBSCertificate of a person's certificate, exactly as it is to be signed by `issuer`.
/// `malformed` when the SPKI is none, `broken` when items are missing or superfluous.
/// Checks nothing else: that is what the lints are for.
[[nodiscard]] Result<Bytes> end_entity_tbs(const Profile& profile, const Issuer& issuer,
                                           const EndEntityFields& fields);

/// `YYYYMMDDhhmmss` of issue (time of Japan), municipality, three digits, `S`.
[[nodiscard]] std::string sign_common_name(Time issued, const Place& place, unsigned number);

/// Fourteen of 0–9 A–Z made from `random`, municipality, three digits, `A`.
[[nodiscard]] std::string auth_common_name(std::span<const std::uint8_t, 14> random,
                                           const Place& place, unsigned number);

/// When a birthday of 29 February is in a common year.
enum class LeapBirthday : std::uint8_t { february_28, march_1 };

/// The `count`-th birthday after `day`; a birthday on `day` itself does not count.
[[nodiscard]] std::chrono::year_month_day birthday_after(
    std::chrono::year_month_day birth, std::chrono::year_month_day day, unsigned count,
    LeapBirthday leap = LeapBirthday::february_28);

enum class Renewal : std::uint8_t {
    no,           ///< to the 5th birthday after the day of issue
    last_months,  ///< to the 6th: renewed in the last three months of the one before
};

/// 23:59:59 in Japan on that birthday, but never past any of `limits` (the card; the
/// authentication certificate; for a phone, the card's signature certificate).
[[nodiscard]] Time end_of_validity(std::chrono::year_month_day birth, Time issued, Renewal renewal,
                                   std::span<const Time> limits,
                                   LeapBirthday leap = LeapBirthday::february_28);

/// Last second of a card issued now: the 10th birthday at 18 and above, else the 5th.
[[nodiscard]] Time end_of_card(std::chrono::year_month_day birth, Time issued,
                               LeapBirthday leap = LeapBirthday::february_28);

/// Years completed on `day`.
[[nodiscard]] int age_on(std::chrono::year_month_day birth, std::chrono::year_month_day day,
                         LeapBirthday leap = LeapBirthday::february_28);

}  // namespace mitome::pki
