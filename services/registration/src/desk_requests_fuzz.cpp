// SPDX-License-Identifier: Apache-2.0
#include "desk_requests.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome;
    if (size > 8192) return 0;
    const BytesView json{octets, size};
    if (const auto resident = registration::parse_new_resident(json);
        resident && (resident->name.empty() || !resident->birth.ok()))
        std::abort();
    if (const auto wish = registration::parse_order(json);
        wish && (wish->kinds.empty() || wish->kinds.size() > 2))
        std::abort();
    static_cast<void>(registration::parse_card_request(json));
    return 0;
}
