// SPDX-License-Identifier: Apache-2.0
#pragma once

// The receipt of an erasure: what an element destroyed and by which order, in a CMS SignedData
// (RFC 5652) with this content inside, signed by the element's attestation key.
//
//   ErasureReceipt ::= SEQUENCE {
//       version      INTEGER 1,
//       element      OCTET STRING (SIZE (10)),
//       order        OCTET STRING (SIZE (16)),   -- zeros: erased locally, without an order
//       number       INTEGER,                    -- of the order; 0 when erased locally
//       signedOrder  OCTET STRING (SIZE (32)),   -- SHA-256 of the order as it was signed, or zeros
//       challenge    OCTET STRING (SIZE (16)),   -- of the order, or zeros
//       keys         SEQUENCE OF OCTET STRING (SIZE (32)),  -- SHA-256 of each
//                                                           -- SubjectPublicKeyInfo destroyed
//       record       INTEGER,                    -- number of the record that holds the erasure
//       result       INTEGER 0 }                 -- 0: nothing of it is left
//
// There is no signing time: an element has no clock to be believed. What it proves is that the
// program with the attestation key said so; a copy of its file made before is another matter.

#include <mitome/pki/certificate.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mitome::pki {

/// eContentType. Invented: nobody has registered this arc for Mitome.
inline constexpr std::string_view id_erasure_receipt = "1.3.6.1.4.1.59999.1.1";

struct ErasureReceipt {
    using Octets16 = std::array<std::uint8_t, 16>;
    using Octets32 = std::array<std::uint8_t, 32>;

    std::array<std::uint8_t, 10> element{};
    Octets16 order{};
    std::uint64_t number = 0;
    Octets32 signed_order{};
    Octets16 challenge{};
    std::vector<Octets32> keys;
    std::uint64_t record = 0;

    /// By the holder on the device, without any order.
    [[nodiscard]] bool is_local() const { return order == Octets16{}; }
    bool operator==(const ErasureReceipt&) const = default;
};
/// The content alone.
[[nodiscard]] Bytes encode(const ErasureReceipt& receipt);
[[nodiscard]] Result<ErasureReceipt> parse_erasure_receipt(BytesView content);

/// The signed receipt. `element` is the certificate of `attestation_key`, `others` are further
/// certificates to carry.
[[nodiscard]] Result<Bytes> sign_receipt(const ErasureReceipt& receipt,
                                         crypto::Signer& attestation_key,
                                         const Certificate& element,
                                         std::span<const Bytes> others = {});

/// Reads a signed receipt in DER and judges it at `at`: signed by the key of a certificate that
/// the maker itself issued to `element HEX`, HEX being the element of the receipt. `malformed`,
/// or `unverified` when one of that does not hold. Whether it answers the order is the caller's
/// question.
[[nodiscard]] Result<ErasureReceipt> verify_receipt(BytesView der, const Certificate& maker_root,
                                                    Time at);

}  // namespace mitome::pki
