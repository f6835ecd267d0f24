// SPDX-License-Identifier: Apache-2.0
#include "status.hpp"

#include <mitome/card/session.hpp>

#include <algorithm>

namespace mitome::card {
namespace {

using apdu::Command;

constexpr std::uint8_t ins_verify = 0x20;
constexpr std::uint8_t ins_change = 0x24;
constexpr std::uint8_t ins_select = 0xA4;
constexpr std::uint8_t current_file = 0x80;  // P2: the PIN file that is selected

[[nodiscard]] constexpr std::uint8_t file_of(PinRef ref) {
    switch (ref) {
        case PinRef::authentication: return 0x18;
        case PinRef::signature: return 0x1B;
    }
    return 0;
}

[[nodiscard]] constexpr std::uint8_t reference_of(PinRef ref) {
    return static_cast<std::uint8_t>(0x80 | file_of(ref));
}

[[nodiscard]] bool is_digit(std::uint8_t octet) { return octet >= '0' && octet <= '9'; }
[[nodiscard]] bool is_letter(std::uint8_t octet) { return octet >= 'A' && octet <= 'Z'; }
[[nodiscard]] bool is_lower(std::uint8_t octet) { return octet >= 'a' && octet <= 'z'; }

[[nodiscard]] PinForm length_form(std::size_t size, std::size_t least, std::size_t most) {
    return size < least ? PinForm::too_short : size > most ? PinForm::too_long : PinForm::good;
}

[[nodiscard]] PinForm digits_form(BytesView pin) {
    if (!std::ranges::all_of(pin, is_digit)) {
        return PinForm::not_a_digit;
    }
    return length_form(pin.size(), 4, 4);
}

[[nodiscard]] PinForm password_form(BytesView pin, PinUse use) {
    if (std::ranges::any_of(pin, is_lower)) {
        return PinForm::lower_case;
    }
    if (!std::ranges::all_of(pin, [](auto octet) { return is_digit(octet) || is_letter(octet); })) {
        return PinForm::foreign_character;
    }
    const PinForm length = length_form(pin.size(), 6, 16);
    if (length != PinForm::good || use == PinUse::present) {
        return length;
    }
    if (std::ranges::none_of(pin, is_letter)) {
        return PinForm::no_letter;
    }
    return std::ranges::none_of(pin, is_digit) ? PinForm::no_digit : PinForm::good;
}

[[nodiscard]] std::unexpected<Error> bad_form(PinForm form) {
    return fail(Fault::malformed, "card: no PIN has this form", static_cast<std::uint32_t>(form));
}

/// Sends a command that carries a secret, and wipes it.
[[nodiscard]] Result<apdu::Response> transmit_secret(Session& session, Command command,
                                                     const Pin& pin) {
    command.data.reserve(Pin::capacity());
    pin.reveal([&](BytesView octets) { command.data.assign(octets.begin(), octets.end()); });
    auto answer = session.transmit(command);
    wipe(command.data);
    return answer;
}

[[nodiscard]] bool says_blocked(std::uint16_t sw) {
    return sw == apdu::sw::tries_left || sw == apdu::sw::method_blocked ||
           sw == apdu::sw::reference_unusable;
}

[[nodiscard]] bool says_tries(std::uint16_t sw) { return (sw & 0xFFF0) == apdu::sw::tries_left; }

}  // namespace

PinForm check_form(PinRef ref, const Pin& pin, PinUse use) {
    return pin.reveal([&](BytesView octets) {
        return ref == PinRef::authentication ? digits_form(octets) : password_form(octets, use);
    });
}

Result<PinOutcome> verify_pin(Session& session, PinRef ref, Pin&& pin) {
    const Pin taken = std::move(pin);
    if (const PinForm form = check_form(ref, taken, PinUse::present); form != PinForm::good) {
        return bad_form(form);
    }
    MITOME_TRY(answer,
               transmit_secret(session, {.ins = ins_verify, .p2 = reference_of(ref)}, taken));
    if (answer.ok()) {
        return Accepted{};
    }
    if (says_blocked(answer.sw)) {
        return Blocked{};
    }
    if (says_tries(answer.sw)) {
        return Rejected{static_cast<std::uint8_t>(answer.sw & 0x0F)};
    }
    if (answer.sw == apdu::sw::authentication_failed) {
        // Rejected without a count: asking for it costs no try.
        MITOME_TRY(left, tries_left(session, ref));
        if (left) {
            return *left == 0 ? PinOutcome{Blocked{}} : PinOutcome{Rejected{*left}};
        }
    }
    return refusal(answer.sw);
}

Result<std::optional<std::uint8_t>> tries_left(Session& session, PinRef ref) {
    MITOME_TRY(answer, session.transmit({.ins = ins_verify, .p2 = reference_of(ref)}));
    if (answer.sw == apdu::sw::wrong_p1_p2 || answer.sw == apdu::sw::reference_not_found) {
        // A token that takes the short identifier only together with a PIN.
        MITOME_TRY(selected,
                   session.transmit(
                       {.ins = ins_select, .p1 = 0x02, .p2 = 0x0C, .data = {0x00, file_of(ref)}}));
        if (!selected.ok()) {
            return refusal(selected.sw);
        }
        MITOME_TRY(again, session.transmit({.ins = ins_verify, .p2 = current_file}));
        answer = std::move(again);
    }
    if (says_blocked(answer.sw)) {
        return 0;
    }
    if (says_tries(answer.sw)) {
        return static_cast<std::uint8_t>(answer.sw & 0x0F);
    }
    // 9000: verified, as ISO has it. 6300: a key without a limit.
    if (answer.ok() || answer.sw == apdu::sw::authentication_failed) {
        return std::nullopt;
    }
    return refusal(answer.sw);
}

Result<PinOutcome> change_pin(Session& session, PinRef ref, Pin&& present, Pin&& chosen) {
    Pin old_pin = std::move(present);
    const Pin new_pin = std::move(chosen);
    if (const PinForm form = check_form(ref, new_pin, PinUse::choose); form != PinForm::good) {
        return bad_form(form);
    }
    MITOME_TRY(outcome, verify_pin(session, ref, std::move(old_pin)));
    if (!std::holds_alternative<Accepted>(outcome)) {
        return outcome;
    }
    // The change names no reference of its own: the PIN's file must be the current one.
    MITOME_TRY(selected,
               session.transmit(
                   {.ins = ins_select, .p1 = 0x02, .p2 = 0x0C, .data = {0x00, file_of(ref)}}));
    if (!selected.ok()) {
        return refusal(selected.sw);
    }
    MITOME_TRY(answer, transmit_secret(session, {.ins = ins_change, .p1 = 0x01, .p2 = current_file},
                                       new_pin));
    if (!answer.ok()) {
        return refusal(answer.sw);
    }
    return Accepted{};
}

}  // namespace mitome::card
