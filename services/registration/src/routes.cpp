// SPDX-License-Identifier: Apache-2.0
#include "routes.hpp"

#include "cards.hpp"
#include "desk_routes.hpp"
#include "phones.hpp"

#include <mitome/apdu/ram.hpp>
#include <mitome/http/json.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace mitome::registration {
namespace {

namespace json = boost::json;
using catalogue::Code;
using http::Call;
using http::Response;

constexpr std::size_t json_body = 8192;

Response answer(const json::value& content) {
    return http::json_response(json::serialize(content));
}

template <class T>
Response answered(const Judged<T>& made) {
    return made ? answer(*made) : problem_of(made.error());
}

std::string_view word_of(store::OrderState state) {
    switch (state) {
        case store::OrderState::open: return "open";
        case store::OrderState::answered: return "answered";
        case store::OrderState::confirmed: return "confirmed";
        case store::OrderState::swapped: return "swapped";
        case store::OrderState::completed: return "completed";
        case store::OrderState::abandoned: return "abandoned";
    }
    return {};
}

Judged<json::value> row_of(const Service& service, const store::Resident& resident) {
    REGISTRATION_TRY(cards, service.office.people.cards_of(resident.id));
    json::array numbers;
    for (const auto& card : cards) numbers.emplace_back(card.number);
    return json::object{{"id", resident.id},
                        {"name", resident.items.name},
                        {"birth_date", to_text(resident.items.birth.day)},
                        {"state", name_of(resident.state)},
                        {"cards", std::move(numbers)},
                        {"municipality", resident.municipality},
                        {"case", name_of(case_of(resident.id))}};
}

Judged<json::value> residents(const Service& service) {
    REGISTRATION_TRY(all, service.office.people.residents());
    json::array rows;
    for (const auto& resident : all) {
        REGISTRATION_TRY(row, row_of(service, resident));
        rows.push_back(std::move(row));
    }
    return rows;
}

Judged<json::value> resident(const Service& service, std::string_view digits) {
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return refuse(Code::resident_absent, "no such resident");
    REGISTRATION_TRY(found, service.office.people.resident(id));
    if (!found) return refuse(Code::resident_absent, "no such resident");
    REGISTRATION_TRY(row, row_of(service, *found));
    auto& whole = row.get_object();
    whole["address"] = found->items.address;
    whole["sex"] = number_of(found->items.sex);
    whole["name_substitutes"] = found->items.name_substitutes;
    whole["address_substitutes"] = found->items.address_substitutes;
    return row;
}

Judged<json::value> new_resident(const Service& service, BytesView body) {
    REGISTRATION_TRY(wanted, parse_new_resident(body));
    REGISTRATION_TRY(made, add_resident(service.office, wanted));
    return row_of(service, made);
}

Judged<json::value> new_card(const Service& service, BytesView body) {
    const auto credentials = service.office.credentials.get();
    if (!credentials)
        return refuse(Code::service_unavailable, "the authority has not answered yet");
    REGISTRATION_TRY(wanted, parse_card_request(body));
    REGISTRATION_TRY(made, issue_card(service.office, wanted));
    const auto& items = made.resident.items;
    const std::string card_end = to_text(day_in_japan(made.times.card_end));
    json::object texts{{"my_number", made.resident.my_number},
                       {"name", items.name},
                       {"address", items.address},
                       {"birth", to_text(items.birth.day)},
                       {"sex", number_of(items.sex)},
                       {"municipality", made.resident.municipality},
                       {"card_expiry", card_end}};
    if (const auto code = security_code_of(made.resident.id)) texts["security_code"] = *code;
    json::object out{{"card", made.number},
                     {"sign", nullptr},
                     {"auth", to_base64(made.auth.der())},
                     {"sign_ca", to_base64(credentials->authority(pki::Ca::card_sign).der())},
                     {"auth_ca", to_base64(credentials->authority(pki::Ca::card_auth).der())},
                     {"not_after", to_rfc3339(made.times.sign_end.value_or(made.times.auth_end))},
                     {"expiry", card_end},
                     {"texts", std::move(texts)}};
    if (made.sign) out["sign"] = to_base64(made.sign->der());
    return out;
}

Result<Bytes> element_of(const Call& call) { return from_hex(call.caller.element); }

json::value words_of(const store::Order& order) {
    json::array kinds;
    for (const auto& key : order.keys) kinds.emplace_back(pki::name_of(key.kind));
    return json::object{{"order", to_hex(order.id)},
                        {"state", word_of(order.state)},
                        {"kinds", std::move(kinds)},
                        {"deadline", to_rfc3339(order.deadline)},
                        {"admin_uri", "/administration"}};
}

Judged<json::value> open_order(const Service& service, const Call& call) {
    REGISTRATION_TRY(element, element_of(call));
    REGISTRATION_TRY(wish, parse_order(call.request.body));
    REGISTRATION_TRY(order, service.orders.open(element, wish));
    return words_of(order);
}

enum class Which : std::uint8_t { current, last };

Judged<store::Order> find_order(const Service& service, const Call& call, Which which) {
    REGISTRATION_TRY(element, element_of(call));
    REGISTRATION_TRY(order, which == Which::current ? service.orders.current(element)
                                                    : service.orders.last(element));
    if (!order) return refuse(Code::order_expired, "there is no such order");
    return *std::move(order);
}

Judged<json::value> show_order(const Service& service, const Call& call, Which which) {
    REGISTRATION_TRY(order, find_order(service, call, which));
    return words_of(order);
}

Judged<json::value> recover_order(const Service& service, const Call& call) {
    REGISTRATION_TRY(order, find_order(service, call, Which::current));
    REGISTRATION_CHECK(service.orders.ask_for_recovery(order));
    return words_of(order);
}

Judged<json::value> abandon_order(const Service& service, const Call& call) {
    REGISTRATION_TRY(order, find_order(service, call, Which::current));
    REGISTRATION_CHECK(service.orders.abandon(order.id));
    return show_order(service, call, Which::last);
}

Judged<json::value> phone(const Service& service, const Call& call) {
    REGISTRATION_TRY(element, element_of(call));
    return show_phone(service.office, element);
}

Judged<json::value> former_phones(const Service& service, const Call& call) {
    REGISTRATION_TRY(element, element_of(call));
    return show_former(service.office, element);
}

/// {"receipt":BASE64}
Judged<json::value> take_receipt(const Service& service, const Call& call) {
    REGISTRATION_TRY(element, element_of(call));
    REGISTRATION_TRY(body, http::JsonObject::parse(call.request.body));
    REGISTRATION_TRY(receipt, body.base64("receipt"));
    REGISTRATION_CHECK(body.finish());
    REGISTRATION_CHECK(service.erasures.take_local(element, receipt));
    return show_phone(service.office, element);
}

Response lives(const Call&) { return answer(json::object{{"healthy", true}}); }

Response is_ready(const Service& service) {
    if (!service.office.credentials.get())
        return http::problem(503, "service_unavailable", "authority or maker has not answered yet");
    return answer(json::object{{"ready", true}});
}

std::vector<http::Route> with(std::vector<http::Route> own, std::vector<http::Route> others) {
    std::ranges::move(others, std::back_inserter(own));
    return own;
}

}  // namespace

