// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/certificate.hpp>
#include <mitome/pki/der.hpp>

#include <array>

namespace mitome::pki {

namespace {

// RFC 4055 §5: NULL parameters for RSA. RFC 5758 §3.2: none for ECDSA.
constexpr auto sha256_with_rsa = "300D06092A864886F70D01010B0500"_hex;
constexpr auto sha384_with_rsa = "300D06092A864886F70D01010C0500"_hex;
constexpr auto sha512_with_rsa = "300D06092A864886F70D01010D0500"_hex;
constexpr auto ecdsa_with_sha256 = "300A06082A8648CE3D040302"_hex;
constexpr auto ecdsa_with_sha384 = "300A06082A8648CE3D040303"_hex;
constexpr auto ecdsa_with_sha512 = "300A06082A8648CE3D040304"_hex;

struct Row {
    bool rsa;
    crypto::Hash hash;
    BytesView der;
};

constexpr std::array<Row, 6> algorithms{{
    {true, crypto::Hash::sha256, sha256_with_rsa},
    {true, crypto::Hash::sha384, sha384_with_rsa},
    {true, crypto::Hash::sha512, sha512_with_rsa},
    {false, crypto::Hash::sha256, ecdsa_with_sha256},
    {false, crypto::Hash::sha384, ecdsa_with_sha384},
    {false, crypto::Hash::sha512, ecdsa_with_sha512},
}};

}  // namespace

Bytes signature_algorithm(crypto::KeyKind kind, crypto::Hash hash) {
    for (const Row& row : algorithms) {
        if (row.rsa == crypto::is_rsa(kind) && row.hash == hash) return copy(row.der);
    }
    return {};  // SHA-1: there is no such signature of ours
}

Result<SignatureAlgorithm> parse_signature_algorithm(BytesView der) {
    for (const Row& row : algorithms) {
        if (same(row.der, der)) return SignatureAlgorithm{row.rsa, row.hash};
    }
    return fail(Fault::malformed, "signature algorithm is not one that we take");
}

Result<Bytes> key_identifier(BytesView spki) {
    MITOME_TRY(sequence, der::only(spki, der::tag::sequence));
    der::Reader parts{sequence.value};
    MITOME_CHECK(parts.next(der::tag::sequence));
    MITOME_TRY(bits, parts.next(der::tag::bit_string));
    MITOME_TRY(key, der::to_whole_octets(bits));
    MITOME_CHECK(parts.finish());
    return crypto::digest(crypto::Hash::sha1, key);
}

}  // namespace mitome::pki
