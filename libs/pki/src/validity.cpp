// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/profile.hpp>

#include <algorithm>

namespace mitome::pki {

namespace {

using std::chrono::year_month_day;

constexpr unsigned certificate_birthdays = 5;  // 施行規則: the 5th birthday after the day of issue
constexpr unsigned renewed_birthdays = 6;
constexpr unsigned adult_card_birthdays = 10;
constexpr unsigned minor_card_birthdays = 5;
constexpr int adult_age = 18;

year_month_day birthday_in(std::chrono::year year, year_month_day birth, LeapBirthday leap) {
    const year_month_day day{year, birth.month(), birth.day()};
    if (day.ok()) return day;
    return leap == LeapBirthday::february_28 ? year / std::chrono::February / 28
                                             : year / std::chrono::March / 1;
}

}  // namespace

year_month_day birthday_after(year_month_day birth, year_month_day day, unsigned count,
                              LeapBirthday leap) {
    const bool passed = birthday_in(day.year(), birth, leap) <= day;
    const std::chrono::years from_now{static_cast<int>(count) - (passed ? 0 : 1)};
    return birthday_in(day.year() + from_now, birth, leap);
}

Time end_of_validity(year_month_day birth, Time issued, Renewal renewal,
                     std::span<const Time> limits, LeapBirthday leap) {
    const unsigned count =
        renewal == Renewal::last_months ? renewed_birthdays : certificate_birthdays;
    Time end = end_of_day_in_japan(birthday_after(birth, day_in_japan(issued), count, leap));
    for (const Time limit : limits) end = std::min(end, limit);
    return end;
}

Time end_of_card(year_month_day birth, Time issued, LeapBirthday leap) {
    const year_month_day day = day_in_japan(issued);
    const unsigned count =
        age_on(birth, day, leap) >= adult_age ? adult_card_birthdays : minor_card_birthdays;
    return end_of_day_in_japan(birthday_after(birth, day, count, leap));
}

int age_on(year_month_day birth, year_month_day day, LeapBirthday leap) {
    const int years = static_cast<int>(day.year()) - static_cast<int>(birth.year());
    return birthday_in(day.year(), birth, leap) <= day ? years : years - 1;
}

}  // namespace mitome::pki
