// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/clock.hpp>

#include <charconv>
#include <cstdio>

namespace mitome {
namespace {

constexpr std::chrono::hours japan{9};  // UTC+9, no summer time

Result<int> number(std::string_view digits) {
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.front() == '-')
        return fail(Fault::malformed, "time: not a number");
    return value;
}

}  // namespace

Time SystemClock::now() const {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string to_text(std::chrono::year_month_day day) {
    char out[32];
    const int size =
        std::snprintf(out, sizeof out, "%04d-%02u-%02u", static_cast<int>(day.year()),
                      static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return {out, static_cast<std::size_t>(size)};
}

Result<std::chrono::year_month_day> to_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-')
        return fail(Fault::malformed, "day: not YYYY-MM-DD");
    MITOME_TRY(year, number(text.substr(0, 4)));
    MITOME_TRY(month, number(text.substr(5, 2)));
    MITOME_TRY(day, number(text.substr(8, 2)));
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return fail(Fault::malformed, "day: does not exist");
    return date;
}

std::string to_rfc3339(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::hh_mm_ss clock{time - day};
    char out[32];
    const int size = std::snprintf(
        out, sizeof out, "T%02d:%02d:%02dZ", static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return to_text(std::chrono::year_month_day{day}) +
           std::string{out, static_cast<std::size_t>(size)};
}

Result<Time> from_rfc3339(std::string_view text) {
    constexpr std::size_t whole = 19;  // up to the seconds
    if (text.size() <= whole || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
        text[16] != ':')
        return fail(Fault::malformed, "time: not YYYY-MM-DDThh:mm:ssZ");
    MITOME_TRY(day, to_day(text.substr(0, 10)));
    MITOME_TRY(hour, number(text.substr(11, 2)));
    MITOME_TRY(minute, number(text.substr(14, 2)));
    MITOME_TRY(second, number(text.substr(17, 2)));
    if (hour > 23 || minute > 59 || second > 59)
        return fail(Fault::malformed, "time: out of range");
    auto zone = text.substr(whole);
    if (zone.front() == '.') {  // a fraction says less than whole seconds can
        const auto end = zone.find_first_not_of("0123456789", 1);
        if (end == 1 || end == std::string_view::npos)
            return fail(Fault::malformed, "time: fraction");
        zone.remove_prefix(end);
    }
    std::chrono::minutes offset{0};
    if (zone != "Z" && zone != "z") {
        if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':')
            return fail(Fault::malformed, "time: no zone");
        MITOME_TRY(hours, number(zone.substr(1, 2)));
        MITOME_TRY(minutes, number(zone.substr(4, 2)));
        if (hours > 23 || minutes > 59) return fail(Fault::malformed, "time: zone out of range");
        offset = std::chrono::hours{hours} + std::chrono::minutes{minutes};
        if (zone[0] == '-') offset = -offset;
    }
    return std::chrono::sys_days{day} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second} - offset;
}

std::chrono::year_month_day day_in_japan(Time time) {
    return std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(time + japan)};
}

Time start_of_day_in_japan(std::chrono::year_month_day day) {
    return std::chrono::sys_days{day} - japan;
}

Time end_of_day_in_japan(std::chrono::year_month_day day) {
    return std::chrono::sys_days{day} - japan + std::chrono::days{1} - std::chrono::seconds{1};
}

}  // namespace mitome
