// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/attestation.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome::pki;
    const mitome::BytesView input{octets, size};

    static_cast<void>(parse_key_description(input));
    const auto bundle = parse_attestation_bundle(input);
    if (!bundle) {
        return 0;
    }
    if (!mitome::same(attestation_bundle(bundle->certificates), input)) {
        std::abort();
    }
    if (const auto root = Certificate::from_der(bundle->certificates.back())) {
        static_cast<void>(verify_attestation(*bundle, {}, {}, *root, mitome::Time{}));
    }
    return 0;
}
