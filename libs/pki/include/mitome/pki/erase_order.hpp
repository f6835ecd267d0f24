// SPDX-License-Identifier: Apache-2.0
#pragma once

// The order of registration to an element to erase itself, in a CMS SignedData (RFC 5652) with
// this content inside. The element gets its digest over the secure channel and puts it into the
// receipt; whoever keeps both can show which order was carried out.
//
//   EraseOrder ::= SEQUENCE {
//       version  INTEGER 1,
//       element  OCTET STRING (SIZE (10)),
//       order    OCTET STRING (SIZE (16)),
//       number   INTEGER,           -- rises from order to order of one element
//       cause    UTF8String,        -- superseded, revoked, …
//       time     GeneralizedTime }

#include <mitome/pki/certificate.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mitome::pki {

/// eContentType. Invented: nobody has registered this arc for Mitome.
inline constexpr std::string_view id_erase_order = "1.3.6.1.4.1.59999.1.3";

struct EraseOrder {
    std::array<std::uint8_t, 10> element{};
    std::array<std::uint8_t, 16> order{};
    std::uint64_t number = 0;
    std::string cause;
    Time time{};
};
/// The content alone.
[[nodiscard]] Bytes encode(const EraseOrder& order);

/// `certificate` is that of `signer`, `others` are further certificates to carry.
[[nodiscard]] Result<Bytes> sign_erase_order(const EraseOrder& order, crypto::Signer& signer,
                                             const Certificate& certificate,
                                             std::span<const Bytes> others = {});

}  // namespace mitome::pki
