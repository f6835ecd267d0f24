// SPDX-License-Identifier: Apache-2.0
#include <mitome/element/persona.hpp>

#include <array>

namespace mitome::element {

namespace {

using enum FileKind;
using enum Reading;

// Contact ATR of a card that OpenSC's table knows; a contactless one for the phone.
constexpr auto atr_card = "3BE000FF8131FE4514"_hex;
constexpr auto atr_phone = "3B888001000005E0B381A1007F"_hex;

constexpr std::uint16_t auth_pin = 0x18;
constexpr std::uint16_t sign_pin = 0x1B;

/// The JPKI application; only who may read EF 000A differs between card and phone.
constexpr std::array<File, 17> jpki_files(Reading auth_certificate) {
    return {{
        {0x0001, transparent, 3072, behind_pin, {sign_pin}},  // signature certificate
        {0x0002, transparent, 2048, free, {}},                // its CA
        {0x0005, transparent, 16, never, {}},
        {0x0006, transparent, 160, free, {}},  // token information
        {0x0008, transparent, 3, free, {}},    // which certificates exist
        {0x0009, transparent, 16, never, {}},
        {0x000A, transparent, 3072, auth_certificate, {auth_pin}},  // authentication certificate
        {0x000B, transparent, 2048, free, {}},                      // its CA
        {0x0010, key, 0, never, {}},
        {0x0016, key, 0, never, {}},  // terminal CA key
        {0x0017, key, 0, never, {auth_pin}},
        {auth_pin, pin, 0, never, {}},
        {0x0019, key, 0, never, {}},
        {0x001A, key, 0, never, {sign_pin}},
        {sign_pin, pin, 0, never, {}},
        {0x001C, transparent, 16, never, {}},
        {0x001E, transparent, 16, never, {}},
    }};
}
constexpr auto jpki_all_card = jpki_files(free);
constexpr auto jpki_all_phone = jpki_files(behind_pin);

constexpr std::array<File, 13> text_files{{
    {0x0001, transparent, 17, behind_pin, {0x11, 0x14}},         // My Number
    {0x0002, transparent, 512, behind_pin, {0x11, 0x15}},        // four items
    {0x0003, transparent, 336, behind_pin, {0x11, 0x14, 0x15}},  // hashes and signature
    {0x0004, transparent, 568, free, {}},                        // CV certificate of the signer
    {0x0005, transparent, 256, free, {}},
    {0x0006, transparent, 512, behind_pin, {0x11, 0x14, 0x15}},
    {0x0007, transparent, 536, behind_pin, {0x11, 0x14, 0x15}},
    {0x0008, transparent, 16, free, {}},
    {0x0011, pin, 0, never, {}},
    {0x0012, pin, 0, never, {}},
    {0x0013, key, 0, never, {}},  // internal key: signs without a PIN
    {0x0014, pin, 0, never, {}},
    {0x0015, pin, 0, never, {}},
}};

constexpr std::array<File, 4> common_files{{
    {0x0001, record, 32, free, {}},
    {0x0002, record, 32, free, {}},
    {0x0019, key, 0, never, {}},
    {0x001C, pin, 0, never, {}},
}};

constexpr std::array rules{
    PinRule{Application::jpki, auth_pin, 3, PinForm::four_digits},
    PinRule{Application::jpki, sign_pin, 5, PinForm::password},
    PinRule{Application::text, 0x11, 3, PinForm::four_digits},
    PinRule{Application::text, 0x12, 10, PinForm::fixed},  // blocked on every card
    PinRule{Application::text, 0x14, 10, PinForm::fixed},  // 照合番号A
    PinRule{Application::text, 0x15, 10, PinForm::fixed},  // 照合番号B
    PinRule{Application::common, 0x1C, 3, PinForm::four_digits},
};

const Persona card{.name = PersonaName::card,
                   .label = "JPKIAPICCTOKEN2",
                   .atr = atr_card,
                   .jpki = jpki_all_card,
                   .text = text_files,
                   .common = common_files,
                   .enrols = false,
                   .reset_keeps_pin = false};

const Persona phone{.name = PersonaName::phone,
                    .label = "JPKIAPGPSETOKEN",
                    .atr = atr_phone,
                    .jpki = jpki_all_phone,
                    .text = {},
                    .common = {},
                    .enrols = true,
                    .reset_keeps_pin = false};

constexpr auto aid_security_domain = "A000000151000000"_hex;
constexpr auto aid_jpki = "D392F000260100000001"_hex;
constexpr auto aid_text = "D3921000310001010408"_hex;
constexpr auto aid_common = "D3921000310001010100"_hex;

}  // namespace

std::string_view name_of(PersonaName name) {
    switch (name) {
        case PersonaName::card: return "card";
        case PersonaName::phone: return "phone";
    }
    return {};
}

std::optional<PersonaName> persona_of(std::string_view name) {
    for (const PersonaName each : {PersonaName::card, PersonaName::phone})
        if (name_of(each) == name) return each;
    return std::nullopt;
}

std::span<const File> Persona::files(Application application) const {
    switch (application) {
        case Application::security_domain: return {};
        case Application::jpki: return jpki;
        case Application::text: return text;
        case Application::common: return common;
    }
    return {};
}

bool Persona::has(Application application) const {
    return application == Application::security_domain || !files(application).empty();
}

const Persona& persona(PersonaName name) { return name == PersonaName::card ? card : phone; }

BytesView aid_of(Application application) {
    switch (application) {
        case Application::security_domain: return aid_security_domain;
        case Application::jpki: return aid_jpki;
        case Application::text: return aid_text;
        case Application::common: return aid_common;
    }
    return {};
}

std::span<const PinRule> pin_rules() { return rules; }

const PinRule* pin_rule(Application application, std::uint16_t file) {
    for (const PinRule& rule : rules)
        if (rule.application == application && rule.file == file) return &rule;
    return nullptr;
}

}  // namespace mitome::element
