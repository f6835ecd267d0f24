// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/ram.hpp>
#include <mitome/base/log.hpp>
#include <mitome/catalogue/catalogue.hpp>
#include <mitome/client/registration.hpp>
#include <mitome/http/json.hpp>
#include <mitome/http/peer.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/pki/cmp.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace mitome::client {
namespace {

using catalogue::Code;
using wallet::Order;
using wallet::Refusal;
using wallet::Reply;

/// SE Remote Application Management over HTTP, version 1.1.1 of the protocol word.
constexpr std::string_view protocol = "globalplatform-remote-admin/1.1.1";
constexpr std::string_view script_type =
    "application/vnd.globalplatform.card-content-mgt-response;version=1.0";
/// More than any dialog of ours needs; a server that never ends is left.
constexpr int most_exchanges = 16;
constexpr std::size_t largest_answer = apdu::ram::largest_script;

std::unexpected<wallet::Trouble> refused(Code code) {
    return std::unexpected<wallet::Trouble>{Refusal{code}};
}

/// The refusal that a problem document names, RFC 9457.
Code code_of(const http::Response& problem) {
    if (auto document = http::JsonObject::parse(problem.body))
        if (const auto word = document->text("code"))
            if (const auto known = catalogue::find(*word)) return *known;
    return problem.status == 503 ? Code::service_busy : Code::answer_malformed;
}

http::Request json_request(std::string path, const boost::json::value& body) {
    http::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = copy(view(boost::json::serialize(body)));
    return request;
}

Reply<Order> order_in(const http::Response& response) {
    auto document = http::JsonObject::parse(response.body);
    if (!document) return refused(Code::answer_malformed);
    const auto octets = document->hex("order");
    if (!octets) return refused(Code::answer_malformed);
    const auto order = apdu::administration::order_of(*octets);
    if (!order) return refused(Code::answer_malformed);
    return *order;
}

/// What the state of an order says once its recovery has run.
Reply<wallet::Registration::Recovered> recovered_of(std::string_view state) {
    if (state == "completed") return wallet::Registration::Recovered::completed;
    if (state == "abandoned") return wallet::Registration::Recovered::dropped;
    // Still open: a new order would be refused, and the element may hold the new set.
    for (const std::string_view open : {"open", "answered", "confirmed", "swapped"})
        if (state == open) return refused(Code::issue_interrupted);
    return refused(Code::answer_malformed);
}

std::optional<pki::Kind> kind_of(std::string_view word) {
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth})
        if (pki::name_of(kind) == word) return kind;
    return std::nullopt;
}

Result<wallet::PhoneStanding> parse_standing(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    wallet::PhoneStanding standing;
    MITOME_TRY(bound, body.flag("resident_bound"));
    MITOME_TRY(witness, body.text("witness"));
    MITOME_TRY(rows, body.objects("certificates"));
    standing.bound = bound;
    standing.rolled_back = witness == "rolled_back";
    // null: none was given yet.
    if (auto lease = body.optional_object("lease"); lease && *lease) {
        MITOME_TRY(until, (*lease)->time("until"));
        standing.lease_until = until;
    }
    for (auto& row : rows) {
        MITOME_TRY(kind, row.text("kind"));
        MITOME_TRY(serial, row.hex("serial"));
        MITOME_TRY(state, row.text("state"));
        const auto known = kind_of(kind);
        if (!known) return fail(Fault::malformed, "phone: no such kind");
        standing.certificates.push_back(
            {.kind = *known, .serial = std::move(serial), .state = std::move(state)});
    }
    return standing;
}

/// Boost.JSON's arrays stand alone here; JsonObject reads members.
Result<std::vector<http::JsonObject>> objects_in(BytesView json) {
    MITOME_TRY(whole, http::JsonObject::parse(join({view("{\"rows\":"), json, view("}")})));
    return whole.objects("rows");
}

Result<std::vector<wallet::Notice>> parse_notices(BytesView json) {
    MITOME_TRY(rows, objects_in(json));
    std::vector<wallet::Notice> notices;
    for (auto& row : rows) {
        wallet::Notice notice;
        MITOME_TRY(number, row.number("number"));
        MITOME_TRY(at, row.time("at"));
        MITOME_TRY(code, row.text("code"));
        MITOME_TRY(detail, row.text("detail"));
        notice = {.number = number, .at = at, .code = std::move(code), .detail = std::move(detail)};
        notices.push_back(std::move(notice));
    }
    return notices;
}

