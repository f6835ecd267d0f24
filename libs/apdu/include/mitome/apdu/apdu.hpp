// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <cstdint>
#include <optional>

namespace mitome::apdu {

/// ISO/IEC 7816-4:2005 §5.1.3, table 5 and the JPKI card's own words.
namespace sw {
inline constexpr std::uint16_t ok = 0x9000;
inline constexpr std::uint16_t more_available = 0x6310;       // GlobalPlatform 2.3.1 §11.4.3.2
inline constexpr std::uint16_t authentication_failed = 0x6300;
inline constexpr std::uint16_t tries_left = 0x63C0;           // low nibble counts
inline constexpr std::uint16_t memory_failure = 0x6581;
inline constexpr std::uint16_t wrong_length = 0x6700;
inline constexpr std::uint16_t channel_not_supported = 0x6881;
inline constexpr std::uint16_t secure_messaging_not_supported = 0x6882;
inline constexpr std::uint16_t incompatible_file = 0x6981;
inline constexpr std::uint16_t security_status = 0x6982;
inline constexpr std::uint16_t method_blocked = 0x6983;
inline constexpr std::uint16_t reference_unusable = 0x6984;   // a blocked PIN on JPKI cards
inline constexpr std::uint16_t conditions_of_use = 0x6985;
inline constexpr std::uint16_t no_current_file = 0x6986;
inline constexpr std::uint16_t lease_over = 0x69F0;  // ours: a phone must contact registration
inline constexpr std::uint16_t wrong_data = 0x6A80;
inline constexpr std::uint16_t function_not_supported = 0x6A81;
inline constexpr std::uint16_t file_not_found = 0x6A82;
inline constexpr std::uint16_t record_not_found = 0x6A83;
inline constexpr std::uint16_t memory_full = 0x6A84;
inline constexpr std::uint16_t wrong_p1_p2 = 0x6A86;
inline constexpr std::uint16_t reference_not_found = 0x6A88;
inline constexpr std::uint16_t wrong_offset = 0x6B00;
inline constexpr std::uint16_t unknown_instruction = 0x6D00;
inline constexpr std::uint16_t unknown_class = 0x6E00;
inline constexpr std::uint16_t no_precise_diagnosis = 0x6F00;
}  // namespace sw

/// A command APDU. ISO/IEC 7816-3:2006 §12.1. `data` up to 65,535 octets; `expected` (Ne) is
/// absent, or 1 to 65,536. Encodes short where short suffices, extended otherwise.
struct Command {
    std::uint8_t cla = 0;
    std::uint8_t ins = 0;
    std::uint8_t p1 = 0;
    std::uint8_t p2 = 0;
    Bytes data = {};
    std::optional<std::uint32_t> expected = {};
    bool extended = false;  ///< how it came, or: encode extended although short would do

    [[nodiscard]] Bytes encode() const;
    /// Whether `encode` writes extended length fields.
    [[nodiscard]] bool is_extended() const;
    /// `malformed` when the lengths do not add up to one of the seven cases.
    [[nodiscard]] static Result<Command> decode(BytesView octets);

    bool operator==(const Command&) const = default;
};

struct Response {
    Bytes data = {};
    std::uint16_t sw = 0;

    [[nodiscard]] bool ok() const { return sw == sw::ok; }
    [[nodiscard]] Bytes encode() const;
    [[nodiscard]] static Result<Response> decode(BytesView octets);

    bool operator==(const Response&) const = default;
};

}  // namespace mitome::apdu
