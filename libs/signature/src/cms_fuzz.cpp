// SPDX-License-Identifier: Apache-2.0
#include <mitome/signature/cades.hpp>

#include <cstdlib>

// Whatever comes, validation ends with a verdict, and never with "passed": there is no anchor.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome;
    const BytesView input{octets, size};

    static_cast<void>(signature::signer_of(input));
    signature::OctetContent content{{}};
    const auto validation = signature::validate(content, input, {}, Time{}, {});
    if (!validation || validation->verdict() == signature::Verdict::passed) {
        std::abort();
    }
    return 0;
}
