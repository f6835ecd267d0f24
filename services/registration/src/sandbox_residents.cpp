// SPDX-License-Identifier: Apache-2.0
#include "sandbox_residents.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace mitome::registration {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::array case_names{
    std::pair{Case::none, std::string_view{"none"}},
    std::pair{Case::long_name, std::string_view{"long_name"}},
    std::pair{Case::variant_glyph, std::string_view{"variant_glyph"}},
    std::pair{Case::substitute, std::string_view{"substitute"}},
    std::pair{Case::latin, std::string_view{"latin"}},
    std::pair{Case::minor, std::string_view{"minor"}},
    std::pair{Case::fifteen_tomorrow, std::string_view{"fifteen_tomorrow"}},
    std::pair{Case::moved, std::string_view{"moved"}},
    std::pair{Case::deceased, std::string_view{"deceased"}},
    std::pair{Case::expired, std::string_view{"expired"}},
    std::pair{Case::revoked, std::string_view{"revoked"}},
    std::pair{Case::locked, std::string_view{"locked"}},
};

/// By id, from 1.
constexpr std::array cases{
    Case::none,    Case::long_name,        Case::variant_glyph, Case::substitute, Case::latin,
    Case::minor,   Case::fifteen_tomorrow, Case::moved,         Case::deceased,   Case::expired,
    Case::revoked, Case::locked,           Case::none,
};

/// Marks are the places, from 0, of the characters that stand in for others.
struct Person {
    std::string_view name;
    std::string_view address;
    std::chrono::sys_days birth;
    pki::Sex sex;
    std::string_view municipality;
    int name_mark = -1;
    int address_mark = -1;
    store::ResidentState state = store::ResidentState::registered;
};

std::string flags(std::string_view text, int mark) {
    std::string out(pki::count_characters(text).value_or(0), '0');
    if (mark >= 0 && static_cast<std::size_t>(mark) < out.size())
        out[static_cast<std::size_t>(mark)] = '1';
    return out;
}

store::Resident resident_of(const Person& person, std::string my_number) {
    return {.id = 0,
            .items = {.name = std::string{person.name},
                      .address = std::string{person.address},
                      .birth = pki::birth_date(person.birth),
                      .sex = person.sex,
                      .name_substitutes = flags(person.name, person.name_mark),
                      .address_substitutes = flags(person.address, person.address_mark)},
            .municipality = std::string{person.municipality},
            .my_number = std::move(my_number),
            .state = person.state};
}

/// The day `years` before `from`; where that is no day (29 February), the one behind it.
std::chrono::sys_days years_before(year_month_day from, int years) {
    const year_month_day then{from.year() - std::chrono::years{years}, from.month(), from.day()};
    return std::chrono::sys_days{then};
}

}  // namespace

std::string_view name_of(Case which) {
    for (const auto& [known, name] : case_names)
        if (known == which) return name;
    return {};
}

std::optional<Case> case_of(std::string_view name) {
    for (const auto& [which, known] : case_names)
        if (known == name) return which;
    return std::nullopt;
}

Case case_of(std::uint64_t resident) {
    return resident >= 1 && resident <= cases.size() ? cases[resident - 1] : Case::none;
}

std::optional<std::string> security_code_of(std::uint64_t resident) {
    return resident == 1 ? std::optional<std::string>{"2285"} : std::nullopt;
}

std::string my_number_of(std::string_view eleven_digits) {
    constexpr std::array weights{6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
    int sum = 0;
    for (std::size_t i = 0; i < weights.size() && i < eleven_digits.size(); ++i)
        sum += weights[i] * (eleven_digits[i] - '0');
    const int rest = sum % 11;
    return std::string{eleven_digits} + static_cast<char>('0' + (rest <= 1 ? 0 : 11 - rest));
}

std::vector<store::Resident> sandbox_residents(year_month_day today) {
    using store::ResidentState;
    const auto born = [](int y, unsigned m, unsigned d) {
        return std::chrono::sys_days{year_month_day{year{y}, month{m}, day{d}}};
    };
    const year_month_day tomorrow{std::chrono::sys_days{today} + std::chrono::days{1}};
    const std::chrono::sys_days fourteen =
        years_before(today, 14) - std::chrono::days{100};  // far from either birthday
    const std::array<Person, cases.size()> people{{
        {"吉田　太郎", "東京都清瀬市中里五丁目八百四十二番地　架空荘二〇三号室", born(1980, 2, 17),
         pki::Sex::male, "13221", 0},
        {"長曾我部左衛門尉藤原朝臣　寿限無五劫擦切海砂利水魚水行末雲来末風来末之丞",
         "京都府京都市上京区今出川通烏丸東入相国寺門前町六百四十七番地の二十　架空第一集合住宅北棟"
         "一一〇五号室",
         born(1971, 11, 3), pki::Sex::male, "26100"},
        {"渡邉\U000E0102　葛\U000E0100葉", "宮城県仙台市青葉区架空町一丁目二番三号",
         born(1990, 7, 7), pki::Sex::female, "04100"},
        {"高橋　咲希子", "石川県金沢市辻町九番地", born(1988, 12, 24), pki::Sex::female, "17201", 0,
         6},
        {"JOHNSON　MARY ANN", "神奈川県横浜市中区架空山手町１番地　ＢＬＵＦＦ　ＨＯＵＳＥ",
         born(1995, 4, 30), pki::Sex::female, "14100"},
        {"星野　そら", "東京都清瀬市架空台二丁目四番六号", fourteen, pki::Sex::other, "13221"},
        {"朝比奈　蓮", "福岡県福岡市博多区架空町七番地", years_before(tomorrow, 15), pki::Sex::male,
         "40130"},
        {"北条　あかね", "北海道札幌市中央区架空条西八丁目一番地", born(1983, 9, 9),
         pki::Sex::female, "01100", -1, -1, ResidentState::moved},
        {"故山　静", "大阪府大阪市北区架空島三番地", born(1934, 1, 31), pki::Sex::female, "27100",
         -1, -1, ResidentState::deceased},
        {"期限　切蔵", "大阪府大阪市浪速区架空橋五丁目五番地", born(1958, 6, 15), pki::Sex::male,
         "27100"},
        {"失効　さやか", "東京都清瀬市架空松山十番地", born(1977, 3, 21), pki::Sex::female,
         "13221"},
        {"錠前　閉男", "宮城県仙台市太白区架空原八番地", born(1966, 10, 10), pki::Sex::male,
         "04100"},
        {"佐々木　はな", "福岡県福岡市早良区架空浜三丁目十二番地", born(2000, 2, 29),
         pki::Sex::female, "40130"},
    }};

    std::vector<store::Resident> out;
    for (std::size_t i = 0; i < people.size(); ++i)
        // The first person's number is the one in the documents; the others follow a pattern.
        out.push_back(resident_of(
            people[i], i == 0 ? std::string{"123456789018"}
                              : my_number_of(fmt::format("9{:010}", 1'234'567 * (i + 1)))));
    return out;
}

}  // namespace mitome::registration
