// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/http/message.hpp>

namespace mitome::http {

inline constexpr std::string_view problem_type = "application/problem+json";

/// A problem document, RFC 9457: `{"type":"about:blank","title":…,"status":…,"code":…}`.
/// `code` is stable and for programs, `title` for the operator; neither may carry anything about
/// a person.
[[nodiscard]] Response problem(unsigned status, std::string_view code, std::string_view title);

}  // namespace mitome::http
