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

Reply<Order> Registration::open_order(wallet::Kinds kinds) {
    boost::json::array names;
    for (const auto kind : apdu::administration::kinds)
        if (apdu::administration::holds(kinds, kind))
            names.emplace_back(kind == wallet::Kind::sign ? "sign" : "auth");
    auto response =
        send(json_request("/orders", boost::json::object{{"kinds", std::move(names)}}), false);
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
    if (begun->status >= 400) return refused(code_of(*begun));
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

Reply<void> Registration::administer(const wallet::RunScript& run) {
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
        if (response->status == 204 && next.empty()) return {};
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
        if (next.empty()) return {};  // the service wants no answer
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

}  // namespace mitome::client
