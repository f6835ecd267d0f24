// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/secret.hpp>

#include <cstdint>

namespace mitome::card {

using mitome::Pin;

/// The two secrets of the JPKI application: 利用者証明用 (4 digits) and 署名用 (a password).
enum class PinRef : std::uint8_t { authentication, signature };

/// A secret that exists may be older than the rule for new ones; it is held to the form that a
/// token can store at all.
enum class PinUse : std::uint8_t { present, choose };

/// What is wrong with a secret's form. Every reason but `good` is the code of the error with
/// which `verify_pin` and `change_pin` refuse it.
enum class PinForm : std::uint8_t {
    good = 0,
    too_short = 1,
    too_long = 2,
    not_a_digit = 3,          ///< authentication: something else than 0–9
    lower_case = 4,           ///< signature: the token compares octets, the caller folds
    foreign_character = 5,    ///< signature: neither A–Z nor 0–9
    no_letter = 6,            ///< signature, new: at least one of A–Z
    no_digit = 7,             ///< signature, new: at least one of 0–9
};

/// The first rule that `pin` breaks; asks no token. The characters are judged before the length.
[[nodiscard]] PinForm check_form(PinRef ref, const Pin& pin, PinUse use);

}  // namespace mitome::card
