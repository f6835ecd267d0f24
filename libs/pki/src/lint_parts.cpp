// SPDX-License-Identifier: Apache-2.0
#include "lint_parts.hpp"

#include <bit>

namespace mitome::pki::linting {

namespace {

// Content of the key's AlgorithmIdentifier.
constexpr auto rsa_encryption = "06092A864886F70D0101010500"_hex;
constexpr auto on_p256 = "06072A8648CE3D020106082A8648CE3D030107"_hex;
constexpr auto on_p384 = "06072A8648CE3D020106052B81040022"_hex;
constexpr std::uint8_t uncompressed = 0x04;  // SEC 1 §2.3.3

Result<std::size_t> rsa_bits(BytesView key) {
    MITOME_TRY(sequence, der::only(key, der::tag::sequence));
    der::Reader parts{sequence.value};
    MITOME_TRY(modulus, parts.next(der::tag::integer));
    MITOME_CHECK(der::check_integer(modulus.value));
    MITOME_TRY(exponent, parts.next(der::tag::integer));
    MITOME_CHECK(der::check_integer(exponent.value));
    MITOME_CHECK(parts.finish());
    BytesView octets = modulus.value;
    if (octets[0] == 0) octets = octets.subspan(1);
    if (octets.empty() || (octets.back() & 1) == 0 || (exponent.value.back() & 1) == 0) {
        return fail(Fault::malformed, "lint: an RSA key with an even number");
    }
    return octets.size() * 8 - static_cast<std::size_t>(std::countl_zero(octets[0]));
}

Result<crypto::KeyKind> read_key_kind(BytesView spki) {
    MITOME_TRY(sequence, der::only(spki, der::tag::sequence));
    der::Reader parts{sequence.value};
    MITOME_TRY(algorithm, parts.next(der::tag::sequence));
    MITOME_TRY(bits, parts.next(der::tag::bit_string));
    MITOME_TRY(key, der::to_whole_octets(bits));
    MITOME_CHECK(parts.finish());
    const auto is_point = [&](std::size_t field) {
        return key.size() == 1 + 2 * field && key[0] == uncompressed;
    };
    if (same(algorithm.value, on_p256) && is_point(32)) return crypto::KeyKind::ec_p256;
    if (same(algorithm.value, on_p384) && is_point(48)) return crypto::KeyKind::ec_p384;
    if (same(algorithm.value, rsa_encryption)) {
        MITOME_TRY(size, rsa_bits(key));
        switch (size) {
            case 2048: return crypto::KeyKind::rsa_2048;
            case 3072: return crypto::KeyKind::rsa_3072;
            case 4096: return crypto::KeyKind::rsa_4096;
            default: break;
        }
    }
    return fail(Fault::malformed, "lint: no such key");
}

Result<std::vector<AttributePart>> read_attributes(BytesView name) {
    std::vector<AttributePart> read;
    MITOME_TRY(sequence, der::only(name, der::tag::sequence));
    der::Reader rdns{sequence.value};
    while (!rdns.at_end()) {
        MITOME_TRY(set, rdns.enter(der::tag::set));
        const std::size_t first = read.size();
        while (!set.at_end()) {
            MITOME_TRY(parts, set.enter(der::tag::sequence));
            MITOME_TRY(type, parts.next(der::tag::oid));
            MITOME_TRY(value, parts.next());
            MITOME_CHECK(parts.finish());
            read.push_back({type.value, value.tag, value.value, false});
        }
        if (read.size() == first + 1) read.back().alone = true;
    }
    return read;
}

Result<ExtensionPart> read_extension(der::Reader& list) {
    MITOME_TRY(parts, list.enter(der::tag::sequence));
    MITOME_TRY(oid, parts.next(der::tag::oid));
    MITOME_TRY(critical, parts.next_if(der::tag::boolean));
    if (critical) MITOME_CHECK(der::to_boolean(*critical));
    MITOME_TRY(value, parts.next(der::tag::octet_string));
    MITOME_CHECK(parts.finish());
    return ExtensionPart{oid.value, critical, value.value};
}

}  // namespace

Result<Parts> take_apart(BytesView tbs) {
    Parts out;
    MITOME_TRY(whole, der::only(tbs, der::tag::sequence));
    out.whole = whole.whole;
    der::Reader parts{whole.value};
    MITOME_TRY(version, parts.next_if(der::tag::constructed(0)));
    if (version) {
        MITOME_TRY(number, der::only(version->value, der::tag::integer));
        out.version = number;
    }
    MITOME_TRY(serial, parts.next(der::tag::integer));
    MITOME_TRY(algorithm, parts.next(der::tag::sequence));
    MITOME_TRY(issuer, parts.next(der::tag::sequence));
    MITOME_TRY(validity, parts.enter(der::tag::sequence));
    MITOME_TRY(not_before, validity.next());
    MITOME_TRY(not_after, validity.next());
    MITOME_CHECK(validity.finish());
    MITOME_TRY(subject, parts.next(der::tag::sequence));
    MITOME_TRY(spki, parts.next(der::tag::sequence));
    MITOME_TRY(issuer_unique, parts.next_if(der::tag::context(1)));
    MITOME_TRY(subject_unique, parts.next_if(der::tag::context(2)));
    MITOME_TRY(extensions, parts.next_if(der::tag::constructed(3)));
    MITOME_CHECK(parts.finish());

    out.serial = serial;
    out.algorithm = algorithm;
    out.issuer = issuer;
    out.not_before = not_before;
    out.not_after = not_after;
    out.subject = subject;
    out.spki = spki;
    out.unique_identifiers = issuer_unique || subject_unique;
    if (extensions) {
        MITOME_TRY(list, der::only(extensions->value, der::tag::sequence));
        der::Reader reader{list.value};
        while (!reader.at_end()) {
            MITOME_TRY(extension, read_extension(reader));
            out.extensions.push_back(extension);
        }
    }
    return out;
}

const ExtensionPart* find(const Parts& parts, BytesView oid) {
    for (const ExtensionPart& extension : parts.extensions) {
        if (same(extension.oid, oid)) return &extension;
    }
    return nullptr;
}

std::optional<std::vector<AttributePart>> attributes_of(BytesView name) {
    auto read = read_attributes(name);
    if (!read) return std::nullopt;
    return *std::move(read);
}

std::optional<crypto::KeyKind> key_kind_of(BytesView spki) {
    const auto kind = read_key_kind(spki);
    return kind ? std::optional{*kind} : std::nullopt;
}

}  // namespace mitome::pki::linting
