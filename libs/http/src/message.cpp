// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <mitome/http/message.hpp>

namespace mitome::http {
namespace {

std::string_view find(const std::vector<Header>& headers, std::string_view name) {
    for (const Header& header : headers) {
        if (same_word(header.name, name)) return header.value;
    }
    return {};
}

}  // namespace

std::string_view Request::header(std::string_view name) const { return find(headers, name); }

std::string_view Response::header(std::string_view name) const { return find(headers, name); }

}  // namespace mitome::http
