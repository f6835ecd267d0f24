// SPDX-License-Identifier: Apache-2.0
#include "phone.hpp"

#include <mitome/card/text_application.hpp>
#include <mitome/pki/four_items.hpp>
#include <mitome/wallet/guessable.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace mitome::cli {
namespace {

using catalogue::Code;

/// One secret of a token.
struct TokenPin {
    std::string_view word;  ///< on the command line and in JSON
    SecretName present;
    SecretName chosen;
    unsigned limit;
};

/// Tries: jpki-facts of the service, card and phone alike. The JPKI application's two come first,
/// in this order.
constexpr std::array card_pins{
    TokenPin{"authentication", SecretName::card_authentication, SecretName::new_card_authentication,
             3},
    TokenPin{"signature", SecretName::card_signature, SecretName::new_card_signature, 5},
    TokenPin{"input_assistance", SecretName::card_input_assistance,
             SecretName::new_card_input_assistance, 3},
};
constexpr std::array phone_pins{
    TokenPin{"authentication", SecretName::phone_authentication,
             SecretName::new_phone_authentication, 3},
    TokenPin{"signature", SecretName::phone_signature, SecretName::new_phone_signature, 5},
};

std::span<const TokenPin> pins_of(const Token& token) {
    if (token.owner == Token::Owner::card) return card_pins;
    return phone_pins;
}

/// Known where the wallet keeps the signature certificate.
std::optional<std::chrono::year_month_day> birth_of_holder(const Context& context,
                                                           const Token& token) {
    if (token.owner == Token::Owner::card) return std::nullopt;
    auto state = require_sandbox(context.home);
    if (!state) return std::nullopt;
    const auto name = phone_name(*state, token.phone);
    if (!name) return std::nullopt;
    const auto certificate = shelf_of_phone(context.home, *name).find(pki::Kind::sign);
    if (!certificate) return std::nullopt;
    const auto items = pki::basic_four_items(*certificate);
    if (!items) return std::nullopt;
    return items->birth.day;
}

}  // namespace

boost::json::array guessable_warnings(const Context& context, const Token& token,
                                      const Pin& chosen) {
    boost::json::array warnings;
    const auto birth = birth_of_holder(context, token);
    if (chosen.reveal([&](BytesView secret) { return wallet::is_guessable(secret, birth); }))
        warnings.push_back(context.warn(Code::pin_guessable, {}));
    return warnings;
}

Outcome token_pin_status(const Context& context, const Token& token) {
    const auto pins = pins_of(token);
    const bool is_card = token.owner == Token::Owner::card;
    boost::json::array rows;
    std::string words;
    const auto add = [&](const TokenPin& pin, std::optional<std::uint8_t> tries) {
        boost::json::object row{{"pin", pin.word}, {"tries_left", nullptr}, {"limit", pin.limit}};
        if (tries) {
            row["tries_left"] = *tries;
            const auto number = std::to_string(*tries);
            const auto limit = std::to_string(pin.limit);
            const auto secret = plain_name(context, pin.present);
            words += *tries == 0
                         ? context.sentence("cli.pin.blocked", {{"secret", secret}})
                         : context.sentence("cli.pin.tries",
                                            {{"secret", secret}, {"n", number}, {"all", limit}});
            words += "\n";
        }
        rows.push_back(std::move(row));
    };
    {
        auto session = open_session(context, token);
        if (!session) return std::unexpected{session.error()};
        for (const auto& [pin, ref] : {std::pair{pins[0], card::PinRef::authentication},
                                       std::pair{pins[1], card::PinRef::signature}}) {
            const auto tries = card::tries_left(**session, ref);
            if (!tries && tries.error().fault == Fault::absent && !is_card) continue;
            if (!tries) return std::unexpected{token_failure(token, tries.error())};
            add(pin, *tries);
        }
    }
    if (!is_card)
        return Answer{boost::json::object{{"pins", std::move(rows)}},
                      words.empty() ? std::string{context.word("cli.table.none")} + "\n" : words};
    auto channel = open_channel(context, token);
    if (!channel) return std::unexpected{channel.error()};
    const auto tries = card::text_tries_left(**channel);
    if (tries) add(card_pins[2], *tries);
    return Answer{boost::json::object{{"pins", std::move(rows)}}, words};
}

Outcome token_pin_change(const Context& context, const Token& token, const std::string& which) {
    const auto pins = pins_of(token);
    const bool is_card = token.owner == Token::Owner::card;
    const auto row = std::ranges::find(pins, which, &TokenPin::word);
    if (row == pins.end())
        return stop(catalogue::variant(Code::usage, "value"), {{"argument", which}});
    auto present_pin = take_secret(context, row->present);
    if (!present_pin) return std::unexpected{present_pin.error()};
    auto chosen = take_secret(context, row->chosen);
    if (!chosen) return std::unexpected{chosen.error()};
    const bool equal = present_pin->reveal([&](BytesView old) {
        return chosen->reveal([&](BytesView fresh) { return same_in_constant_time(old, fresh); });
    });
    if (equal) return stop(Code::pin_unchanged);
    auto warnings = guessable_warnings(context, token, *chosen);

    std::string phone;
    const auto kind = row == pins.begin() ? pki::Kind::auth : pki::Kind::sign;
    if (!is_card) {
        auto state = require_sandbox(context.home);
        if (!state) return std::unexpected{state.error()};
        auto name = phone_name(*state, token.phone);
        if (!name) return std::unexpected{name.error()};
        phone = std::move(*name);
        if (auto noted = note_deed(context, phone, wallet::Deed::pin_changed, kind, {}, {}); !noted)
            return std::unexpected{noted.error()};
    }
    const auto failed = [&](Failure failure) -> std::unexpected<Failure> {
        if (!is_card) (void)note_deed(context, phone, wallet::Deed::failed, kind, {}, {});
        return std::unexpected{std::move(failure)};
    };
    const auto judge = [&](const Result<card::PinOutcome>& outcome) -> Attempt<void> {
        if (!outcome) return failed(token_failure(token, outcome.error()));
        if (const auto* rejected = std::get_if<card::Rejected>(&*outcome))
            return failed(wrong_pin(context, row->present, rejected->tries_left));
        if (std::holds_alternative<card::Blocked>(*outcome))
            return failed(blocked_pin(row->present));
        return {};
    };
    if (row->present == SecretName::card_input_assistance) {
        auto channel = open_channel(context, token);
        if (!channel) return std::unexpected{channel.error()};
        if (auto done = judge(
                card::change_text_pin(**channel, std::move(*present_pin), std::move(*chosen)));
            !done)
            return std::unexpected{done.error()};
    } else {
        auto session = open_session(context, token);
        if (!session) return std::unexpected{session.error()};
        const auto ref =
            row == pins.begin() ? card::PinRef::authentication : card::PinRef::signature;
        if (auto done = judge(
                card::change_pin(**session, ref, std::move(*present_pin), std::move(*chosen)));
            !done)
            return std::unexpected{done.error()};
    }
    const auto words =
        context.sentence("cli.pin.changed", {{"secret", plain_name(context, row->present)}}) + "\n";
    return Answer{boost::json::object{{"changed", row->word}, {"warnings", std::move(warnings)}},
                  words};
}

}  // namespace mitome::cli
