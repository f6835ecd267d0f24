// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/secret.hpp>
#include <mitome/http/message.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace mitome::http {

/// TLS 1.2 and 1.3 by OpenSSL. Certificates are PEM.
struct TlsIdentity {
    std::string certificate_pem;  ///< own certificate, chain behind it
    SecretBytes key_pem;
    std::string trusted_pem;      ///< who may be on the other side
};

struct Limits {
    std::size_t body = std::size_t{64} << 10;  ///< octets; longer → 413
    std::size_t header = std::size_t{16} << 10;
    std::chrono::seconds idle{30};
    unsigned connections = 1024;
};

/// Called from several threads at once. Must not throw.
using Handle = std::function<Response(const Request&)>;

/// An HTTP/1.1 server on the loopback address.
class Server {
public:
    struct Options {
        std::uint16_t port = 0;  ///< 0: the system chooses
        unsigned threads = 2;
        Limits limits;
        std::optional<TlsIdentity> tls;  ///< present: peers must show a certificate we trust
    };
    /// Listens at once; `unavailable` (code = errno) when the port is taken.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(Options options, Handle handle);
    /// Stops listening, lets running requests end, joins its threads.
    virtual ~Server() = default;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    virtual void stop() = 0;
};

}  // namespace mitome::http
