// SPDX-License-Identifier: Apache-2.0
#include <mitome/wallet/guessable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace mitome::wallet {
namespace {

/// Each octet is the one before it, or one step from it in the same direction. 9 and 0 are
/// neighbours, as on a pad.
bool runs(BytesView secret, int step) {
    return std::ranges::adjacent_find(secret, [step](std::uint8_t a, std::uint8_t b) {
               const bool digits = a >= '0' && a <= '9' && b >= '0' && b <= '9';
               const int distance = b - a;
               return distance != step && !(digits && (distance + 10) % 10 == (step + 10) % 10);
           }) == secret.end();
}

bool is_plain(BytesView part) { return runs(part, 0) || runs(part, 1) || runs(part, -1); }

/// Letters, then digits or the other way round, each of them plain: ABC123, AAA111.
bool is_two_plain_parts(BytesView secret) {
    const auto is_digit = [](std::uint8_t c) { return c >= '0' && c <= '9'; };
    if (secret.empty()) return false;
    const bool first = is_digit(secret.front());
    const auto border =
        std::ranges::find_if(secret, [&](std::uint8_t c) { return is_digit(c) != first; });
    const auto length = static_cast<std::size_t>(border - secret.begin());
    return is_plain(secret.first(length)) && is_plain(secret.subspan(length));
}

bool holds_birth(std::string_view secret, std::chrono::year_month_day birth) {
    const int year = static_cast<int>(birth.year());
    const auto month = static_cast<unsigned>(birth.month());
    const auto day = static_cast<unsigned>(birth.day());
    if (secret.size() > 4)
        return secret.find(fmt::format("{:04}{:02}{:02}", year, month, day)) !=
                   std::string_view::npos ||
               secret.find(fmt::format("{:02}{:02}{:02}", year % 100, month, day)) !=
                   std::string_view::npos;
    const std::array likely{fmt::format("{:04}", year), fmt::format("{:02}{:02}", month, day),
                            fmt::format("{:02}{:02}", day, month),
                            fmt::format("{:02}{:02}", year % 100, month)};
    return std::ranges::find(likely, secret) != likely.end();
}

constexpr std::array<std::string_view, 6> favourites{"PASSWORD1", "PASS1234", "PASSW0RD",
                                                     "QWERTY1",   "1QAZ2WSX", "ABC12345"};

}  // namespace

bool is_guessable(BytesView secret, std::optional<std::chrono::year_month_day> birth) {
    const auto words = text(secret);
    if (secret.size() == 4 && same(secret.first(2), secret.last(2))) return true;
    if (is_two_plain_parts(secret)) return true;
    if (std::ranges::find(favourites, words) != favourites.end()) return true;
    return birth && birth->ok() && holds_birth(words, *birth);
}

}  // namespace mitome::wallet
