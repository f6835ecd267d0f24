// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/der.hpp>

#include <cstdlib>

namespace {

using namespace mitome;
using namespace mitome::pki;

constexpr std::size_t max_size = 1 << 16;
constexpr unsigned max_depth = 12;

void require(bool holds) {
    if (!holds) std::abort();
}

/// Reads everything there is and writes it again: what parses must come out as it went in.
Bytes again(BytesView octets, unsigned depth) {
    Bytes out;
    der::Reader reader{octets};
    while (!reader.at_end()) {
        const auto element = reader.next();
        if (!element) {
            // The rest is no DER, and is carried over as it is.
            const std::size_t read = out.size();
            append(out, octets.subspan(read));
            return out;
        }
        if (const auto time = der::to_time(*element)) {
            const Bytes written = element->tag == der::tag::utc_time ? der::time(*time)
                                                                     : der::generalized_time(*time);
            require(same(written, element->whole));
        }
        if (const auto number = der::to_number(*element);
            number && element->tag == der::tag::integer) {
            require(same(der::integer(*number), element->whole));
        }
        if (const auto flag = der::to_boolean(*element)) {
            require(same(der::boolean(*flag), element->whole));
        }
        if (element->tag == der::tag::oid) {
            if (const auto dotted = der::to_dotted(element->value)) {
                require(same(der::oid(*dotted), element->whole));
            }
        }
        if (const auto bits = der::to_whole_octets(*element)) {
            require(same(der::bit_string(*bits), element->whole));
        }
        const bool nested = (element->tag & 0x20) != 0 && depth < max_depth;
        append(out, nested ? der::wrap(element->tag, again(element->value, depth + 1))
                           : der::wrap(element->tag, element->value));
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    if (size > max_size) return 0;
    const BytesView input{octets, size};
    require(same(again(input, 0), input));
    return 0;
}
