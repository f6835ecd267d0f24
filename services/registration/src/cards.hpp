// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "desk_requests.hpp"
#include "office.hpp"
#include "refused.hpp"

#include <optional>

namespace mitome::registration {

/// When the certificates of a new card begin and end, and whether there is one for signatures.
struct CardTimes {
    std::optional<Time> not_before;  ///< only of an expired one
    Time card_end{};
    Time auth_end{};
    std::optional<Time> sign_end;  ///< absent under 15
};
[[nodiscard]] CardTimes card_times(std::chrono::year_month_day birth, Time now, Case flaw);

struct NewCard {
    std::uint64_t number = 0;
    std::optional<pki::Certificate> sign;
    pki::Certificate auth;
    CardTimes times;
    store::Resident resident;
};

/// The resident desk: certificates for a new card's keys, wrong from the start if the case says so.
/// `resident_absent`, or `resident_not_eligible` for who is dead.
[[nodiscard]] Judged<NewCard> issue_card(Office& office, const CardRequest& request);

[[nodiscard]] Judged<store::Resident> add_resident(Office& office, const NewResident& wanted);

}  // namespace mitome::registration