http::Routes private_routes(Service& service) {
    const auto json_of = [&service](auto make) {
        return [&service, make](const Call& call) { return answered(make(service, call)); };
    };
    const auto cmp_of = [&service](Profile profile) {
        return [&service, profile](const Call& call) {
            return service.certification.answer(profile, call);
        };
    };
    return {
        http::Listener::mutual_tls,
        with(
            {
                {"GET", "/health", {http::any_role}, 0, lives},
                {"GET",
                 "/ready",
                 {http::any_role},
                 0,
                 [&service](const Call&) { return is_ready(service); }},
                {"GET", "/desk/residents", {"desk"}, 0, json_of([](const Service& at, const Call&) {
                     return residents(at);
                 })},
                {"POST",
                 "/desk/residents",
                 {"desk"},
                 json_body,
                 json_of([](const Service& at, const Call& call) {
                     return new_resident(at, call.request.body);
                 })},
                {"GET",
                 "/desk/residents/*",
                 {"desk"},
                 0,
                 json_of(
                     [](const Service& at, const Call& call) { return resident(at, call.rest); })},
                {"POST",
                 "/desk/cards",
                 {"desk"},
                 json_body,
                 json_of([](const Service& at, const Call& call) {
                     return new_card(at, call.request.body);
                 })},
                {"POST", "/orders", {"element"}, json_body, json_of(open_order)},
                {"GET",
                 "/orders/current",
                 {"element"},
                 0,
                 json_of([](const Service& at, const Call& call) {
                     return show_order(at, call, Which::current);
                 })},
                {"GET",
                 "/orders/last",
                 {"element"},
                 0,
                 json_of([](const Service& at, const Call& call) {
                     return show_order(at, call, Which::last);
                 })},
                {"POST", "/orders/current/recover", {"element"}, json_body, json_of(recover_order)},
                {"POST", "/orders/current/abandon", {"element"}, json_body, json_of(abandon_order)},
                {"GET", "/phone", {"element"}, 0, json_of(phone)},
                {"GET", "/former", {"element"}, 0, json_of(former_phones)},
                {"POST", "/receipts", {"element"}, json_body, json_of(take_receipt)},
                {"POST",
                 "/administration",
                 {"element"},
                 0,
                 [&service](const Call& call) { return service.administration.begin(call); }},
                {"POST",
                 "/administration/*",
                 {"element"},
                 apdu::ram::largest_script,
                 [&service](const Call& call) { return service.administration.go_on(call); }},
                {"POST",
                 "/cmp/phone",
                 {"element"},
                 pki::cmp::max_message_octets,
                 cmp_of(Profile::phone)},
                {"POST",
                 "/cmp/file",
                 {"desk"},
                 pki::cmp::max_message_octets,
                 cmp_of(Profile::file)},
            },
            casework_routes(service.casework))};
}

http::Routes public_routes(Service& service) {
    const auto cmp_of = [&service](Profile profile) {
        return [&service, profile](const Call& call) {
            return service.certification.answer(profile, call);
        };
    };
    return {
        http::Listener::open,
        with(
            {
                {"POST", "/cmp/phone", {}, pki::cmp::max_message_octets, cmp_of(Profile::phone)},
                {"POST", "/cmp/file", {}, pki::cmp::max_message_octets, cmp_of(Profile::file)},
            },
            open_casework_routes(service.casework))};
}

}  // namespace mitome::registration
