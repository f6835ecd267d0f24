// SPDX-License-Identifier: Apache-2.0
#include "cms_make.hpp"

#include <mitome/pki/der.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace mitome::pki::cms {
namespace {

constexpr std::string_view id_data = "1.2.840.113549.1.7.1";                 // RFC 5652 §4
constexpr std::string_view id_signed_data = "1.2.840.113549.1.7.2";          // RFC 5652 §5.1
constexpr std::string_view id_content_type = "1.2.840.113549.1.9.3";         // RFC 5652 §11.1
constexpr std::string_view id_message_digest = "1.2.840.113549.1.9.4";       // RFC 5652 §11.2
constexpr std::string_view id_signing_time = "1.2.840.113549.1.9.5";         // RFC 5652 §11.3
constexpr std::string_view id_signing_certificate_v2 = "1.2.840.113549.1.9.16.2.47";  // RFC 5035
constexpr std::string_view rsa_encryption = "1.2.840.113549.1.1.1";          // RFC 5754 §3.2

std::string_view oid_of(crypto::Hash hash) {
    switch (hash) {
        case crypto::Hash::sha1: return "1.3.14.3.2.26";
        case crypto::Hash::sha256: return "2.16.840.1.101.3.4.2.1";
        case crypto::Hash::sha384: return "2.16.840.1.101.3.4.2.2";
        case crypto::Hash::sha512: return "2.16.840.1.101.3.4.2.3";
    }
    std::unreachable();
}

/// RFC 5754 §2: parameters absent.
Bytes digest_algorithm(crypto::Hash hash) { return der::sequence({der::oid(oid_of(hash))}); }

/// RFC 5754 §3.2 tells every implementation to take rsaEncryption.
Bytes signing_algorithm(crypto::KeyKind kind, crypto::Hash hash) {
    if (crypto::is_rsa(kind)) {
        return der::sequence({der::oid(rsa_encryption), der::null()});
    }
    return signature_algorithm(kind, hash);
}

Bytes attribute(std::string_view type, BytesView value) {
    return der::sequence({der::oid(type), der::wrap(der::tag::set, value)});
}

/// The members of a SET OF in the order of X.690 §11.6, joined.
Bytes in_order(std::vector<Bytes> members) {
    std::ranges::sort(members);
    Bytes content;
    for (const auto& one : members) {
        append(content, one);
    }
    return content;
}

// SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, … }
// ESSCertIDv2 ::= SEQUENCE { hashAlgorithm DEFAULT sha256, certHash OCTET STRING, … }
Bytes signing_certificate(crypto::Hash hash, const Certificate& certificate) {
    const auto algorithm = hash == crypto::Hash::sha256 ? Bytes{} : digest_algorithm(hash);
    const auto id =
        der::sequence({algorithm, der::octet_string(crypto::digest(hash, certificate.der()))});
    return der::sequence({der::sequence({id})});
}

/// The content as it goes into a SignedData: detached where it has no octets.
struct Encapsulated {
    std::string_view type = id_data;
    Bytes octets;  ///< DER of eContent, or empty
};

// SignedData ::= SEQUENCE { version, digestAlgorithms SET OF, encapContentInfo,
//     certificates [0] IMPLICIT SET OF OPTIONAL, signerInfos SET OF SignerInfo }
// SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0] IMPLICIT SET OF,
//     signatureAlgorithm, signature OCTET STRING }
Result<Bytes> make(const Encapsulated& content, const ToSign& what, crypto::Signer& signer,
                   const Certificate& certificate, std::span<const Bytes> others) {
    if (what.content_digest.size() != crypto::size_of(what.hash)) {
        return fail(Fault::malformed, "cms: content digest of a wrong length");
    }
    std::vector<Bytes> attributes{
        attribute(id_content_type, der::oid(content.type)),
        attribute(id_message_digest, der::octet_string(what.content_digest)),
        attribute(id_signing_certificate_v2, signing_certificate(what.hash, certificate)),
    };
    if (what.signing_time) {
        attributes.push_back(attribute(id_signing_time, der::time(*what.signing_time)));
    }
    const auto signed_attributes = in_order(std::move(attributes));
    // RFC 5652 §5.4: signed as a SET OF, sent with an IMPLICIT tag.
    MITOME_TRY(signature, signer.sign(what.hash, der::wrap(der::tag::set, signed_attributes)));

    const auto algorithm = digest_algorithm(what.hash);
    const auto signer_id =
        der::sequence({certificate.issuer(), der::wrap(der::tag::integer, certificate.serial())});
    const auto signer_info =
        der::sequence({der::integer(std::uint64_t{1}), signer_id, algorithm,
                       der::wrap(der::tag::constructed(0), signed_attributes),
                       signing_algorithm(signer.kind(), what.hash), der::octet_string(signature)});

    std::vector<Bytes> certificates{others.begin(), others.end()};
    certificates.push_back(certificate.der());
    // RFC 5652 §5.1: 3 for any other content than id-data.
    const std::uint64_t version = content.type == id_data ? 1 : 3;
    const auto signed_data =
        der::sequence({der::integer(version), der::wrap(der::tag::set, algorithm),
                       der::sequence({der::oid(content.type), content.octets}),
                       der::wrap(der::tag::constructed(0), in_order(std::move(certificates))),
                       der::wrap(der::tag::set, signer_info)});
    return der::sequence(
        {der::oid(id_signed_data), der::wrap(der::tag::constructed(0), signed_data)});
}

}  // namespace

Result<Bytes> make_detached(const ToSign& what, crypto::Signer& signer,
                            const Certificate& certificate, std::span<const Bytes> others) {
    return make({}, what, signer, certificate, others);
}

Result<Bytes> make_enclosed(const Enclosed& what, crypto::Hash hash, crypto::Signer& signer,
                            const Certificate& certificate, std::span<const Bytes> others) {
    const Bytes digest = crypto::digest(hash, what.content);
    const Encapsulated content{
        .type = what.type,
        .octets = der::wrap(der::tag::constructed(0), der::octet_string(what.content))};
    return make(content, {.hash = hash, .content_digest = digest, .signing_time = {}}, signer,
                certificate, others);
}

}  // namespace mitome::pki::cms
