// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/catalogue/catalogue.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace mitome::catalogue::tables {

struct Texts {
    std::string_view ja;
    std::string_view ja_easy;
    std::string_view en;
};

inline constexpr std::uint16_t none = 0xffff;

/// Where one part of a failure stands among the texts.
struct Part {
    std::uint16_t app;
    std::uint16_t terminal;  ///< `none` where the text for the app serves both
};

struct FailureRow {
    Failure failure;
    std::string_view variant;
    Part what;
    Part means;
    Part next;
};

std::span<const Texts> texts();           ///< in the order of `word_ids`
std::span<const FailureRow> failures();   ///< in the order of `Code`
std::span<const Reading> readings();

}  // namespace mitome::catalogue::tables
