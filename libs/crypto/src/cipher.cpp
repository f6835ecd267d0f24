// SPDX-License-Identifier: Apache-2.0
#include "handle.hpp"

#include <mitome/crypto/cipher.hpp>

#include <openssl/core_names.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace mitome::crypto {
namespace {

constexpr std::size_t block_octets = 16;
constexpr std::size_t nonce_octets = 12;  // SP 800-38D §5.2.1.1, the length that needs no GHASH
constexpr std::size_t tag_octets = 16;

constexpr std::uint64_t scrypt_n = std::uint64_t{1} << 15;
constexpr std::uint64_t scrypt_r = 8;
constexpr std::uint64_t scrypt_p = 1;
constexpr std::uint64_t scrypt_memory = std::uint64_t{64} << 20;  // 128·N·r is 32 MiB, and room

enum class Direction : int { decrypt = 0, encrypt = 1 };

struct AesOfSize {
    const EVP_CIPHER* ecb;
    const EVP_CIPHER* cbc;
    const char* cbc_name;
};

const EVP_CIPHER* fetch_cipher(const char* name) {
    return ::EVP_CIPHER_fetch(nullptr, name, nullptr);
}

Result<AesOfSize> aes_of(const AesKey& key) {
    static const AesOfSize aes128{fetch_cipher("AES-128-ECB"), fetch_cipher("AES-128-CBC"),
                                  "AES-128-CBC"};
    static const AesOfSize aes192{fetch_cipher("AES-192-ECB"), fetch_cipher("AES-192-CBC"),
                                  "AES-192-CBC"};
    static const AesOfSize aes256{fetch_cipher("AES-256-ECB"), fetch_cipher("AES-256-CBC"),
                                  "AES-256-CBC"};
    switch (key.size()) {
        case 16: return aes128;
        case 24: return aes192;
        case 32: return aes256;
        default: return fail(Fault::broken, "crypto: no AES key has that length");
    }
}

const EVP_CIPHER* aes_256_gcm() {
    static const EVP_CIPHER* const fetched = fetch_cipher("AES-256-GCM");
    return fetched;
}

Result<Bytes> whole_blocks(const EVP_CIPHER* cipher, Direction direction, const AesKey& key,
                           const std::uint8_t* iv, BytesView content) {
    if (content.size() % block_octets != 0 || !fits_int(content.size()))
        return fail(Fault::broken, "crypto: not whole AES blocks");
    const CipherContext context{::EVP_CIPHER_CTX_new()};
    Bytes out(content.size());
    int written = 0;
    const bool ok = key.reveal([&](BytesView octets) {
        return context &&
               ::EVP_CipherInit_ex2(context.get(), cipher, octets.data(), iv,
                                    static_cast<int>(direction), nullptr) == 1 &&
               ::EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
               ::EVP_CipherUpdate(context.get(), out.data(), &written, content.data(),
                                  static_cast<int>(content.size())) == 1;
    });
    if (!ok || static_cast<std::size_t>(written) != content.size())
        return broken("crypto: AES failed");
    return out;
}

Result<Bytes> cbc(Direction direction, const AesKey& key, BytesView iv, BytesView content) {
    if (iv.size() != block_octets) return fail(Fault::broken, "crypto: no IV has that length");
    MITOME_TRY(aes, aes_of(key));
    return whole_blocks(aes.cbc, direction, key, iv.data(), content);
}

bool add_associated(EVP_CIPHER_CTX* context, BytesView associated) {
    int ignored = 0;
    return associated.empty() || ::EVP_CipherUpdate(context, nullptr, &ignored, associated.data(),
                                                    static_cast<int>(associated.size())) == 1;
}

Done check_gcm(const AesKey& key, BytesView nonce, BytesView associated, std::size_t size) {
    if (key.size() != 32) return fail(Fault::broken, "crypto: not an AES-256 key");
    if (nonce.size() != nonce_octets)
        return fail(Fault::broken, "crypto: no nonce has that length");
    if (!fits_int(associated.size()) || !fits_int(size))
        return fail(Fault::broken, "crypto: too long for one AES-GCM message");
    return {};
}

}  // namespace

Result<Bytes> aes_cmac(const AesKey& key, BytesView content) {
    static EVP_MAC* const cmac = ::EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_CMAC, nullptr);
    MITOME_TRY(aes, aes_of(key));
    std::array<char, 12> name{};  // the parameter takes a pointer to non-const
    std::snprintf(name.data(), name.size(), "%s", aes.cbc_name);
    const std::array params{
        ::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name.data(), 0),
        ::OSSL_PARAM_construct_end()};
    const MacContext context{::EVP_MAC_CTX_new(cmac)};
    Bytes out(block_octets);
    std::size_t written = 0;
    const bool ok = key.reveal([&](BytesView octets) {
        return context &&
               ::EVP_MAC_init(context.get(), octets.data(), octets.size(), params.data()) == 1 &&
               ::EVP_MAC_update(context.get(), content.data(), content.size()) == 1 &&
               ::EVP_MAC_final(context.get(), out.data(), &written, out.size()) == 1;
    });
    if (!ok || written != out.size()) return broken("crypto: CMAC failed");
    return out;
}

