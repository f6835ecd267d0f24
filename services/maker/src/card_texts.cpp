// SPDX-License-Identifier: Apache-2.0
#include "card_texts.hpp"

#include <mitome/apdu/tlv.hpp>
#include <mitome/crypto/digest.hpp>
#include <mitome/pki/four_items.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace mitome::maker {
namespace {

constexpr std::size_t my_number_digits = 12;
constexpr std::size_t items_file_size = 512;
constexpr std::size_t offsets_size = 8;  // four of 16 bits

std::string digits_of(std::chrono::year_month_day day) {
    char out[16];
    std::snprintf(out, sizeof out, "%04d%02u%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return out;
}

/// The year in the era, 1 for the year in which it began.
int era_year(std::chrono::year_month_day day) {
    const int year = static_cast<int>(day.year());
    switch (pki::era_of(day)) {
        case pki::Era::meiji: return year - 1867;
        case pki::Era::taisho: return year - 1911;
        case pki::Era::showa: return year - 1925;
        case pki::Era::heisei: return year - 1988;
        case pki::Era::reiwa: return year - 2018;
        case pki::Era::unknown: break;
    }
    return 0;
}

}  // namespace

bool is_my_number(std::string_view digits) {
    constexpr std::array weights{6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
    if (digits.size() != my_number_digits ||
        !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
        return false;
    int sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * (digits[i] - '0');
    const int rest = sum % 11;
    return digits.back() - '0' == (rest <= 1 ? 0 : 11 - rest);
}

Result<Bytes> my_number_file(const CardTexts& texts) {
    if (!is_my_number(texts.my_number)) return fail(Fault::malformed, "card: no My Number");
    return join({apdu::make_card_tlv(0xFF10, view(texts.my_number)), "FFFF"_hex});
}

Result<ItemsFile> items_file(const CardTexts& texts) {
    const std::array objects{
        apdu::make_card_tlv(0xDF22, view(texts.name)),
        apdu::make_card_tlv(0xDF23, view(texts.address)),
        apdu::make_card_tlv(0xDF24, view(digits_of(texts.birth))),
        apdu::make_card_tlv(0xDF25, view(std::string_view{&texts.sex, 1})),
    };
    Bytes items;
    for (const Bytes& object : objects) append(items, object);

    const Bytes no_offsets = apdu::make_card_tlv(0xDF21, Bytes(offsets_size));
    const std::size_t content = no_offsets.size() + items.size();
    const std::size_t header = apdu::make_card_tlv(0xFF20, Bytes(content)).size() - content;

    ItemsFile file;
    file.name_at = header + no_offsets.size();
    Bytes offsets;
    std::size_t at = file.name_at;
    for (const Bytes& object : objects) {
        offsets.push_back(static_cast<std::uint8_t>(at >> 8));
        offsets.push_back(static_cast<std::uint8_t>(at & 0xFF));
        at += object.size();
    }
    if (at > items_file_size) return fail(Fault::malformed, "card: the items do not fit the file");
    file.octets = apdu::make_card_tlv(0xFF20, join({apdu::make_card_tlv(0xDF21, offsets), items}));
    return file;
}

Result<Bytes> integrity_file(BytesView my_number, const ItemsFile& items, crypto::Signer& signer) {
    const auto hash = [](BytesView octets) { return crypto::digest(crypto::Hash::sha256, octets); };
    const Bytes hashes =
        join({apdu::make_card_tlv(0xDF31, hash(my_number)),
              apdu::make_card_tlv(0xDF32, hash(BytesView{items.octets}.subspan(items.name_at)))});
    MITOME_TRY(signature, signer.sign(crypto::Hash::sha256, hashes));
    return apdu::make_card_tlv(0xFF30, join({hashes, apdu::make_card_tlv(0xDF33, signature)}));
}

std::string check_number_b(std::chrono::year_month_day birth, std::chrono::year_month_day card_end,
                           std::string_view security_code) {
    char out[16];
    std::snprintf(out, sizeof out, "%02d%02u%02u%04d", era_year(birth) % 100,
                  static_cast<unsigned>(birth.month()), static_cast<unsigned>(birth.day()),
                  static_cast<int>(card_end.year()));
    return std::string{out} + std::string{security_code};
}

}  // namespace mitome::maker
