// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/http/server.hpp>

#include <stop_token>

namespace mitome::http {

/// `http://127.0.0.1:8080/ocsp` taken apart. Only http and https; no user part, no fragment.
struct Url {
    bool tls = false;
    std::string host;
    std::uint16_t port = 0;
    std::string target = "/";  ///< path and query

    [[nodiscard]] static Result<Url> parse(std::string_view text);
};

/// A client for one server; keeps its connection while the server does. One request at a time,
/// from one thread.
class Client {
public:
    struct Options {
        std::chrono::milliseconds connect_timeout{5'000};
        std::chrono::milliseconds timeout{40'000};
        std::size_t largest_body = std::size_t{64} << 20;
        std::optional<TlsIdentity> tls;  ///< needed for https
    };
    [[nodiscard]] static Result<std::unique_ptr<Client>> create(const Url& server, Options options);
    virtual ~Client() = default;

    /// `unavailable` when the server does not answer in time or hangs up; `unverified` when its
    /// certificate is not trusted. Any HTTP status is an answer, not an error. A request on a
    /// kept connection that was closed meanwhile is sent once more only if nothing was answered
    /// and its method is GET, or `repeatable` says that carrying it out twice is harmless.
    [[nodiscard]] virtual Result<Response> send(const Request& request,
                                                bool repeatable = false) = 0;
};

}  // namespace mitome::http
