// SPDX-License-Identifier: Apache-2.0
#pragma once

// The general message by which a holder asks registration for new PINs of a phone, and its
// answer. What the holder shows is the card's signature; the PINs themselves travel nowhere.
//
//   PinResetWish  ::= SEQUENCE { element OCTET STRING, kinds INTEGER }
//   PinResetGrant ::= SEQUENCE { order OCTET STRING (SIZE (16)) }

#include <mitome/pki/cmp.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mitome::pki::cmp {

/// infoType of both. Invented: nobody has registered this arc for Mitome.
inline constexpr std::string_view id_pin_reset = "1.3.6.1.4.1.59999.1.2";
inline constexpr std::size_t reset_order_octets = 16;
inline constexpr std::size_t max_element_octets = 32;

enum class ResetKinds : std::uint8_t { sign = 1, auth = 2, both = 3 };

struct PinResetWish {
    Bytes element;  ///< its id
    ResetKinds kinds = ResetKinds::both;

    [[nodiscard]] bool includes(Kind kind) const;
};

struct PinResetGrant {
    Bytes order;
};

[[nodiscard]] InfoValue to_info(const PinResetWish& wish);
[[nodiscard]] InfoValue to_info(const PinResetGrant& grant);

/// `malformed` for another infoType, and for what is not exactly that structure.
[[nodiscard]] Result<PinResetWish> pin_reset_wish(const InfoValue& from);
[[nodiscard]] Result<PinResetGrant> pin_reset_grant(const InfoValue& from);

}  // namespace mitome::pki::cmp
