// SPDX-License-Identifier: Apache-2.0
#include "home.hpp"

#include <cstdlib>

namespace mitome::cli {
namespace {

std::optional<std::string> environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

}  // namespace

Result<Home> Home::find(const std::optional<std::string>& option) {
    std::filesystem::path place;
    if (option) {
        place = *option;
    } else if (const auto named = environment("MITOME_HOME")) {
        place = *named;
    } else if (const auto state = environment("XDG_STATE_HOME")) {
        place = std::filesystem::path{*state} / "mitome";
    } else if (const auto user = environment("HOME")) {
        place = std::filesystem::path{*user} / ".local" / "state" / "mitome";
    } else {
        return fail(Fault::absent, "home: no place named");
    }
    std::error_code error;
    auto absolute = std::filesystem::absolute(place, error).lexically_normal();
    if (error) return fail(Fault::unavailable, "home: no current folder");
    if (!absolute.has_filename()) absolute = absolute.parent_path();
    return Home{std::move(absolute)};
}

}  // namespace mitome::cli
