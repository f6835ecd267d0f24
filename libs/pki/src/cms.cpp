// SPDX-License-Identifier: Apache-2.0
#include "openssl_x509.hpp"

#include <mitome/pki/cms.hpp>
#include <mitome/pki/der.hpp>

#include <openssl/cms.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace mitome::pki::cms {
namespace {

constexpr std::size_t max_octets = std::size_t{64} << 20;  // the content may be inside
constexpr int max_signers = 32;
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

DigestUse use_of(int nid) {
    switch (nid) {
        case NID_md2:
        case NID_md4:
        case NID_md5:
        case NID_sha1: return DigestUse::outdated;
        default: return hash_of(nid) ? DigestUse::taken : DigestUse::unknown;
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

// SigningCertificate ::= SEQUENCE { certs SEQUENCE OF ESSCertID, … }, RFC 2634 §5.4;
// SigningCertificateV2 has ESSCertIDv2, RFC 5035 §3. The first names the signer.
Result<der::Reader> first_id(BytesView signing_certificate) {
    MITOME_TRY(outer, der::only(signing_certificate, der::tag::sequence));
    der::Reader reader{outer.value};
    MITOME_TRY(list, reader.enter(der::tag::sequence));
    return list.enter(der::tag::sequence);
}

// ESSCertIDv2 ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier DEFAULT sha256,
//     certHash OCTET STRING, issuerSerial IssuerSerial OPTIONAL }
Result<SigningCertificate> named_by_v2(BytesView attribute, const Certificate& certificate) {
    MITOME_TRY(id, first_id(attribute));
    int hash = NID_sha256;
    MITOME_TRY(algorithm, id.next_if(der::tag::sequence));
    if (algorithm) {
        der::Reader parts{algorithm->value};
        MITOME_TRY(oid, parts.next(der::tag::oid));
        MITOME_TRY(dotted, der::to_dotted(oid.value));
        hash = OBJ_txt2nid(dotted.c_str());
    }
    MITOME_TRY(digest, id.next(der::tag::octet_string));
    const auto taken = hash_of(hash);
    if (!taken) return SigningCertificate::named_weakly;
    return same(crypto::digest(*taken, certificate.der()), digest.value)
               ? SigningCertificate::named
               : SigningCertificate::other;
}

// ESSCertID ::= SEQUENCE { certHash OCTET STRING, issuerSerial OPTIONAL }: always SHA-1.
Result<SigningCertificate> named_by_v1(BytesView attribute, const Certificate& certificate) {
    MITOME_TRY(id, first_id(attribute));
    MITOME_TRY(digest, id.next(der::tag::octet_string));
    return same(crypto::digest(crypto::Hash::sha1, certificate.der()), digest.value)
               ? SigningCertificate::named_weakly
               : SigningCertificate::other;
}

SigningCertificate named_in(CMS_SignerInfo& signer, const Certificate& certificate) {
    if (const auto* v2 = attribute(signer, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE)) {
        return named_by_v2(octets_of(*v2), certificate).value_or(SigningCertificate::other);
    }
    if (const auto* v1 = attribute(signer, NID_id_smime_aa_signingCertificate, V_ASN1_SEQUENCE)) {
        return named_by_v1(octets_of(*v1), certificate).value_or(SigningCertificate::other);
    }
    return SigningCertificate::absent;
}

bool contains_in_any_case(std::string_view where, std::string_view lower_case) {
    const auto equal = [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    };
    return !std::ranges::search(where, lower_case, equal).empty();
}

/// The headers of RFC 8551 §3: the message in it is not the file as it lies on a disk.
bool is_smime(BytesView octets) {
    constexpr std::size_t headers = 4096;
    const auto start = text(octets.first(std::min(octets.size(), headers)));
    return contains_in_any_case(start, "content-type:") &&
           (contains_in_any_case(start, "multipart/signed") ||
            contains_in_any_case(start, "pkcs7-mime") ||
            contains_in_any_case(start, "pkcs7-signature"));
}

/// Takes the armour of RFC 7468 off. What has none is given back as it is.
Result<Bytes> unarmoured(BytesView octets) {
    const auto whole = text(octets);
    constexpr std::uint8_t sequence = 0x30;  // of a ContentInfo, in BER too
    if (octets.front() == sequence) return copy(octets);
    // §8, §9, and what older writers of §9 call it.
    std::vector<Bytes> blocks;
    for (const std::string_view label : {"CMS", "PKCS7", "PKCS #7 SIGNED DATA"}) {
        MITOME_TRY(found, from_pem(whole, label));
        std::ranges::move(found, std::back_inserter(blocks));
    }
    if (blocks.size() > 1) return fail(Fault::denied, "cms: several messages in one file");
    if (!blocks.empty()) return std::move(blocks.front());
    if (is_smime(octets)) return fail(Fault::denied, "cms: an S/MIME message");
    return fail(Fault::malformed, "cms: neither BER nor PEM");
}

/// An RSA or EC key: for others OpenSSL has no way of verifying CMS.
bool is_known_key(X509& certificate) {
    const auto* key = X509_get0_pubkey(&certificate);
    const int kind = key == nullptr ? NID_undef : EVP_PKEY_get_base_id(key);
    ERR_clear_error();
    return kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS || kind == EVP_PKEY_EC;
}

/// RFC 5652 §5.4: without signed attributes the signature is over the content itself.
Done verify_bare(CMS_SignerInfo& signer, const Certificate& certificate, crypto::Hash hash,
                 BytesView digest) {
    const auto key = crypto::PublicKey::from_spki(certificate.spki());
    X509_ALGOR* signature_algorithm = nullptr;
    CMS_SignerInfo_get0_algs(&signer, nullptr, nullptr, nullptr, &signature_algorithm);
    const ASN1_OBJECT* algorithm = nullptr;
    X509_ALGOR_get0(&algorithm, nullptr, nullptr, signature_algorithm);
    if (!key || OBJ_obj2nid(algorithm) == NID_rsassaPss) {
        return fail(Fault::denied, "cms: such a key is not known without signed attributes");
    }
    return key->verify_digest(hash, digest, octets_of(*CMS_SignerInfo_get0_signature(&signer)));
}

}  // namespace

struct SignerPart::State {
    CMS_SignerInfo* part = nullptr;  // inside the contents
    std::optional<Certificate> certificate;
    X509Handle handle;
    SigningCertificate signing_certificate = SigningCertificate::absent;
    std::optional<Time> signing_time;
    DigestUse digest_use = DigestUse::unknown;
    std::optional<crypto::Hash> hash;
    std::optional<Bytes> message_digest;  // absent without signed attributes
};

struct SignedData::State {
    Contents contents;
    std::vector<Bytes> certificates;
    std::vector<std::unique_ptr<SignerPart::State>> parts;  // SignerPart points at them
    std::vector<SignerPart> signers;
    std::optional<BytesView> content;  // inside contents

    Done read_certificates();
    Done read_signer(CMS_SignerInfo& part);

    X509List carried;
};

SignedData::SignedData(std::unique_ptr<State> state) : state_(std::move(state)) {}
SignedData::SignedData(SignedData&&) noexcept = default;
SignedData& SignedData::operator=(SignedData&&) noexcept = default;
SignedData::~SignedData() = default;

Done SignedData::State::read_certificates() {
    carried.reset(CMS_get1_certs(contents.get()));
    const int count = carried ? sk_X509_num(carried.get()) : 0;
    for (int i = 0; i < count; ++i) {
        std::uint8_t* encoded = nullptr;
        const int size = i2d_X509(sk_X509_value(carried.get(), i), &encoded);
        if (size <= 0) {
            return refuse("cms: a certificate cannot be read");
        }
        certificates.emplace_back(encoded, encoded + size);
        OPENSSL_free(encoded);
    }
    return {};
}

Done SignedData::State::read_signer(CMS_SignerInfo& part) {
    auto state = std::make_unique<SignerPart::State>();
    state->part = &part;
    const auto* content_type = CMS_get0_eContentType(contents.get());
    if (CMS_signed_get_attr_count(&part) >= 0) {
        // RFC 5652 §5.3: both must be there once there are signed attributes at all.
        const auto* type = static_cast<const ASN1_OBJECT*>(CMS_signed_get0_data_by_OBJ(
            &part, OBJ_nid2obj(NID_pkcs9_contentType), only_one, V_ASN1_OBJECT));
        if (type == nullptr || OBJ_cmp(type, content_type) != 0) {
            return refuse("cms: content-type is missing or another");
        }
        const auto* digest = attribute(part, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
        if (digest == nullptr) {
            return refuse("cms: message-digest is missing");
        }
        state->message_digest = copy(octets_of(*digest));
        state->signing_time = time_in(part);
    } else if (OBJ_obj2nid(content_type) != NID_pkcs7_data) {
        return refuse("cms: signed attributes are missing");
    }

    X509_ALGOR* digest_algorithm = nullptr;
    CMS_SignerInfo_get0_algs(&part, nullptr, nullptr, &digest_algorithm, nullptr);
    const ASN1_OBJECT* algorithm = nullptr;
    X509_ALGOR_get0(&algorithm, nullptr, nullptr, digest_algorithm);
    state->hash = hash_of(OBJ_obj2nid(algorithm));
    state->digest_use = use_of(OBJ_obj2nid(algorithm));

    for (std::size_t i = 0; i < certificates.size() && !state->certificate; ++i) {
        auto* one = sk_X509_value(carried.get(), static_cast<int>(i));
        if (CMS_SignerInfo_cert_cmp(&part, one) != 0) {
            continue;
        }
        if (auto read = Certificate::from_der(certificates[i])) {
            state->certificate.emplace(std::move(*read));
            X509_up_ref(one);
            state->handle.reset(one);
            state->signing_certificate = named_in(part, *state->certificate);
        }
    }
    signers.push_back(SignerPart{*state});
    parts.push_back(std::move(state));
    return {};
}

Result<SignedData> SignedData::parse(BytesView octets) {
    if (octets.empty() || octets.size() > max_octets) {
        return fail(Fault::malformed, "cms: empty or too long");
    }
    MITOME_TRY(der, unarmoured(octets));
    if (der.empty()) {
        return fail(Fault::malformed, "cms: empty");
    }
    auto state = std::make_unique<State>();
    const auto* at = static_cast<const std::uint8_t*>(der.data());
    state->contents.reset(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));
    if (!state->contents || at != der.data() + der.size()) {
        return refuse("cms: not a CMS message");
    }
    auto* contents = state->contents.get();
    if (OBJ_obj2nid(CMS_get0_type(contents)) != NID_pkcs7_signed) {
        return fail(Fault::absent, "cms: not SignedData");
    }
    auto* signers = CMS_get0_SignerInfos(contents);
    const int count = signers == nullptr ? 0 : sk_CMS_SignerInfo_num(signers);
    if (count <= 0) {  // RFC 5652 §5.1: a bag of certificates
        return fail(Fault::absent, "cms: nobody signed it");
    }
    if (count > max_signers) {
        return fail(Fault::denied, "cms: too many signers");
    }
    if (auto* const* inside = CMS_get0_content(contents); inside != nullptr && *inside != nullptr) {
        state->content = octets_of(**inside);
    }
    MITOME_CHECK(state->read_certificates());
    for (int i = 0; i < count; ++i) {
        MITOME_CHECK(state->read_signer(*sk_CMS_SignerInfo_value(signers, i)));
    }
    ERR_clear_error();
    return SignedData{std::move(state)};
}

const std::vector<SignerPart>& SignedData::signers() const { return state_->signers; }

const std::vector<Bytes>& SignedData::certificates() const { return state_->certificates; }

std::optional<BytesView> SignedData::content() const { return state_->content; }

DigestUse SignerPart::digest_use() const { return state_->digest_use; }

std::optional<crypto::Hash> SignerPart::hash() const { return state_->hash; }

const Certificate* SignerPart::certificate() const {
    return state_->certificate ? &*state_->certificate : nullptr;
}

std::optional<Time> SignerPart::claimed_signing_time() const { return state_->signing_time; }

SigningCertificate SignerPart::signing_certificate() const { return state_->signing_certificate; }

bool SignerPart::covers(BytesView digest) const {
    return !state_->message_digest || same(*state_->message_digest, digest);
}

Done SignerPart::verify_signature(BytesView digest) const {
    if (!state_->handle) {
        return fail(Fault::absent, "cms: the signer's certificate is not carried");
    }
    if (!is_known_key(*state_->handle)) {
        return fail(Fault::denied, "cms: a kind of key that is not known here");
    }
    if (!state_->message_digest) {
        if (!state_->hash) return fail(Fault::denied, "cms: a digest that is not known here");
        return verify_bare(*state_->part, *state_->certificate, *state_->hash, digest);
    }
    CMS_SignerInfo_set1_signer_cert(state_->part, state_->handle.get());
    const int verified = CMS_SignerInfo_verify(state_->part);
    ERR_clear_error();
    if (verified != 1) {
        return fail(Fault::unverified, "cms: the signature does not hold");
    }
    return {};
}

}  // namespace mitome::pki::cms