Result<std::vector<wallet::FormerPhone>> parse_former(BytesView json) {
    MITOME_TRY(rows, objects_in(json));
    std::vector<wallet::FormerPhone> former;
    for (auto& row : rows) {
        wallet::FormerPhone phone;
        MITOME_TRY(element, row.text("element"));
        MITOME_TRY(state, row.text("state"));
        MITOME_TRY(since, row.time("since"));
        phone = {.element = std::move(element),
                 .state = std::move(state),
                 .since = since,
                 .receipt = {}};
        if (row.has("receipt")) {
            MITOME_TRY(receipt, row.base64("receipt"));
            phone.receipt = std::move(receipt);
        }
        former.push_back(std::move(phone));
    }
    return former;
}

}  // namespace

Result<std::unique_ptr<Registration>> Registration::connect(std::uint16_t port,
                                                            http::TlsIdentity device) {
    MITOME_TRY(certificate, pki::Certificate::from_pem(device.certificate_pem));
    MITOME_TRY(element, http::role_of(certificate.der()));
    const auto space = element.find(' ');
    if (space != std::string::npos) element = element.substr(space + 1);
    http::Url url;
    url.tls = true;
    url.host = "127.0.0.1";
    url.port = port;
    http::Client::Options options;
    options.largest_body = largest_answer;
    options.tls = std::move(device);
    MITOME_TRY(client, http::Client::create(url, std::move(options)));
    return std::unique_ptr<Registration>{new Registration{std::move(client), std::move(element)}};
}

Reply<http::Response> Registration::send(const http::Request& request, bool repeatable) {
    auto response = client_->send(request, repeatable);
    if (response) return std::move(*response);
    log(Level::debug, "registration: no answer", {{"error", response.error()}});
    switch (response.error().fault) {
        case Fault::unverified:
        case Fault::denied: return refused(Code::peer_unverified);
        case Fault::malformed: return refused(Code::answer_malformed);
        case Fault::absent:
        case Fault::conflict:
        case Fault::unavailable: return refused(Code::service_unavailable);
        case Fault::broken: return refused(Code::broken);
    }
    return refused(Code::broken);
}

Reply<Order> Registration::open_order(wallet::Kinds kinds, wallet::OrderFor purpose) {
    boost::json::array names;
    for (const auto kind : apdu::administration::kinds)
        if (apdu::administration::holds(kinds, kind))
            names.emplace_back(kind == wallet::Kind::sign ? "sign" : "auth");
    boost::json::object wish{{"kinds", std::move(names)}};
    if (purpose == wallet::OrderFor::renewal) wish["renewal"] = true;
    auto response = send(json_request("/orders", wish), false);
    if (!response) return std::unexpected{std::move(response).error()};
    if (response->status >= 400) return refused(code_of(*response));
    return order_in(*response);
}

Reply<std::optional<Order>> Registration::open_order_of_this_phone() {
    http::Request request;
    request.path = "/orders/current";
    auto response = send(request, true);
    if (!response) return std::unexpected{std::move(response).error()};
    if (response->status == 404) return std::nullopt;
    if (response->status >= 400) return refused(code_of(*response));
    auto order = order_in(*response);
    if (!order) return std::unexpected{std::move(order).error()};
    return *order;
}

Reply<wallet::Registration::Recovered> Registration::recover(const wallet::RunScript& run) {
    auto begun = send(json_request("/orders/current/recover", boost::json::object{}), true);
    if (!begun) return std::unexpected{std::move(begun).error()};
    // Registration may have settled the order by itself since it was asked for.
    const bool is_settled = begun->status == 404 && code_of(*begun) == Code::order_expired;
    if (begun->status >= 400 && !is_settled) return refused(code_of(*begun));
    if (!is_settled)
        if (auto done = administer(run); !done) return std::unexpected{std::move(done).error()};
    http::Request request;
    request.path = "/orders/last";
    auto response = send(request, true);
    if (!response) return std::unexpected{std::move(response).error()};
    if (response->status >= 400) return refused(code_of(*response));
    auto document = http::JsonObject::parse(response->body);
    if (!document) return refused(Code::answer_malformed);
    const auto state = document->text("state");
    if (!state) return refused(Code::answer_malformed);
    return recovered_of(*state);
}

Reply<wallet::More> Registration::administer(const wallet::RunScript& run) {
    http::Request request;
    request.method = "POST";
    request.path = "/administration";
    const auto head = [&] {
        request.headers = {{"X-Admin-Protocol", std::string{protocol}},
                           {"X-Admin-From", "//se-id/CUD/" + element_ + ";//aa-id/mitome"}};
    };
    head();
    for (int exchange = 0; exchange < most_exchanges; ++exchange) {
        auto response = send(request, true);
        if (!response) return std::unexpected{std::move(response).error()};
        if (response->status >= 400) return refused(code_of(*response));
        if (response->status != 200 && response->status != 204)
            return refused(Code::answer_malformed);
        const auto next = response->header("X-Admin-Next-URI");
        if (response->status == 204 && next.empty())
            return response->header("X-Admin-More") == "1" ? wallet::More::yes : wallet::More::no;
        head();
        const auto question = next.find('?');
        request.path = next.substr(0, question);
        request.query = question == std::string_view::npos ? "" : next.substr(question + 1);
        request.body.clear();
        if (response->status == 204) continue;
        const auto answers = run(response->body);
        if (!answers && answers.error().fault != Fault::malformed)
            return std::unexpected{wallet::Trouble{answers.error()}};
        if (next.empty() && !answers) return refused(Code::answer_malformed);
        if (next.empty()) return wallet::More::no;  // the service wants no answer
        request.headers.push_back(
            {"X-Admin-Script-Status", answers ? "ok" : "script-format-error"});
        if (!answers) continue;
        request.headers.push_back({"Content-Type", std::string{script_type}});
        request.body = *answers;
    }
    return refused(Code::answer_malformed);
}

