// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>
#include <mitome/http/problem.hpp>

namespace mitome::authority {

/// What this service's failures look like on the wire. `conflict` is the code of that fault,
/// which means something else on each route.
[[nodiscard]] http::Response problem_of(const Error& error, std::string_view conflict);

}  // namespace mitome::authority
