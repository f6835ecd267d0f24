// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/scp03.hpp>

#include <cstdlib>

namespace {

using namespace mitome;
using namespace mitome::apdu;

scp03::Keyset keyset() {
    scp03::Keyset keys;
    for (auto* each : {&keys.enc, &keys.mac, &keys.dek})
        if (!each->assign(Bytes(16, 0x42))) std::abort();
    return keys;
}

}  // namespace

/// Nobody without the keys is believed: not by the card, not by the host.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView octets{data, size};
    if (size > 4096) return 0;
    const Bytes challenge(8, 1);

    if (const auto greeting = scp03::Greeting::decode(octets))
        if (!same(greeting->encode(), octets)) std::abort();
    (void)scp03::unwrap_keys(octets, keyset().dek);

    scp03::Card card =
        scp03::Card::greet(keyset(), scp03::i_ours, Bytes(10, 0), challenge, Bytes(8, 2), {})
            .value();
    scp03::Host host{keyset(), challenge};
    const auto opening = host.external_authenticate(
        {.data = card.greeting().encode(), .sw = sw::ok}, scp03::Level::all);
    if (!opening) std::abort();
    const auto command = Command::decode(octets);
    if (command && *command != *opening) {
        scp03::Card fresh =
            scp03::Card::greet(keyset(), scp03::i_ours, Bytes(10, 0), challenge, Bytes(8, 2), {})
                .value();
        // Only Le and the logical channel are free: Amendment D §6.2.4.
        if (fresh.external_authenticate(*command) && command->data != opening->data) std::abort();
    }
    if (!card.external_authenticate(*opening)) std::abort();
    if (command && card.unwrap(*command)) std::abort();
    if (!host.wrap({.cla = 0x80,
                    .ins = 0xF2,
                    .p1 = 0,
                    .p2 = 0,
                    .data = {},
                    .expected = 256,
                    .extended = false}))
        std::abort();
    const auto response = Response::decode(octets);
    if (response && host.unwrap(*response)) std::abort();
    return 0;
}
