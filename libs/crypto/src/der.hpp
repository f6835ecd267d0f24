// SPDX-License-Identifier: Apache-2.0
#pragma once

// The few DER shapes of keys and signatures: SubjectPublicKeyInfo and ECDSA-Sig-Value.

#include <mitome/crypto/key.hpp>

#include <optional>

namespace mitome::crypto {

/// What a SubjectPublicKeyInfo says. Views into the octets that were read.
struct PublicParts {
    KeyKind kind;
    BytesView modulus;   ///< RSA; without leading zeros
    BytesView exponent;  ///< RSA; without leading zeros
    BytesView point;     ///< EC; 04 ‖ X ‖ Y
};

/// Strict: re-encoding gives the same octets. Does not check that a point is on its curve.
[[nodiscard]] Result<PublicParts> read_spki(BytesView der);

/// From big-endian numbers, leading zeros allowed.
[[nodiscard]] Bytes rsa_spki(BytesView modulus, BytesView exponent);
[[nodiscard]] Bytes ec_spki(KeyKind kind, BytesView point);

/// The kind of an RSA key with that modulus.
[[nodiscard]] std::optional<KeyKind> rsa_kind(BytesView modulus);

/// ECDSA-Sig-Value of r ‖ s, two numbers of one length.
[[nodiscard]] Bytes ecdsa_der(BytesView r_and_s);

}  // namespace mitome::crypto
