// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/apdu.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mitome;
    const BytesView octets{data, size};
    if (size > 70'000) return 0;
    if (const auto command = apdu::Command::decode(octets))
        if (!same(command->encode(), octets)) std::abort();
    if (const auto response = apdu::Response::decode(octets))
        if (!same(response->encode(), octets)) std::abort();
    return 0;
}
