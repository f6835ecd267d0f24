// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the machines of the wallet share: replies, and the bearer's part of a dialog between
// registration and the element.

#include <mitome/apdu/ram.hpp>
#include <mitome/pki/cmp.hpp>
#include <mitome/wallet/ports.hpp>

namespace mitome::wallet {

inline Trouble trouble(const Error& error) { return error; }
inline Trouble trouble(catalogue::Code code) { return Refusal{code}; }
inline Trouble trouble(Trouble known) { return known; }

/// As MITOME_TRY, into a `Reply`.
#define WALLET_TRY(name, expression)                                                  \
    auto MITOME_JOIN(name, _reply) = (expression);                                    \
    if (!MITOME_JOIN(name, _reply))                                                   \
        return std::unexpected{                                                       \
            ::mitome::wallet::trouble(std::move(MITOME_JOIN(name, _reply)).error())}; \
    auto name = *std::move(MITOME_JOIN(name, _reply))

/// The same where there is nothing to keep.
#define WALLET_CHECK(expression)                                                      \
    if (auto wallet_checked = (expression); !wallet_checked) return std::unexpected { \
            ::mitome::wallet::trouble(std::move(wallet_checked).error())              \
        }

/// What our failInfo answers mean to the holder.
[[nodiscard]] catalogue::Code code_of(const pki::cmp::StatusReport& status);

[[nodiscard]] constexpr pki::Kind kind_of(Kind kind) {
    return kind == Kind::sign ? pki::Kind::sign : pki::Kind::auth;
}

/// Octets to the element and back. The channel outlives what is returned.
[[nodiscard]] RunScript relay_to(reader::Channel& element);

[[nodiscard]] Reply<apdu::Response> ask(reader::Channel& element, const apdu::Command& command);
/// Refused with `element_mute` when the element has no JPKI application.
[[nodiscard]] Reply<void> select_application(reader::Channel& element);

/// More dialogs than one contact ever needs: a service that finds no end is left.
inline constexpr int most_dialogs = 8;

}  // namespace mitome::wallet
