// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/bytes.hpp>

#include <algorithm>
#include <cctype>

namespace mitome {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";  // RFC 4648 §4

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

Bytes join(std::initializer_list<BytesView> parts) {
    Bytes all;
    std::size_t size = 0;
    for (const auto part : parts) size += part.size();
    all.reserve(size);
    for (const auto part : parts) append(all, part);
    return all;
}

bool same(BytesView a, BytesView b) { return std::ranges::equal(a, b); }

bool same_in_constant_time(BytesView a, BytesView b) {
    if (a.size() != b.size()) return false;
    volatile std::uint8_t differs = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        differs = static_cast<std::uint8_t>(differs | (a[i] ^ b[i]));
    return differs == 0;
}

std::string to_hex(BytesView bytes) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const auto octet : bytes) {
        hex.push_back(digits[octet >> 4]);
        hex.push_back(digits[octet & 15]);
    }
    return hex;
}

Result<Bytes> from_hex(std::string_view hex) {
    Bytes bytes;
    bytes.reserve(hex.size() / 2);
    for (std::size_t i = 0; i < hex.size();) {
        if (is_blank(hex[i])) {
            ++i;
            continue;
        }
        if (i + 1 >= hex.size()) return fail(Fault::malformed, "hex: half an octet");
        const int high = hex_digit(hex[i]);
        const int low = hex_digit(hex[i + 1]);
        if (high < 0 || low < 0) return fail(Fault::malformed, "hex: not a digit");
        bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
        i += 2;
    }
    return bytes;
}

std::string to_base64(BytesView bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        const std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                    (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0) |
                                    (left > 2 ? static_cast<std::uint32_t>(bytes[i + 2]) : 0);
        out.push_back(alphabet[group >> 18]);
        out.push_back(alphabet[(group >> 12) & 63]);
        out.push_back(left > 1 ? alphabet[(group >> 6) & 63] : '=');
        out.push_back(left > 2 ? alphabet[group & 63] : '=');
    }
    return out;
}

Result<Bytes> from_base64(std::string_view text) {
    Bytes bytes;
    std::uint32_t group = 0;
    int digits = 0;
    int padding = 0;
    for (const char c : text) {
        if (is_blank(c)) continue;
        if (c == '=') {
            ++padding;
            group <<= 6;
        } else {
            const auto place = alphabet.find(c);
            if (place == std::string_view::npos || padding != 0)
                return fail(Fault::malformed, "base64: unexpected character");
            group = group << 6 | static_cast<std::uint32_t>(place);
        }
        if (++digits == 4) {
            if (padding > 2) return fail(Fault::malformed, "base64: padding");
            bytes.push_back(static_cast<std::uint8_t>(group >> 16));
            if (padding < 2) bytes.push_back(static_cast<std::uint8_t>(group >> 8));
            if (padding < 1) bytes.push_back(static_cast<std::uint8_t>(group));
            digits = 0;
            group = 0;
        } else if (padding != 0 && digits < 2) {
            return fail(Fault::malformed, "base64: padding");
        }
    }
    if (digits != 0) return fail(Fault::malformed, "base64: truncated");
    return bytes;
}

std::string to_pem(std::string_view label, BytesView der) {
    std::string out = "-----BEGIN ";
    out.append(label).append("-----\n");
    const auto body = to_base64(der);
    for (std::size_t i = 0; i < body.size(); i += 64)  // RFC 7468 §2
        out.append(body, i, 64).push_back('\n');
    out.append("-----END ").append(label).append("-----\n");
    return out;
}

Result<std::vector<Bytes>> from_pem(std::string_view text, std::string_view label) {
    const auto begin = "-----BEGIN " + std::string{label} + "-----";
    const auto end = "-----END " + std::string{label} + "-----";
    std::vector<Bytes> blocks;
    for (std::size_t at = text.find(begin); at != std::string_view::npos;
         at = text.find(begin, at)) {
        at += begin.size();
        const auto stop = text.find(end, at);
        if (stop == std::string_view::npos) return fail(Fault::malformed, "pem: no end line");
        MITOME_TRY(der, from_base64(text.substr(at, stop - at)));
        blocks.push_back(std::move(der));
        at = stop + end.size();
    }
    return blocks;
}

}  // namespace mitome
