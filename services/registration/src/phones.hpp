// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a phone is told of itself and of those it took the place of.

#include "erasures.hpp"

#include <boost/json/value.hpp>

namespace mitome::registration {

/// `{"element","resident_bound","certificates":[{"kind","serial","state"}],"witness":"ok" or
/// "rolled_back","lease":{"until"} or null}`; the states are those of issuance/life.hpp.
[[nodiscard]] Judged<boost::json::value> show_phone(const Office& office, BytesView element);

/// `[{"element","number","cause","state":"ordered|delivered|erased|not_confirmed","since",
/// "receipt"?,"order"?}]`: erasures of the person whose phone this is, and of the phone itself.
/// Not confirmed: it waits for longer than the setting says, and `since` is when it was ordered.
[[nodiscard]] Judged<boost::json::value> show_former(const Office& office, BytesView element);

}  // namespace mitome::registration
