// SPDX-License-Identifier: Apache-2.0
#pragma once

// Card-verifiable certificates and public keys as 券面事項入力補助AP holds them.

#include <mitome/base/bytes.hpp>
#include <mitome/crypto/key.hpp>

#include <array>
#include <string_view>

namespace mitome::maker {

/// Name of a key: seven digits of the holder, `08 05`, three digits of the group, four octets 00.
using KeyId = std::array<std::uint8_t, 16>;

/// `malformed` for anything but seven and three digits.
[[nodiscard]] Result<KeyId> key_id(std::string_view holder, std::string_view group);

/// `90 03 exponent · 91 82 01 00 modulus`, 265 octets. `malformed` for what is not an RSA-2048
/// key with exponent 65537.
[[nodiscard]] Result<Bytes> card_public_key(BytesView spki);

struct NamedKey {
    KeyId id;
    BytesView spki;
};

/// EF 0004: `7F21 { 5F4E issuer ‖ subject ‖ public key · 5F37 signature }`, the signature being
/// RSASSA-PKCS1-v1_5 with SHA-256 over the value of 5F4E. 568 octets.
[[nodiscard]] Result<Bytes> card_verifiable_certificate(crypto::Signer& issuer,
                                                        const KeyId& issuer_id,
                                                        const NamedKey& subject);

}  // namespace mitome::maker
