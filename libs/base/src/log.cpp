// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/clock.hpp>
#include <mitome/base/log.hpp>

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>

namespace mitome {
namespace {

std::string& program_name() {
    static std::string name = "mitome";
    return name;
}

std::atomic<Level>& least_level() {
    static std::atomic<Level> least = Level::info;
    return least;
}

std::string_view word_of(Level level) {
    switch (level) {
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warning: return "warning";
        case Level::error: return "error";
    }
    return "error";
}

void add_word(std::string& line, std::string_view word) {
    line.push_back('"');
    for (const char c : word) {
        if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7F) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\x%02X", static_cast<unsigned char>(c));
            line += escaped;
        } else {
            line.push_back(c);
        }
    }
    line.push_back('"');
}

}  // namespace

Field::Field(Literal name, const Error& error)
    : name_(name),
      number_(static_cast<std::int64_t>(error.code)),
      word_(error.what.text),
      is_word_(true) {}

void start_log(std::string_view program, Level least) {
    program_name() = program;
    least_level() = least;
}

void log(Level level, Literal event, std::initializer_list<Field> fields) {
    if (level < least_level().load()) return;
    std::string line = to_rfc3339(SystemClock{}.now());
    line.append(" ").append(word_of(level)).append(" ").append(program_name()).append(" ");
    add_word(line, event.text);
    for (const auto& field : fields) {
        line.append(" ").append(field.name()).append("=");
        if (!field.is_word()) {
            line += std::to_string(field.number());
        } else {
            add_word(line, field.word());
            if (field.number() != 0) line.append("/").append(std::to_string(field.number()));
        }
    }
    line.push_back('\n');
    // One write per line, so that lines of several threads and processes do not mix.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace mitome
