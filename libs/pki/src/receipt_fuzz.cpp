// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/cms.hpp>
#include <mitome/pki/receipt.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome::pki;
    const mitome::BytesView input{octets, size};

    if (const auto receipt = parse_erasure_receipt(input)) {
        if (!mitome::same(encode(*receipt), input)) std::abort();
    }
    // Believed from whom it carries itself, so that the signature is looked at too.
    const auto carried = cms::SignedData::parse(input);
    if (!carried || carried->certificates().empty()) return 0;
    if (const auto root = Certificate::from_der(carried->certificates().front()))
        static_cast<void>(verify_receipt(input, *root, root->not_before()));
    return 0;
}
