// SPDX-License-Identifier: Apache-2.0
#include "der.hpp"

#include <algorithm>

namespace mitome::crypto {
namespace {

constexpr std::uint8_t tag_integer = 0x02;
constexpr std::uint8_t tag_bit_string = 0x03;
constexpr std::uint8_t tag_sequence = 0x30;

// AlgorithmIdentifier of rsaEncryption with NULL, RFC 3279 §2.3.1
constexpr auto rsa_algorithm = "300D06092A864886F70D0101010500"_hex;
// SubjectPublicKeyInfo up to the point: id-ecPublicKey, namedCurve, BIT STRING. RFC 5480 §2.1.1
constexpr auto before_p256 = "3059301306072A8648CE3D020106082A8648CE3D030107034200"_hex;
constexpr auto before_p384 = "3076301006072A8648CE3D020106052B81040022036200"_hex;
constexpr std::size_t p256_point = 65;
constexpr std::size_t p384_point = 97;
constexpr std::uint8_t uncompressed = 0x04;  // SEC 1 §2.3.3

// Two length octets are enough for RSA-4096 with an exponent of the same size.
constexpr std::size_t largest_content = 0xFFFF;

/// Takes one element with a minimal definite length off the front of `left`.
std::optional<BytesView> take(BytesView& left, std::uint8_t tag) {
    if (left.size() < 2 || left[0] != tag) return std::nullopt;
    std::size_t size = left[1];
    std::size_t header = 2;
    if (size == 0x81) {
        if (left.size() < 3 || left[2] < 0x80) return std::nullopt;
        size = left[2];
        header = 3;
    } else if (size == 0x82) {
        if (left.size() < 4 || left[2] == 0) return std::nullopt;
        size = static_cast<std::size_t>(left[2]) << 8 | left[3];
        header = 4;
    } else if (size >= 0x80) {
        return std::nullopt;
    }
    if (left.size() - header < size) return std::nullopt;
    const auto content = left.subspan(header, size);
    left = left.subspan(header + size);
    return content;
}

/// A positive INTEGER in minimal form, without its sign octet.
std::optional<BytesView> take_positive(BytesView& left) {
    const auto content = take(left, tag_integer);
    if (!content || content->empty()) return std::nullopt;
    const auto value = *content;
    if (value[0] & 0x80) return std::nullopt;
    if (value[0] != 0) return value;
    if (value.size() == 1 || !(value[1] & 0x80)) return std::nullopt;  // zero, or padded
    return value.subspan(1);
}

Bytes wrap(std::uint8_t tag, BytesView content) {
    Bytes out{tag};
    const auto size = std::min(content.size(), largest_content);
    if (size >= 0x100) {
        out.push_back(0x82);
        out.push_back(static_cast<std::uint8_t>(size >> 8));
    } else if (size >= 0x80) {
        out.push_back(0x81);
    }
    out.push_back(static_cast<std::uint8_t>(size & 0xFF));
    append(out, content.first(size));
    return out;
}

BytesView without_zeros(BytesView number) {
    while (!number.empty() && number[0] == 0) number = number.subspan(1);
    return number;
}

Bytes integer(BytesView number) {
    const auto value = without_zeros(number);
    Bytes content;
    if (value.empty() || (value[0] & 0x80)) content.push_back(0);
    append(content, value);
    return wrap(tag_integer, content);
}

template <std::size_t Size>
bool starts_with(BytesView whole, const std::array<std::uint8_t, Size>& start) {
    return whole.size() >= Size && same(whole.first(Size), start);
}

std::unexpected<Error> not_a_key() { return fail(Fault::malformed, "crypto: not a public key"); }

template <std::size_t Size>
Result<PublicParts> read_point(BytesView der, const std::array<std::uint8_t, Size>& before,
                               std::size_t size, KeyKind kind) {
    const auto point = der.subspan(before.size());
    if (point.size() != size || point[0] != uncompressed) return not_a_key();
    return PublicParts{.kind = kind, .modulus = {}, .exponent = {}, .point = point};
}

// SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
Result<PublicParts> read_rsa(BytesView der) {
    auto whole = take(der, tag_sequence);
    if (!whole || !der.empty() || !starts_with(*whole, rsa_algorithm)) return not_a_key();
    auto rest = whole->subspan(rsa_algorithm.size());
    auto bits = take(rest, tag_bit_string);
    if (!bits || !rest.empty() || bits->empty() || (*bits)[0] != 0) return not_a_key();
    auto octets = bits->subspan(1);
    auto numbers = take(octets, tag_sequence);
    if (!numbers || !octets.empty()) return not_a_key();
    const auto modulus = take_positive(*numbers);
    if (!modulus) return not_a_key();
    const auto exponent = take_positive(*numbers);
    if (!exponent || !numbers->empty()) return not_a_key();

    const auto kind = rsa_kind(*modulus);
    const bool one = exponent->size() == 1 && (*exponent)[0] == 1;
    const bool smaller = exponent->size() < modulus->size() ||
                         std::ranges::lexicographical_compare(*exponent, *modulus);
    if (!kind || !(modulus->back() & 1) || !(exponent->back() & 1) || one || !smaller)
        return fail(Fault::malformed, "crypto: not an RSA key that is accepted");
    return PublicParts{.kind = *kind, .modulus = *modulus, .exponent = *exponent, .point = {}};
}

}  // namespace

Result<PublicParts> read_spki(BytesView der) {
    if (starts_with(der, before_p256))
        return read_point(der, before_p256, p256_point, KeyKind::ec_p256);
    if (starts_with(der, before_p384))
        return read_point(der, before_p384, p384_point, KeyKind::ec_p384);
    return read_rsa(der);
}

Bytes rsa_spki(BytesView modulus, BytesView exponent) {
    const auto numbers = wrap(tag_sequence, join({integer(modulus), integer(exponent)}));
    constexpr std::array<std::uint8_t, 1> no_unused_bits{0};
    return wrap(tag_sequence,
                join({rsa_algorithm, wrap(tag_bit_string, join({no_unused_bits, numbers}))}));
}

Bytes ec_spki(KeyKind kind, BytesView point) {
    if (kind == KeyKind::ec_p384) return join({before_p384, point});
    return join({before_p256, point});
}

std::optional<KeyKind> rsa_kind(BytesView modulus) {
    if (modulus.empty() || !(modulus[0] & 0x80)) return std::nullopt;
    switch (modulus.size()) {
        case 256: return KeyKind::rsa_2048;
        case 384: return KeyKind::rsa_3072;
        case 512: return KeyKind::rsa_4096;
        default: return std::nullopt;
    }
}

// ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }, RFC 3279 §2.2.3
Bytes ecdsa_der(BytesView r_and_s) {
    const auto half = r_and_s.size() / 2;
    return wrap(tag_sequence, join({integer(r_and_s.first(half)), integer(r_and_s.subspan(half))}));
}

}  // namespace mitome::crypto
