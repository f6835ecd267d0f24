// SPDX-License-Identifier: Apache-2.0
#include "backward_writer.hpp"
#include "ocsp_structure.hpp"
#include "structure.hpp"

#include <array>
#include <utility>

namespace mitome::pki {

namespace {

constexpr auto basic_response_oid = "06092B0601050507300101"_hex;

constexpr std::size_t usual_single_octets = 192;
constexpr std::size_t usual_frame_octets = 512;

constexpr std::uint8_t good_tag = der::tag::context(0);
constexpr std::uint8_t revoked_tag = der::tag::constructed(1);
constexpr std::uint8_t unknown_tag = der::tag::context(2);

Result<BytesView> key_bits(BytesView spki) {
    MITOME_TRY(sequence, der::only(spki, der::tag::sequence));
    der::Reader parts{sequence.value};
    MITOME_CHECK(parts.next(der::tag::sequence));
    MITOME_TRY(bits, parts.next(der::tag::bit_string));
    return der::to_whole_octets(bits);
}

//     CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT SEQUENCE {
//         revocationTime GeneralizedTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL },
//         unknown [2] IMPLICIT NULL }
struct PutStatus {
    BackwardWriter& out;

    void operator()(const Good&) const { out.element(good_tag, {}); }
    void operator()(const Unknown&) const { out.element(unknown_tag, {}); }
    void operator()(const Revoked& revoked) const {
        const std::size_t before = out.mark();
        if (revoked.reason != Reason::unspecified) {
            const std::array reason{static_cast<std::uint8_t>(revoked.reason)};
            out.element(der::tag::enumerated, reason);
            out.close(der::tag::constructed(0), before);
        }
        out.put(der::generalized_time(revoked.at));
        out.close(revoked_tag, before);
    }
};

//     SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate GeneralizedTime,
//         nextUpdate [0] EXPLICIT GeneralizedTime OPTIONAL, singleExtensions [1] OPTIONAL }
void put_single(BackwardWriter& out, const SingleAnswer& answer) {
    const std::size_t before = out.mark();
    if (answer.next_update) {
        out.put(der::generalized_time(*answer.next_update));
        out.close(der::tag::constructed(0), before);
    }
    out.put(der::generalized_time(answer.this_update));
    std::visit(PutStatus{out}, answer.status);
    out.put(answer.cert_id);
    out.close(der::tag::sequence, before);
}

}  // namespace

Result<CaDigests> CaDigests::of(const Certificate& ca) {
    MITOME_TRY(key, key_bits(ca.spki()));
    CaDigests digests;
    digests.sha1_name_ = crypto::digest(crypto::Hash::sha1, ca.subject());
    digests.sha1_key_ = crypto::digest(crypto::Hash::sha1, key);
    digests.sha256_name_ = crypto::digest(crypto::Hash::sha256, ca.subject());
    digests.sha256_key_ = crypto::digest(crypto::Hash::sha256, key);
    return digests;
}

bool CaDigests::match(const CertId& id) const {
    if (id.hash == crypto::Hash::sha1) {
        return same(id.issuer_name_hash, sha1_name_) && same(id.issuer_key_hash, sha1_key_);
    }
    if (id.hash == crypto::Hash::sha256) {
        return same(id.issuer_name_hash, sha256_name_) && same(id.issuer_key_hash, sha256_key_);
    }
    return false;
}

OcspResponder::OcspResponder(crypto::Signer& signer, Certificate certificate)
    : signer_(&signer), certificate_(std::move(certificate)) {}

Result<OcspResponder> OcspResponder::create(crypto::Signer& signer, Certificate certificate) {
    if (!same(signer.spki(), certificate.spki())) {
        return fail(Fault::conflict, "ocsp: the certificate is of another key");
    }
    MITOME_TRY(identifier, key_identifier(signer.spki()));
    OcspResponder made{signer, std::move(certificate)};
    made.hash_ = crypto::usual_hash(signer.kind());
    made.algorithm_ = signature_algorithm(signer.kind(), made.hash_);
    // ResponderID ::= CHOICE { byName [1] Name, byKey [2] KeyHash }
    made.responder_id_ = der::wrap(der::tag::constructed(2), der::octet_string(identifier));
    made.certificates_ =
        der::wrap(der::tag::constructed(0), der::sequence({made.certificate_.der()}));
    return made;
}

//     ResponseData ::= SEQUENCE { version DEFAULT v1, responderID, producedAt GeneralizedTime,
//         responses SEQUENCE OF SingleResponse, responseExtensions [1] EXPLICIT OPTIONAL }
//     BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature BIT STRING,
//         certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
//     OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED,
//         responseBytes [0] EXPLICIT SEQUENCE { OBJECT IDENTIFIER, OCTET STRING } OPTIONAL }
Result<Bytes> OcspResponder::answer(std::span<const SingleAnswer> answers, Time produced_at,
                                    BytesView nonce) const {
    BackwardWriter tbs{usual_frame_octets + answers.size() * usual_single_octets};
    const std::size_t start = tbs.mark();
    if (!nonce.empty()) {
        tbs.put(nonce_extension(nonce));
        tbs.close(der::tag::sequence, start);
        tbs.close(der::tag::constructed(1), start);
    }
    const std::size_t list = tbs.mark();
    for (std::size_t i = answers.size(); i-- > 0;) put_single(tbs, answers[i]);
    tbs.close(der::tag::sequence, list);
    tbs.put(der::generalized_time(produced_at));
    tbs.put(responder_id_);
    tbs.close(der::tag::sequence, start);

    MITOME_TRY(signature, signer_->sign(hash_, tbs.written()));

    BackwardWriter out{usual_frame_octets + tbs.mark() + signature.size() + certificates_.size()};
    const std::size_t end = out.mark();
    out.put(certificates_);
    const std::size_t bits = out.mark();
    out.put(signature);
    out.put(0);
    out.close(der::tag::bit_string, bits);
    out.put(algorithm_);
    out.put(tbs.written());
    out.close(der::tag::sequence, end);
    out.close(der::tag::octet_string, end);
    out.put(basic_response_oid);
    out.close(der::tag::sequence, end);
    out.close(der::tag::constructed(0), end);
    constexpr auto successful = "0A0100"_hex;
    out.put(successful);
    out.close(der::tag::sequence, end);
    return out.take();
}

Bytes ocsp_refusal(OcspRefusal refusal) {
    const std::array status{static_cast<std::uint8_t>(refusal)};
    return der::sequence({der::wrap(der::tag::enumerated, status)});
}

}  // namespace mitome::pki
