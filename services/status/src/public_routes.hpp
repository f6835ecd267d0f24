// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "publication.hpp"

#include <mitome/http/routes.hpp>

namespace mitome::status {

/// What anybody may ask, over plain HTTP: OCSP, CRLs, CA certificates, health and readiness.
/// `publication` must outlive the routes.
[[nodiscard]] http::Routes public_routes(Publication& publication);

}  // namespace mitome::status
