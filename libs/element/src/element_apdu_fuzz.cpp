// SPDX-License-Identifier: Apache-2.0
#include "administered.hpp"

#include <mitome/base/log.hpp>

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

/// The holder's own erasure, which takes keys and PINs away without any.
bool erases(BytesView command) {
    const auto decoded = apdu::Command::decode(command);
    return decoded && decoded->cla == 0x80 &&
           decoded->ins == apdu::administration::ins_erase_locally;
}

bool sets_new_pin(BytesView command) {
    const auto decoded = apdu::Command::decode(command);
    return decoded && decoded->cla == 0x80 && decoded->ins == apdu::administration::ins_set_pin &&
           decoded->p1 == apdu::administration::p1_new_pin;
}

struct Bench {
    explicit Bench(const sample::World& made) : clean(*made.slots), world(clean) {}
    const sample::Slots clean;
    sample::World world;
};

/// A card, a phone as the maker leaves it, an issued phone.
Bench& bench_of(std::uint8_t choice) {
    start_log("fuzz", Level::error);  // refusals are what it is all about
    static Bench card{sample::card()};
    static Bench phone{sample::phone()};
    static Bench issued{sample::issued_phone()};
    if ((choice & 1) == 0) return card;
    return (choice & 2) == 0 ? phone : issued;
}

}  // namespace

/// Input: commands, each behind two octets of length; the high bit speaks over the other
/// connection.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Opening an element parses its keys, so one serves many inputs until it is written to.
    BytesView left{data, size};
    if (left.empty()) return 0;
    const std::uint8_t choice = left[0];
    Bench& bench = bench_of(choice);
    sample::World& world = bench.world;
    const bool has_pins = choice % 4 != 1;
    world.first.power_on();
    world.second.power_on();
    left = left.subspan(1);

    for (int steps = 0; left.size() >= 2 && steps < 64; ++steps) {
        const bool other = (left[0] & 0x80) != 0;
        const std::size_t length = std::min<std::size_t>(
            (static_cast<std::size_t>(left[0] & 0x7F) << 8 | left[1]), left.size() - 2);
        const BytesView command = left.subspan(2, length);
        left = left.subspan(2 + length);

        const auto before = has_pins ? tries(*world.element) : std::array<std::uint8_t, 2>{};
        const Bytes answer = world.element->answer(other ? world.second : world.first, command);
        if (answer.size() < 2) std::abort();
        if (has_pins && !presents_pin(command) && !erases(command) &&
            tries(*world.element) != before)
            std::abort();
        // Without its own keys nobody administers it, and nobody resets a PIN.
        if (sets_new_pin(command) && same(answer, "9000"_hex)) std::abort();
        if (world.element->terminated()) std::abort();
    }
    if (world.slots->writes > 0) {
        *world.slots = bench.clean;
        world.restart();
    }
    return 0;
}
