// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "new_element.hpp"

#include <mitome/base/clock.hpp>
#include <mitome/http/routes.hpp>

namespace mitome::maker {

/// Everything the factory answers, behind mutual TLS; what is named outlives it.
[[nodiscard]] http::Routes routes(Factory& factory, ElementLine& line, const Clock& clock);

}  // namespace mitome::maker
