// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/file.hpp>
#include <mitome/base/secret.hpp>

#include <optional>
#include <string_view>

namespace mitome::cli {

/// Room for the longest secret that any verb takes, and for one octet more, so that too long is
/// seen as too long.
using Entry = Secret<64>;

/// The person's terminal, if there is one behind this process.
class Terminal {
public:
    /// Absent unless standard input or standard error is a terminal.
    [[nodiscard]] static std::optional<Terminal> open();

    /// Writes `prompt`, reads one line without showing it. `absent` when the input ends before a
    /// line did, `malformed` when it is longer than any secret.
    [[nodiscard]] Result<Entry> ask(std::string_view prompt);

    void write(std::string_view text);

private:
    explicit Terminal(Descriptor device) : device_(std::move(device)) {}
    Descriptor device_;
};

/// Reads a secret from a descriptor to its end and drops one final newline.
/// `malformed` when it is longer than any secret, `absent` when the descriptor is not open.
[[nodiscard]] Result<Entry> read_entry(int descriptor);

/// Standard error is a terminal: progress may be drawn there.
[[nodiscard]] bool draws_progress();

}  // namespace mitome::cli
