// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <mitome/base/file.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace mitome::element {
namespace {

struct Step {
    char kind;  // > < !
    std::string text;
};

struct Story {
    std::string title;
    std::string file;
    std::vector<Step> steps;
};

std::string without_blanks(std::string text) {
    std::erase(text, ' ');
    return text;
}

std::vector<Story> stories() {
    std::vector<Story> out;
    const std::filesystem::path folder =
        std::filesystem::path{MITOME_SOURCE_DIR} / "tests/vectors/element";
    for (const char* file :
         {"card-select", "card-read", "card-pin", "card-sign", "phone", "domain"}) {
        const Bytes octets = read_file(folder / (std::string{file} + ".apdu")).value();
        std::istringstream lines{std::string{text(octets)}};
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("## ")) {
                out.push_back({line.substr(3), file, {}});
            } else if (!line.empty()) {
                const std::string rest = line.substr(2);
                out.back().steps.push_back({line[0], line[0] == '!' ? rest : without_blanks(rest)});
            }
        }
    }
    return out;
}

/// `pattern` is hexadecimal with `*` for any octets and `{n}` for n of them.
bool matches(std::string_view pattern, std::string_view hex) {
    if (pattern.empty()) return hex.empty();
    if (pattern[0] == '*') {
        for (std::size_t skip = 0; skip <= hex.size(); skip += 2)
            if (matches(pattern.substr(1), hex.substr(skip))) return true;
        return false;
    }
    if (pattern[0] == '{') {
        const auto end = pattern.find('}');
        const std::size_t digits = 2 * std::stoul(std::string{pattern.substr(1, end - 1)});
        return hex.size() >= digits && matches(pattern.substr(end + 1), hex.substr(digits));
    }
    return !hex.empty() && pattern[0] == hex[0] && matches(pattern.substr(1), hex.substr(1));
}

class Answers : public testing::TestWithParam<Story> {};

TEST_P(Answers, AreThese) {
    const Story& story = GetParam();
    sample::World world =
        story.file == "phone" || story.file == "domain" ? sample::phone() : sample::card();
    Connection* talking = &world.first;
    std::string answer;

    for (const Step& step : story.steps) {
        if (step.kind == '>') {
            answer = to_hex(world.element->answer(*talking, from_hex(step.text).value()));
        } else if (step.kind == '<') {
            EXPECT_TRUE(matches(step.text, answer)) << "got " << answer << ", not " << step.text;
        } else if (step.text == "reset") {
            world.element->reset(*talking);
        } else if (step.text == "power") {
            talking->power_off();
            talking->power_on();
        } else if (step.text == "other") {
            talking = &world.second;
        } else if (step.text == "first") {
            talking = &world.first;
        } else if (step.text == "restart") {
            world.restart();
        } else if (step.text == "wait") {
            *world.now += std::chrono::minutes{2};
        } else if (step.text == "disk full") {
            world.slots->full = true;
        } else if (step.text == "disk free") {
            world.slots->full = false;
        } else {
            FAIL() << "what is " << step.text;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Tables, Answers, testing::ValuesIn(stories()), [](const auto& given) {
    std::string name = given.param.file + "_" + given.param.title;
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
});

}  // namespace
}  // namespace mitome::element
