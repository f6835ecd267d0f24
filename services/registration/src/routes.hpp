// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "administration.hpp"
#include "casework.hpp"
#include "certification.hpp"
#include "erasures.hpp"

#include <mitome/http/routes.hpp>

namespace mitome::registration {

/// All of them outlive the routes.
struct Service {
    Office& office;
    Orders& orders;
    Administration& administration;
    Certification& certification;
    Erasures& erasures;
    Casework& casework;
};

/// Behind mutual TLS: the desks, phones' orders, administration, CMP, casework.
[[nodiscard]] http::Routes private_routes(Service& service);

/// On plain HTTP: CMP, whose messages are protected themselves, and the stop code.
[[nodiscard]] http::Routes public_routes(Service& service);

}  // namespace mitome::registration
