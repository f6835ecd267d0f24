// SPDX-License-Identifier: Apache-2.0
#pragma once

// HTTP/1.1 as octets (RFC 9112), without any notion of where they come from.

#include <mitome/http/message.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mitome::http {

struct Bounds {
    std::size_t header;
    std::size_t body;
};

/// Reads one request after another from a stream of octets.
class RequestReader {
public:
    explicit RequestReader(Bounds bounds);
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;
    ~RequestReader();

    /// Takes octets from the front of `input` and answers how many; the caller keeps the rest
    /// and shows it again, with more behind it. An error's code is the HTTP status to answer
    /// with; nothing can be read after it.
    [[nodiscard]] Result<std::size_t> take(BytesView input);

    [[nodiscard]] bool has_head() const;
    [[nodiscard]] bool complete() const;
    /// The client waits for "100 Continue" before it sends the body. RFC 9110 §10.1.1
    [[nodiscard]] bool expects_continue() const;
    [[nodiscard]] bool keeps_alive() const;
    [[nodiscard]] bool is_http_1_0() const;
    [[nodiscard]] Request& request();

    /// Forgets the request, but not the peer's certificate.
    void next();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Reads the answer to one request.
class ResponseReader {
public:
    /// `method` as it was asked: the answer to HEAD has no body, whatever it declares.
    ResponseReader(Bounds bounds, std::string_view method);
    ResponseReader(const ResponseReader&) = delete;
    ResponseReader& operator=(const ResponseReader&) = delete;
    ~ResponseReader();

    /// As for requests; interim answers (1xx) are skipped.
    [[nodiscard]] Result<std::size_t> take(BytesView input);
    /// The stream has ended: completes a body that was delimited by that.
    [[nodiscard]] Done end();

    [[nodiscard]] bool complete() const;
    [[nodiscard]] bool keeps_alive() const;
    [[nodiscard]] Response& response();

private:
    struct State;
    std::unique_ptr<State> state_;
};

enum class Afterwards : std::uint8_t { keep, close };

/// Status line and headers of `response` behind `out`. False, and nothing is added, when a
/// header could not stand on the wire.
[[nodiscard]] bool append_head(std::string& out, const Response& response, Afterwards afterwards,
                               bool to_http_1_0);

/// Request line and headers, `host` being what stands in Host.
[[nodiscard]] bool append_head(std::string& out, const Request& request, std::string_view host);

}  // namespace mitome::http
