// SPDX-License-Identifier: Apache-2.0
#include <mitome/signature/cades.hpp>

#include <cstdlib>

// Whatever comes, validation ends with a verdict, and never with "passed": there is no anchor.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome;
    const BytesView input{octets, size};

    signature::OctetContent content{{}};
    const auto nobody = [](const pki::Certificate&) { return signature::RevocationState{}; };
    const auto report = signature::validate(content, input, {}, Time{}, nobody);
    if (!report || report->verdict() == signature::Verdict::passed) {
        std::abort();
    }
    return 0;
}
