// SPDX-License-Identifier: Apache-2.0
#pragma once

// What lints look at: a TBSCertificate taken apart without any judgement. Private to this room.

#include <mitome/pki/der.hpp>
#include <mitome/pki/lint.hpp>

#include <optional>
#include <vector>

namespace mitome::pki::linting {

struct ExtensionPart {
    BytesView oid;  // content octets
    std::optional<der::Element> critical;
    BytesView value;
};

struct Parts {
    BytesView whole;
    std::optional<der::Element> version;  // inside [0]
    der::Element serial, algorithm, issuer, not_before, not_after, subject, spki;
    bool unique_identifiers = false;
    std::vector<ExtensionPart> extensions;
};

/// TBSCertificate ::= SEQUENCE { … }; only what cannot be taken apart is refused.
[[nodiscard]] Result<Parts> take_apart(BytesView tbs);

[[nodiscard]] const ExtensionPart* find(const Parts& parts, BytesView oid);

/// One attribute of a Name; `alone` in its RDN.
struct AttributePart {
    BytesView oid;
    std::uint8_t tag = 0;
    BytesView text;
    bool alone = false;
};

/// Absent when the Name cannot be taken apart.
[[nodiscard]] std::optional<std::vector<AttributePart>> attributes_of(BytesView name);

/// The kind of a key from its encoding alone: the arithmetic is checked where possession is.
[[nodiscard]] std::optional<crypto::KeyKind> key_kind_of(BytesView spki);

/// Content octets of extension ids and attribute types.
namespace id {
inline constexpr auto subject_key_identifier = "551D0E"_hex;
inline constexpr auto key_usage = "551D0F"_hex;
inline constexpr auto subject_alt_name = "551D11"_hex;
inline constexpr auto issuer_alt_name = "551D12"_hex;
inline constexpr auto basic_constraints = "551D13"_hex;
inline constexpr auto crl_distribution_points = "551D1F"_hex;
inline constexpr auto certificate_policies = "551D20"_hex;
inline constexpr auto authority_key_identifier = "551D23"_hex;
inline constexpr auto extended_key_usage = "551D25"_hex;
inline constexpr auto authority_information_access = "2B06010505070101"_hex;
inline constexpr auto ocsp_no_check = "2B0601050507300105"_hex;
inline constexpr auto common_name = "550403"_hex;
inline constexpr auto country = "550406"_hex;
inline constexpr auto locality = "550407"_hex;
inline constexpr auto organization = "55040A"_hex;
inline constexpr auto organizational_unit = "55040B"_hex;
}  // namespace id

/// Everything a rule may ask for.
struct Look {
    Parts parts;
    const LintContext* context = nullptr;
    /// Of the issuing CA, or of the key itself when a CA signs its own certificate.
    std::optional<crypto::KeyKind> issuer_key;
    Bytes key_identifier;  // SHA-1 of the subject's key; empty when there is none
    /// Texts of the six otherNames in JPKI's order; fewer when something else stands there.
    std::vector<std::string_view> items;

    [[nodiscard]] const ProfileSettings& settings() const { return context->profile->settings(); }
    [[nodiscard]] bool signs() const { return context->profile->kind() == Kind::sign; }
};

[[nodiscard]] std::vector<std::string_view> four_items_of(const Parts& parts);

using Holds = bool (*)(const Look&);

struct Rule {
    Lint lint;
    Holds holds = nullptr;
};

[[nodiscard]] std::vector<Rule> rfc_rules();
[[nodiscard]] std::vector<Rule> jpki_rules();

}  // namespace mitome::pki::linting
