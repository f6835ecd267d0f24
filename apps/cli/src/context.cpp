// SPDX-License-Identifier: Apache-2.0
#include "context.hpp"

#include <mitome/base/clock.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

namespace mitome::cli {
namespace {

using catalogue::Code;

void write_error(std::string_view text) {
    while (!text.empty()) {
        const auto wrote = ::write(STDERR_FILENO, text.data(), text.size());
        if (wrote <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

bool is_password(SecretName name) {
    switch (name) {
        case SecretName::card_signature:
        case SecretName::phone_signature:
        case SecretName::new_card_signature:
        case SecretName::new_phone_signature: return true;
        case SecretName::card_authentication:
        case SecretName::card_input_assistance:
        case SecretName::phone_authentication:
        case SecretName::phone_stop_code:
        case SecretName::new_card_authentication:
        case SecretName::new_card_input_assistance:
        case SecretName::new_phone_authentication: return false;
    }
    return false;
}

bool is_new(SecretName name) { return name_of(name).starts_with("new."); }

catalogue::Word prompt_of(SecretName name) {
    switch (name) {
        case SecretName::card_authentication: return "cli.prompt.card.authentication";
        case SecretName::card_signature: return "cli.prompt.card.signature";
        case SecretName::card_input_assistance: return "cli.prompt.card.input_assistance";
        case SecretName::phone_authentication: return "cli.prompt.phone.authentication";
        case SecretName::phone_signature: return "cli.prompt.phone.signature";
        case SecretName::phone_stop_code: return "cli.prompt.phone.stop_code";
        case SecretName::new_card_authentication: return "cli.prompt.new.card.authentication";
        case SecretName::new_card_signature: return "cli.prompt.new.card.signature";
        case SecretName::new_card_input_assistance: return "cli.prompt.new.card.input_assistance";
        case SecretName::new_phone_authentication: return "cli.prompt.new.phone.authentication";
        case SecretName::new_phone_signature: return "cli.prompt.new.phone.signature";
    }
    return "cli.prompt.card.authentication";
}

/// What is said of a secret of digits that cannot be one.
Code form_of(SecretName name) {
    return name == SecretName::phone_stop_code ? catalogue::variant(Code::pin_form, "stop_code")
                                               : Code::pin_form;
}

/// jpki-facts of the service: 4 digits; 6 to 16 of A–Z and 0–9, both kinds.
Attempt<Pin> checked_pin(SecretName name, const Entry& entry) {
    const std::size_t length = name == SecretName::phone_stop_code ? 10 : 4;
    return entry.reveal([&](BytesView octets) -> Attempt<Pin> {
        const bool digits =
            std::ranges::all_of(octets, [](std::uint8_t c) { return c >= '0' && c <= '9'; });
        Pin pin;
        if (octets.size() != length || !digits || !pin.assign(octets)) return stop(form_of(name));
        return pin;
    });
}

Attempt<Pin> checked_password(const Context& context, const Entry& entry) {
    bool folded = false;
    auto taken = entry.reveal([&](BytesView octets) -> Attempt<Pin> {
        bool letter = false;
        bool digit = false;
        for (const auto c : octets) {
            const bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            const bool is_digit = c >= '0' && c <= '9';
            if (!is_letter && !is_digit) return stop(Code::password_character);
            letter |= is_letter;
            digit |= is_digit;
        }
        if (octets.size() < 6) return stop(Code::password_short);
        if (octets.size() > 16) return stop(Code::password_long);
        if (!letter) return stop(Code::password_lacks_letter);
        if (!digit) return stop(Code::password_lacks_digit);
        Pin pin;
        for (const auto c : octets) {
            const bool small = c >= 'a' && c <= 'z';
            folded |= small;
            if (!pin.append(static_cast<std::uint8_t>(small ? c - 'a' + 'A' : c)))
                return stop(Code::password_long);
        }
        return pin;
    });
    if (taken && folded) context.note(context.word("cli.note.upper"));
    return taken;
}

Attempt<Pin> checked(const Context& context, SecretName name, const Entry& entry) {
    return is_password(name) ? checked_password(context, entry) : checked_pin(name, entry);
}

}  // namespace

std::string Context::day(Time time) const {
    const auto day = day_in_japan(time);
    const auto month =
        catalogue::Word::find(fmt::format("month.{}", static_cast<unsigned>(day.month())));
    return sentence("date.day", {{"year", std::to_string(static_cast<int>(day.year()))},
                                 {"month", month ? word(*month) : std::string_view{}},
                                 {"day", std::to_string(static_cast<unsigned>(day.day()))}});
}

std::string Context::moment(Time time) const {
    const auto since = time - start_of_day_in_japan(day_in_japan(time));
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::minutes>(since)};
    return fmt::format("{} {:02}:{:02}", day(time), clock.hours().count(), clock.minutes().count());
}

void Context::note(std::string_view line) const {
    std::string out;
    while (!line.empty()) {
        const auto end = line.find('\n');
        out.append("mitome: ").append(line.substr(0, end)).push_back('\n');
        line = end == std::string_view::npos ? std::string_view{} : line.substr(end + 1);
    }
    write_error(out);
}

void Context::tell(Code code, std::initializer_list<catalogue::Value> values) const {
    const auto label = catalogue::failure(code).severity == catalogue::Severity::notice
                           ? word("cli.label.notice")
                           : word("cli.label.warning");
    note(std::string{label} + ": " + catalogue::message(code, language, values));
}

boost::json::object Context::warn(Code code, std::initializer_list<catalogue::Value> values) const {
    tell(code, values);
    return {{"code", catalogue::failure(code).code},
            {"message", catalogue::message(code, language, values)},
            {"hint", catalogue::hint(code, language, values)}};
}

std::string_view plain_name(const Context& context, SecretName name) {
    switch (name) {
        case SecretName::card_authentication:
        case SecretName::new_card_authentication: return context.word("secret.card.authentication");
        case SecretName::card_signature:
        case SecretName::new_card_signature: return context.word("secret.card.signature");
        case SecretName::card_input_assistance:
        case SecretName::new_card_input_assistance:
            return context.word("secret.card.input_assistance");
        case SecretName::phone_authentication:
        case SecretName::new_phone_authentication:
            return context.word("secret.phone.authentication");
        case SecretName::phone_signature:
        case SecretName::new_phone_signature: return context.word("secret.phone.signature");
        case SecretName::phone_stop_code: return context.word("secret.phone.stop_code");
    }
    return "";
}

std::string_view name_of(SecretName name) {
    switch (name) {
        case SecretName::card_authentication: return "card.authentication";
        case SecretName::card_signature: return "card.signature";
        case SecretName::card_input_assistance: return "card.input_assistance";
        case SecretName::phone_authentication: return "phone.authentication";
        case SecretName::phone_signature: return "phone.signature";
        case SecretName::phone_stop_code: return "phone.stop_code";
        case SecretName::new_card_authentication: return "new.card.authentication";
        case SecretName::new_card_signature: return "new.card.signature";
        case SecretName::new_card_input_assistance: return "new.card.input_assistance";
        case SecretName::new_phone_authentication: return "new.phone.authentication";
        case SecretName::new_phone_signature: return "new.phone.signature";
    }
    return "";
}

bool has_secret(const Context& context, SecretName name) {
    return context.secret_descriptors.contains(name_of(name));
}

Attempt<Pin> take_secret(const Context& context, SecretName name) {
    const auto given = context.secret_descriptors.find(name_of(name));
    if (given != context.secret_descriptors.end()) {
        const auto entry = read_entry(given->second);
        if (!entry && entry.error().fault == Fault::malformed)
            return stop(is_password(name) ? Code::password_long : form_of(name));
        if (!entry)
            return stop(catalogue::variant(Code::secret_malformed, "descriptor"),
                        {{"secret", std::string{plain_name(context, name)}}});
        return checked(context, name, *entry);
    }
    auto terminal = Terminal::open();
    if (!terminal)
        return stop(Code::secret_missing, {{"secret", std::string{plain_name(context, name)}},
                                           {"name", std::string{name_of(name)}}});
    const auto ask = [&](catalogue::Word prompt) {
        return terminal->ask(std::string{context.word(prompt)} + " ");
    };
    const auto entry = ask(prompt_of(name));
    if (!entry && entry.error().fault == Fault::malformed)
        return stop(is_password(name) ? Code::password_long : form_of(name));
    if (!entry) return stop(Code::interrupted);
    auto secret = checked(context, name, *entry);
    if (!secret || !is_new(name)) return secret;
    const auto again = ask("cli.prompt.again");
    if (!again) return stop(Code::interrupted);
    const bool equal = entry->reveal([&](BytesView first) {
        return again->reveal(
            [&](BytesView second) { return same_in_constant_time(first, second); });
    });
    if (!equal) return stop(Code::pin_mismatch);
    return secret;
}

Progress::Progress(const Context& context) : drawn_(!context.json && draws_progress()) {}

Progress::~Progress() {
    if (line_open_) write_error("\r\033[K");
}

void Progress::show(std::string_view step) {
    if (!drawn_) return;
    write_error("\r\033[K" + std::string{step} + "…");
    line_open_ = true;
}

}  // namespace mitome::cli
