// SPDX-License-Identifier: Apache-2.0
#include "sealed_blob.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome;
    const auto blob = crypto::read_sealed_blob({octets, size});
    if (!blob) return 0;
    const auto again = crypto::write_sealed_blob(*blob);
    if (!again || !same(*again, {octets, size})) std::abort();
    return 0;
}
