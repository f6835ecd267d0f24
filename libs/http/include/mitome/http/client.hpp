// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/http/server.hpp>
#include <mitome/http/url.hpp>

#include <stop_token>

namespace mitome::http {

/// A client for one server; keeps its connection while the server does. One request at a time,
/// from one thread. Follows no redirection, keeps no cookie, asks no proxy. Where to go on that
/// server is said by each request; `server.target` is not looked at.
class Client {
public:
    struct Options {
        std::chrono::milliseconds connect_timeout{5'000};
        std::chrono::milliseconds timeout{40'000};
        std::size_t largest_body = std::size_t{64} << 20;
        std::optional<TlsIdentity> tls = std::nullopt;  ///< needed for https
    };
    [[nodiscard]] static Result<std::unique_ptr<Client>> create(const Url& server, Options options);
    virtual ~Client() = default;

    /// `unavailable` when the server does not answer in time or hangs up; `unverified` when its
    /// certificate is not trusted or names another host; `denied` when it refuses our
    /// certificate (code = TLS alert); `malformed` when it does not speak HTTP or its answer is
    /// too long. Any HTTP status is an answer, not an error. A request on a
    /// kept connection that was closed meanwhile is sent once more only if nothing was answered
    /// and its method is GET, or `repeatable` says that carrying it out twice is harmless.
    [[nodiscard]] virtual Result<Response> send(const Request& request,
                                                bool repeatable = false) = 0;

    /// The same; ends soon with `unavailable` once `stop` is requested.
    [[nodiscard]] virtual Result<Response> send(const Request& request, std::stop_token stop,
                                                bool repeatable = false) = 0;
};

}  // namespace mitome::http
