// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace mitome::apdu {

/// A BER-TLV object of a card, ISO/IEC 7816-4:2005 §5.2.2: tags of one or two octets, definite
/// lengths up to 65,535. Views into the octets that were read.
struct Tlv {
    std::uint16_t tag = 0;
    BytesView value;
    BytesView whole;  ///< tag, length and value
};

/// The object at the front of `octets`; what follows is left alone (filler, the next object).
/// Lengths may take one, two or three octets, also where fewer would do: cards do so.
[[nodiscard]] Result<Tlv> first_tlv(BytesView octets);

/// How many octets the object takes that begins with `header`, or absent while the header is
/// incomplete: lets a reader ask for the rest at once.
[[nodiscard]] Result<std::optional<std::size_t>> tlv_size(BytesView header);

/// All objects of a constructed value; `malformed` when they do not fill it.
[[nodiscard]] Result<std::vector<Tlv>> all_tlv(BytesView octets);

[[nodiscard]] std::optional<Tlv> find_tlv(const std::vector<Tlv>& objects, std::uint16_t tag);

/// Shortest length form, `81 xx` included.
[[nodiscard]] Bytes make_tlv(std::uint16_t tag, BytesView value);

/// Lengths from 128 on always as `82 hi lo`, as My Number cards write them.
[[nodiscard]] Bytes make_card_tlv(std::uint16_t tag, BytesView value);

}  // namespace mitome::apdu
