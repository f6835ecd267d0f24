// SPDX-License-Identifier: Apache-2.0
#include "openssl_x509.hpp"

#include <mitome/pki/cms.hpp>
#include <mitome/pki/der.hpp>

#include <openssl/cms.h>
#include <openssl/objects.h>

#include <array>

namespace mitome::pki::cms {
namespace {

constexpr std::size_t max_octets = std::size_t{1} << 20;
constexpr int only_one = -3;  // CMS_signed_get0_data_by_OBJ: one attribute with one value

using Contents = std::unique_ptr<CMS_ContentInfo, crypto::Releases<CMS_ContentInfo_free>>;

std::unexpected<Error> refuse(Literal what) {
    ERR_clear_error();  // bad input is a finding, not a fault of ours
    return fail(Fault::malformed, what);
}

/// The one value of the one attribute of that kind, if its type is `type`.
const ASN1_STRING* attribute(CMS_SignerInfo& signer, int nid, int type) {
    const auto* found = static_cast<const ASN1_STRING*>(
        CMS_signed_get0_data_by_OBJ(&signer, OBJ_nid2obj(nid), only_one, type));
    ERR_clear_error();
    return found;
}

BytesView octets_of(const ASN1_STRING& string) {
    return {ASN1_STRING_get0_data(&string), static_cast<std::size_t>(ASN1_STRING_length(&string))};
}

std::optional<crypto::Hash> hash_of(int nid) {
    switch (nid) {
        case NID_sha256: return crypto::Hash::sha256;
        case NID_sha384: return crypto::Hash::sha384;
        case NID_sha512: return crypto::Hash::sha512;
        default: return std::nullopt;
    }
}

std::optional<Time> time_in(CMS_SignerInfo& signer) {
    constexpr std::array kinds{std::pair{V_ASN1_UTCTIME, der::tag::utc_time},
                               std::pair{V_ASN1_GENERALIZEDTIME, der::tag::generalized_time}};
    for (const auto& [type, tag] : kinds) {
        if (const auto* string = attribute(signer, NID_pkcs9_signingTime, type)) {
            const auto time = der::to_time({tag, octets_of(*string), {}});
            return time ? std::optional{*time} : std::nullopt;
        }
    }
    return std::nullopt;
}

// ESSCertIDv2 ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier DEFAULT sha256,
//     certHash OCTET STRING, issuerSerial IssuerSerial OPTIONAL }. The first names the signer.
Result<bool> names(BytesView signing_certificate_v2, const Certificate& certificate) {
    MITOME_TRY(outer, der::only(signing_certificate_v2, der::tag::sequence));
    der::Reader reader{outer.value};
    MITOME_TRY(list, reader.enter(der::tag::sequence));
    MITOME_TRY(id, list.enter(der::tag::sequence));
    auto hash = std::optional{crypto::Hash::sha256};
    MITOME_TRY(algorithm, id.next_if(der::tag::sequence));
    if (algorithm) {
        der::Reader parts{algorithm->value};
        MITOME_TRY(oid, parts.next(der::tag::oid));
        MITOME_TRY(dotted, der::to_dotted(oid.value));
        hash = hash_of(OBJ_txt2nid(dotted.c_str()));
    }
    MITOME_TRY(digest, id.next(der::tag::octet_string));
    return hash && same(crypto::digest(*hash, certificate.der()), digest.value);
}

}  // namespace

struct Detached::State {
    Contents contents;
    CMS_SignerInfo* signer_part = nullptr;  // inside contents
    std::vector<Bytes> certificates;
    std::optional<Certificate> signer;
    X509Handle signer_handle;
    SigningCertificate signing_certificate = SigningCertificate::absent;
    std::optional<Time> signing_time;
    std::optional<crypto::Hash> hash;
    Bytes message_digest;
};

Detached::Detached(std::unique_ptr<State> state) : state_(std::move(state)) {}
Detached::Detached(Detached&&) noexcept = default;
Detached& Detached::operator=(Detached&&) noexcept = default;
Detached::~Detached() = default;

Result<Detached> Detached::parse(BytesView der) {
    if (der.empty() || der.size() > max_octets) {
        return fail(Fault::malformed, "cms: empty or too long");
    }
    auto state = std::make_unique<State>();
    const auto* at = der.data();
    state->contents.reset(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));
    if (!state->contents || at != der.data() + der.size()) {
        return refuse("cms: not a CMS message");
    }
    auto* contents = state->contents.get();
    if (OBJ_obj2nid(CMS_get0_type(contents)) != NID_pkcs7_signed) {
        return refuse("cms: not SignedData");
    }
    if (CMS_is_detached(contents) != 1) {
        return refuse("cms: content is inside");
    }
    auto* signers = CMS_get0_SignerInfos(contents);
    if (signers == nullptr || sk_CMS_SignerInfo_num(signers) != 1) {
        return refuse("cms: not exactly one signer");
    }
    state->signer_part = sk_CMS_SignerInfo_value(signers, 0);
    auto& signer_part = *state->signer_part;

