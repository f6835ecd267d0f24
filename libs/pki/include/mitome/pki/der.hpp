// SPDX-License-Identifier: Apache-2.0
#pragma once

// DER, ITU-T X.690, as far as certificates and their messages need it: low tag numbers, definite
// minimal lengths, depth bounded by the caller's own nesting.

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace mitome::pki::der {

namespace tag {
inline constexpr std::uint8_t boolean = 0x01;
inline constexpr std::uint8_t integer = 0x02;
inline constexpr std::uint8_t bit_string = 0x03;
inline constexpr std::uint8_t octet_string = 0x04;
inline constexpr std::uint8_t null = 0x05;
inline constexpr std::uint8_t oid = 0x06;
inline constexpr std::uint8_t enumerated = 0x0A;
inline constexpr std::uint8_t utf8_string = 0x0C;
inline constexpr std::uint8_t printable_string = 0x13;
inline constexpr std::uint8_t ia5_string = 0x16;
inline constexpr std::uint8_t utc_time = 0x17;
inline constexpr std::uint8_t generalized_time = 0x18;
inline constexpr std::uint8_t sequence = 0x30;
inline constexpr std::uint8_t set = 0x31;
[[nodiscard]] constexpr std::uint8_t context(unsigned number) {
    return static_cast<std::uint8_t>(0x80 | number);
}
[[nodiscard]] constexpr std::uint8_t constructed(unsigned number) {
    return static_cast<std::uint8_t>(0xA0 | number);
}
}  // namespace tag

/// One element; views into the octets that were read.
struct Element {
    std::uint8_t tag = 0;
    BytesView value;
    BytesView whole;
};

/// Reads one level from front to back. Every method refuses non-minimal lengths, indefinite
/// lengths and high tag numbers as `malformed`.
class Reader {
public:
    explicit Reader(BytesView octets) : left_(octets) {}

    [[nodiscard]] bool at_end() const { return left_.empty(); }
    /// The next tag, or absent at the end.
    [[nodiscard]] std::optional<std::uint8_t> peek() const;
    [[nodiscard]] Result<Element> next();
    /// `malformed` when the next element has another tag.
    [[nodiscard]] Result<Element> next(std::uint8_t tag);
    /// Absent, and nothing is consumed, when the next element has another tag.
    [[nodiscard]] Result<std::optional<Element>> next_if(std::uint8_t tag);
    /// A reader over the content of the next element.
    [[nodiscard]] Result<Reader> enter(std::uint8_t tag);
    [[nodiscard]] Done finish() const;

private:
    BytesView left_;
};

/// Exactly one element and nothing behind it.
[[nodiscard]] Result<Element> only(BytesView octets, std::uint8_t tag);

[[nodiscard]] Result<bool> to_boolean(const Element& element);
/// `malformed` for content octets of an INTEGER that are none or not minimal. X.690 §8.3.2.
[[nodiscard]] Done check_integer(BytesView content);
/// Non-negative INTEGER or ENUMERATED that fits.
[[nodiscard]] Result<std::uint64_t> to_number(const Element& element);
/// UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 allows them: Z, with seconds, no fraction.
[[nodiscard]] Result<Time> to_time(const Element& element);
/// A BIT STRING whose unused-bits octet is 0: the octets behind it.
[[nodiscard]] Result<BytesView> to_whole_octets(const Element& bit_string);
/// `1.2.392.200149.8.5.1.1.20` for a well-formed OID.
[[nodiscard]] Result<std::string> to_dotted(BytesView oid_value);

[[nodiscard]] Bytes wrap(std::uint8_t tag, BytesView content);
[[nodiscard]] Bytes wrap(std::uint8_t tag, std::initializer_list<BytesView> parts);
[[nodiscard]] inline Bytes sequence(std::initializer_list<BytesView> parts) {
    return wrap(tag::sequence, parts);
}
[[nodiscard]] Bytes integer(std::uint64_t value);
/// A positive INTEGER from big-endian octets; leading zeros are taken off, one added if needed.
[[nodiscard]] Bytes integer(BytesView big_endian);
[[nodiscard]] Bytes boolean(bool value);
[[nodiscard]] Bytes null();
[[nodiscard]] Bytes octet_string(BytesView content);
[[nodiscard]] Bytes bit_string(BytesView content, unsigned unused_bits = 0);
[[nodiscard]] Bytes utf8_string(std::string_view text);
[[nodiscard]] Bytes printable_string(std::string_view text);
[[nodiscard]] Bytes ia5_string(std::string_view text);
/// From dotted decimals. A malformed literal is `broken` text of ours: returns an empty OID and
/// an assertion stops the debug build.
[[nodiscard]] Bytes oid(std::string_view dotted);
/// UTCTime through 2049, GeneralizedTime from 2050 on. RFC 5280 §4.1.2.5.
[[nodiscard]] Bytes time(Time time);
[[nodiscard]] Bytes generalized_time(Time time);

}  // namespace mitome::pki::der
