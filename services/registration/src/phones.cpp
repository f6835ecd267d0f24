// SPDX-License-Identifier: Apache-2.0
#include "phones.hpp"

#include <mitome/issuance/life.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <utility>

namespace mitome::registration {
namespace {

namespace json = boost::json;
namespace life = issuance::life;
using store::EraseState;

Judged<json::value> row_of(const Office& office, pki::Kind kind, const Bytes& serial) {
    REGISTRATION_TRY(found, office.authority.look_up(phone_ca(kind), serial));
    const auto state = state_of(found, office.clock.now());
    return json::object{{"kind", pki::name_of(kind)},
                        {"serial", to_hex(serial)},
                        {"state", state ? life::name_of(*state) : "unknown"}};
}

Result<json::value> lease_of(const Office& office, BytesView element) {
    const auto lease = office.people.lease_of(element);
    if (!lease) return std::unexpected{lease.error()};
    if (!lease->has_value()) return json::value(nullptr);  // braces would make an array
    return json::object{{"until", to_rfc3339((*lease)->until)}};
}

json::value row_of(const Office& office, const store::EraseOrder& order) {
    const bool is_open = order.state == EraseState::ordered || order.state == EraseState::delivered;
    const bool late = is_open && order.created + office.erase_patience <= office.clock.now();
    std::string_view word = "ordered";
    if (order.state == EraseState::delivered) word = "delivered";
    if (late) word = "not_confirmed";
    if (order.state == EraseState::erased) word = "erased";
    json::object row{{"element", to_hex(order.element)},
                     {"number", order.number},
                     {"cause", order.cause},
                     {"state", word},
                     {"since", to_rfc3339(late ? order.created : order.changed)}};
    if (!order.receipt.empty()) row["receipt"] = to_base64(order.receipt);
    if (!order.signed_order.empty()) row["order"] = to_base64(order.signed_order);
    return row;
}

}  // namespace

Judged<json::value> show_phone(const Office& office, BytesView element) {
    REGISTRATION_TRY(phone, office.people.phone_of(element));
    REGISTRATION_TRY(device, office.people.device(element));
    REGISTRATION_TRY(lease, lease_of(office, element));
    json::array certificates;
    if (phone)
        for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
            const Bytes& serial = kind == pki::Kind::sign ? phone->sign_serial : phone->auth_serial;
            if (serial.empty()) continue;
            REGISTRATION_TRY(row, row_of(office, kind, serial));
            certificates.push_back(std::move(row));
        }
    const bool rolled_back = device && device->state == store::DeviceState::rolled_back;
    return json::object{{"element", to_hex(element)},
                        {"resident_bound", phone.has_value()},
                        {"certificates", std::move(certificates)},
                        {"witness", rolled_back ? "rolled_back" : "ok"},
                        {"lease", std::move(lease)}};
}

Judged<json::value> show_former(const Office& office, BytesView element) {
    REGISTRATION_TRY(all, office.people.erasures_of(element));
    REGISTRATION_TRY(phone, office.people.phone_of(element));
    if (phone) {
        REGISTRATION_TRY(others, office.people.erasures_of(phone->resident));
        for (auto& order : others)
            if (!same(order.element, element)) all.push_back(std::move(order));
    }
    std::ranges::sort(all, {}, &store::EraseOrder::number);
    json::array rows;
    for (const auto& order : all)
        if (order.state != EraseState::withdrawn) rows.push_back(row_of(office, order));
    return rows;
}

}  // namespace mitome::registration
