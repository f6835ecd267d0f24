// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    constexpr std::size_t most = std::size_t{64} << 10;
    if (size > most) return 0;
    const auto feed = mitome::status::parse_feed({octets, size});
    if (feed && feed->first + feed->entries.size() > feed->head + 1) std::abort();
    return 0;
}
