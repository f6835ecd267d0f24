// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mitome::http {

struct Header {
    std::string name;
    std::string value;
};

struct Request {
    std::string method = "GET";
    std::string path = "/";   ///< percent-encoding kept; no query
    std::string query;        ///< without the question mark
    std::vector<Header> headers;
    Bytes body;
    /// The peer's certificate as TLS verified it, DER; empty on a plain connection.
    Bytes peer_certificate;

    /// Case-insensitive; empty when absent.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// A server adds Date, Content-Length and Connection itself. A name or value that could not
/// stand in a header (CR, LF, other controls) turns the whole answer into a 500.
struct Response {
    unsigned status = 200;
    std::vector<Header> headers;
    Bytes body;
    /// Sent instead of `body` when set. Also owned by whoever keeps the answer for the next
    /// request (a CRL, a cached OCSP response); never set in what a client receives.
    std::shared_ptr<const Bytes> shared_body;

    [[nodiscard]] const Bytes& content() const { return shared_body ? *shared_body : body; }

    [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace mitome::http
