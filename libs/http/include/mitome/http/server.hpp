// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/secret.hpp>
#include <mitome/http/message.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mitome::http {

/// TLS 1.2 and 1.3 by OpenSSL. Certificates are PEM.
struct TlsIdentity {
    std::string certificate_pem;  ///< own certificate, chain behind it
    SecretBytes key_pem;
    std::string trusted_pem;  ///< who may be on the other side: CAs, or certificates themselves
};

struct Limits {
    std::size_t body = std::size_t{64} << 10;  ///< octets; longer → 413
    std::size_t header = std::size_t{16} << 10;  ///< request line included; longer → 431
    /// Longest wait for a handshake, for a whole head, then for a whole body, and for the peer
    /// to take a part of the answer. Octets that drip in do not prolong it.
    std::chrono::seconds idle{30};
    unsigned connections = 1024;  ///< one more is sent 503 (over TLS: closed) at once
};

/// Called from several threads at once, in the thread that serves the connection: one that
/// waits holds back other connections once all threads wait. Must not throw.
using Handle = std::function<Response(const Request&)>;

/// An HTTP/1.1 server on the loopback address.
class Server {
public:
    struct Options {
        std::uint16_t port = 0;  ///< 0: the system chooses
        unsigned threads = 2;
        Limits limits = {};
        std::optional<TlsIdentity> tls =
            std::nullopt;  ///< present: peers must show a certificate we trust
    };
    /// Listens at once; `unavailable` (code = errno) when the port is taken.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(Options options, Handle handle);
    /// Stops listening, lets running requests end, joins its threads.
    virtual ~Server() = default;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    /// The same; a second call does nothing. Never from inside a handler: it would wait for itself.
    virtual void stop() = 0;
};

}  // namespace mitome::http
