// SPDX-License-Identifier: Apache-2.0
#include "token.hpp"

#include <mitome/card/text_application.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace mitome::cli {
namespace {

using catalogue::Code;

const Token the_card{Token::Owner::card, {}};

struct CardPin {
    std::string_view word;  ///< on the command line and in JSON
    SecretName present;
    SecretName chosen;
    unsigned limit;
};

/// Tries: jpki-facts of the service, card and phone alike.
constexpr std::array card_pins{
    CardPin{"authentication", SecretName::card_authentication, SecretName::new_card_authentication,
            3},
    CardPin{"signature", SecretName::card_signature, SecretName::new_card_signature, 5},
    CardPin{"input_assistance", SecretName::card_input_assistance,
            SecretName::new_card_input_assistance, 3},
};

}  // namespace

Outcome card_pin_status(const Context& context) {
    boost::json::array rows;
    std::string words;
    const auto add = [&](const CardPin& pin, std::optional<std::uint8_t> tries) {
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
        auto session = open_session(context, the_card);
        if (!session) return std::unexpected{session.error()};
        for (const auto& [pin, ref] : {std::pair{card_pins[0], card::PinRef::authentication},
                                       std::pair{card_pins[1], card::PinRef::signature}}) {
            const auto tries = card::tries_left(**session, ref);
            if (!tries) return std::unexpected{token_failure(the_card, tries.error())};
            add(pin, *tries);
        }
    }
    auto channel = open_channel(context, the_card);
    if (!channel) return std::unexpected{channel.error()};
    const auto tries = card::text_tries_left(**channel);
    if (tries) add(card_pins[2], *tries);
    return Answer{boost::json::object{{"pins", std::move(rows)}}, words};
}

Outcome card_pin_change(const Context& context, const std::string& which) {
    const auto row = std::ranges::find(card_pins, which, &CardPin::word);
    if (row == card_pins.end())
        return stop(catalogue::variant(Code::usage, "value"), {{"argument", which}});
    auto present_pin = take_secret(context, row->present);
    if (!present_pin) return std::unexpected{present_pin.error()};
    auto chosen = take_secret(context, row->chosen);
    if (!chosen) return std::unexpected{chosen.error()};
    const bool equal = present_pin->reveal([&](BytesView old) {
        return chosen->reveal([&](BytesView fresh) { return same_in_constant_time(old, fresh); });
    });
    if (equal) return stop(Code::pin_unchanged);

    const auto judge = [&](const Result<card::PinOutcome>& outcome) -> Attempt<void> {
        if (!outcome) return std::unexpected{token_failure(the_card, outcome.error())};
        if (const auto* rejected = std::get_if<card::Rejected>(&*outcome))
            return std::unexpected{wrong_pin(context, row->present, rejected->tries_left)};
        if (std::holds_alternative<card::Blocked>(*outcome))
            return std::unexpected{blocked_pin(row->present)};
        return {};
    };
    if (row->present == SecretName::card_input_assistance) {
        auto channel = open_channel(context, the_card);
        if (!channel) return std::unexpected{channel.error()};
        if (auto done = judge(
                card::change_text_pin(**channel, std::move(*present_pin), std::move(*chosen)));
            !done)
            return std::unexpected{done.error()};
    } else {
        auto session = open_session(context, the_card);
        if (!session) return std::unexpected{session.error()};
        const auto ref = row->present == SecretName::card_signature ? card::PinRef::signature
                                                                    : card::PinRef::authentication;
        if (auto done = judge(
                card::change_pin(**session, ref, std::move(*present_pin), std::move(*chosen)));
            !done)
            return std::unexpected{done.error()};
    }
    const auto words =
        context.sentence("cli.pin.changed", {{"secret", plain_name(context, row->present)}}) + "\n";
    return Answer{boost::json::object{{"changed", row->word}}, words};
}

}  // namespace mitome::cli
