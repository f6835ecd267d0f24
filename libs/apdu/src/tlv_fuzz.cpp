// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/tlv.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mitome;
    const BytesView octets{data, size};
    if (const auto first = apdu::first_tlv(octets)) {
        if (apdu::tlv_size(octets).value() != first->whole.size()) std::abort();
        // The length may come back shorter, nothing else changes.
        const Bytes again = apdu::make_tlv(first->tag, first->value);
        const auto read = apdu::first_tlv(again);
        if (!read || read->tag != first->tag || !same(read->value, first->value)) std::abort();
    }
    if (const auto all = apdu::all_tlv(octets)) {
        std::size_t total = 0;
        for (const auto& each : *all) total += each.whole.size();
        if (total != size) std::abort();
    }
    return 0;
}
