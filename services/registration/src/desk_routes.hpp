// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "casework.hpp"

#include <mitome/http/routes.hpp>

#include <vector>

namespace mitome::registration {

/// Behind mutual TLS: what desks do to certificates, each with the role that may and no other, and
/// what phones ask about themselves. `casework` outlives the routes.
[[nodiscard]] std::vector<http::Route> casework_routes(Casework& casework);

/// On plain HTTP: the stop code, for whoever has neither phone nor card at hand.
[[nodiscard]] std::vector<http::Route> open_casework_routes(Casework& casework);

}  // namespace mitome::registration
