// SPDX-License-Identifier: Apache-2.0
#include <mitome/crypto/key.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome;
    constexpr std::size_t largest = 2048;  // an RSA-4096 key takes 550
    if (size > largest) return 0;
    const auto key = crypto::PublicKey::from_spki({octets, size});
    if (!key) return 0;
    if (!same(key->spki(), {octets, size})) std::abort();
    if (crypto::is_rsa(key->kind()) == key->modulus().empty()) std::abort();
    return 0;
}
