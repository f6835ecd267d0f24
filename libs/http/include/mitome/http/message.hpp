// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <optional>
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

struct Response {
    unsigned status = 200;
    std::vector<Header> headers;
    Bytes body;

    [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace mitome::http
