// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/der.hpp>
#include <mitome/pki/ocsp.hpp>

#include <cstdlib>

namespace {

using namespace mitome;
using namespace mitome::pki;

constexpr std::size_t max_size = 1 << 13;

void require(bool holds) {
    if (!holds) std::abort();
}

/// A CertID out of its parts; parameters of the digest are NULL or left out.
bool is_made_of_its_parts(const CertId& id) {
    const bool sha1 = id.hash == crypto::Hash::sha1;
    const Bytes algorithm = der::oid(sha1 ? "1.3.14.3.2.26" : "2.16.840.1.101.3.4.2.1");
    const auto with = [&](const Bytes& parameters) {
        return der::sequence(
            {der::sequence({algorithm, parameters}), der::octet_string(id.issuer_name_hash),
             der::octet_string(id.issuer_key_hash), der::wrap(der::tag::integer, id.serial)});
    };
    return same(id.whole, with(der::null())) || same(id.whole, with({}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    if (size > max_size) return 0;
    const BytesView input{octets, size};
    if (const auto request = parse_ocsp_request(input)) {
        require(!request->ids.empty() && request->ids.size() <= max_ocsp_requests);
        require(request->nonce.size() <= max_ocsp_nonce);
        for (const CertId& id : request->ids) require(!id.hash || is_made_of_its_parts(id));
        require(ocsp_request_of_path(to_ocsp_path(input)).value() == copy(input));
    }
    static_cast<void>(ocsp_request_of_path(text(input)));
    return 0;
}
