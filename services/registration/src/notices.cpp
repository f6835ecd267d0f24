// SPDX-License-Identifier: Apache-2.0
#include "notices.hpp"

#include "erasures.hpp"

#include <utility>

namespace mitome::registration {
namespace {

constexpr std::size_t page_size = 200;
constexpr std::size_t looked_at_once = 500;
constexpr std::string_view erasures_read = "erasures";

struct Ending {
    std::chrono::days within;
    std::chrono::days beyond;  ///< from here on the next row speaks
    std::string_view code;
    std::string_view once;
};
constexpr std::array endings{
    Ending{std::chrono::days{90}, std::chrono::days{30}, "notice_expiry_90", "expiry_90"},
    Ending{std::chrono::days{30}, std::chrono::days{7}, "notice_expiry_30", "expiry_30"},
    Ending{std::chrono::days{7}, std::chrono::days{0}, "notice_expiry_7", "expiry_7"},
};

}  // namespace

Result<std::vector<store::Notice>> Notices::page(BytesView element, std::uint64_t after) const {
    MITOME_TRY(phone, office_.people.phone_of(element));
    const auto resident = phone ? std::optional{phone->resident} : std::nullopt;
    return casebook_.notices_of(element, resident, after, page_size);
}

Done Notices::look_at_endings() {
    const Time now = office_.clock.now();
    for (const Ending& ending : endings) {
        MITOME_TRY(phones, casebook_.ending_phones(now + ending.beyond, now + ending.within,
                                                   ending.once, looked_at_once));
        std::vector<store::Notice> told;
        for (const auto& phone : phones) {
            MITOME_TRY(alive, is_alive(office_, {.resident = phone.resident,
                                                 .element = phone.element,
                                                 .order = {},
                                                 .sign_serial = phone.sign_serial,
                                                 .auth_serial = phone.auth_serial,
                                                 .since = {}}));
            if (!alive) continue;
            const auto end = std::to_string(phone.not_after.time_since_epoch().count());
            told.push_back(
                {.number = 0,
                 .at = now,
                 .element = phone.element,
                 .resident = phone.resident,
                 .code = std::string{ending.code},
                 .detail = to_rfc3339(phone.not_after),
                 .once = std::string{ending.once} + "/" + to_hex(phone.element) + "/" + end});
        }
        if (told.empty()) continue;
        MITOME_TRY(change, office_.database.begin());
        for (const auto& notice : told) MITOME_CHECK(casebook_.add(change, notice));
        MITOME_CHECK(change.commit());
        for (const auto& notice : told) push_.hint(notice.element);
    }
    return {};
}

Done Notices::look_at_erasures() {
    MITOME_TRY(read, casebook_.position(erasures_read));
    const Time from{std::chrono::seconds{read}};
    MITOME_TRY(erased, casebook_.erased_since(from, looked_at_once));
    if (erased.empty()) return {};
    MITOME_TRY(change, office_.database.begin());
    for (const auto& one : erased) {
        if (!one.resident) continue;
        // Others of the same second may follow, so that second is read again.
        MITOME_CHECK(casebook_.add(change, {.number = 0,
                                            .at = one.changed,
                                            .element = {},
                                            .resident = one.resident,
                                            .code = "notice_erased",
                                            .detail = to_hex(one.element),
                                            .once = "erased/" + std::to_string(one.number)}));
    }
    const auto last = erased.back().changed.time_since_epoch().count();
    MITOME_CHECK(casebook_.set_position(change, erasures_read, static_cast<std::uint64_t>(last)));
    return change.commit();
}

}  // namespace mitome::registration
