// SPDX-License-Identifier: Apache-2.0
#pragma once

// Deviations from RFC 5280: only version 3 is read; unique identifiers (§4.1.2.8, "MUST NOT be
// generated" by conforming CAs) are refused; serial numbers outside 1 to 20 octets are refused.

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/crypto/key.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::pki {

/// The four issuing CAs of JPKI, and the names the wire and the files use for them.
enum class Ca : std::uint8_t { card_sign, card_auth, phone_sign, phone_auth };

inline constexpr Ca all_cas[]{Ca::card_sign, Ca::card_auth, Ca::phone_sign, Ca::phone_auth};

/// `card-sign`, `card-auth`, `phone-sign`, `phone-auth`.
[[nodiscard]] std::string_view name_of(Ca ca);
[[nodiscard]] std::optional<Ca> ca_of(std::string_view name);

enum class Kind : std::uint8_t { sign, auth };
[[nodiscard]] std::string_view name_of(Kind kind);
[[nodiscard]] constexpr Kind kind_of(Ca ca) {
    return ca == Ca::card_sign || ca == Ca::phone_sign ? Kind::sign : Kind::auth;
}

/// CRLReason, RFC 5280 §5.3.1.
enum class Reason : std::uint8_t {
    unspecified = 0,
    key_compromise = 1,
    ca_compromise = 2,
    affiliation_changed = 3,
    superseded = 4,
    cessation_of_operation = 5,
    certificate_hold = 6,
    remove_from_crl = 8,
    privilege_withdrawn = 9,
    aa_compromise = 10,
};

/// By the names of RFC 5280: `keyCompromise`, `certificateHold`, …
[[nodiscard]] std::string_view name_of(Reason reason);
[[nodiscard]] std::optional<Reason> reason_of(std::string_view name);

struct Extension {
    std::string oid;  ///< dotted
    bool critical = false;
    BytesView value;  ///< inside the OCTET STRING
};

/// Bits of KeyUsage as `Certificate::key_usage()` gives them. RFC 5280 §4.2.1.3.
namespace key_usage {
inline constexpr std::uint16_t digital_signature = 0x80;
inline constexpr std::uint16_t non_repudiation = 0x40;
inline constexpr std::uint16_t key_encipherment = 0x20;
inline constexpr std::uint16_t data_encipherment = 0x10;
inline constexpr std::uint16_t key_agreement = 0x08;
inline constexpr std::uint16_t key_cert_sign = 0x04;
inline constexpr std::uint16_t crl_sign = 0x02;
inline constexpr std::uint16_t encipher_only = 0x01;
inline constexpr std::uint16_t decipher_only = 0x8000;
}  // namespace key_usage

/// An X.509 v3 certificate, read once. Holds its own octets; the views live as long as it does.
class Certificate {
public:
    /// `malformed` where RFC 5280 §4.1 is broken, octets behind the certificate included. The
    /// content of an extension that has an accessor here is checked at once.
    [[nodiscard]] static Result<Certificate> from_der(Bytes der);
    /// The first CERTIFICATE block of a PEM text.
    [[nodiscard]] static Result<Certificate> from_pem(std::string_view pem);

    Certificate(const Certificate& other);
    Certificate& operator=(const Certificate& other);
    Certificate(Certificate&&) noexcept = default;
    Certificate& operator=(Certificate&&) noexcept = default;
    ~Certificate() = default;

    [[nodiscard]] const Bytes& der() const { return der_; }
    [[nodiscard]] BytesView tbs() const;
    /// Content octets of the serial number's INTEGER.
    [[nodiscard]] BytesView serial() const;
    [[nodiscard]] BytesView issuer() const;   ///< DER Name
    [[nodiscard]] BytesView subject() const;  ///< DER Name
    [[nodiscard]] Time not_before() const { return not_before_; }
    [[nodiscard]] Time not_after() const { return not_after_; }
    [[nodiscard]] BytesView spki() const;
    [[nodiscard]] BytesView signature() const;
    /// DER AlgorithmIdentifier of the signature; the inner and the outer one are the same.
    [[nodiscard]] BytesView signature_algorithm() const;
    [[nodiscard]] const std::vector<Extension>& extensions() const { return extensions_; }
    [[nodiscard]] const Extension* extension(std::string_view oid) const;

    [[nodiscard]] BytesView subject_key_identifier() const;    ///< empty if absent
    [[nodiscard]] BytesView authority_key_identifier() const;  ///< empty if absent
    [[nodiscard]] bool is_ca() const { return is_ca_; }
    /// pathLenConstraint; absent when there is none.
    [[nodiscard]] std::optional<std::uint64_t> path_length() const { return path_length_; }
    /// The first octet of KeyUsage's bits, and decipherOnly as 0x8000; absent → 0.
    [[nodiscard]] std::uint16_t key_usage() const { return key_usage_; }
    [[nodiscard]] std::vector<std::string> extended_key_usages() const;
    [[nodiscard]] std::vector<std::string> policies() const;
    [[nodiscard]] std::vector<std::string> crl_urls() const;
    [[nodiscard]] std::vector<std::string> ocsp_urls() const;
    [[nodiscard]] std::vector<std::string> issuer_urls() const;  ///< caIssuers of AIA

    /// `unverified` when `key` did not make the signature.
    [[nodiscard]] Done verify_signature(const crypto::PublicKey& key) const;

private:
    struct Span {  // offsets into der_, so that a copy needs no repair
        std::uint32_t at = 0;
        std::uint32_t size = 0;
    };
    friend struct CertificateParser;

    Certificate() = default;
    [[nodiscard]] BytesView view(Span span) const;

    Bytes der_;
    Span tbs_, serial_, issuer_, subject_, spki_, signature_, algorithm_;
    Span subject_key_identifier_, authority_key_identifier_;
    Time not_before_{}, not_after_{};
    std::vector<Extension> extensions_;
    std::optional<std::uint64_t> path_length_;
    std::uint16_t key_usage_ = 0;
    bool is_ca_ = false;
};

/// AlgorithmIdentifier of a signature by such a key with such a digest. RFC 4055, RFC 5758.
[[nodiscard]] Bytes signature_algorithm(crypto::KeyKind kind, crypto::Hash hash);
struct SignatureAlgorithm {
    bool rsa = false;
    crypto::Hash hash = crypto::Hash::sha256;
};
/// `malformed` for one that we do not take (SHA-1 and PSS included).
[[nodiscard]] Result<SignatureAlgorithm> parse_signature_algorithm(BytesView der);

/// RFC 4514 text of a DER Name, for people.
[[nodiscard]] std::string to_text_name(BytesView name);

/// SHA-1 of the subjectPublicKey bits. RFC 5280 §4.2.1.2 (1).
[[nodiscard]] Result<Bytes> key_identifier(BytesView spki);

}  // namespace mitome::pki
