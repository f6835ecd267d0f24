// SPDX-License-Identifier: Apache-2.0
#include "language.hpp"

#include <cstdlib>
#include <string_view>

namespace mitome::cli {

catalogue::Language choose_language(const std::optional<std::string>& option) {
    if (option)
        if (const auto language = catalogue::language_of(*option)) return *language;
    if (const char* named = std::getenv("MITOME_LANG"))
        if (const auto language = catalogue::language_of(named)) return *language;
    for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        return std::string_view{value}.starts_with("en") ? catalogue::Language::en
                                                         : catalogue::Language::ja;
    }
    return catalogue::Language::ja;
}

}  // namespace mitome::cli
