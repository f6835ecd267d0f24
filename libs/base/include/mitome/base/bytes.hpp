// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mitome {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

[[nodiscard]] inline BytesView view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

[[nodiscard]] inline std::string_view text(BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline Bytes copy(BytesView bytes) { return {bytes.begin(), bytes.end()}; }

inline void append(Bytes& to, BytesView what) { to.insert(to.end(), what.begin(), what.end()); }

[[nodiscard]] Bytes join(std::initializer_list<BytesView> parts);

[[nodiscard]] bool same(BytesView a, BytesView b);

/// Time depends on the lengths only. Different lengths are different.
[[nodiscard]] bool same_in_constant_time(BytesView a, BytesView b);

/// Upper case, no separators.
[[nodiscard]] std::string to_hex(BytesView bytes);

/// Takes both cases; blanks between octets are allowed. `malformed` otherwise.
[[nodiscard]] Result<Bytes> from_hex(std::string_view hex);

/// RFC 4648 §4, one line, padded.
[[nodiscard]] std::string to_base64(BytesView bytes);
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

/// RFC 7468: one block per call of `to_pem`; `from_pem` gives every block with that label.
[[nodiscard]] std::string to_pem(std::string_view label, BytesView der);
[[nodiscard]] Result<std::vector<Bytes>> from_pem(std::string_view text, std::string_view label);

/// Octets of a literal such as `"D392F0002601"_hex`; a bad digit does not compile.
template <std::size_t N>
struct HexLiteral {
    consteval HexLiteral(const char (&hex)[N]) {
        static_assert(N % 2 == 1, "whole octets");
        for (std::size_t i = 0; i < octets.size(); ++i)
            octets[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    }
    static consteval int digit(char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        throw "not an upper-case hexadecimal digit";
    }
    std::array<std::uint8_t, (N - 1) / 2> octets{};
};

template <HexLiteral Literal>
[[nodiscard]] consteval auto operator""_hex() {
    return Literal.octets;
}

}  // namespace mitome
