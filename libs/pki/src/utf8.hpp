// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace mitome::pki {

/// How many characters `octets` hold, or nothing when they are not UTF-8: no overlong forms, no
/// surrogates, nothing above U+10FFFF. RFC 3629 §4.
[[nodiscard]] std::optional<std::size_t> count_utf8(BytesView octets);

/// How many octets at the start of `text` must not reach a terminal as they are: C0, DEL, C1
/// (U+0080 to U+009F) and the marks that turn the direction of writing (U+202A to U+202E, U+2066
/// to U+2069). 0 for others.
[[nodiscard]] std::size_t steering_octets(std::string_view text);

}  // namespace mitome::pki