Result<Bytes> aes_cbc_encrypt(const AesKey& key, BytesView iv, BytesView content) {
    return cbc(Direction::encrypt, key, iv, content);
}

Result<Bytes> aes_cbc_decrypt(const AesKey& key, BytesView iv, BytesView content) {
    return cbc(Direction::decrypt, key, iv, content);
}

Result<Bytes> aes_block(const AesKey& key, BytesView block) {
    if (block.size() != block_octets) return fail(Fault::broken, "crypto: not one AES block");
    MITOME_TRY(aes, aes_of(key));
    return whole_blocks(aes.ecb, Direction::encrypt, key, nullptr, block);
}

Result<Bytes> aes_gcm_seal(const AesKey& key, BytesView nonce, BytesView associated,
                           BytesView plain) {
    MITOME_CHECK(check_gcm(key, nonce, associated, plain.size()));
    const CipherContext context{::EVP_CIPHER_CTX_new()};
    Bytes out(plain.size() + tag_octets);
    int written = 0;
    const bool ok = key.reveal([&](BytesView octets) {
        return context &&
               ::EVP_EncryptInit_ex2(context.get(), aes_256_gcm(), octets.data(), nonce.data(),
                                     nullptr) == 1 &&
               add_associated(context.get(), associated) &&
               ::EVP_EncryptUpdate(context.get(), out.data(), &written, plain.data(),
                                   static_cast<int>(plain.size())) == 1 &&
               ::EVP_EncryptFinal_ex(context.get(), out.data() + plain.size(), &written) == 1 &&
               ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_octets,
                                     out.data() + plain.size()) == 1;
    });
    if (!ok) return broken("crypto: AES-GCM failed");
    return out;
}

Result<SecretBytes> aes_gcm_open(const AesKey& key, BytesView nonce, BytesView associated,
                                 BytesView sealed) {
    MITOME_CHECK(check_gcm(key, nonce, associated, sealed.size()));
    if (sealed.size() < tag_octets)
        return fail(Fault::unverified, "crypto: sealed octets are too short");
    const auto enciphered = sealed.first(sealed.size() - tag_octets);
    auto tag = copy(sealed.last(tag_octets));  // the library takes a pointer to non-const
    const CipherContext context{::EVP_CIPHER_CTX_new()};
    SecretBytes plain{enciphered.size()};
    int written = 0;
    const bool ready = key.reveal([&](BytesView octets) {
        return context &&
               ::EVP_DecryptInit_ex2(context.get(), aes_256_gcm(), octets.data(), nonce.data(),
                                     nullptr) == 1 &&
               ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_octets,
                                     tag.data()) == 1 &&
               add_associated(context.get(), associated) &&
               ::EVP_DecryptUpdate(context.get(), plain.writable().data(), &written,
                                   enciphered.data(), static_cast<int>(enciphered.size())) == 1;
    });
    if (!ready) return broken("crypto: AES-GCM failed");
    std::array<std::uint8_t, block_octets> none{};
    if (::EVP_DecryptFinal_ex(context.get(), none.data(), &written) != 1)
        return fail(Fault::unverified, "crypto: the tag does not hold", forget_errors());
    return plain;
}

Bytes hmac_sha256(BytesView key, BytesView content) {
    Bytes out(size_of(Hash::sha256));
    // A null key means "keep the former one" to the library; an empty key is not that.
    constexpr std::uint8_t empty = 0;
    if (!fits_int(key.size()) ||
        ::HMAC(algorithm_of(Hash::sha256), key.empty() ? &empty : key.data(),
               static_cast<int>(key.size()), content.data(), content.size(), out.data(),
               nullptr) == nullptr) {
        static_cast<void>(drain_errors("crypto: no HMAC"));
        std::abort();
    }
    return out;
}

Result<AesKey> hkdf(BytesView key, BytesView salt, BytesView info, std::size_t size) {
    if (size == 0 || size > AesKey::capacity())
        return fail(Fault::broken, "crypto: HKDF gives 1 to 32 octets here");
    // RFC 5869 §2.2 and §2.3; one block is enough for 32 octets.
    const std::array<std::uint8_t, 32> zeros{};
    Bytes pseudo_random = hmac_sha256(salt.empty() ? BytesView{zeros} : salt, key);
    constexpr std::array<std::uint8_t, 1> first{1};
    Bytes block = hmac_sha256(pseudo_random, join({info, first}));
    wipe(pseudo_random);
    AesKey out;
    const bool kept = out.assign(BytesView{block}.first(size));
    wipe(block);
    if (!kept) return fail(Fault::broken, "crypto: key does not fit");
    return out;
}

Result<AesKey> stretch(BytesView secret, BytesView salt) {
    std::array<std::uint8_t, 32> octets{};
    constexpr char empty = 0;
    if (::EVP_PBE_scrypt(secret.empty() ? &empty : text(secret).data(), secret.size(), salt.data(),
                         salt.size(), scrypt_n, scrypt_r, scrypt_p, scrypt_memory, octets.data(),
                         octets.size()) != 1)
        return broken("crypto: scrypt failed");
    AesKey out;
    const bool kept = out.assign(octets);
    wipe(octets);
    if (!kept) return fail(Fault::broken, "crypto: key does not fit");
    return out;
}

}  // namespace mitome::crypto
