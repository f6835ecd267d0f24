// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <cstdlib>

namespace {

using namespace mitome;
using namespace mitome::element;

constexpr auto select_jpki = "00A4040C0AD392F000260100000001"_hex;

/// Tries of both PINs, asked over a connection of its own.
std::array<std::uint8_t, 2> tries(Element& element) {
    Connection connection;
    (void)element.answer(connection, select_jpki);
    const Bytes auth = element.answer(connection, "00200098"_hex);
    const Bytes sign = element.answer(connection, "0020009B"_hex);
    return {auth.at(1), sign.at(1)};
}

/// A VERIFY that carries a PIN: the only command that may move a counter.
bool presents_pin(BytesView command) {
    const auto decoded = apdu::Command::decode(command);
    return decoded && decoded->ins == 0x20 && (decoded->cla & ~0x03) == 0x00 &&
           !decoded->data.empty();
}

}  // namespace

/// Input: commands, each behind two octets of length; the high bit speaks over the other
/// connection.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Opening an element parses its keys, so one serves many inputs until it is written to.
    static const sample::Slots clean_card = *sample::card().slots;
    static const sample::Slots clean_phone = *sample::phone().slots;
    static sample::World used_card{clean_card};
    static sample::World used_phone{clean_phone};
    BytesView left{data, size};
    if (left.empty()) return 0;
    const bool is_card = (left[0] & 1) == 0;
    sample::World& world = is_card ? used_card : used_phone;
    world.first.power_on();
    world.second.power_on();
    left = left.subspan(1);

    for (int steps = 0; left.size() >= 2 && steps < 64; ++steps) {
        const bool other = (left[0] & 0x80) != 0;
        const std::size_t length = std::min<std::size_t>(
            (static_cast<std::size_t>(left[0] & 0x7F) << 8 | left[1]), left.size() - 2);
        const BytesView command = left.subspan(2, length);
        left = left.subspan(2 + length);

        const auto before = is_card ? tries(*world.element) : std::array<std::uint8_t, 2>{};
        const Bytes answer = world.element->answer(other ? world.second : world.first, command);
        if (answer.size() < 2) std::abort();
        if (is_card && !presents_pin(command) && tries(*world.element) != before) std::abort();
        // Without its own keys nobody administers it.
        if (world.element->terminated()) std::abort();
    }
    if (world.slots->writes > 0) {
        *world.slots = is_card ? clean_card : clean_phone;
        world.restart();
    }
    return 0;
}
