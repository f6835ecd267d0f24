// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes certificates of any shape: what the services' own certificates (TLS, OCSP responder, CMP,
// attestation) need. The certificates of persons and of the four CAs come from profile.hpp.

#include <mitome/pki/certificate.hpp>

#include <chrono>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace mitome::pki {

/// One attribute of a Name, in an RDN of its own. Country is written as PrintableString, all else
/// as UTF8String.
struct Attribute {
    std::string_view oid;
    std::string value;
};

namespace attribute {
inline constexpr std::string_view common_name = "2.5.4.3";
inline constexpr std::string_view country = "2.5.4.6";
inline constexpr std::string_view locality = "2.5.4.7";
inline constexpr std::string_view organization = "2.5.4.10";
inline constexpr std::string_view organizational_unit = "2.5.4.11";
}  // namespace attribute

/// DER Name with the attributes in this order.
[[nodiscard]] Bytes make_name(std::span<const Attribute> attributes);
[[nodiscard]] Bytes make_name(std::initializer_list<Attribute> attributes);

/// The first value of that attribute in a DER Name; absent when there is none or it is no text.
[[nodiscard]] std::optional<std::string> attribute_of(BytesView name, std::string_view oid);

/// An extension to be written.
struct NewExtension {
    std::string oid;
    bool critical = false;
    Bytes value;
};

/// The extensions that certificates of ours carry. RFC 5280 §4.2, RFC 6960 §4.2.2.2.
namespace extension {
[[nodiscard]] NewExtension key_usage(std::uint16_t bits);  // of namespace key_usage; critical
[[nodiscard]] NewExtension authority(std::optional<unsigned> path_length = {});  // cA, critical
[[nodiscard]] NewExtension no_authority();  // an empty BasicConstraints, critical
[[nodiscard]] NewExtension extended_key_usage(std::initializer_list<std::string_view> purposes);
[[nodiscard]] NewExtension subject_key_identifier(BytesView identifier);
[[nodiscard]] NewExtension authority_key_identifier(BytesView identifier);
/// dNSName and iPAddress (IPv4 in dotted form) entries.
[[nodiscard]] NewExtension subject_alt_name(std::span<const std::string> dns_names,
                                            std::span<const std::string> ipv4_addresses);
[[nodiscard]] NewExtension ocsp_no_check();
}  // namespace extension

/// ExtendedKeyUsage purposes.
namespace purpose {
inline constexpr std::string_view server_auth = "1.3.6.1.5.5.7.3.1";
inline constexpr std::string_view client_auth = "1.3.6.1.5.5.7.3.2";
inline constexpr std::string_view ocsp_signing = "1.3.6.1.5.5.7.3.9";
inline constexpr std::string_view cmc_ra = "1.3.6.1.5.5.7.3.28";  // RFC 6402 §2.10
}  // namespace purpose

/// What stands in a TBSCertificate, as it is written.
struct Template {
    Bytes serial;               ///< big-endian, positive
    Bytes signature_algorithm;  ///< DER AlgorithmIdentifier
    Bytes issuer;               ///< DER Name
    Time not_before{};
    Time not_after{};
    Bytes subject;  ///< DER Name
    Bytes spki;     ///< DER SubjectPublicKeyInfo
    std::vector<NewExtension> extensions;
};

[[nodiscard]] Bytes certificate_tbs(const Template& what);

/// Certificate ::= SEQUENCE { tbs, algorithm, BIT STRING signature }.
[[nodiscard]] Bytes assemble(BytesView tbs, BytesView algorithm, BytesView signature);

/// Signs exactly these octets with the algorithm that they name. `broken` when that algorithm
/// does not fit the signer's key.
[[nodiscard]] Result<Bytes> sign_tbs(BytesView tbs, crypto::Signer& signer);

/// The same, with the signature verified by `key`, the signer's own: a signer that fails would
/// else make a certificate that nobody can verify, or give its RSA key away (Boneh, DeMillo,
/// Lipton 1997). `broken` when it does not hold.
[[nodiscard]] Result<Bytes> sign_tbs_and_verify(BytesView tbs, crypto::Signer& signer,
                                                const crypto::PublicKey& key);

/// Who issues: what a template takes from the CA that will sign it.
struct Issuer {
    Bytes name;                 ///< DER Name
    Bytes key_identifier;       ///< its SKI
    Bytes signature_algorithm;  ///< DER AlgorithmIdentifier
};

/// From the CA's certificate and the digest it signs with (the usual one of its key).
[[nodiscard]] Result<Issuer> issuer_of(const Certificate& ca);

struct Validity {
    Time not_before{};
    Time not_after{};
};

/// A self-signed CA: cA with the given path length, keyCertSign + cRLSign, SKI.
[[nodiscard]] Result<Template> root_template(BytesView name, const crypto::Signer& key,
                                             BytesView serial, Validity validity,
                                             std::optional<unsigned> path_length = {});

/// A CA below `issuer`: the attestation certificate of an element has path length 0.
[[nodiscard]] Result<Template> subordinate_template(const Issuer& issuer, BytesView name,
                                                    BytesView spki, BytesView serial,
                                                    Validity validity, unsigned path_length);

/// A delegated OCSP responder: id-kp-OCSPSigning alone and nocheck. RFC 6960 §4.2.2.2.
[[nodiscard]] Result<Template> ocsp_responder_template(const Issuer& issuer, BytesView name,
                                                       BytesView spki, BytesView serial,
                                                       Validity validity);

/// The registration service's CMP key: id-kp-cmcRA. RFC 9810 §4.5, RFC 6402 §2.10.
[[nodiscard]] Result<Template> registration_template(const Issuer& issuer, BytesView name,
                                                     BytesView spki, BytesView serial,
                                                     Validity validity);

enum class TlsSide : std::uint8_t { client, server, both };

/// A TLS identity; servers have names, the services talk both ways.
[[nodiscard]] Result<Template> tls_template(const Issuer& issuer, BytesView name, BytesView spki,
                                            BytesView serial, Validity validity, TlsSide side,
                                            std::span<const std::string> dns_names = {},
                                            std::span<const std::string> ipv4_addresses = {});

}  // namespace mitome::pki
