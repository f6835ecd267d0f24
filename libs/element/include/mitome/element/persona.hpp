// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mitome::element {

enum class PersonaName : std::uint8_t { card = 1, phone = 2 };
[[nodiscard]] std::string_view name_of(PersonaName name);
[[nodiscard]] std::optional<PersonaName> persona_of(std::string_view name);

enum class Application : std::uint8_t {
    security_domain = 0,
    jpki = 1,
    text = 2,    ///< 券面事項入力補助AP
    common = 3,  ///< 共通カードAP
};

enum class FileKind : std::uint8_t { transparent, record, key, pin };

/// Who may read a transparent or record file.
enum class Reading : std::uint8_t { free, never, behind_pin };

/// One elementary file of an application. Sizes are physical: what is not content is FF.
struct File {
    std::uint16_t id = 0;
    FileKind kind = FileKind::transparent;
    std::uint16_t size = 0;
    Reading reading = Reading::free;
    /// Any one of them opens the file or the key; 0 ends the list.
    std::uint16_t pins[3]{};
};

enum class PinForm : std::uint8_t { four_digits, password, fixed };

/// A PIN file of an application: how many tries, and whether its holder may change it.
struct PinRule {
    Application application{};
    std::uint16_t file = 0;
    std::uint8_t limit = 0;
    PinForm form = PinForm::fixed;
};

/// Everything in which a card and a phone differ, as data.
struct Persona {
    PersonaName name{};
    std::string_view label;  ///< EF 0006, space-padded to 32
    BytesView atr;
    std::span<const File> jpki;
    std::span<const File> text;
    std::span<const File> common;
    bool enrols = false;           ///< has the plain commands of a phone
    bool reset_keeps_pin = false;  ///< as the measured cards do; ISO and we clear

    [[nodiscard]] std::span<const File> files(Application application) const;
    [[nodiscard]] bool has(Application application) const;
};

[[nodiscard]] const Persona& persona(PersonaName name);
[[nodiscard]] BytesView aid_of(Application application);
[[nodiscard]] std::span<const PinRule> pin_rules();
[[nodiscard]] const PinRule* pin_rule(Application application, std::uint16_t file);

}  // namespace mitome::element
