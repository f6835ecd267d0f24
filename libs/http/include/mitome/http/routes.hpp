// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/http/problem.hpp>
#include <mitome/http/server.hpp>

#include <initializer_list>
#include <string_view>
#include <vector>

namespace mitome::http {

/// Who calls, by the common name of the certificate that TLS verified.
struct Caller {
    std::string role;  ///< `registration`, `operator`, `element`, …; empty on a public listener
    std::string element;  ///< the HEX identity behind `element `, upper case; else empty
};

struct Call {
    const Request& request;
    Caller caller;
    std::string_view rest;  ///< what the `*` of the route's path stands for, still encoded
};

/// Among the roles of a route: every peer whose certificate names some role.
inline constexpr std::string_view any_role = "*";

struct Route {
    std::string_view method;  ///< a GET route answers HEAD too
    std::string_view path;  ///< exact; a `*` at its end takes the rest
    /// Who may call: a common name, `element` for any `element HEX`, or `any_role`. An empty
    /// list is for public listeners alone; behind mutual TLS it lets nobody in.
    std::vector<std::string_view> roles;
    std::size_t body;  ///< octets; longer → 413
    std::function<Response(const Call&)> handle;
};

enum class Listener : std::uint8_t { open, mutual_tls };

/// Every route of one listener; give it to `Server::start`. What no row admits is refused:
/// 404 for an unknown path, 405 with Allow for a method, 403 for a caller, each a problem
/// document. A row with roles on an open listener is refused as well: nobody can be known there.
class Routes {
public:
    Routes(Listener listener, std::vector<Route> routes);

    [[nodiscard]] Response operator()(const Request& request) const;

    /// The longest body of any row: for `Limits::body`.
    [[nodiscard]] std::size_t longest_body() const;

private:
    [[nodiscard]] bool admits(const Route& route, const Caller& caller) const;

    Listener listener_;
    std::vector<Route> routes_;
};

/// The caller that a DER certificate names: its one common name. An empty role for a
/// certificate that cannot be read, or names none or several.
[[nodiscard]] Caller caller_of(BytesView certificate);

}  // namespace mitome::http
