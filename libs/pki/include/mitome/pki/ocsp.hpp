// SPDX-License-Identifier: Apache-2.0
#pragma once

// OCSP, RFC 6960 with the nonce of RFC 9654, both ends.
//
// Deviations: a request for more than `max_ocsp_requests` certificates is `malformed`; a signed
// request is read, its signature is not looked at. Answers name their responder by key.

#include <mitome/pki/certificate.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace mitome::pki {

inline constexpr std::size_t max_ocsp_requests = 32;
inline constexpr std::size_t max_ocsp_nonce = 128;  // RFC 9654 §2.1
/// RFC 9654 §2.1: at least this many from a client, and what ours sends.
inline constexpr std::size_t usual_ocsp_nonce = 32;

/// CertID of a request; views into the request.
struct CertId {
    BytesView whole;  ///< the DER as it came, to be given back
    /// Absent for a digest that we do not know; such a certificate is unknown to us.
    std::optional<crypto::Hash> hash;
    BytesView issuer_name_hash;
    BytesView issuer_key_hash;
    BytesView serial;  ///< content octets of the INTEGER
};

/// Views into the octets that were parsed.
struct OcspRequest {
    std::vector<CertId> ids;  ///< 1 to `max_ocsp_requests`
    BytesView nonce;          ///< empty when there is none
};

[[nodiscard]] Result<OcspRequest> parse_ocsp_request(BytesView der);

/// What follows the responder's path in a GET: percent-encoded base64. RFC 6960 appendix A.1.
[[nodiscard]] Result<Bytes> ocsp_request_of_path(std::string_view tail);
[[nodiscard]] std::string to_ocsp_path(BytesView request);

/// The digests by which requests name one CA, computed once.
class CaDigests {
public:
    /// From the CA's certificate.
    [[nodiscard]] static Result<CaDigests> of(const Certificate& ca);
    [[nodiscard]] bool match(const CertId& id) const;

private:
    Bytes sha1_name_, sha1_key_, sha256_name_, sha256_key_;
};

struct Good {};
struct Revoked {
    Time at{};
    Reason reason = Reason::unspecified;
};
struct Unknown {};
using CertStatus = std::variant<Good, Revoked, Unknown>;

struct SingleAnswer {
    BytesView cert_id;  ///< `CertId::whole`
    CertStatus status;
    Time this_update{};
    std::optional<Time> next_update;
};

/// A delegated responder: everything that does not change is encoded once.
class OcspResponder {
public:
    /// `certificate` is that of `signer`'s key and goes into every answer. `conflict` when it is of
    /// another key. The signer must outlive the responder.
    [[nodiscard]] static Result<OcspResponder> create(crypto::Signer& signer,
                                                      Certificate certificate);

    /// DER OCSPResponse with status successful. An empty nonce is not written. Safe to call from
    /// several threads when the signer is.
    [[nodiscard]] Result<Bytes> answer(std::span<const SingleAnswer> answers, Time produced_at,
                                       BytesView nonce = {}) const;

    [[nodiscard]] const Certificate& certificate() const { return certificate_; }

private:
    OcspResponder(crypto::Signer& signer, Certificate certificate);

    crypto::Signer* signer_;
    Certificate certificate_;
    crypto::Hash hash_{};
    Bytes responder_id_, algorithm_, certificates_;
};

/// OCSPResponseStatus other than successful. RFC 6960 §4.2.1.
enum class OcspRefusal : std::uint8_t {
    malformed_request = 1,
    internal_error = 2,
    try_later = 3,
    signature_required = 5,
    unauthorized = 6,
};

/// An OCSPResponse without any answer; unsigned, as the RFC has it.
[[nodiscard]] Bytes ocsp_refusal(OcspRefusal refusal);

// The client's side.

/// An unsigned request for one certificate. SHA-1 names the issuer to every responder there is
/// (RFC 5019 §2.1.1); it protects nothing here.
[[nodiscard]] Result<Bytes> make_ocsp_request(const Certificate& subject, const Certificate& issuer,
                                              BytesView nonce,
                                              crypto::Hash hash = crypto::Hash::sha1);

enum class NonceRule : std::uint8_t {
    required,  ///< an answer without the nonce is refused
    when_answered,  ///< an answer without one is taken (RFC 5019 responders), another one never
};

struct OcspExpectation {
    const Certificate* subject = nullptr;
    const Certificate* issuer = nullptr;
    BytesView nonce;  ///< of the request; empty when it had none
    NonceRule nonce_rule = NonceRule::required;
    Time now{};
    std::chrono::seconds skew{300};
    /// How old an answer without nextUpdate may be.
    std::chrono::seconds oldest{15 * 60};
};

struct OcspAnswer {
    CertStatus status;
    Time produced_at{};
    Time this_update{};
    std::optional<Time> next_update;
};

/// What a response says about one certificate, after its signature, its signer's delegation
/// (issued by the CA itself, id-kp-OCSPSigning), its nonce and its age were checked.
/// `unverified` when one of these fails, `unavailable` for tryLater and internalError, `denied`
/// for unauthorized and sigRequired, `broken` when the responder found our request malformed.
[[nodiscard]] Result<OcspAnswer> check_ocsp_response(BytesView der,
                                                     const OcspExpectation& expected);

}  // namespace mitome::pki
