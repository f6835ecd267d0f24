// SPDX-License-Identifier: Apache-2.0
#include "wire.hpp"

#include "text.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

namespace mitome::http {
namespace {

namespace beast = boost::beast::http;
using BeastError = boost::beast::error_code;
using BeastText = boost::beast::string_view;

constexpr std::size_t shortest_chunked_end = 5;  // RFC 9112 §7.1

// A connection keeps the memory of its last body for the next one, up to this.
constexpr std::size_t largest_kept_body = std::size_t{64} << 10;

std::string_view text_of(BeastText text) { return {text.data(), text.size()}; }

// What a reader does with the parts of a message, whichever way it travels.
template <bool IsRequest>
class Parser final : public beast::basic_parser<IsRequest> {
public:
    using Message = std::conditional_t<IsRequest, Request, Response>;

    Parser(Message& message, const Bounds& bounds) : message_(message), bounds_(bounds) {
        this->eager(true);
        this->header_limit(static_cast<std::uint32_t>(
            std::min<std::size_t>(bounds.header, std::uint32_t(-1) / 2)));
        this->body_limit(bounds.body);
    }

    unsigned hosts = 0;
    bool expects_continue = false;
    bool other_coding = false;
    bool http_1_0 = false;

private:
    void on_request_impl(beast::verb, BeastText method, BeastText target, int version,
                         BeastError& error) override {
        if constexpr (IsRequest) {
            http_1_0 = version == 10;
            message_.method = text_of(method);
            if (!take_target(text_of(target))) error = beast::error::bad_target;
        }
    }

    void on_response_impl(int status, BeastText, int version, BeastError&) override {
        if constexpr (!IsRequest) {
            http_1_0 = version == 10;
            message_.status = static_cast<unsigned>(status);
        }
    }

    void on_field_impl(beast::field known, BeastText name, BeastText value, BeastError&) override {
        // Trailers come after the body and are nobody's header. RFC 9110 §6.5.1
        if (in_body_) return;
        if (known == beast::field::host) ++hosts;
        if (known == beast::field::expect && same_word(text_of(value), "100-continue")) {
            expects_continue = true;
        }
        if (known == beast::field::transfer_encoding) {
            // A coding beside chunked would leave us guessing where the message ends.
            other_coding = other_coding || coded_ || !same_word(text_of(value), "chunked");
            coded_ = true;
        }
        message_.headers.push_back({std::string{text_of(name)}, std::string{text_of(value)}});
    }

    void on_header_impl(BeastError&) override { in_body_ = true; }

    void on_body_init_impl(const boost::optional<std::uint64_t>& declared, BeastError&) override {
        // A declared length costs the sender nothing: reserve no more than a first piece.
        constexpr std::uint64_t first_piece = 65'536;
        if (declared) {
            message_.body.reserve(static_cast<std::size_t>(std::min(*declared, first_piece)));
        }
    }

    std::size_t on_body_impl(BeastText body, BeastError& error) override {
        if (body.size() > bounds_.body - message_.body.size()) {
            error = beast::error::body_limit;
            return 0;
        }
        append(message_.body, view(text_of(body)));
        return body.size();
    }

    void on_chunk_header_impl(std::uint64_t, BeastText, BeastError&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, BeastText body, BeastError& error) override {
        return on_body_impl(body, error);
    }

    void on_finish_impl(BeastError&) override {}

    // RFC 9112 §3.2: origin-form, absolute-form (which servers must accept), "*" for OPTIONS.
    bool take_target(std::string_view target) {
        if constexpr (IsRequest) {
            if (!is_visible(target) || target.find('#') != std::string_view::npos) return false;
            constexpr std::string_view scheme = "http://";
            constexpr std::string_view secure = "https://";
            std::size_t skipped = 0;
            if (same_word(target.substr(0, scheme.size()), scheme)) skipped = scheme.size();
            if (same_word(target.substr(0, secure.size()), secure)) skipped = secure.size();
            if (skipped != 0) {
                target.remove_prefix(skipped);
                const std::size_t path = std::min(target.find_first_of("/?"), target.size());
                if (path == 0) return false;
                target.remove_prefix(path);
            } else if (target == "*") {
                message_.path = target;
                return message_.method == "OPTIONS";
            } else if (target.front() != '/') {
                return false;
            }
            const std::size_t mark = std::min(target.find('?'), target.size());
            message_.path = mark == 0 ? "/" : target.substr(0, mark);
            message_.query = target.substr(std::min(mark + 1, target.size()));
        }
        return true;
    }