Reply<Bytes> Registration::certification(BytesView message) {
    http::Request request;
    request.method = "POST";
    request.path = "/cmp/phone";
    request.headers.push_back({"Content-Type", std::string{pki::cmp::media_type}});
    request.body = copy(message);
    // The same octets are the same request: registration gives the stored answer again.
    auto response = send(request, true);
    if (!response) return std::unexpected{std::move(response).error()};
    if (response->header("Content-Type") != pki::cmp::media_type)
        return refused(code_of(*response));
    return std::move(response->body);
}

Reply<Bytes> Registration::get(std::string path, std::string query) {
    http::Request request;
    request.path = std::move(path);
    request.query = std::move(query);
    auto response = send(request, true);
    if (!response) return std::unexpected{std::move(response).error()};
    if (response->status >= 400) return refused(code_of(*response));
    return std::move(response->body);
}

Reply<wallet::PhoneStanding> Registration::standing() {
    auto body = get("/phone");
    if (!body) return std::unexpected{std::move(body).error()};
    auto standing = parse_standing(*body);
    if (!standing) return refused(Code::answer_malformed);
    return std::move(*standing);
}

Reply<std::vector<wallet::Notice>> Registration::notices(std::uint64_t after) {
    auto body = get("/notices", "after=" + std::to_string(after));
    if (!body) return std::unexpected{std::move(body).error()};
    auto notices = parse_notices(*body);
    if (!notices) return refused(Code::answer_malformed);
    return std::move(*notices);
}

Reply<std::vector<wallet::FormerPhone>> Registration::former() {
    auto body = get("/former");
    if (!body) return std::unexpected{std::move(body).error()};
    auto former = parse_former(*body);
    if (!former) return refused(Code::answer_malformed);
    return std::move(*former);
}

Reply<void> Registration::hand_over(BytesView receipt) {
    auto response =
        send(json_request("/receipts", boost::json::object{{"receipt", to_base64(receipt)}}), true);
    if (!response) return std::unexpected{std::move(response).error()};
    if (response->status >= 400) return refused(code_of(*response));
    return {};
}

Reply<StopCode> Registration::new_stop_code() {
    auto response = send(json_request("/stop-code", boost::json::object{}), false);
    if (!response) return std::unexpected{std::move(response).error()};
    if (response->status >= 400) return refused(code_of(*response));
    auto document = http::JsonObject::parse(response->body);
    wipe(response->body);
    if (!document) return refused(Code::answer_malformed);
    auto digits = document->text("code");
    StopCode code;
    const bool taken =
        digits && digits->size() == StopCode::capacity() && code.assign(view(*digits));
    if (digits) wipe({reinterpret_cast<std::uint8_t*>(digits->data()), digits->size()});
    if (!taken) return refused(Code::answer_malformed);
    return code;
}

Reply<Registration::Stopped> Registration::stop(std::string_view element, const StopCode& code) {
    auto request = code.reveal([&](BytesView digits) {
        return json_request("/stop",
                            boost::json::object{{"phone", element}, {"code", text(digits)}});
    });
    auto response = send(request, false);
    wipe(request.body);
    if (!response) return std::unexpected{std::move(response).error()};
    auto document = http::JsonObject::parse(response->body);
    if (response->status >= 400) {
        const auto why = code_of(*response);
        if (why != Code::stop_code_wrong || !document || !document->has("tries_left"))
            return refused(why);
        const auto left = document->number("tries_left");
        if (!left || *left > 100) return refused(Code::answer_malformed);
        return WrongStopCode{static_cast<unsigned>(*left)};
    }
    if (!document) return refused(Code::answer_malformed);
    const auto held = document->texts("held");
    if (!held) return refused(Code::answer_malformed);
    std::vector<pki::Kind> kinds;
    for (const auto& word : *held) {
        const auto kind = kind_of(word);
        if (!kind) return refused(Code::answer_malformed);
        kinds.push_back(*kind);
    }
    return kinds;
}

}  // namespace mitome::client
