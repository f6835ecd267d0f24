// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <mitome/http/url.hpp>

#include <charconv>

namespace mitome::http {
namespace {

constexpr std::size_t longest_host = 253;  // RFC 1035 §2.3.4, as text
constexpr std::uint16_t http_port = 80;    // RFC 9110 §4.2.1
constexpr std::uint16_t https_port = 443;  // RFC 9110 §4.2.2

int digit(char c) {
    if (is_digit(c)) return c - '0';
    const char small = lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

bool is_unreserved(char c) {
    return is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// IPv4 addresses and registered names without percent-encoding; nothing else is a host of ours.
bool is_name(std::string_view host) {
    return std::ranges::all_of(host, [](char c) {
        return is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_';
    });
}

bool is_ipv6(std::string_view host) {
    return std::ranges::all_of(host, [](char c) { return digit(c) >= 0 || c == ':' || c == '.'; });
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
    Url url;
    constexpr std::string_view plain = "http://";
    constexpr std::string_view secure = "https://";
    if (same_word(text.substr(0, secure.size()), secure)) {
        url.tls = true;
        text.remove_prefix(secure.size());
    } else if (same_word(text.substr(0, plain.size()), plain)) {
        text.remove_prefix(plain.size());
    } else {
        return fail(Fault::malformed, "url: neither http nor https");
    }

    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    std::string_view authority = text.substr(0, end);
    std::string_view target = text.substr(end);
    if (authority.starts_with('[')) {
        const std::size_t bracket = authority.find(']');
        if (bracket == std::string_view::npos) return fail(Fault::malformed, "url: open bracket");
        url.host = authority.substr(1, bracket - 1);
        authority.remove_prefix(bracket + 1);
        if (url.host.find(':') == std::string::npos || !is_ipv6(url.host)) {
            return fail(Fault::malformed, "url: no address between brackets");
        }
    } else {
        url.host = authority.substr(0, authority.find(':'));
        authority.remove_prefix(url.host.size());
        if (!is_name(url.host)) return fail(Fault::malformed, "url: not a host");
    }
    if (url.host.empty() || url.host.size() > longest_host) {
        return fail(Fault::malformed, "url: not a host");
    }

    url.port = url.tls ? https_port : http_port;
    if (!authority.empty()) {
        if (authority.front() != ':') return fail(Fault::malformed, "url: not a port");
        authority.remove_prefix(1);
        if (authority.empty()) return fail(Fault::malformed, "url: not a port");
        const char* const first = &authority.front();
        const char* const last = first + authority.size();
        const auto [stop, error] = std::from_chars(first, last, url.port);
        if (error != std::errc{} || stop != last || url.port == 0) {
            return fail(Fault::malformed, "url: not a port");
        }
    }

    if (target.empty() || target.front() == '?') {
        url.target = "/";
        url.target += target;
    } else {
        url.target = target;
    }
    if (!is_visible(url.target) || url.target.find('#') != std::string::npos) {
        return fail(Fault::malformed, "url: not a path");
    }
    return url;
}

std::string Url::to_text() const {
    std::string text = tls ? "https://" : "http://";
    if (host.find(':') == std::string::npos) {
        text += host;
    } else {
        text += '[';
        text += host;
        text += ']';
    }
    text += ':';
    text += std::to_string(port);
    text += target;
    return text;
}

Result<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 1 < text.size() ? digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) return fail(Fault::malformed, "url: percent without digits");
        out += static_cast<char>(high << 4 | low);
        i += 2;
    }
    return out;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            out += '%';
            out += digits[octet >> 4U];
            out += digits[octet & 15U];
        }
    }
    return out;
}

Result<std::optional<std::string>> parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (pair.substr(0, equals) != name) continue;

        std::string value{pair.substr(std::min(equals + 1, pair.size()))};
        std::ranges::replace(value, '+', ' ');
        MITOME_TRY(decoded, percent_decode(value));
        return std::optional{std::move(decoded)};
    }
    return std::optional<std::string>{};
}

}  // namespace mitome::http