    Message& message_;
    const Bounds& bounds_;
    bool in_body_ = false;
    bool coded_ = false;
};

// Runs the parser over `input`. The answer is how many octets it took.
template <bool IsRequest>
std::size_t run(Parser<IsRequest>& parser, BytesView input, std::size_t& head, const Bounds& bounds,
                BeastError& error) {
    const bool in_head = !parser.is_header_done();
    // Beast 1.81 aborts when it has seen a last chunk without its final line and is shown fewer
    // than five octets. No chunked body ends with fewer ("0", twice CRLF), so waiting for them
    // holds nothing up.
    if (!in_head && parser.chunked() && input.size() < shortest_chunked_end) return 0;
    const std::size_t used =
        parser.put(boost::asio::const_buffer{input.data(), input.size()}, error);
    if (error == beast::error::need_more) error = {};
    if (error) return used;

    // Beast's own bound holds only for what is shown to it at once, and for no trailer or chunk
    // extension at all.
    if (in_head) {
        head += parser.is_header_done() ? 0 : used;
        const std::size_t waiting = parser.is_header_done() ? 0 : input.size() - used;
        if (head + waiting > bounds.header) error = beast::error::header_limit;
    }
    if (!parser.is_done() && parser.is_header_done() && input.size() - used > bounds.header) {
        error = beast::error::bad_chunk_extension;
    }
    return used;
}

// RFC 9110 §5.6.7 IMF-fixdate, made anew once a second.
std::string_view date() {
    thread_local std::time_t written = -1;
    thread_local std::string text;
    const std::time_t now = std::time(nullptr);
    if (now != written) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        // strftime would follow the locale.
        constexpr const char* days[]{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        constexpr const char* months[]{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const auto two = [](int number) {
            return std::string{static_cast<char>('0' + number / 10),
                               static_cast<char>('0' + number % 10)};
        };
        text = std::string{days[parts.tm_wday]} + ", " + two(parts.tm_mday) + ' ' +
               months[parts.tm_mon] + ' ' + std::to_string(parts.tm_year + 1900) + ' ' +
               two(parts.tm_hour) + ':' + two(parts.tm_min) + ':' + two(parts.tm_sec) + " GMT";
        written = now;
    }
    return text;
}

bool can_stand(const std::vector<Header>& headers) {
    return std::ranges::all_of(headers, [](const Header& header) {
        return is_token(header.name) && is_field_value(header.value);
    });
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

void append_number(std::string& out, std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number);
    out.append(digits, end.ptr);
}

// Headers that say how the message is cut, which is ours alone to say.
bool is_framing(std::string_view name) {
    return same_word(name, "Content-Length") || same_word(name, "Transfer-Encoding") ||
           same_word(name, "Connection");
}

}  // namespace

struct RequestReader::State {
    explicit State(Bounds given) : bounds(given) { parser.emplace(request, bounds); }

    Bounds bounds;
    Request request;
    std::optional<Parser<true>> parser;
    std::size_t head = 0;
    bool head_checked = false;
};

RequestReader::RequestReader(Bounds bounds) : state_(std::make_unique<State>(bounds)) {}
RequestReader::~RequestReader() = default;

Result<std::size_t> RequestReader::take(BytesView input) {
    auto& parser = *state_->parser;
    if (parser.is_done() || input.empty()) return std::size_t{0};

    std::size_t used = 0;
    // RFC 9112 §2.2: "a server … SHOULD ignore at least one empty line" before a request line.
    if (!parser.got_some()) {
        while (used + 1 < input.size() && used < 4 && input[used] == '\r' &&
               input[used + 1] == '\n') {
            used += 2;
        }
        if (used == input.size()) return used;
    }

    BeastError error;
    used += run(parser, input.subspan(used), state_->head, state_->bounds, error);
    if (error == beast::error::body_limit) return fail(Fault::denied, "http: body too long", 413);
    if (error == beast::error::header_limit) {
        return fail(Fault::denied, "http: head too long", 431);
    }
    if (error == beast::error::bad_version) {
        return fail(Fault::malformed, "http: not version 1.0 or 1.1", 505);
    }
    if (error) return fail(Fault::malformed, "http: not a request", 400);

    if (parser.is_header_done() && !state_->head_checked) {
        state_->head_checked = true;
        if (parser.other_coding) {
            return fail(Fault::malformed, "http: unknown transfer coding", 501);
        }
        // RFC 9112 §6.1: a coding in 1.0 is faulty framing. §3.2: exactly one Host in 1.1.
        if (parser.http_1_0 ? parser.chunked() : parser.hosts != 1) {
            return fail(Fault::malformed, "http: not a request", 400);
        }
    }
    return used;
}

bool RequestReader::has_head() const { return state_->parser->is_header_done(); }
bool RequestReader::complete() const { return state_->parser->is_done(); }
bool RequestReader::expects_continue() const {
    return state_->parser->expects_continue && !state_->parser->http_1_0;
}
bool RequestReader::keeps_alive() const { return state_->parser->keep_alive(); }
bool RequestReader::is_http_1_0() const { return state_->parser->http_1_0; }
Request& RequestReader::request() { return state_->request; }

void RequestReader::next() {
    Request& request = state_->request;
    request.query.clear();
    request.headers.clear();
    request.body.clear();
    if (request.body.capacity() > largest_kept_body) request.body.shrink_to_fit();
    state_->head = 0;
    state_->head_checked = false;
    state_->parser.emplace(request, state_->bounds);
}

struct ResponseReader::State {
    State(Bounds given, std::string_view asked) : bounds(given), head_only(asked == "HEAD") {
        start();
    }

