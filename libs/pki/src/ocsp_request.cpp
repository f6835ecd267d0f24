// SPDX-License-Identifier: Apache-2.0
#include "ocsp_structure.hpp"
#include "oid.hpp"
#include "structure.hpp"

#include <algorithm>

namespace mitome::pki {

namespace {

// Content of the AlgorithmIdentifier; parameters NULL or left out (RFC 5754 §2).
constexpr auto sha1_oid = "06052B0E03021A"_hex;
constexpr auto sha256_oid = "0609608648016503040201"_hex;

constexpr std::size_t max_path_octets = 8192;

Result<std::optional<crypto::Hash>> read_hash(BytesView content) {
    der::Reader parts{content};
    MITOME_TRY(identifier, parts.next(der::tag::oid));
    const bool no_parameters = parts.at_end();
    const auto parameters = parts.next_if(der::tag::null);
    const bool null_parameters =
        parameters && *parameters && (*parameters)->value.empty() && parts.at_end();
    if (no_parameters || null_parameters) {
        if (same(identifier.whole, sha1_oid)) return std::optional{crypto::Hash::sha1};
        if (same(identifier.whole, sha256_oid)) return std::optional{crypto::Hash::sha256};
    }
    return std::optional<crypto::Hash>{};
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}  // namespace

Result<CertId> read_cert_id(der::Reader& reader) {
    MITOME_TRY(sequence, reader.next(der::tag::sequence));
    der::Reader parts{sequence.value};
    MITOME_TRY(algorithm, parts.next(der::tag::sequence));
    MITOME_CHECK(check_algorithm(algorithm.whole));
    MITOME_TRY(hash, read_hash(algorithm.value));
    MITOME_TRY(name_hash, parts.next(der::tag::octet_string));
    MITOME_TRY(key_hash, parts.next(der::tag::octet_string));
    MITOME_TRY(serial, parts.next(der::tag::integer));
    MITOME_CHECK(der::check_integer(serial.value));
    MITOME_CHECK(parts.finish());
    return CertId{.whole = sequence.whole,
                  .hash = hash,
                  .issuer_name_hash = name_hash.value,
                  .issuer_key_hash = key_hash.value,
                  .serial = serial.value};
}

Result<BytesView> read_nonce(BytesView value) {
    MITOME_TRY(nonce, der::only(value, der::tag::octet_string));
    if (nonce.value.empty() || nonce.value.size() > max_ocsp_nonce) {
        return fail(Fault::malformed, "ocsp: a nonce of no such length");
    }
    return nonce.value;
}

Bytes nonce_extension(BytesView nonce) {
    return der::sequence({der::oid(oid::ocsp_nonce), der::octet_string(der::octet_string(nonce))});
}

//     OCSPRequest ::= SEQUENCE { tbsRequest, optionalSignature [0] EXPLICIT OPTIONAL }
//     TBSRequest ::= SEQUENCE {
//         version [0] EXPLICIT DEFAULT v1, requestorName [1] EXPLICIT GeneralName OPTIONAL,
//         requestList SEQUENCE OF Request, requestExtensions [2] EXPLICIT OPTIONAL }
//     Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT OPTIONAL }
Result<OcspRequest> parse_ocsp_request(BytesView der) {
    MITOME_TRY(whole, der::only(der, der::tag::sequence));
    der::Reader outer{whole.value};
    MITOME_TRY(parts, outer.enter(der::tag::sequence));
    MITOME_CHECK(outer.next_if(der::tag::constructed(0)));
    MITOME_CHECK(outer.finish());

    // A default is left out in DER; some clients write it all the same.
    MITOME_TRY(version, parts.next_if(der::tag::constructed(0)));
    if (version) {
        MITOME_TRY(number, der::only(version->value, der::tag::integer));
        MITOME_TRY(v1, der::to_number(number));
        if (v1 != 0) return fail(Fault::malformed, "ocsp: a request of another version");
    }
    MITOME_TRY(requestor, parts.next_if(der::tag::constructed(1)));
    if (requestor) MITOME_CHECK(check_general_names(requestor->value));

    OcspRequest request;
    MITOME_TRY(list, parts.enter(der::tag::sequence));
    if (list.at_end()) return fail(Fault::malformed, "ocsp: a request for nothing");
    while (!list.at_end()) {
        if (request.ids.size() == max_ocsp_requests) {
            return fail(Fault::malformed, "ocsp: a request for too many certificates");
        }
        MITOME_TRY(single, list.enter(der::tag::sequence));
        MITOME_TRY(id, read_cert_id(single));
        MITOME_TRY(extensions, single.next_if(der::tag::constructed(0)));
        if (extensions) {
            MITOME_TRY(sequence, der::only(extensions->value, der::tag::sequence));
            MITOME_TRY(read, read_extensions(sequence.value));
            if (std::ranges::any_of(read, &Extension::critical)) {
                return fail(Fault::malformed, "ocsp: a critical extension that we do not know");
            }
        }
        MITOME_CHECK(single.finish());
        request.ids.push_back(id);
    }

    MITOME_TRY(extensions, parts.next_if(der::tag::constructed(2)));
    if (extensions) {
        MITOME_TRY(sequence, der::only(extensions->value, der::tag::sequence));
        MITOME_TRY(read, read_extensions(sequence.value));
        for (const Extension& extension : read) {
            if (extension.oid == oid::ocsp_nonce) {
                MITOME_TRY(nonce, read_nonce(extension.value));
                request.nonce = nonce;
            } else if (extension.critical) {
                return fail(Fault::malformed, "ocsp: a critical extension that we do not know");
            }
        }
    }
    MITOME_CHECK(parts.finish());
    return request;
}

Result<Bytes> ocsp_request_of_path(std::string_view tail) {
    if (tail.size() > max_path_octets) return fail(Fault::malformed, "ocsp: a path too long");
    // DER begins with 30, base64 of it with M: slashes before it belong to the path.
    while (tail.starts_with('/')) tail.remove_prefix(1);
    std::string base64;
    base64.reserve(tail.size());
    for (std::size_t i = 0; i < tail.size(); ++i) {
        if (tail[i] != '%') {
            base64 += tail[i];
            continue;
        }
        if (tail.size() - i < 3) return fail(Fault::malformed, "ocsp: a path cut short");
        const int high = digit_of(tail[i + 1]);
        const int low = digit_of(tail[i + 2]);
        if (high < 0 || low < 0) return fail(Fault::malformed, "ocsp: a path that is not encoded");
        base64 += static_cast<char>(high << 4 | low);
        i += 2;
    }
    while (base64.size() % 4 != 0) base64 += '=';
    return from_base64(base64);
}

std::string to_ocsp_path(BytesView request) {
    std::string out;
    for (const char c : to_base64(request)) {
        switch (c) {
            case '+': out += "%2B"; break;
            case '/': out += "%2F"; break;
            case '=': out += "%3D"; break;
            default: out += c;
        }
    }
    return out;
}

Result<Bytes> make_ocsp_request(const Certificate& subject, const Certificate& issuer,
                                BytesView nonce, crypto::Hash hash) {
    const bool sha1 = hash == crypto::Hash::sha1;
    if (!sha1 && hash != crypto::Hash::sha256) {
        return fail(Fault::broken, "ocsp: names are digested with SHA-1 or SHA-256");
    }
    MITOME_TRY(spki, der::only(issuer.spki(), der::tag::sequence));
    der::Reader parts{spki.value};
    MITOME_CHECK(parts.next(der::tag::sequence));
    MITOME_TRY(bits, parts.next(der::tag::bit_string));
    MITOME_TRY(key, der::to_whole_octets(bits));

    const BytesView algorithm = sha1 ? BytesView{sha1_oid} : BytesView{sha256_oid};
    const Bytes id = der::sequence({der::sequence({algorithm, der::null()}),
                                    der::octet_string(crypto::digest(hash, issuer.subject())),
                                    der::octet_string(crypto::digest(hash, key)),
                                    der::wrap(der::tag::integer, subject.serial())});
    const Bytes extensions = nonce.empty() ? Bytes{}
                                           : der::wrap(der::tag::constructed(2),
                                                       der::sequence({nonce_extension(nonce)}));
    return der::sequence({der::sequence({der::sequence({der::sequence({id})}), extensions})});
}

}  // namespace mitome::pki
