// SPDX-License-Identifier: Apache-2.0
#pragma once

// The texts of 券面事項入力補助AP: My Number and the four items, each EF as its exact octets.
// All of it is personal: none of it goes into a log or an error text.

#include <mitome/base/bytes.hpp>
#include <mitome/crypto/key.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace mitome::maker {

/// Texts in UTF-8 as the register has them.
struct CardTexts {
    std::string my_number;  ///< twelve digits
    std::string name;       ///< U+3000 between its parts
    std::string address;
    std::chrono::year_month_day birth{};
    char sex = '0';  ///< JIS X 0303: 1, 2, 9; 0 unknown
};

/// Twelve digits of which the last checks the others (番号法施行規則: weights 6 5 4 3 2 7 6 5 4 3
/// 2).
[[nodiscard]] bool is_my_number(std::string_view digits);

/// EF 0001: 17 octets, two of them filler that the hash of EF 0003 covers.
[[nodiscard]] Result<Bytes> my_number_file(const CardTexts& texts);

/// EF 0002 and the place in it from which EF 0003 hashes: the name's object.
struct ItemsFile {
    Bytes octets;
    std::size_t name_at = 0;
};
/// `malformed` when the items do not fit the file's 512 octets.
[[nodiscard]] Result<ItemsFile> items_file(const CardTexts& texts);

/// EF 0003: the two hashes and the signature over both objects.
[[nodiscard]] Result<Bytes> integrity_file(BytesView my_number, const ItemsFile& items,
                                           crypto::Signer& signer);

/// 照合番号B: birth as YYMMDD in the Japanese era's years, year in which the card ends, security
/// code.
[[nodiscard]] std::string check_number_b(std::chrono::year_month_day birth,
                                         std::chrono::year_month_day card_end,
                                         std::string_view security_code);

}  // namespace mitome::maker
