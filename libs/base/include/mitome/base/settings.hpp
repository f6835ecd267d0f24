// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mitome {

/// A TOML file of settings that is judged as a whole: ask for every key, then `finish`. A key
/// that is missing, of another kind, or in the file without having been asked for is written to
/// the operator log by its name, and `finish` refuses the file. What a getter gives before that
/// for a bad key is empty.
///
/// Keys are dotted: `tls.certificate` is `certificate` in the table `[tls]`.
class Settings {
public:
    /// `absent` or `denied` for the file; `malformed` (code = line) where it is not TOML.
    [[nodiscard]] static Result<Settings> read(const std::filesystem::path& file);
    [[nodiscard]] static Result<Settings> parse(std::string_view toml);

    Settings(Settings&&) noexcept;
    Settings& operator=(Settings&&) noexcept;
    ~Settings();

    [[nodiscard]] std::string text(std::string_view key);
    /// Absolute; no shell expansion.
    [[nodiscard]] std::filesystem::path path(std::string_view key);
    [[nodiscard]] std::uint16_t port(std::string_view key);
    [[nodiscard]] bool flag(std::string_view key, std::optional<bool> otherwise = {});
    /// Between the bounds, both included.
    [[nodiscard]] std::int64_t number(std::string_view key, std::int64_t least, std::int64_t most,
                                      std::optional<std::int64_t> otherwise = {});
    /// Whether the key, or a table of that name, is there; does not count as asking for it.
    [[nodiscard]] bool has(std::string_view key) const;

    [[nodiscard]] Done finish();

private:
    struct State;
    explicit Settings(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace mitome
