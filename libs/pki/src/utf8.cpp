// SPDX-License-Identifier: Apache-2.0
#include "utf8.hpp"

namespace mitome::pki {

std::optional<std::size_t> count_utf8(BytesView octets) {
    std::size_t count = 0;
    std::size_t i = 0;
    const auto follows = [&](std::size_t wanted) {
        if (octets.size() - i <= wanted) return false;
        for (std::size_t k = 1; k <= wanted; ++k) {
            if ((octets[i + k] & 0xC0) != 0x80) return false;
        }
        return true;
    };
    while (i < octets.size()) {
        const std::uint8_t first = octets[i];
        if (first < 0x80) {
            i += 1;
        } else if (first >= 0xC2 && first <= 0xDF && follows(1)) {
            i += 2;
        } else if (first >= 0xE0 && first <= 0xEF && follows(2)) {
            const std::uint8_t second = octets[i + 1];
            if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return {};
            i += 3;
        } else if (first >= 0xF0 && first <= 0xF4 && follows(3)) {
            const std::uint8_t second = octets[i + 1];
            if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return {};
            i += 4;
        } else {
            return {};
        }
        ++count;
    }
    return count;
}

std::size_t steering_octets(std::string_view text) {
    const auto octet = [&](std::size_t i) {
        return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
    };
    if (octet(0) < 0x20 || octet(0) == 0x7F) return 1;
    if (octet(0) == 0xC2 && octet(1) >= 0x80 && octet(1) <= 0x9F) return 2;
    const bool turns =
        octet(0) == 0xE2 && ((octet(1) == 0x80 && octet(2) >= 0xAA && octet(2) <= 0xAE) ||
                             (octet(1) == 0x81 && octet(2) >= 0xA6 && octet(2) <= 0xA9));
    return turns ? 3 : 0;
}

}  // namespace mitome::pki
