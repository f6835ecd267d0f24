// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace mitome {

/// One typed fact of a log line. There is no way to make one from a `Secret`; names, addresses
/// and message bodies do not belong in one either.
class Field {
public:
    Field(Literal name, std::int64_t number) : name_(name), number_(number) {}
    Field(Literal name, std::string_view word) : name_(name), word_(word), is_word_(true) {}
    Field(Literal name, const Error& error);

    [[nodiscard]] std::string_view name() const { return name_.text; }
    [[nodiscard]] bool is_word() const { return is_word_; }
    [[nodiscard]] std::int64_t number() const { return number_; }
    [[nodiscard]] std::string_view word() const { return word_; }

private:
    Literal name_;
    std::int64_t number_ = 0;
    std::string_view word_;
    bool is_word_ = false;
};

enum class Level : std::uint8_t { debug, info, warning, error };

/// Writes one line `time level program event name=value …` to standard error.
/// Control characters in a word are written as `\xNN`. Thread-safe.
void log(Level level, Literal event, std::initializer_list<Field> fields = {});

/// The program's name in each line, and the least level that is written.
void start_log(std::string_view program, Level least);

}  // namespace mitome
