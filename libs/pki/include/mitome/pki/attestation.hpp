// SPDX-License-Identifier: Apache-2.0
#pragma once

// Proof that a key was made in an element of a known maker: a certificate for that key, signed
// by the element's attestation key, with the KeyDescription extension that Android key
// attestation defined, carried in a certificate request as an AttestationBundle
// (id-aa-attestation, IETF draft csr-attestation).
//
// What it proves of a software element (security level 0) is which program holds the key file,
// not that the key cannot leave it. A bundle is never copied into an issued certificate.

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/crmf.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mitome::pki {

inline constexpr std::string_view id_aa_attestation = "1.2.840.113549.1.9.16.2.59";
inline constexpr std::string_view id_key_description = "1.3.6.1.4.1.11129.2.1.17";

/// Value of the extension `id_key_description`, which is not critical: software security level,
/// this challenge, key generated inside, nothing else claimed.
[[nodiscard]] Bytes key_description(BytesView challenge);

struct KeyDescription {
    std::uint8_t security_level = 0;  ///< 0 software, 1 trusted environment, 2 secure element
    Bytes challenge;
    bool generated = false;  ///< origin says: made inside
};
[[nodiscard]] Result<KeyDescription> parse_key_description(BytesView value);

/// Certificates in DER: the attested key's first, then its issuers.
struct AttestationBundle {
    std::vector<Bytes> certificates;
};

/// Value of the extension `id_aa_attestation`; at least one certificate.
[[nodiscard]] Bytes attestation_bundle(std::span<const Bytes> certificates);
[[nodiscard]] Result<AttestationBundle> parse_attestation_bundle(BytesView value);
/// Absent when the template has none.
[[nodiscard]] Result<std::optional<AttestationBundle>> attestation_in(const crmf::Template& wanted);

struct AttestedKey {
    std::uint8_t security_level = 0;
    Bytes element;  ///< DER certificate of the element that vouches
};

/// Leads to `maker_root` at `at`, was made for `challenge`, is for the key `spki`, which was
/// generated inside. `unverified` when one of them does not hold.
[[nodiscard]] Result<AttestedKey> verify_attestation(const AttestationBundle& bundle,
                                                     BytesView spki, BytesView challenge,
                                                     const Certificate& maker_root, Time at);

}  // namespace mitome::pki
