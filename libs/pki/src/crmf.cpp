// SPDX-License-Identifier: Apache-2.0
#include "cmp_parts.hpp"
#include "structure.hpp"

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/crmf.hpp>
#include <mitome/pki/der.hpp>

#include <algorithm>
#include <array>

namespace mitome::pki::crmf {
namespace {

constexpr std::string_view id_reg_ctrl_old_cert_id = "1.3.6.1.5.5.7.5.1.5";  // RFC 4211 §6.5

// OptionalValidity ::= SEQUENCE { notBefore [0] Time OPTIONAL, notAfter [1] Time OPTIONAL }
Done read_validity(BytesView content, Template& into) {
    der::Reader reader{content};
    MITOME_TRY(before, reader.next_if(der::tag::constructed(0)));
    MITOME_TRY(after, reader.next_if(der::tag::constructed(1)));
    MITOME_CHECK(reader.finish());
    if (!before && !after) {
        return fail(Fault::malformed, "crmf: validity is empty");
    }
    const auto read = [](const der::Element& element) -> Result<Time> {
        der::Reader inner{element.value};
        MITOME_TRY(time, inner.next());
        MITOME_CHECK(inner.finish());
        return der::to_time(time);
    };
    if (before) {
        MITOME_TRY(time, read(*before));
        into.not_before = time;
    }
    if (after) {
        MITOME_TRY(time, read(*after));
        into.not_after = time;
    }
    return {};
}

// CertTemplate ::= SEQUENCE { version [0], serialNumber [1], signingAlg [2], issuer [3],
//     validity [4], subject [5], publicKey [6], issuerUID [7], subjectUID [8], extensions [9] }
// IMPLICIT, but Name is a CHOICE and so [3] and [5] are explicit.
Result<Template> read_template(der::Reader reader) {
    Template wanted;
    MITOME_TRY(version, reader.next_if(der::tag::context(0)));
    if (version && !(version->value.size() == 1 && version->value[0] == 2)) {
        return fail(Fault::malformed, "crmf: version is not v3");
    }
    MITOME_TRY(serial, reader.next_if(der::tag::context(1)));
    if (serial) {
        MITOME_TRY(octets, part::read_serial(*serial));
        wanted.serial = std::move(octets);
    }
    MITOME_TRY(issuer, reader.next_if(der::tag::constructed(3)));
    if (issuer) {
        MITOME_TRY(name, der::only(issuer->value, der::tag::sequence));
        wanted.issuer = copy(name.whole);
    }
    MITOME_TRY(validity, reader.next_if(der::tag::constructed(4)));
    if (validity) {
        MITOME_CHECK(read_validity(validity->value, wanted));
    }
    MITOME_TRY(subject, reader.next_if(der::tag::constructed(5)));
    if (subject) {
        MITOME_TRY(name, der::only(subject->value, der::tag::sequence));
        wanted.subject = copy(name.whole);
    }
    MITOME_TRY(key, reader.next_if(der::tag::constructed(6)));
    if (key) {
        wanted.spki = der::wrap(der::tag::sequence, key->value);
    }
    MITOME_TRY(extensions, reader.next_if(der::tag::constructed(9)));
    if (extensions) {
        MITOME_TRY(list, read_extensions(extensions->value));
        for (auto& one : list) {
            wanted.extensions.push_back({std::move(one.oid), one.critical, copy(one.value)});
        }
    }
    MITOME_CHECK(reader.finish());
    return wanted;
}

// Controls ::= SEQUENCE SIZE (1..MAX) OF AttributeTypeAndValue
Done read_controls(der::Reader reader, CertRequest& into) {
    if (reader.at_end()) {
        return fail(Fault::malformed, "crmf: controls are empty");
    }
    while (!reader.at_end()) {
        MITOME_TRY(control, reader.enter(der::tag::sequence));
        MITOME_TRY(oid, part::read_oid(control));
        MITOME_TRY(value, control.next());
        MITOME_CHECK(control.finish());
        if (oid != id_reg_ctrl_old_cert_id) {
            continue;
        }
        if (into.replaces || value.tag != der::tag::sequence) {
            return fail(Fault::malformed, "crmf: oldCertID is wrong");
        }
        MITOME_TRY(id, part::read_cert_id(value.value));
        into.replaces = FormerCertificate{std::move(id.issuer), std::move(id.serial)};
    }
    return {};
}

// CertRequest ::= SEQUENCE { certReqId INTEGER, certTemplate CertTemplate, controls OPTIONAL }
Result<CertRequest> read_cert_request(const der::Element& element) {
    der::Reader reader{element.value};
    CertRequest request;
    MITOME_TRY(id, part::read_id(reader));
    request.id = id;
    MITOME_TRY(inner, reader.enter(der::tag::sequence));
    MITOME_TRY(wanted, read_template(inner));
    request.wanted = std::move(wanted);
    MITOME_TRY(controls, reader.next_if(der::tag::sequence));
    MITOME_CHECK(reader.finish());
    if (controls) {
        MITOME_CHECK(read_controls(der::Reader{controls->value}, request));
    }
    request.der = copy(element.whole);
    return request;
}

// ProofOfPossession ::= CHOICE { raVerified [0] NULL, signature [1] POPOSigningKey,
//     keyEncipherment [2] POPOPrivKey, keyAgreement [3] POPOPrivKey }
Done read_proof(const der::Element& element, Request& into) {
    switch (element.tag) {
        case der::tag::context(0):
            if (!element.value.empty()) {
                return fail(Fault::malformed, "crmf: raVerified is not NULL");
            }
            into.proof = Proof::ra_verified;
            return {};
        case der::tag::constructed(1): {
            der::Reader reader{element.value};
            MITOME_TRY(input, reader.next_if(der::tag::constructed(0)));
            MITOME_TRY(algorithm, reader.next(der::tag::sequence));
            MITOME_TRY(bits, reader.next(der::tag::bit_string));
            MITOME_TRY(signature, der::to_whole_octets(bits));
            MITOME_CHECK(reader.finish());
            into.proof = input ? Proof::signature_other : Proof::signature;
            into.proof_algorithm = copy(algorithm.whole);
            into.proof_signature = copy(signature);
            return {};
        }
        case der::tag::constructed(2):
        case der::tag::constructed(3): into.proof = Proof::encryption; return {};
        default: return fail(Fault::malformed, "crmf: no such proof of possession");
    }
}

// CertReqMsg ::= SEQUENCE { certReq CertRequest, popo ProofOfPossession OPTIONAL,
//     regInfo SEQUENCE SIZE (1..MAX) OF AttributeTypeAndValue OPTIONAL }
Result<Request> read_request(const der::Element& element) {
    der::Reader reader{element.value};
    Request request;
    MITOME_TRY(inner, reader.next(der::tag::sequence));
    MITOME_TRY(cert_request, read_cert_request(inner));
    request.request = std::move(cert_request);
    if (reader.peek() && *reader.peek() != der::tag::sequence) {
        MITOME_TRY(proof, reader.next());
        MITOME_CHECK(read_proof(proof, request));
    }
    MITOME_TRY(registration, reader.next_if(der::tag::sequence));
    (void)registration;
    MITOME_CHECK(reader.finish());
    request.der = copy(element.whole);
    return request;
}

}  // namespace

const WantedExtension* Template::extension(std::string_view oid) const {
    const auto found = std::ranges::find(extensions, oid, &WantedExtension::oid);
    return found == extensions.end() ? nullptr : &*found;
}

Result<std::vector<Request>> parse_requests(BytesView der) {
    MITOME_TRY(list, der::only(der, der::tag::sequence));
    der::Reader reader{list.value};
    std::vector<Request> requests;
    while (!reader.at_end()) {
        MITOME_TRY(element, reader.next(der::tag::sequence));
        MITOME_TRY(request, read_request(element));
        requests.push_back(std::move(request));
        if (requests.size() > max_requests) {
            return fail(Fault::malformed, "crmf: too many requests in one message");
        }
    }
    if (requests.empty()) {
        return fail(Fault::malformed, "crmf: no request");
    }
    return requests;
}

Result<CertRequest> parse_cert_request(BytesView der) {
    MITOME_TRY(element, der::only(der, der::tag::sequence));
    return read_cert_request(element);
}

Result<Template> parse_template(BytesView der) {
    MITOME_TRY(element, der::only(der, der::tag::sequence));
    return read_template(der::Reader{element.value});
}

Done verify_possession(const Request& request) {
    const auto& wanted = request.request.wanted;
    if (request.proof != Proof::signature) {
        return fail(Fault::unverified, "crmf: possession is not proven by a signature");
    }
    if (wanted.subject.empty() || wanted.spki.empty()) {
        return fail(Fault::unverified, "crmf: the template lacks subject or key");
    }
    MITOME_TRY(key, crypto::PublicKey::from_spki(wanted.spki));
    return verify_with(key, part::complete_algorithm(request.proof_algorithm), request.request.der,
                       request.proof_signature);
}

Bytes encode(const Template& wanted) {
    using der::tag::constructed;
    Bytes content;
    if (!wanted.serial.empty()) {
        append(content, der::wrap(der::tag::context(1), wanted.serial));
    }
    if (!wanted.issuer.empty()) {
        append(content, der::wrap(constructed(3), wanted.issuer));
    }
    if (wanted.not_before || wanted.not_after) {
        Bytes validity;
        if (wanted.not_before) {
            append(validity, der::wrap(constructed(0), der::time(*wanted.not_before)));
        }
        if (wanted.not_after) {
            append(validity, der::wrap(constructed(1), der::time(*wanted.not_after)));
        }
        append(content, der::wrap(constructed(4), validity));
    }
    if (!wanted.subject.empty()) {
        append(content, der::wrap(constructed(5), wanted.subject));
    }
    if (const auto key = der::only(wanted.spki, der::tag::sequence)) {
        append(content, der::wrap(constructed(6), key->value));
    }
    if (!wanted.extensions.empty()) {
        Bytes extensions;
        for (const auto& one : wanted.extensions) {
            append(extensions, part::write_extension(one.oid, one.critical, one.value));
        }
        append(content, der::wrap(constructed(9), extensions));
    }
    return der::wrap(der::tag::sequence, content);
}

Bytes encode_cert_request(std::int32_t id, const Template& wanted,
                          const std::optional<FormerCertificate>& replaces) {
    Bytes controls;
    if (replaces) {
        const auto control =
            der::sequence({der::oid(id_reg_ctrl_old_cert_id),
                           part::write_cert_id(replaces->issuer, replaces->serial)});
        controls = der::sequence({control});
    }
    return der::sequence({part::write_id(id), encode(wanted), controls});
}

Bytes encode_request(BytesView cert_request, crypto::KeyKind kind, crypto::Hash hash,
                     BytesView signature) {
    const auto proof = der::wrap(der::tag::constructed(1),
                                 {signature_algorithm(kind, hash), der::bit_string(signature)});
    return der::sequence({cert_request, proof});
}

Bytes encode_requests(const std::vector<Bytes>& requests) {
    Bytes content;
    for (const auto& one : requests) {
        append(content, one);
    }
    return der::wrap(der::tag::sequence, content);
}

}  // namespace mitome::pki::crmf
