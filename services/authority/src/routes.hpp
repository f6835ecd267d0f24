// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "feeder.hpp"
#include "orders.hpp"

#include <mitome/http/routes.hpp>

namespace mitome::authority {

/// All of them must outlive the routes.
struct Service {
    Issuers& issuers;
    const store::Ledger& ledger;
    Feeder& feeder;
    const Clock& clock;
    const issuance::Records& records;
    World world = World::production;
};

[[nodiscard]] http::Routes routes(Service& service);

}  // namespace mitome::authority
