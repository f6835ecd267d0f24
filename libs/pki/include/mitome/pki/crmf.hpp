// SPDX-License-Identifier: Apache-2.0
#pragma once

// Certificate requests, RFC 4211, as CMP carries them.
//
// Deviations: of the proofs of possession only a signature over the CertRequest itself is
// verified (§4.1 clause 3, poposkInput absent); regInfo is read over; the template fields that
// RFC 4211 §5 tells requesters to omit (signingAlg, the unique ids) are refused.

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/crypto/key.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::pki::crmf {

/// At most so many requests in one message.
inline constexpr std::size_t max_requests = 8;

struct WantedExtension {
    std::string oid;  ///< dotted
    bool critical = false;
    Bytes value;  ///< inside the OCTET STRING
};

/// CertTemplate, RFC 4211 §5. Wishes, not facts: the issuer decides. Empty octets: absent.
struct Template {
    Bytes serial;  ///< content of the INTEGER; only where a certificate is named, as in rr
    Bytes issuer;  ///< DER Name
    std::optional<Time> not_before;
    std::optional<Time> not_after;
    Bytes subject;  ///< DER Name; `30 00` asks the issuer to choose
    Bytes spki;     ///< DER SubjectPublicKeyInfo
    std::vector<WantedExtension> extensions;

    [[nodiscard]] const WantedExtension* extension(std::string_view oid) const;
};

/// The control oldCertID, RFC 4211 §6.5.
struct FormerCertificate {
    Bytes issuer;  ///< DER Name
    Bytes serial;  ///< content of the INTEGER
};

struct CertRequest {
    std::int32_t id = 0;
    Template wanted;
    std::optional<FormerCertificate> replaces;
    Bytes der;  ///< what the proof of possession is made over
};

enum class Proof : std::uint8_t {
    absent,
    ra_verified,      ///< only a registration authority may say so, RFC 4211 §4
    signature,        ///< over the CertRequest
    signature_other,  ///< over a POPOSigningKeyInput: not verified here
    encryption,       ///< keyEncipherment, keyAgreement: not verified here
};

/// CertReqMsg.
struct Request {
    CertRequest request;
    Proof proof = Proof::absent;
    Bytes proof_algorithm;  ///< DER AlgorithmIdentifier
    Bytes proof_signature;
    Bytes der;
};

/// CertReqMessages, the whole element.
[[nodiscard]] Result<std::vector<Request>> parse_requests(BytesView der);
/// One CertRequest, such as an element makes.
[[nodiscard]] Result<CertRequest> parse_cert_request(BytesView der);
/// The whole element, a SEQUENCE.
[[nodiscard]] Result<Template> parse_template(BytesView der);

/// `unverified` when the requested key did not sign this request, or another proof is given
/// than that signature; `malformed` for an algorithm we do not take. RFC 4211 §4.1: a template
/// without subject or key cannot be proven this way.
[[nodiscard]] Done verify_possession(const Request& request);

[[nodiscard]] Bytes encode(const Template& wanted);
[[nodiscard]] Bytes encode_cert_request(std::int32_t id, const Template& wanted,
                                        const std::optional<FormerCertificate>& replaces = {});
/// A CertReqMsg of a CertRequest and the requested key's signature over it.
[[nodiscard]] Bytes encode_request(BytesView cert_request, crypto::KeyKind kind, crypto::Hash hash,
                                   BytesView signature);
[[nodiscard]] Bytes encode_requests(const std::vector<Bytes>& requests);

}  // namespace mitome::pki::crmf
