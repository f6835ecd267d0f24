// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/certificate.hpp>
#include <mitome/pki/der.hpp>
#include <mitome/pki/extension_value.hpp>

#include <cstdlib>

namespace {

using namespace mitome;
using namespace mitome::pki;

constexpr std::size_t max_size = 1 << 14;

/// A certificate out of what the accessors say: it must be the one that was read.
Bytes again(const Certificate& read) {
    Bytes extensions;
    for (const Extension& extension : read.extensions()) {
        append(extensions, der::sequence({der::oid(extension.oid),
                                          extension.critical ? der::boolean(true) : Bytes{},
                                          der::octet_string(extension.value)}));
    }
    const Bytes explicit_extensions =
        extensions.empty() ? Bytes{}
                           : der::wrap(der::tag::constructed(3), der::sequence({extensions}));
    const Bytes tbs = der::sequence(
        {der::wrap(der::tag::constructed(0), der::integer(2)),
         der::wrap(der::tag::integer, read.serial()), read.signature_algorithm(), read.issuer(),
         der::sequence({der::time(read.not_before()), der::time(read.not_after())}), read.subject(),
         read.spki(), explicit_extensions});
    return der::sequence({tbs, read.signature_algorithm(), der::bit_string(read.signature())});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    if (size > max_size) return 0;
    const BytesView input{octets, size};
    const auto read = Certificate::from_der(copy(input));
    if (!read) return 0;
    const Certificate duplicate = *read;
    if (!same(again(duplicate), input)) std::abort();
    static_cast<void>(duplicate.policies());
    static_cast<void>(duplicate.crl_urls());
    static_cast<void>(duplicate.ocsp_urls());
    static_cast<void>(duplicate.issuer_urls());
    static_cast<void>(duplicate.extended_key_usages());
    static_cast<void>(to_text_name(duplicate.subject()));
    static_cast<void>(parse_signature_algorithm(duplicate.signature_algorithm()));
    static_cast<void>(key_identifier(duplicate.spki()));
    for (const Extension& extension : duplicate.extensions()) {
        static_cast<void>(read_alternative_names(extension.value));
        static_cast<void>(read_distribution_points(extension.value));
        static_cast<void>(read_accesses(extension.value));
        static_cast<void>(read_policy_texts(extension.value));
        static_cast<void>(read_authority_certificate(extension.value));
    }
    return 0;
}
