// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <cstddef>

namespace mitome::crypto {

/// The source of random octets; injected where a test must choose them.
class Random {
public:
    virtual ~Random() = default;
    [[nodiscard]] virtual Bytes octets(std::size_t count) = 0;
};

/// The library's generator, seeded by the kernel. Ends the process when it cannot give octets.
class SystemRandom final : public Random {
public:
    [[nodiscard]] Bytes octets(std::size_t count) override;
};

}  // namespace mitome::crypto
