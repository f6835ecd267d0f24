// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config.hpp"

#include <mitome/base/clock.hpp>

namespace mitome::maker {

/// Makes what is not there yet: the administration token with its master, the roots with their
/// certificates, the keys for card texts, and beside our own TLS identity that of every service
/// and of the sandbox's desk and operator. What is there is left alone.
[[nodiscard]] Done initialise(const Config& config, Time now);

}  // namespace mitome::maker
