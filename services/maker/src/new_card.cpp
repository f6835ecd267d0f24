// SPDX-License-Identifier: Apache-2.0
#include "new_card.hpp"

#include "card_verifiable.hpp"

#include <mitome/apdu/tlv.hpp>
#include <mitome/crypto/random.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mitome::maker {
namespace {

// Key ids of the sandbox: outside the production (5…) and the test (6…) hierarchy, so that a
// reader of either says "unknown signer" and never "forged".
constexpr std::string_view root_holder = "9000033";
constexpr std::string_view root_group = "001";
constexpr std::string_view application_key_holder = "9000034";
constexpr std::string_view subject_suffix = "21";
constexpr std::string_view subject_group = "000";

constexpr std::size_t unknown_octets = 32;   // DF43 begins with octets of unknown meaning
constexpr std::size_t df43_octets = 128;
constexpr std::uint8_t filler = 0xFF;

bool is_digits(std::string_view text, std::size_t count) {
    return text.size() == count &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// EF 0005: version and vendor of the application, a key id that is not the signer's, filler.
Result<Bytes> application_file() {
    MITOME_TRY(id, key_id(application_key_holder, root_group));
    Bytes rest = crypto::SystemRandom{}.octets(unknown_octets);
    rest.resize(df43_octets, filler);
    return apdu::make_card_tlv(
        0xFF40, join({apdu::make_card_tlv(0xDF41, "01030E01"_hex), apdu::make_card_tlv(0xDF42, id),
                      apdu::make_card_tlv(0xDF43, rest)}));
}

/// EF 0007: the card's own key, signed.
Result<Bytes> own_key_file(BytesView spki, crypto::Signer& signer) {
    MITOME_TRY(key, card_public_key(spki));
    const Bytes object = apdu::make_card_tlv(0xDF51, key);
    MITOME_TRY(signature, signer.sign(crypto::Hash::sha256, object));
    return apdu::make_card_tlv(0xFF50, join({object, apdu::make_card_tlv(0xDF52, signature)}));
}

/// EF 0001 of 共通カードAP: serial number, municipality, last day of the card, 28 digits.
Bytes common_record(const CardOrder& order) {
    std::string serial;
    for (const std::uint8_t octet : crypto::SystemRandom{}.octets(15))
        serial.push_back(static_cast<char>('0' + octet % 10));
    const std::string digits = fmt::format(
        "{}{}{:04}{:02}{:02}", serial, order.municipality, static_cast<int>(order.card_end.year()),
        static_cast<unsigned>(order.card_end.month()), static_cast<unsigned>(order.card_end.day()));
    return join({"011C"_hex, view(digits)});
}

}  // namespace

Result<NewCard> make_card(Factory& factory, const CardOrder& order) {
    if (!is_digits(order.municipality, 5) || !is_digits(order.security_code, 4) ||
        !order.card_end.ok() || !order.texts.birth.ok())
        return fail(Fault::malformed, "card: a field has another form");
    MITOME_TRY(number, my_number_file(order.texts));
    MITOME_TRY(items, items_file(order.texts));
    MITOME_TRY(integrity, integrity_file(number, items, *factory.text_signer));
    MITOME_TRY(root_id, key_id(root_holder, root_group));
    MITOME_TRY(signer_id, key_id(order.municipality + std::string{subject_suffix}, subject_group));
    MITOME_TRY(certificate,
               card_verifiable_certificate(*factory.card_root, root_id,
                                           {.id = signer_id, .spki = factory.text_signer->spki()}));
    MITOME_TRY(application, application_file());
    MITOME_TRY(session, card_public_key(factory.session_spki));

    NewCard made;
    made.text_files = {
        {"0001", std::move(number)},      {"0002", std::move(items.octets)},
        {"0003", std::move(integrity)},   {"0004", std::move(certificate)},
        {"0005", std::move(application)}, {"0006", apdu::make_card_tlv(0xA1, session)}};
    if (!order.text_spki.empty()) {
        MITOME_TRY(own, own_key_file(order.text_spki, *factory.text_signer));
        made.text_files["0007"] = std::move(own);
    }
    made.common_files = {{"0001", common_record(order)}};
    made.check_number_b = check_number_b(order.texts.birth, order.card_end, order.security_code);
    return made;
}

}  // namespace mitome::maker
