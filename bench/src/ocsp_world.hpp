// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the OCSP benches ask and answer: the four CAs, their responders' certificates and CRLs.

#include "world.hpp"

#include <mitome/pki/crl.hpp>
#include <mitome/pki/ocsp.hpp>

namespace mitome::bench {

constexpr std::size_t issued = 10'000;  // certificates of the first CA

inline std::vector<Authority> four_authorities() {
    std::vector<Authority> made;
    for (const pki::Ca ca : pki::all_cas) made.push_back(new_authority(ca));
    return made;
}

inline pki::Certificate responder_certificate(const Authority& by, BytesView spki) {
    const pki::Template what = must(pki::ocsp_responder_template(
        by.issuer, pki::make_name({{pki::attribute::common_name, "Bench responder"}}), spki,
        serial(1'000'000'000), years(1)));
    return sign(pki::certificate_tbs(what), *by.key);
}

inline Bytes empty_crl(const Authority& by) {
    pki::CrlWriter writer{{by.issuer, now(), now() + std::chrono::hours{24}, 1}, 0};
    return must(std::move(writer).sign(*by.key));
}

/// For the `n`-th certificate of `by`.
inline Bytes ocsp_request(const Authority& by, std::size_t n, BytesView nonce) {
    const Key key = new_key();
    const pki::Certificate subject = sign(person_tbs(by, key->spki(), serial(n)), *by.key);
    return must(pki::make_ocsp_request(subject, by.certificate, nonce));
}

}  // namespace mitome::bench
