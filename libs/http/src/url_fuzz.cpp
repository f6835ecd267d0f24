// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/bytes.hpp>
#include <mitome/http/url.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome;
    if (size > 4096) return 0;
    const std::string_view input = text(BytesView{octets, size});

    if (const auto url = http::Url::parse(input)) {
        const auto again = http::Url::parse(url->to_text());
        if (!again || again->to_text() != url->to_text()) std::abort();
    }
    if (const auto decoded = http::percent_decode(input)) {
        if (http::percent_decode(http::percent_encode(*decoded)) != *decoded) std::abort();
    }
    if (const auto found = http::parameter(input, "serial"); found && *found) {
        if ((*found)->size() > size) std::abort();
    }
    return 0;
}
