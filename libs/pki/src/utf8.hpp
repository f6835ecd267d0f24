// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <cstddef>
#include <optional>

namespace mitome::pki {

/// How many characters `octets` hold, or nothing when they are not UTF-8: no overlong forms, no
/// surrogates, nothing above U+10FFFF. RFC 3629 §4.
[[nodiscard]] std::optional<std::size_t> count_utf8(BytesView octets);

}  // namespace mitome::pki
