// SPDX-License-Identifier: Apache-2.0
#pragma once

// The basic four items (基本4情報) as a signature certificate carries them: six otherNames in its
// subjectAltName. Their values are personal: nothing here goes into a log or an error text.

#include <mitome/pki/certificate.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace mitome::pki {

enum class Era : std::uint8_t {
    unknown = 0,
    meiji = 1,
    taisho = 2,
    showa = 3,
    heisei = 4,
    reiwa = 5
};

[[nodiscard]] Era era_of(std::chrono::year_month_day day);

/// `EYYYYMMDD`: era mark and Western date. The register knows people whose month or day of birth
/// is not known, so a part of `day` may be 0 and `day.ok()` false.
struct BirthDate {
    Era era = Era::unknown;
    std::chrono::year_month_day day{};

    bool operator==(const BirthDate&) const = default;
};

[[nodiscard]] BirthDate birth_date(std::chrono::year_month_day day);
[[nodiscard]] std::string to_text(const BirthDate& date);
[[nodiscard]] Result<BirthDate> to_birth_date(std::string_view text);

/// Written `1`, `2`, `3` in certificates; `3` and `9` are both read as `other`.
enum class Sex : std::uint8_t { male, female, other };

[[nodiscard]] std::string_view to_text(Sex sex);
[[nodiscard]] Result<Sex> to_sex(std::string_view text);

struct BasicFourItems {
    std::string name;     ///< UTF-8, as in the register, U+3000 between its parts
    std::string address;  ///< UTF-8, at most 200 characters
    BirthDate birth;
    Sex sex = Sex::other;
    std::string name_substitutes;     ///< one `0` or `1` per character of the name
    std::string address_substitutes;  ///< the same for the address

    bool operator==(const BasicFourItems&) const = default;
};

/// Characters of UTF-8 text, each counted as one. `malformed` for what is not UTF-8.
[[nodiscard]] Result<std::size_t> count_characters(std::string_view utf8);

/// By OID, in whatever order they stand; otherNames that we do not know are passed over.
/// `absent` when the certificate carries none of them (an authentication certificate),
/// `malformed` when one is missing, comes twice or has another form.
[[nodiscard]] Result<BasicFourItems> basic_four_items(const Certificate& certificate);

/// Value of the subjectAltName extension, in the order of JPKI's own certificates.
[[nodiscard]] Bytes to_subject_alt_name(const BasicFourItems& items);

}  // namespace mitome::pki
