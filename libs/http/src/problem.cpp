// SPDX-License-Identifier: Apache-2.0
#include <mitome/http/problem.hpp>

namespace mitome::http {
namespace {

// A JSON string, RFC 8259 §7.
void append_string(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (octet < 0x20) {
            out += "\\u00";
            out += digits[octet >> 4U];
            out += digits[octet & 15U];
        } else {
            out += c;
        }
    }
    out += '"';
}

}  // namespace

Response problem(unsigned status, std::string_view code, std::string_view title) {
    std::string json = R"({"type":"about:blank","title":)";
    append_string(json, title);
    json += R"(,"status":)";
    json += std::to_string(status);
    json += R"(,"code":)";
    append_string(json, code);
    json += '}';

    Response response;
    response.status = status;
    response.headers.push_back({"Content-Type", std::string{problem_type}});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.body = copy(view(json));
    return response;
}

}  // namespace mitome::http
