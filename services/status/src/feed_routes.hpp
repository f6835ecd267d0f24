// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reception.hpp"

#include <mitome/http/routes.hpp>

namespace mitome::status {

/// The listener behind mutual TLS. Both must outlive the routes.
[[nodiscard]] http::Routes feed_routes(Reception& reception, const Publication& publication);

}  // namespace mitome::status
