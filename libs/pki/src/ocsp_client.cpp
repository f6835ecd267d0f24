// SPDX-License-Identifier: Apache-2.0
#include "ocsp_structure.hpp"
#include "oid.hpp"
#include "structure.hpp"

#include <mitome/pki/template.hpp>

#include <algorithm>

namespace mitome::pki {

namespace {

Result<CertStatus> read_cert_status(der::Reader& parts) {
    MITOME_TRY(element, parts.next());
    if (element.tag == der::tag::context(0) && element.value.empty()) return CertStatus{Good{}};
    if (element.tag == der::tag::context(2) && element.value.empty()) return CertStatus{Unknown{}};
    if (element.tag != der::tag::constructed(1)) {
        return fail(Fault::malformed, "ocsp: no such certificate status");
    }
    der::Reader revoked{element.value};
    Revoked read;
    MITOME_TRY(at, read_generalized_time(revoked));
    read.at = at;
    MITOME_TRY(explicit_reason, revoked.next_if(der::tag::constructed(0)));
    if (explicit_reason) {
        MITOME_TRY(reason, read_reason(explicit_reason->value));
        read.reason = reason;
    }
    MITOME_CHECK(revoked.finish());
    return CertStatus{read};
}

struct Single {
    CertId id;
    OcspAnswer answer;
};

Result<Single> read_single(der::Reader& list) {
    MITOME_TRY(parts, list.enter(der::tag::sequence));
    Single single;
    MITOME_TRY(id, read_cert_id(parts));
    single.id = id;
    MITOME_TRY(status, read_cert_status(parts));
    single.answer.status = status;
    MITOME_TRY(this_update, read_generalized_time(parts));
    single.answer.this_update = this_update;
    MITOME_TRY(next, parts.next_if(der::tag::constructed(0)));
    if (next) {
        der::Reader reader{next->value};
        MITOME_TRY(time, read_generalized_time(reader));
        MITOME_CHECK(reader.finish());
        single.answer.next_update = time;
    }
    MITOME_TRY(extensions, parts.next_if(der::tag::constructed(1)));
    if (extensions) {
        MITOME_TRY(sequence, der::only(extensions->value, der::tag::sequence));
        MITOME_TRY(read, read_extensions(sequence.value));
        if (std::ranges::any_of(read, &Extension::critical)) {
            return fail(Fault::unverified, "ocsp: a critical extension that we do not know");
        }
    }
    MITOME_CHECK(parts.finish());
    return single;
}

/// BasicOCSPResponse, read; views into the response.
struct Basic {
    BytesView tbs, algorithm, signature;
    std::vector<Certificate> certificates;
    BytesView responder_name;  // whole Name; empty when named by key
    BytesView responder_key;   // SHA-1 of its key
    Time produced_at{};
    std::vector<Single> singles;
    BytesView nonce;
};

Result<BytesView> read_status(BytesView der) {
    MITOME_TRY(whole, der::only(der, der::tag::sequence));
    der::Reader parts{whole.value};
    MITOME_TRY(element, parts.next(der::tag::enumerated));
    MITOME_TRY(status, der::to_number(element));
    MITOME_TRY(octets, parts.next_if(der::tag::constructed(0)));
    MITOME_CHECK(parts.finish());
    switch (status) {
        case 0: break;
        case 1: return fail(Fault::broken, "ocsp: our request was malformed");
        case 2: return fail(Fault::unavailable, "ocsp: the responder failed");
        case 3: return fail(Fault::unavailable, "ocsp: try later");
        case 5: return fail(Fault::denied, "ocsp: the request must be signed");
        case 6: return fail(Fault::denied, "ocsp: unauthorized");
        default: return fail(Fault::malformed, "ocsp: no such status");
    }
    if (!octets) return fail(Fault::malformed, "ocsp: success without an answer");
    MITOME_TRY(bytes, der::only(octets->value, der::tag::sequence));
    der::Reader inner{bytes.value};
    MITOME_TRY(type, inner.next(der::tag::oid));
    MITOME_TRY(dotted, der::to_dotted(type.value));
    if (dotted != oid::ocsp_basic) return fail(Fault::malformed, "ocsp: no such response type");
    MITOME_TRY(content, inner.next(der::tag::octet_string));
    MITOME_CHECK(inner.finish());
    return content.value;
}

Done read_response_extensions(BytesView content, Basic& into) {
    MITOME_TRY(sequence, der::only(content, der::tag::sequence));
    MITOME_TRY(extensions, read_extensions(sequence.value));
    for (const Extension& extension : extensions) {
        if (extension.oid == oid::ocsp_nonce) {
            MITOME_TRY(nonce, read_nonce(extension.value));
            into.nonce = nonce;
        } else if (extension.critical) {
            return fail(Fault::unverified, "ocsp: a critical extension that we do not know");
        }
    }
    return {};
}

Done read_response_content(BytesView content, Basic& into) {
    der::Reader parts{content};
    MITOME_TRY(version, parts.next_if(der::tag::constructed(0)));
    if (version) {
        MITOME_TRY(number, der::only(version->value, der::tag::integer));
        MITOME_TRY(v1, der::to_number(number));
        if (v1 != 0) return fail(Fault::malformed, "ocsp: a response of another version");
    }
    MITOME_TRY(by_name, parts.next_if(der::tag::constructed(1)));
    if (by_name) {
        MITOME_CHECK(check_name(by_name->value));
        into.responder_name = by_name->value;
    } else {
        MITOME_TRY(by_key, parts.next(der::tag::constructed(2)));
        MITOME_TRY(hash, der::only(by_key.value, der::tag::octet_string));
        into.responder_key = hash.value;
    }
    MITOME_TRY(produced_at, read_generalized_time(parts));
    into.produced_at = produced_at;
    MITOME_TRY(list, parts.next(der::tag::sequence));
    der::Reader reader{list.value};
    while (!reader.at_end()) {
        MITOME_TRY(single, read_single(reader));
        single.answer.produced_at = produced_at;
        into.singles.push_back(std::move(single));
    }
    MITOME_TRY(extensions, parts.next_if(der::tag::constructed(1)));
    if (extensions) MITOME_CHECK(read_response_extensions(extensions->value, into));
    return parts.finish();
}

Result<Basic> read_basic(BytesView der) {
    Basic basic;
    MITOME_TRY(whole, der::only(der, der::tag::sequence));
    der::Reader parts{whole.value};
    MITOME_TRY(tbs, parts.next(der::tag::sequence));
    MITOME_TRY(algorithm, parts.next(der::tag::sequence));
    MITOME_TRY(bits, parts.next(der::tag::bit_string));
    MITOME_TRY(signature, der::to_whole_octets(bits));
    MITOME_TRY(certificates, parts.next_if(der::tag::constructed(0)));
    MITOME_CHECK(parts.finish());
    basic.tbs = tbs.whole;
    basic.algorithm = algorithm.whole;
    basic.signature = signature;
    if (certificates) {
        MITOME_TRY(list, der::only(certificates->value, der::tag::sequence));
        der::Reader reader{list.value};
        while (!reader.at_end()) {
            MITOME_TRY(one, reader.next(der::tag::sequence));
            // One that we cannot read cannot be the responder's either.
            if (auto read = Certificate::from_der(copy(one.whole))) {
                basic.certificates.push_back(*std::move(read));
            }
        }
    }
    MITOME_CHECK(read_response_content(tbs.value, basic));
    return basic;
}

bool names(const Basic& basic, const Certificate& certificate) {
    if (!basic.responder_name.empty()) return same(basic.responder_name, certificate.subject());
    const auto hash = key_identifier(certificate.spki());
    return hash && same(*hash, basic.responder_key);
}

/// RFC 6960 §4.2.2.2: issued by the CA itself, for this purpose, and valid now.
Done check_delegation(const Certificate& responder, const Certificate& issuer,
                      const crypto::PublicKey& issuer_key, const OcspExpectation& expected) {
    if (!same(responder.issuer(), issuer.subject()) || !responder.verify_signature(issuer_key)) {
        return fail(Fault::unverified, "ocsp: the responder is not of this CA");
    }
    const auto purposes = responder.extended_key_usages();
    if (std::ranges::find(purposes, purpose::ocsp_signing) == purposes.end()) {
        return fail(Fault::unverified, "ocsp: the responder may not sign answers");
    }
    if (responder.key_usage() != 0 && (responder.key_usage() & key_usage::digital_signature) == 0) {
        return fail(Fault::unverified, "ocsp: the responder's key may not sign");
    }
    constexpr std::array known{oid::key_usage, oid::extended_key_usage, oid::basic_constraints};
    for (const Extension& extension : responder.extensions()) {
        if (extension.critical && std::ranges::find(known, extension.oid) == known.end()) {
            return fail(Fault::unverified, "ocsp: a critical extension of the responder");
        }
    }
    if (responder.not_before() > expected.now + expected.skew ||
        responder.not_after() < expected.now - expected.skew) {
        return fail(Fault::unverified, "ocsp: the responder's certificate is not valid now");
    }
    return {};
}

Done check_signer(const Basic& basic, const OcspExpectation& expected) {
    MITOME_TRY(issuer_key, crypto::PublicKey::from_spki(expected.issuer->spki()));
    if (names(basic, *expected.issuer)) {
        return verify_with(issuer_key, basic.algorithm, basic.tbs, basic.signature);
    }
    for (const Certificate& responder : basic.certificates) {
        if (!names(basic, responder)) continue;
        MITOME_CHECK(check_delegation(responder, *expected.issuer, issuer_key, expected));
        MITOME_TRY(key, crypto::PublicKey::from_spki(responder.spki()));
        return verify_with(key, basic.algorithm, basic.tbs, basic.signature);
    }
    return fail(Fault::unverified, "ocsp: nobody that we know signed this");
}

Done check_nonce(const Basic& basic, const OcspExpectation& expected) {
    if (expected.nonce.empty()) return {};
    if (basic.nonce.empty() && expected.nonce_rule == NonceRule::when_answered) return {};
    if (!same(basic.nonce, expected.nonce)) return fail(Fault::unverified, "ocsp: nonce differs");
    return {};
}

Done check_age(const OcspAnswer& answer, const OcspExpectation& expected) {
    const Time latest = expected.now + expected.skew;
    if (answer.this_update > latest || answer.produced_at > latest) {
        return fail(Fault::unverified, "ocsp: an answer from the future");
    }
    if (answer.next_update) {
        if (*answer.next_update < answer.this_update ||
            *answer.next_update < expected.now - expected.skew) {
            return fail(Fault::unverified, "ocsp: the answer is too old");
        }
    } else if (answer.this_update < expected.now - expected.skew - expected.oldest) {
        return fail(Fault::unverified, "ocsp: the answer is too old");
    }
    return {};
}

}  // namespace

Result<OcspAnswer> check_ocsp_response(BytesView der, const OcspExpectation& expected) {
    if (expected.subject == nullptr || expected.issuer == nullptr) {
        return fail(Fault::broken, "ocsp: nothing was asked");
    }
    MITOME_TRY(content, read_status(der));
    MITOME_TRY(basic, read_basic(content));
    MITOME_CHECK(check_signer(basic, expected));
    MITOME_CHECK(check_nonce(basic, expected));

    MITOME_TRY(digests, CaDigests::of(*expected.issuer));
    for (const Single& single : basic.singles) {
        if (!digests.match(single.id) || !same(single.id.serial, expected.subject->serial())) {
            continue;
        }
        MITOME_CHECK(check_age(single.answer, expected));
        return single.answer;
    }
    return fail(Fault::unverified, "ocsp: the answer is about another certificate");
}

}  // namespace mitome::pki
