// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the bodies of the desk and of a phone's orders say.

#include "sandbox_residents.hpp"

#include <mitome/pki/four_items.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mitome::registration {

/// {"name"?,"birth_date"?:"YYYY-MM-DD","address"?,"sex"?:1|2|9,"municipality"?}; what is missing
/// is invented.
struct NewResident {
    std::string name;
    std::string address;
    std::chrono::year_month_day birth{};
    pki::Sex sex = pki::Sex::other;
    std::string municipality;
};
[[nodiscard]] Result<NewResident> parse_new_resident(BytesView json);

/// {"resident":N,"sign_spki":BASE64,"auth_spki":BASE64,"case"?:WORD,"expired"?:true}
struct CardRequest {
    std::uint64_t resident = 0;
    Bytes sign_spki;
    Bytes auth_spki;
    Case flaw = Case::none;
};
[[nodiscard]] Result<CardRequest> parse_card_request(BytesView json);

/// {"kinds":["sign","auth"],"renewal"?:BOOL}: each kind once, at least one.
struct OrderWish {
    std::vector<pki::Kind> kinds;
    bool renewal = false;
};
[[nodiscard]] Result<OrderWish> parse_order(BytesView json);

/// JIS X 0303.
[[nodiscard]] int number_of(pki::Sex sex);

}  // namespace mitome::registration
