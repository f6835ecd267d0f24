// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/catalogue/catalogue.hpp>

#include <optional>
#include <string>

namespace mitome::cli {

/// `option`, then MITOME_LANG, then LC_ALL, LC_MESSAGES and LANG read as text: en… is English,
/// everything else Japanese. A wrong `option` is the caller's to refuse.
[[nodiscard]] catalogue::Language choose_language(const std::optional<std::string>& option);

}  // namespace mitome::cli
