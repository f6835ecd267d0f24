// SPDX-License-Identifier: Apache-2.0
#include "tables.hpp"

#include <mitome/catalogue/catalogue.hpp>

#include <utility>

namespace mitome::catalogue {
namespace {

using tables::FailureRow;
using tables::Part;
using tables::Texts;

constexpr std::string_view ideographic_full_stop = "。";

const FailureRow& row(Code code) { return tables::failures()[static_cast<std::size_t>(code)]; }

std::string_view in(const Texts& texts, Language language) {
    switch (language) {
        case Language::ja: return texts.ja;
        case Language::ja_easy: return texts.ja_easy;
        case Language::en: return texts.en;
    }
    std::unreachable();
}

const Value* find_value(std::span<const Value> values, std::string_view name) {
    const auto found = std::ranges::find(values, name, &Value::name);
    return found == values.end() ? nullptr : &*found;
}

struct Filled {
    std::string text;
    bool complete = true;
};

// The grammar is {name} or {name?one|many}; generate.py refuses any other brace.
Filled fill_known(std::string_view text, std::span<const Value> values) {
    Filled filled;
    while (!text.empty()) {
        const auto open = text.find('{');
        const auto close = text.find('}', open == text.npos ? text.size() : open);
        if (close == text.npos) {
            filled.text += text;
            break;
        }
        filled.text += text.substr(0, open);
        const auto whole = text.substr(open, close + 1 - open);
        const auto inside = whole.substr(1, whole.size() - 2);
        text.remove_prefix(close + 1);

        const auto question = inside.find('?');
        const Value* value = find_value(values, inside.substr(0, question));
        if (value == nullptr) {
            filled.text += whole;
            filled.complete = false;
        } else if (question == inside.npos) {
            filled.text += value->text;
        } else {
            const auto bar = std::min(inside.find('|'), inside.size() - 1);
            filled.text += value->text == "1" ? inside.substr(question + 1, bar - question - 1)
                                              : inside.substr(bar + 1);
        }
    }
    return filled;
}

// The length of the first sentence: to "。", or to a full stop before a space or the end.
std::size_t sentence_length(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text.substr(at).starts_with(ideographic_full_stop))
            return at + ideographic_full_stop.size();
        if (text[at] == '.' && (at + 1 == text.size() || text[at + 1] == ' '))
            return std::min(at + 2, text.size());
    }
    return text.size();
}

std::string sentences_with_values(std::string_view text, std::span<const Value> values) {
    std::string said;
    while (!text.empty()) {
        const auto length = sentence_length(text);
        const Filled sentence = fill_known(text.substr(0, length), values);
        if (sentence.complete) said += sentence.text;
        text.remove_prefix(length);
    }
    while (said.ends_with(' ')) said.pop_back();
    return said;
}

std::string said(std::uint16_t index, Language language, std::span<const Value> values) {
    return index == tables::none
               ? std::string{}
               : sentences_with_values(in(tables::texts()[index], language), values);
}

std::string at_terminal(const Part& part, Language language, std::span<const Value> values) {
    auto text = said(part.terminal, language, values);
    return text.empty() ? said(part.app, language, values) : text;
}

std::string ended(std::string sentence, Language language) {
    const std::string_view stop = language == Language::en ? "." : ideographic_full_stop;
    if (!sentence.empty() && !sentence.ends_with(stop)) sentence += stop;
    return sentence;
}

std::span<const Value> span_of(std::initializer_list<Value> values) {
    return {values.begin(), values.size()};
}

}  // namespace

std::optional<Language> language_of(std::string_view tag) noexcept {
    if (tag == "ja") return Language::ja;
    if (tag == "ja-easy") return Language::ja_easy;
    if (tag == "en") return Language::en;
    return std::nullopt;
}

const Failure& failure(Code code) noexcept { return row(code).failure; }

std::optional<Code> find(std::string_view machine_code) noexcept {
    for (const Code code : codes) {
        if (row(code).failure.code == machine_code && row(code).variant.empty()) return code;
    }
    return std::nullopt;
}

Code variant(Code code, std::string_view which) {
    constexpr std::string_view to_be_set = "new.";
    if (which.starts_with(to_be_set)) which.remove_prefix(to_be_set.size());
    std::string name{which};
    std::ranges::replace(name, '.', '_');

    const auto machine_code = row(code).failure.code;
    for (const Code other : codes) {
        const FailureRow& candidate = row(other);
        if (candidate.failure.code != machine_code || candidate.variant.empty()) continue;
        if (name == candidate.variant || name.ends_with("_" + std::string{candidate.variant}))
            return other;
    }
    return code;
}

std::string fill(std::string_view text, std::span<const Value> values) {
    return fill_known(text, values).text;
}

std::string message(Code code, Language language, std::span<const Value> values) {
    auto what = ended(at_terminal(row(code).what, language, values), language);
    const auto means = ended(at_terminal(row(code).means, language, values), language);
    if (language == Language::en && !what.empty() && !means.empty()) what += ' ';
    return what + means;
}

std::string hint(Code code, Language language, std::span<const Value> values) {
    return at_terminal(row(code).next, language, values);
}

Page page(Code code, Language language, std::span<const Value> values) {
    return {said(row(code).what.app, language, values), said(row(code).means.app, language, values),
            said(row(code).next.app, language, values)};
}

std::string fill(std::string_view text, std::initializer_list<Value> values) {
    return fill(text, span_of(values));
}
std::string message(Code code, Language language, std::initializer_list<Value> values) {
    return message(code, language, span_of(values));
}
std::string hint(Code code, Language language, std::initializer_list<Value> values) {
    return hint(code, language, span_of(values));
}
Page page(Code code, Language language, std::initializer_list<Value> values) {
    return page(code, language, span_of(values));
}

std::string_view word(Word word, Language language) noexcept {
    return in(tables::texts()[word.index()], language);
}

std::span<const Reading> readings() noexcept { return tables::readings(); }

}  // namespace mitome::catalogue
