// SPDX-License-Identifier: Apache-2.0
#pragma once

// The PIN of 券面事項入力補助AP, the application that holds My Number and the four items as text.
//
// Each function has the channel to itself while it runs, and selects another application at its
// end, so that the card forgets the PIN.

#include <mitome/card/session.hpp>

namespace mitome::card {

/// How many tries are left, without spending one; 0 when blocked, empty when the card does not
/// say. `absent` with `wrong_card` when the token has no such application (a phone has none).
[[nodiscard]] Result<std::optional<std::uint8_t>> text_tries_left(reader::Channel& channel);

/// Presents the present PIN and puts the chosen one in its place; both are four digits
/// (`malformed` with a `PinForm` otherwise, no try spent). As `change_pin` in all else.
[[nodiscard]] Result<PinOutcome> change_text_pin(reader::Channel& channel, Pin&& present,
                                                 Pin&& chosen);

}  // namespace mitome::card
