// SPDX-License-Identifier: Apache-2.0
#include "feed_routes.hpp"

#include <mitome/base/log.hpp>
#include <mitome/http/json.hpp>

namespace mitome::status {
namespace {

// Four CRLs of 400,000 entries each as base64.
constexpr std::size_t longest_feed = std::size_t{128} << 20;

http::Response refusal(const Error& error) {
    log(Level::error, "status.feed_refused", {{"error", error}});
    switch (error.fault) {
        case Fault::malformed: return http::problem(400, "request_refused", error.what.text);
        case Fault::unverified:
        case Fault::denied:
        case Fault::absent:
        case Fault::conflict: return http::problem(409, "request_refused", error.what.text);
        case Fault::unavailable: return http::problem(503, "service_unavailable", error.what.text);
        case Fault::broken: break;
    }
    return http::problem(500, "broken", error.what.text);
}

http::Response take(Reception& reception, const http::Call& call) {
    const auto feed = parse_feed(call.request.body);
    if (!feed) return refusal(feed.error());
    const auto answer = reception.take(*feed);
    if (!answer) return refusal(answer.error());
    return http::json_response(to_json(*answer));
}

}  // namespace

http::Routes feed_routes(Reception& reception, const Publication& publication) {
    const auto feed = [&reception](const http::Call& call) { return take(reception, call); };
    const auto health = [](const http::Call&) {
        return http::json_response(R"({"healthy":true})");
    };
    const auto ready = [&publication](const http::Call&) {
        if (publication.behind()) {
            return http::problem(503, "service_unavailable", "behind the authority");
        }
        return http::json_response(R"({"ready":true})");
    };
    return {http::Listener::mutual_tls,
            {
                {"POST", "/feed", {"authority"}, longest_feed, feed},
                {"GET", "/health", {http::any_role}, 0, health},
                {"GET", "/ready", {http::any_role}, 0, ready},
            }};
}

}  // namespace mitome::status
