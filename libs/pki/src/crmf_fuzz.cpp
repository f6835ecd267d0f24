// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/crmf.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome::pki;
    const mitome::BytesView input{octets, size};

    const auto requests = crmf::parse_requests(input);
    if (!requests) {
        return 0;
    }
    std::vector<mitome::Bytes> again;
    for (const auto& one : *requests) {
        static_cast<void>(crmf::verify_possession(one));
        again.push_back(one.der);
        const auto wanted = crmf::parse_template(crmf::encode(one.request.wanted));
        if (!wanted || !mitome::same(wanted->spki, one.request.wanted.spki)) {
            std::abort();
        }
    }
    if (!mitome::same(crmf::encode_requests(again), input)) {
        std::abort();
    }
    return 0;
}
