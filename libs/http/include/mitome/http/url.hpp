// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mitome::http {

/// `http://127.0.0.1:8080/ocsp` taken apart. Only http and https; no user part, no fragment.
struct Url {
    bool tls = false;
    std::string host;  ///< an IPv6 address without its brackets
    std::uint16_t port = 0;
    std::string target = "/";  ///< path and query

    [[nodiscard]] static Result<Url> parse(std::string_view text);
    /// The text again; the port always stands in it.
    [[nodiscard]] std::string to_text() const;
};

/// RFC 3986 §2.1. `malformed` for a % without two digits. What comes out may be any octets.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text);

/// Everything but unreserved characters (RFC 3986 §2.3) as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// The value of the first `name=value` in a query, decoded, `+` being a blank. Nothing when the
/// name is not there; `malformed` when its value cannot be decoded.
[[nodiscard]] Result<std::optional<std::string>> parameter(std::string_view query,
                                                           std::string_view name);

}  // namespace mitome::http
