// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>
#include <mitome/base/secret.hpp>
#include <mitome/crypto/digest.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace mitome::crypto {

enum class KeyKind : std::uint8_t { rsa_2048, rsa_3072, rsa_4096, ec_p256, ec_p384 };

[[nodiscard]] constexpr bool is_rsa(KeyKind kind) {
    return kind == KeyKind::rsa_2048 || kind == KeyKind::rsa_3072 || kind == KeyKind::rsa_4096;
}

/// The digest that goes with a key where nothing else is said (CRYPTREC lifetimes):
/// SHA-384 for P-384, SHA-256 otherwise.
[[nodiscard]] constexpr Hash usual_hash(KeyKind kind) {
    return kind == KeyKind::ec_p384 ? Hash::sha384 : Hash::sha256;
}

/// A public key, parsed once, used many times; safe to use from several threads.
class PublicKey {
public:
    /// DER SubjectPublicKeyInfo, RFC 5280 §4.1.2.7. `malformed` for anything that is not a key
    /// of a `KeyKind` (RSA with any odd exponent > 1; curves by name only), trailing octets
    /// included.
    [[nodiscard]] static Result<PublicKey> from_spki(BytesView der);

    PublicKey(PublicKey&&) noexcept;
    PublicKey& operator=(PublicKey&&) noexcept;
    ~PublicKey();

    [[nodiscard]] KeyKind kind() const;
    [[nodiscard]] const Bytes& spki() const;

    /// RSA modulus and exponent, big-endian without leading zeros; empty for EC.
    [[nodiscard]] Bytes modulus() const;
    [[nodiscard]] Bytes exponent() const;

    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) or ECDSA with a DER signature (RFC 3279 §2.2.3).
    /// A signature that does not hold is `unverified`.
    [[nodiscard]] Done verify_digest(Hash hash, BytesView digest, BytesView signature) const;
    [[nodiscard]] Done verify(Hash hash, BytesView content, BytesView signature) const;

    /// RSASSA-PSS with MGF1 and salt of the digest's length. `malformed` for EC.
    [[nodiscard]] Done verify_pss(Hash hash, BytesView digest, BytesView signature) const;

    /// RSA public operation with PKCS#1 type 1 padding taken off: what was padded. RSA only.
    [[nodiscard]] Result<Bytes> recover(BytesView signature) const;

private:
    struct State;
    explicit PublicKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
    friend struct OpenSslView;
};

/// Makes signatures with a private key, wherever that key lives: in memory, in an HSM, on a
/// token. The key itself never leaves.
class Signer {
public:
    virtual ~Signer() = default;
    [[nodiscard]] virtual KeyKind kind() const = 0;
    /// DER SubjectPublicKeyInfo.
    [[nodiscard]] virtual const Bytes& spki() const = 0;
    /// Signs a ready digest: RSASSA-PKCS1-v1_5 or DER ECDSA. Deterministic for RSA only.
    [[nodiscard]] virtual Result<Bytes> sign_digest(Hash hash, BytesView digest) = 0;

    /// Digests and signs.
    [[nodiscard]] Result<Bytes> sign(Hash hash, BytesView content);
};

/// A private key in this process's memory. For elements, tests, responders; CA keys live in an
/// HSM. Safe to use from several threads.
class SoftwareKey final : public Signer {
public:
    [[nodiscard]] static Result<std::unique_ptr<SoftwareKey>> generate(KeyKind kind);
    /// PKCS#8 PrivateKeyInfo, RFC 5208, unencrypted DER.
    [[nodiscard]] static Result<std::unique_ptr<SoftwareKey>> from_pkcs8(BytesView der);
    ~SoftwareKey() override;

    [[nodiscard]] KeyKind kind() const override;
    [[nodiscard]] const Bytes& spki() const override;
    [[nodiscard]] Result<Bytes> sign_digest(Hash hash, BytesView digest) override;

    /// RSA: PKCS#1 v1.5 type 1 padding over the octets as given, 1 to size − 11 of them
    /// (PERFORM SECURITY OPERATION of JICSAP cards). `malformed` for EC or a bad length.
    [[nodiscard]] Result<Bytes> sign_padded(BytesView content);
    /// RSASSA-PSS, MGF1 with the same digest, random salt of the digest's length. RSA only.
    [[nodiscard]] Result<Bytes> sign_pss(Hash hash, BytesView digest);

    /// For the stores that own this key; everyone else has no business with it.
    [[nodiscard]] Result<SecretBytes> to_pkcs8() const;

private:
    struct State;
    explicit SoftwareKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
    friend struct OpenSslView;
};

}  // namespace mitome::crypto