    // RFC 5652 §5.3: both must be there once there are signed attributes at all.
    const auto* type = static_cast<const ASN1_OBJECT*>(CMS_signed_get0_data_by_OBJ(
        &signer_part, OBJ_nid2obj(NID_pkcs9_contentType), only_one, V_ASN1_OBJECT));
    if (type == nullptr || OBJ_cmp(type, CMS_get0_eContentType(contents)) != 0) {
        return refuse("cms: content-type is missing or another");
    }
    const auto* digest = attribute(signer_part, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
    if (digest == nullptr) {
        return refuse("cms: message-digest is missing");
    }
    state->message_digest = copy(octets_of(*digest));

    X509_ALGOR* digest_algorithm = nullptr;
    CMS_SignerInfo_get0_algs(&signer_part, nullptr, nullptr, &digest_algorithm, nullptr);
    const ASN1_OBJECT* algorithm = nullptr;
    X509_ALGOR_get0(&algorithm, nullptr, nullptr, digest_algorithm);
    state->hash = hash_of(OBJ_obj2nid(algorithm));
    state->signing_time = time_in(signer_part);

    const X509List carried{CMS_get1_certs(contents)};
    const int count = carried ? sk_X509_num(carried.get()) : 0;
    for (int i = 0; i < count; ++i) {
        auto* one = sk_X509_value(carried.get(), i);
        std::uint8_t* encoded = nullptr;
        const int size = i2d_X509(one, &encoded);
        if (size <= 0) {
            return refuse("cms: a certificate cannot be read");
        }
        state->certificates.emplace_back(encoded, encoded + size);
        OPENSSL_free(encoded);
        if (!state->signer && CMS_SignerInfo_cert_cmp(&signer_part, one) == 0) {
            if (auto read = Certificate::from_der(state->certificates.back())) {
                state->signer.emplace(std::move(*read));
                X509_up_ref(one);
                state->signer_handle.reset(one);
            }
        }
    }
    if (const auto* named =
            attribute(signer_part, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE);
        named != nullptr && state->signer) {
        const auto result = names(octets_of(*named), *state->signer);
        state->signing_certificate =
            result && *result ? SigningCertificate::named : SigningCertificate::other;
    }
    ERR_clear_error();
    return Detached{std::move(state)};
}

std::optional<crypto::Hash> Detached::hash() const { return state_->hash; }

const Certificate* Detached::signer() const { return state_->signer ? &*state_->signer : nullptr; }

const std::vector<Bytes>& Detached::certificates() const { return state_->certificates; }

std::optional<Time> Detached::claimed_signing_time() const { return state_->signing_time; }

SigningCertificate Detached::signing_certificate() const { return state_->signing_certificate; }

bool Detached::covers(BytesView digest) const { return same(state_->message_digest, digest); }

Done Detached::verify_signature() const {
    if (!state_->signer_handle) {
        return fail(Fault::absent, "cms: the signer's certificate is not carried");
    }
    CMS_SignerInfo_set1_signer_cert(state_->signer_part, state_->signer_handle.get());
    const int verified = CMS_SignerInfo_verify(state_->signer_part);
    ERR_clear_error();
    if (verified != 1) {
        return fail(Fault::unverified, "cms: the signature does not hold");
    }
    return {};
}

}  // namespace mitome::pki::cms
