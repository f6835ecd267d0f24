// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include <mitome/crypto/random.hpp>
#include <mitome/pki/attestation.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/pki/crmf.hpp>
#include <mitome/pki/der.hpp>

namespace mitome::element {

namespace der = pki::der;

namespace {

constexpr std::size_t serial_size = 16;

/// What binds the attestation to its order and its key.
Bytes challenge_of(const Order& order, BytesView spki) {
    return crypto::digest(crypto::Hash::sha256, join({order, spki}));
}

Bytes subject_of(Kind kind) {
    const Bytes name = der::sequence(
        {der::oid("2.5.4.3"), der::utf8_string(kind == Kind::sign ? "Mitome Attestation sign"
                                                                  : "Mitome Attestation auth")});
    return der::sequence({der::wrap(der::tag::set, name)});
}

/// What the pending key's certificate takes the place of: RFC 4211 §6.5.
std::optional<pki::crmf::FormerCertificate> present_certificate(const Contents& contents,
                                                                Kind kind) {
    const auto file = contents.files.find(jpki_file(files_of(kind).holder));
    if (file == contents.files.end()) return std::nullopt;
    const auto certificate = pki::Certificate::from_der(*file->second);
    if (!certificate) return std::nullopt;
    return pki::crmf::FormerCertificate{.issuer = copy(certificate->issuer()),
                                        .serial = copy(certificate->serial())};
}

}  // namespace

Result<Bytes> attestation_certificate(const Contents& contents, Kind kind, BytesView spki,
                                      const Order& order) {
    if (contents.attestation_chain.empty() || !contents.attestation_key)
        return fail(Fault::conflict, "element: no attestation chain");
    MITOME_TRY(element, pki::Certificate::from_der(*contents.attestation_chain.front()));
    crypto::SoftwareKey& key = *contents.attestation_key->key;
    const crypto::Hash hash = crypto::usual_hash(key.kind());
    const Bytes algorithm = pki::signature_algorithm(key.kind(), hash);

    Bytes serial = crypto::SystemRandom{}.octets(serial_size);
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7F) | 0x01);  // positive, whole size
    // Not critical: stock verifiers refuse a critical extension that they do not know.
    const Bytes extension =
        der::sequence({der::oid(pki::id_key_description),
                       der::octet_string(pki::key_description(challenge_of(order, spki)))});
    // TBSCertificate ::= SEQUENCE { version [0], serialNumber, signature, issuer, validity,
    //   subject, subjectPublicKeyInfo, extensions [3] }
    const Bytes tbs = der::sequence(
        {der::wrap(der::tag::constructed(0), der::integer(2)), der::integer(serial), algorithm,
         element.subject(),
         der::sequence({der::time(element.not_before()), der::time(element.not_after())}),
         subject_of(kind), spki, der::wrap(der::tag::constructed(3), der::sequence({extension}))});
    MITOME_TRY(signature, key.sign(hash, tbs));
    return der::sequence({tbs, algorithm, der::bit_string(signature)});
}

Bytes certificate_request(const Contents& contents, Kind kind, const PendingKind& pending) {
    std::vector<Bytes> chain{*pending.attestation};
    for (const FileContent& each : contents.attestation_chain) chain.push_back(*each);

    pki::crmf::Template wanted;
    wanted.subject = der::sequence({});  // RFC 4211 §4.1: must be there; the issuer chooses it
    wanted.spki = pending.key->key->spki();
    wanted.extensions.push_back({.oid = std::string{pki::id_aa_attestation},
                                 .critical = false,
                                 .value = pki::attestation_bundle(chain)});
    return pki::crmf::encode_cert_request(0, wanted, present_certificate(contents, kind));
}

}  // namespace mitome::element
