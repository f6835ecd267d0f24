// SPDX-License-Identifier: Apache-2.0
#include "oid.hpp"
#include "utf8.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/pki/four_items.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace mitome::pki {

namespace {

using namespace std::chrono_literals;

// First days of the eras since Meiji.
constexpr std::array era_starts{
    std::pair{Era::reiwa, 2019y / 5 / 1},   std::pair{Era::heisei, 1989y / 1 / 8},
    std::pair{Era::showa, 1926y / 12 / 25}, std::pair{Era::taisho, 1912y / 7 / 30},
    std::pair{Era::meiji, 1868y / 1 / 25},
};

/// otherName ::= [0] { OBJECT IDENTIFIER, [0] EXPLICIT UTF8String }
Bytes other_name(BytesView oid, std::string_view text) {
    return der::wrap(der::tag::constructed(0),
                     {oid, der::wrap(der::tag::constructed(0), der::utf8_string(text))});
}

void append_decimal(std::string& out, unsigned value, unsigned width) {
    std::string digits(width, '0');
    for (unsigned i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
    out += digits;
}

/// Takes the value of one otherName once.
Done take(std::optional<std::string>& into, BytesView explicit_value) {
    MITOME_TRY(value, der::only(explicit_value, der::tag::utf8_string));
    if (into) return fail(Fault::malformed, "four items: one comes twice");
    if (!count_utf8(value.value)) return fail(Fault::malformed, "four items: not UTF-8");
    into = std::string{text(value.value)};
    return {};
}

}  // namespace

Era era_of(std::chrono::year_month_day day) {
    for (const auto& [era, start] : era_starts) {
        if (day >= start) return era;
    }
    return Era::unknown;
}

BirthDate birth_date(std::chrono::year_month_day day) { return {era_of(day), day}; }

std::string to_text(const BirthDate& date) {
    std::string out(1, static_cast<char>('0' + static_cast<int>(date.era)));
    append_decimal(out, static_cast<unsigned>(static_cast<int>(date.day.year())), 4);
    append_decimal(out, static_cast<unsigned>(date.day.month()), 2);
    append_decimal(out, static_cast<unsigned>(date.day.day()), 2);
    return out;
}

Result<BirthDate> to_birth_date(std::string_view text) {
    constexpr std::size_t length = 9;
    if (text.size() != length || text[0] > '5' ||
        !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        return fail(Fault::malformed, "birth date: not EYYYYMMDD");
    }
    const auto number = [&](std::size_t at, std::size_t count) {
        unsigned value = 0;
        for (const char digit : text.substr(at, count)) {
            value = value * 10 + static_cast<unsigned>(digit - '0');
        }
        return value;
    };
    const unsigned month = number(5, 2);
    const unsigned day = number(7, 2);
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(number(1, 4))},
                                           std::chrono::month{month}, std::chrono::day{day}};
    const bool known = month != 0 && day != 0;
    if (month > 12 || day > 31 || (known && !date.ok())) {
        return fail(Fault::malformed, "birth date: no such day");
    }
    return BirthDate{static_cast<Era>(text[0] - '0'), date};
}

std::string_view to_text(Sex sex) {
    switch (sex) {
        case Sex::male: return "1";
        case Sex::female: return "2";
        case Sex::other: return "3";
    }
    return {};
}

Result<Sex> to_sex(std::string_view text) {
    if (text == "1") return Sex::male;
    if (text == "2") return Sex::female;
    if (text == "3" || text == "9") return Sex::other;
    return fail(Fault::malformed, "sex: no such mark");
}

Result<std::size_t> count_characters(std::string_view utf8) {
    const auto count = count_utf8(view(utf8));
    if (!count) return fail(Fault::malformed, "text is not UTF-8");
    return *count;
}

Result<BasicFourItems> basic_four_items(const Certificate& certificate) {
    const Extension* names = certificate.extension(oid::subject_alt_name);
    if (names == nullptr) return fail(Fault::absent, "four items: no subjectAltName");

    std::array<std::optional<std::string>, oid::four_items_in_order.size()> found;
    MITOME_TRY(list, der::only(names->value, der::tag::sequence));
    der::Reader reader{list.value};
    while (!reader.at_end()) {
        MITOME_TRY(name, reader.next());
        if (name.tag != der::tag::constructed(0)) continue;
        der::Reader parts{name.value};
        MITOME_TRY(type, parts.next(der::tag::oid));
        MITOME_TRY(value, parts.next(der::tag::constructed(0)));
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (same(oid::four_items_in_order[i], type.whole)) {
                MITOME_CHECK(take(found[i], value.value));
            }
        }
    }
    const auto is_there = [](const auto& item) { return item.has_value(); };
    if (std::ranges::none_of(found, is_there)) return fail(Fault::absent, "four items: none");
    if (!std::ranges::all_of(found, is_there)) {
        return fail(Fault::malformed, "four items: some are missing");
    }
    MITOME_TRY(birth, to_birth_date(*found[1]));
    MITOME_TRY(sex, to_sex(*found[2]));
    return BasicFourItems{.name = std::move(*found[0]),
                          .address = std::move(*found[3]),
                          .birth = birth,
                          .sex = sex,
                          .name_substitutes = std::move(*found[4]),
                          .address_substitutes = std::move(*found[5])};
}

Bytes to_subject_alt_name(const BasicFourItems& items) {
    const auto& order = oid::four_items_in_order;
    return der::sequence(
        {other_name(order[0], items.name), other_name(order[1], to_text(items.birth)),
         other_name(order[2], to_text(items.sex)), other_name(order[3], items.address),
         other_name(order[4], items.name_substitutes),
         other_name(order[5], items.address_substitutes)});
}

}  // namespace mitome::pki
