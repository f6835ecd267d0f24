// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>
#include <mitome/base/secret.hpp>

namespace mitome::crypto {

/// AES keys of 16, 24 or 32 octets; any other length is `broken`.
using AesKey = Secret<32>;

/// AES-CMAC, RFC 4493 / SP 800-38B: 16 octets.
[[nodiscard]] Result<Bytes> aes_cmac(const AesKey& key, BytesView content);

/// AES-CBC without padding; `content` is a multiple of 16 octets, `iv` is 16 octets.
[[nodiscard]] Result<Bytes> aes_cbc_encrypt(const AesKey& key, BytesView iv, BytesView content);
[[nodiscard]] Result<Bytes> aes_cbc_decrypt(const AesKey& key, BytesView iv, BytesView content);

/// One AES block.
[[nodiscard]] Result<Bytes> aes_block(const AesKey& key, BytesView block);

/// AES-256-GCM, SP 800-38D: answer is ciphertext ‖ 16-octet tag. A nonce of 12 octets must
/// never come twice with one key: that is the caller's duty.
[[nodiscard]] Result<Bytes> aes_gcm_seal(const AesKey& key, BytesView nonce, BytesView associated,
                                         BytesView plain);
/// `unverified` when the tag does not hold; nothing of the plain text is given then.
[[nodiscard]] Result<SecretBytes> aes_gcm_open(const AesKey& key, BytesView nonce,
                                               BytesView associated, BytesView sealed);

[[nodiscard]] Bytes hmac_sha256(BytesView key, BytesView content);

/// HKDF-SHA-256, RFC 5869; at most 32 octets here.
[[nodiscard]] Result<AesKey> hkdf(BytesView key, BytesView salt, BytesView info, std::size_t size);

/// scrypt, RFC 7914, N = 2^15, r = 8, p = 1: stretches a short secret to 32 octets.
[[nodiscard]] Result<AesKey> stretch(BytesView secret, BytesView salt);

}  // namespace mitome::crypto
