// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the extensions of a certificate say beyond the accessors of `Certificate`, for those who
// show it to people. Texts come out of a stranger's certificate: only `printable` makes them fit
// for a terminal; what is called `text` here went through it.

#include <mitome/pki/certificate.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::pki {

/// UTF-8 text with `\XX` for octets that steer a terminal or turn the direction of writing, and
/// for those that are not UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

/// GeneralName, RFC 5280 §4.2.1.6.
struct GeneralName {
    enum class Kind : std::uint8_t {
        other,       ///< text: its type as an OID, and its value where that is a string
        mail,        ///< text: the address
        host,        ///< text: the name in the DNS
        directory,   ///< text: RFC 4514
        url,         ///< text: as it stands
        address,     ///< text: `192.0.2.1`, `2001:DB8:…` without shortening
        registered,  ///< text: an OID
        foreign,     ///< X.400 and EDI; text: hexadecimal
    };
    Kind kind = Kind::foreign;
    std::string text;

    bool operator==(const GeneralName&) const = default;
};

/// Value of subjectAltName or issuerAltName. `malformed` otherwise, here and below.
[[nodiscard]] Result<std::vector<GeneralName>> read_alternative_names(BytesView value);

/// DistributionPoint, RFC 5280 §4.2.1.13.
struct DistributionPoint {
    std::vector<GeneralName> full_name;
    std::string relative_text;  ///< nameRelativeToCRLIssuer; empty if absent
    std::vector<GeneralName> issuers;
};
/// Value of cRLDistributionPoints or freshestCRL.
[[nodiscard]] Result<std::vector<DistributionPoint>> read_distribution_points(BytesView value);

/// AccessDescription, RFC 5280 §4.2.2.1.
struct Access {
    std::string method;  ///< OID
    GeneralName location;
};
/// Value of authorityInfoAccess or subjectInfoAccess.
[[nodiscard]] Result<std::vector<Access>> read_accesses(BytesView value);

/// PolicyInformation, RFC 5280 §4.2.1.4.
struct PolicyText {
    std::string policy;                          ///< OID
    std::vector<std::string> practice_texts;     ///< addresses of the CPS
    std::vector<std::string> notice_texts;       ///< explicitText of user notices
    std::vector<std::string> other_qualifiers;   ///< OIDs
};
/// Value of certificatePolicies.
[[nodiscard]] Result<std::vector<PolicyText>> read_policy_texts(BytesView value);

/// AuthorityKeyIdentifier, RFC 5280 §4.2.1.1, beside the identifier itself.
struct AuthorityCertificate {
    std::vector<GeneralName> issuers;
    std::string serial;  ///< hexadecimal; empty if absent
};
[[nodiscard]] Result<AuthorityCertificate> read_authority_certificate(BytesView value);

/// The name that the standards give an extension: `keyUsage`, `cRLDistributionPoints`, …; empty
/// for one that is not known here.
[[nodiscard]] std::string_view name_of_extension(std::string_view oid);

}  // namespace mitome::pki
