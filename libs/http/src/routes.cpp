// SPDX-License-Identifier: Apache-2.0
#include <mitome/http/peer.hpp>
#include <mitome/http/routes.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace mitome::http {
namespace {

constexpr std::string_view element_role = "element";

std::optional<std::string_view> rest_of(const Route& route, std::string_view path) {
    if (!route.path.ends_with('*')) {
        return path == route.path ? std::optional<std::string_view>{""} : std::nullopt;
    }
    const std::string_view stem = route.path.substr(0, route.path.size() - 1);
    if (!path.starts_with(stem)) return std::nullopt;
    return path.substr(stem.size());
}

bool takes(const Route& route, std::string_view method) {
    return route.method == method || (route.method == "GET" && method == "HEAD");
}

}  // namespace

Caller caller_of(BytesView certificate) {
    auto name = role_of(certificate);
    if (!name) return {};
    std::string& role = *name;
    if (role == element_role) return {};  // an element without its identity is nobody
    if (role.starts_with("element ")) {
        const auto id = from_hex(std::string_view{role}.substr(element_role.size() + 1));
        if (!id || id->empty()) return {};
        return {std::string{element_role}, to_hex(*id)};
    }
    return {std::move(role), {}};
}

Routes::Routes(Listener listener, std::vector<Route> routes)
    : listener_(listener), routes_(std::move(routes)) {}

std::size_t Routes::longest_body() const {
    std::size_t longest = 0;
    for (const Route& route : routes_) longest = std::max(longest, route.body);
    return longest;
}

bool Routes::admits(const Route& route, const Caller& caller) const {
    if (listener_ == Listener::open) return route.roles.empty();
    if (caller.role.empty()) return false;
    return std::ranges::any_of(route.roles, [&](std::string_view role) {
        return role == any_role || role == caller.role;
    });
}

Response Routes::operator()(const Request& request) const {
    std::string allowed;
    for (const Route& route : routes_) {
        const auto rest = rest_of(route, request.path);
        if (!rest) continue;
        if (!takes(route, request.method)) {
            if (!allowed.empty()) allowed += ", ";
            allowed += route.method;
            if (route.method == "GET") allowed += ", HEAD";
            continue;
        }
        Caller caller;
        if (listener_ == Listener::mutual_tls) caller = caller_of(request.peer_certificate);
        if (!admits(route, caller)) {
            return problem(403, "not_authorized", "this peer may not call this route");
        }
        if (request.body.size() > route.body) {
            return problem(413, "request_refused", "the body is longer than this route takes");
        }
        return route.handle({request, std::move(caller), *rest});
    }
    if (allowed.empty()) return problem(404, "not_supported", "there is no such route");
    Response response = problem(405, "not_supported", "this route takes another method");
    response.headers.push_back({"Allow", std::move(allowed)});
    return response;
}

}  // namespace mitome::http
