// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/apdu/apdu.hpp>
#include <mitome/base/secret.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace mitome::reader {

/// No card needs more: 65,536 octets in answers of 256.
constexpr unsigned most_responses = 256;
constexpr std::size_t most_octets = 65'536;

/// 00 stands for 256 in SW2 as in Le. ISO/IEC 7816-4:2005 §5.1.3.
[[nodiscard]] constexpr std::uint32_t length_in(std::uint16_t sw) {
    const std::uint32_t low = sw & 0xFFu;
    return low == 0 ? 256 : low;
}

/// Carries out `command` with `once`, follows 6Cxx and 61xx and gives the whole answer.
template <class Once>
[[nodiscard]] Result<apdu::Response> whole_answer(const apdu::Command& command, Once once) {
    const auto with_right_length = [&once](const apdu::Command& asked) -> Result<apdu::Response> {
        MITOME_TRY(answer, once(asked));
        if (answer.sw >> 8 != 0x6C) {
            return answer;
        }
        // The command was not carried out; a second 6Cxx would contradict the first one.
        apdu::Command again = asked;
        again.expected = length_in(answer.sw);
        auto second = once(again);
        wipe(again.data);
        return second;
    };

    MITOME_TRY(answer, with_right_length(command));
    for (unsigned responses = 0; answer.sw >> 8 == 0x61; ++responses) {
        if (responses == most_responses || answer.data.size() > most_octets) {
            return fail(Fault::malformed, "reader: the card's answer has no end", answer.sw);
        }
        // GET RESPONSE on the same logical channel. ISO/IEC 7816-4:2005 §7.6.1.
        const auto channel =
            static_cast<std::uint8_t>((command.cla & 0x80) != 0 ? 0 : command.cla & 0x03);
        MITOME_TRY(more, with_right_length(
                             {.cla = channel, .ins = 0xC0, .expected = length_in(answer.sw)}));
        append(answer.data, more.data);
        answer.sw = more.sw;
    }
    return answer;
}

}  // namespace mitome::reader