    void start() {
        response = {};
        head = 0;
        parser.emplace(response, bounds);
        parser->skip(head_only);
    }

    Bounds bounds;
    bool head_only;
    Response response;
    std::optional<Parser<false>> parser;
    std::size_t head = 0;
    unsigned interim = 0;
};

ResponseReader::ResponseReader(Bounds bounds, std::string_view method)
    : state_(std::make_unique<State>(bounds, method)) {}
ResponseReader::~ResponseReader() = default;

Result<std::size_t> ResponseReader::take(BytesView input) {
    constexpr unsigned most_interim = 8;
    std::size_t used = 0;
    while (used < input.size() && !complete()) {
        BeastError error;
        const std::size_t taken =
            run(*state_->parser, input.subspan(used), state_->head, state_->bounds, error);
        used += taken;
        if (error == beast::error::body_limit) {
            return fail(Fault::malformed, "http: answer too long");
        }
        if (error || state_->parser->other_coding) {
            return fail(Fault::malformed, "http: not an answer");
        }
        // RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses".
        const unsigned status = state_->response.status;
        if (state_->parser->is_header_done() && (status < 100 || status > 599)) {
            return fail(Fault::malformed, "http: not an answer");
        }
        if (state_->parser->is_header_done() && status >= 100 && status < 200) {
            if (status == 101 || ++state_->interim > most_interim) {
                return fail(Fault::malformed, "http: not an answer");
            }
            state_->start();
            continue;
        }
        if (taken == 0) break;
    }
    return used;
}

Done ResponseReader::end() {
    if (complete()) return {};
    if (!state_->parser->got_some()) return fail(Fault::unavailable, "http: no answer");
    BeastError error;
    state_->parser->put_eof(error);
    if (error) return fail(Fault::unavailable, "http: answer broke off");
    return {};
}

bool ResponseReader::complete() const { return state_->parser->is_done(); }
bool ResponseReader::keeps_alive() const { return state_->parser->keep_alive(); }
Response& ResponseReader::response() { return state_->response; }

bool append_head(std::string& out, const Response& response, Afterwards afterwards,
                 bool to_http_1_0) {
    if (response.status < 200 || response.status > 599 || !can_stand(response.headers)) {
        return false;
    }
    out += "HTTP/1.1 ";
    append_number(out, response.status);
    out += ' ';
    const auto reason = beast::obsolete_reason(static_cast<beast::status>(response.status));
    out.append(reason.data(), reason.size());
    out += "\r\n";

    bool dated = false;
    for (const Header& header : response.headers) {
        if (is_framing(header.name)) continue;
        dated = dated || same_word(header.name, "Date");
        append_line(out, header.name, header.value);
    }
    if (!dated) append_line(out, "Date", date());
    // RFC 9110 §8.6: neither in 204 nor useful in 304.
    if (response.status != 204 && response.status != 304) {
        out += "Content-Length: ";
        append_number(out, response.content().size());
        out += "\r\n";
    }
    if (afterwards == Afterwards::close) {
        out += "Connection: close\r\n";
    } else if (to_http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    return true;
}

bool append_head(std::string& out, const Request& request, std::string_view host) {
    if (!is_token(request.method) || !is_visible(request.path) ||
        (!request.query.empty() && !is_visible(request.query)) || !can_stand(request.headers)) {
        return false;
    }
    out += request.method;
    out += ' ';
    out += request.path;
    if (!request.query.empty()) {
        out += '?';
        out += request.query;
    }
    out += " HTTP/1.1\r\n";
    append_line(out, "Host", host);
    for (const Header& header : request.headers) {
        if (is_framing(header.name) || same_word(header.name, "Host")) continue;
        append_line(out, header.name, header.value);
    }
    // RFC 9110 §8.6: a method that has a meaning for content says its length even when it is 0.
    const bool usually_has_body = request.method != "GET" && request.method != "HEAD" &&
                                  request.method != "DELETE" && request.method != "OPTIONS";
    if (usually_has_body || !request.body.empty()) {
        out += "Content-Length: ";
        append_number(out, request.body.size());
        out += "\r\n";
    }
    out += "\r\n";
    return true;
}

}  // namespace mitome::http
