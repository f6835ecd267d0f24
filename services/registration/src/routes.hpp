// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "administration.hpp"
#include "certification.hpp"

#include <mitome/http/routes.hpp>

namespace mitome::registration {

/// All of them outlive the routes.
struct Service {
    Office& office;
    Orders& orders;
    Administration& administration;
    Certification& certification;
};

/// Behind mutual TLS: the desk, phones' orders, administration, CMP.
[[nodiscard]] http::Routes private_routes(Service& service);

/// On plain HTTP: CMP, whose messages are protected themselves.
[[nodiscard]] http::Routes public_routes(Service& service);

}  // namespace mitome::registration
