// SPDX-License-Identifier: Apache-2.0
#include <mitome/crypto/digest.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome;
    const auto read = crypto::from_digest_info({octets, size});
    if (read && !same(crypto::digest_info(read->hash, read->digest), {octets, size})) std::abort();
    return 0;
}
