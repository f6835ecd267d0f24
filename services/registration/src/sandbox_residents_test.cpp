// SPDX-License-Identifier: Apache-2.0
#include "sandbox_residents.hpp"

#include "places.hpp"

#include <mitome/pki/profile.hpp>

#include <gtest/gtest.h>

#include <set>

namespace mitome::registration {
namespace {

using std::chrono::year_month_day;
using namespace std::chrono_literals;

constexpr year_month_day today = 2026y / 11 / 25;

TEST(SandboxResidents, BeginWithTheFirstPersonOfTheDocuments) {
    const auto first = sandbox_residents(today).front();

    EXPECT_EQ(first.items.name, "吉田　太郎");
    EXPECT_EQ(first.items.name_substitutes, "10000");
    EXPECT_EQ(to_text(first.items.birth), "319800217");
    EXPECT_EQ(first.my_number, "123456789018");
    EXPECT_GE(pki::count_characters(first.items.address).value(), 27U);
    EXPECT_EQ(security_code_of(1), "2285");
}

TEST(SandboxResidents, AreADozenWithEachCase) {
    const auto people = sandbox_residents(today);

    ASSERT_GE(people.size(), 12U);
    std::set<Case> found;
    for (std::uint64_t id = 1; id <= people.size(); ++id) found.insert(case_of(id));
    EXPECT_EQ(found.size(), 12U);
}

TEST(SandboxResidents, HaveMyNumbersOfTheirOwnThatCheck) {
    std::set<std::string> numbers;
    for (const auto& person : sandbox_residents(today)) {
        EXPECT_EQ(my_number_of(std::string_view{person.my_number}.substr(0, 11)), person.my_number);
        numbers.insert(person.my_number);
    }

    EXPECT_EQ(numbers.size(), sandbox_residents(today).size());
}

TEST(SandboxResidents, FlagEveryCharacter) {
    for (const auto& person : sandbox_residents(today)) {
        EXPECT_EQ(person.items.name_substitutes.size(), pki::count_characters(person.items.name));
        EXPECT_EQ(person.items.address_substitutes.size(),
                  pki::count_characters(person.items.address));
        EXPECT_TRUE(place_of(person.municipality));
    }
}

TEST(SandboxResidents, AreFourteenAndFifteenTomorrowOnWhateverDay) {
    for (const auto day : {today, 2028y / 2 / 28, 2027y / 12 / 31, 2028y / 2 / 29}) {
        const auto people = sandbox_residents(day);
        const year_month_day tomorrow{std::chrono::sys_days{day} + std::chrono::days{1}};

        EXPECT_EQ(pki::age_on(people[5].items.birth.day, day), 14);
        EXPECT_EQ(pki::age_on(people[6].items.birth.day, day), 14);
        if (tomorrow != 2028y / 2 / 29) {
            EXPECT_EQ(pki::age_on(people[6].items.birth.day, tomorrow), 15);
        }
    }
}

TEST(MyNumber, IsCheckedByItsLastDigit) {
    EXPECT_EQ(my_number_of("12345678901"), "123456789018");
    EXPECT_EQ(my_number_of("00000000000"), "000000000000");
}

TEST(Case, HasANameBothWays) {
    EXPECT_EQ(case_of(std::string_view{"fifteen_tomorrow"}), Case::fifteen_tomorrow);
    EXPECT_EQ(name_of(Case::long_name), "long_name");
    EXPECT_FALSE(case_of(std::string_view{"tired"}));
}

}  // namespace
}  // namespace mitome::registration
