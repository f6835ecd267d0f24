// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sandbox_state.hpp"
#include "verbs.hpp"

#include <mitome/card/session.hpp>
#include <mitome/reader/channel.hpp>
#include <mitome/wallet/shelf.hpp>

#include <boost/json/array.hpp>

#include <memory>

namespace mitome::cli {

/// Opens the way to a token: the card through PC/SC (or, where a sandbox runs without, its
/// element's socket), a phone through its element's socket.
[[nodiscard]] Attempt<std::unique_ptr<reader::Channel>> open_channel(const Context& context,
                                                                     const Token& token);
[[nodiscard]] Attempt<std::unique_ptr<card::Session>> open_session(const Context& context,
                                                                   const Token& token);

/// What a failure of a token means to its holder.
[[nodiscard]] Failure token_failure(const Token& token, const Error& error);

/// Presents a PIN; anything but `Accepted` is a failure with the tries that are left.
[[nodiscard]] Attempt<void> present(const Context& context, const Token& token,
                                    card::Session& session, pki::Kind kind, Pin&& pin);

/// The failure for a PIN that was not right, and for one that is blocked.
[[nodiscard]] Failure wrong_pin(const Context& context, SecretName name, unsigned tries_left);
[[nodiscard]] Failure blocked_pin(SecretName name);

/// Warnings about a secret that is easy to guess, told already; the holder may keep it.
[[nodiscard]] boost::json::array guessable_warnings(const Context& context, const Token& token,
                                                    const Pin& chosen);

[[nodiscard]] SecretName secret_of(const Token& token, pki::Kind kind);

/// The name of the phone that a verb means: the one given, or the first.
[[nodiscard]] Attempt<std::string> phone_name(const SandboxState& state, const std::string& given);

/// Where the wallet keeps what this token hides.
[[nodiscard]] wallet::Shelf shelf_of_phone(const Home& home, const std::string& phone);
[[nodiscard]] wallet::Shelf shelf_of_card(const Home& home, const pki::Certificate& auth);

}  // namespace mitome::cli
