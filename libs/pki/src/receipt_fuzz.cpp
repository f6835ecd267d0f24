// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/pki/receipt.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome::pki;
    const mitome::BytesView input{octets, size};

    if (const auto receipt = parse_erasure_receipt(input))
        if (!mitome::same(encode(*receipt), input)) std::abort();

    static const auto root = Certificate::from_pem(mitome::text(
        mitome::read_file(std::filesystem::path{MITOME_SOURCE_DIR} /
                          "tests/vectors/pki/receipt/maker-root.pem")
            .value()));
    static_cast<void>(verify_receipt(input, *root, mitome::Time{}));
    return 0;
}
