// SPDX-License-Identifier: Apache-2.0
#include "handle.hpp"

#include <mitome/crypto/random.hpp>

#include <openssl/rand.h>

#include <cstdlib>

namespace mitome::crypto {

Bytes SystemRandom::octets(std::size_t count) {
    Bytes drawn(count);
    if (::RAND_bytes_ex(nullptr, drawn.data(), drawn.size(), 0) != 1) {
        static_cast<void>(drain_errors("crypto: no random octets"));
        std::abort();
    }
    return drawn;
}

}  // namespace mitome::crypto
