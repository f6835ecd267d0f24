// SPDX-License-Identifier: Apache-2.0
#include "public_routes.hpp"

#include <mitome/base/log.hpp>
#include <mitome/http/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace mitome::status {
namespace {

// A request names at most 32 certificates; with SHA-512 digests that is under 6 KiB.
constexpr std::size_t longest_request = std::size_t{8} << 10;
// How long others may keep an answer, in seconds; a change shall not stay unseen for longer.
constexpr std::string_view ocsp_caching =
    "max-age=60, public, no-transform, must-revalidate";  // RFC 5019 §6.2
constexpr std::string_view file_caching = "max-age=5, public, no-transform, must-revalidate";

constexpr std::string_view ocsp_type = "application/ocsp-response";

// IMF-fixdate, RFC 9110 §5.6.7.
std::string http_date(Time time) {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto midnight = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day day{midnight};
    const std::string clock = to_rfc3339(time).substr(11, 8);
    std::string date{days[std::chrono::weekday{midnight}.c_encoding()]};
    date += ", ";
    date += to_rfc3339(time).substr(8, 2);
    date += ' ';
    date += months[static_cast<unsigned>(day.month()) - 1];
    date += ' ';
    date += to_rfc3339(time).substr(0, 4);
    date += ' ' + clock + " GMT";
    return date;
}

// RFC 9110 §13.1.2, weak comparison; there are no commas in tags of ours.
bool has_current(std::string_view if_none_match, std::string_view etag) {
    if (if_none_match == "*") return true;
    return !etag.empty() && if_none_match.find(etag) != std::string_view::npos;
}

http::Response refusing(pki::OcspRefusal refusal) {
    http::Response response;
    response.headers = {{"Content-Type", std::string{ocsp_type}}, {"Cache-Control", "no-store"}};
    response.body = pki::ocsp_refusal(refusal);
    return response;
}

enum class Caching : std::uint8_t { told, untold };

http::Response ocsp(Publication& publication, const http::Request& request, BytesView asked,
                    Caching caching) {
    const auto outcome = publication.answer(asked);
    if (const auto* refused = std::get_if<pki::OcspRefusal>(&outcome)) {
        return refusing(*refused);
    }
    const auto& answer = std::get<std::shared_ptr<const SignedAnswer>>(outcome);
    http::Response response;
    response.headers.reserve(5);
    response.headers.push_back({"Content-Type", std::string{ocsp_type}});
    if (answer->etag.empty()) {  // with a nonce: made for this request alone
        response.headers.push_back({"Cache-Control", "no-store"});
    } else if (caching == Caching::told) {
        response.headers.push_back({"Cache-Control", std::string{ocsp_caching}});
        response.headers.push_back({"Last-Modified", http_date(answer->this_update)});
        response.headers.push_back({"Expires", http_date(answer->next_update)});
        response.headers.push_back({"ETag", answer->etag});
        if (has_current(request.header("If-None-Match"), answer->etag)) {
            response.status = 304;
            return response;
        }
    }
    response.shared_body = {answer, &answer->der};
    return response;
}

http::Response ocsp_by_get(Publication& publication, const http::Call& call) {
    const auto asked = pki::ocsp_request_of_path(call.rest);
    if (!asked) return refusing(pki::OcspRefusal::malformed_request);
    return ocsp(publication, call.request, *asked, Caching::told);
}

http::Response file(const std::optional<PublicFile>& found, std::string_view type,
                    const http::Request& request) {
    if (!found) return http::problem(503, "service_unavailable", "not received yet");
    http::Response response;
    response.headers = {{"Content-Type", std::string{type}},
                        {"Cache-Control", std::string{file_caching}},
                        {"Last-Modified", http_date(found->since)},
                        {"ETag", found->etag}};
    // RFC 9110 §13.1.3: If-Modified-Since counts only without If-None-Match.
    const std::string_view tags = request.header("If-None-Match");
    const bool unchanged =
        tags.empty() ? request.header("If-Modified-Since") == response.header("Last-Modified")
                     : has_current(tags, found->etag);
    if (unchanged) {
        response.status = 304;
    } else {
        response.shared_body = found->der;
    }
    return response;
}

// `card-sign.crl` with suffix `.crl` → card-sign
std::optional<pki::Ca> ca_of_file(std::string_view name, std::string_view suffix) {
    if (!name.ends_with(suffix)) return std::nullopt;
    return pki::ca_of(name.substr(0, name.size() - suffix.size()));
}

http::Response no_such_file() {
    return http::problem(404, "not_supported", "there is no such file");
}

}  // namespace

http::Routes public_routes(Publication& publication) {
    const auto ocsp_post = [&publication](const http::Call& call) {
        return ocsp(publication, call.request, call.request.body, Caching::untold);
    };
    const auto ocsp_get = [&publication](const http::Call& call) {
        return ocsp_by_get(publication, call);
    };
    const auto crl = [&publication](const http::Call& call) {
        const auto ca = ca_of_file(call.rest, ".crl");
        if (!ca) return no_such_file();
        return file(publication.crl(*ca), "application/pkix-crl", call.request);
    };
    const auto certificate = [&publication](const http::Call& call) {
        const auto ca = ca_of_file(call.rest, ".cer");
        if (!ca) return no_such_file();
        return file(publication.certificate(*ca), "application/pkix-cert", call.request);
    };
    const auto ready = [&publication](const http::Call&) {
        if (publication.behind()) {
            return http::problem(503, "service_unavailable", "behind the authority");
        }
        return http::json_response(R"({"ready":true})");
    };
    const auto health = [](const http::Call&) {
        return http::json_response(R"({"healthy":true})");
    };
    return {http::Listener::open,
            {
                {"POST", "/ocsp", {}, longest_request, ocsp_post},
                {"GET", "/ocsp/*", {}, 0, ocsp_get},
                {"GET", "/crl/*", {}, 0, crl},
                {"GET", "/ca/*", {}, 0, certificate},
                {"GET", "/health", {}, 0, health},
                {"GET", "/ready", {}, 0, ready},
            }};
}

}  // namespace mitome::status
