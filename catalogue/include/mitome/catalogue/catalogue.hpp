// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every failure, notice and word once, in three languages.
//
// Duties left to the caller: a value for a placeholder is shown as it is. A PIN, a password, a
// My Number or one of the four items is never such a value.

#include <mitome/catalogue/codes.hpp>
#include <mitome/catalogue/word_ids.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mitome::catalogue {

enum class Language : std::uint8_t { ja, ja_easy, en };

/// `ja`, `ja-easy` or `en`; nothing else is a language here.
[[nodiscard]] std::optional<Language> language_of(std::string_view tag) noexcept;

enum class Severity : std::uint8_t {
    notice,   ///< all is well; exit 0
    warning,  ///< it went on, and the holder should know why
    failure,  ///< it was not done, or the verdict is not "passed"
};

struct Failure {
    std::string_view code;     ///< stable, for programs: "pin_blocked"
    std::string_view display;  ///< for people: "PIN-306"
    int exit;
    Severity severity;
};

[[nodiscard]] const Failure& failure(Code code) noexcept;

/// The row of a machine code; of its variants, the general one.
[[nodiscard]] std::optional<Code> find(std::string_view machine_code) noexcept;

/// The row that speaks of `which`, or `code` itself if none does: `pin_blocked` and
/// "card.signature" give `pin_blocked_card_signature`. The machine code stays the same.
[[nodiscard]] Code variant(Code code, std::string_view which);

/// What stands in the place of `{name}`.
struct Value {
    std::string_view name;
    std::string_view text;
};

/// `text` with its placeholders filled; one without a value stays as it is. `{n?try|tries}` is
/// "try" where n is 1.
[[nodiscard]] std::string fill(std::string_view text, std::span<const Value> values);
[[nodiscard]] std::string fill(std::string_view text, std::initializer_list<Value> values);

/// What happened and what it means, for a terminal, a log or a problem document. A sentence that
/// needs a value which is not given is left out.
[[nodiscard]] std::string message(Code code, Language language, std::span<const Value> values = {});
[[nodiscard]] std::string message(Code code, Language language,
                                  std::initializer_list<Value> values);

/// The next step, for someone at a terminal.
[[nodiscard]] std::string hint(Code code, Language language, std::span<const Value> values = {});
[[nodiscard]] std::string hint(Code code, Language language, std::initializer_list<Value> values);

/// The failure page of the app.
struct Page {
    std::string what;
    std::string means;
    std::string next;
};
[[nodiscard]] Page page(Code code, Language language, std::span<const Value> values = {});
[[nodiscard]] Page page(Code code, Language language, std::initializer_list<Value> values);

/// A row of catalogue/words.tsv. Written as a literal it must exist, or it does not compile.
class Word {
public:
    consteval Word(const char* id) : index_(index_of(id)) {
        if (index_ == word_ids.size()) there_is_no_such_word();
    }

    [[nodiscard]] static std::optional<Word> find(std::string_view id) noexcept {
        const Word found{index_of(id)};
        return found.index_ == word_ids.size() ? std::nullopt : std::optional{found};
    }

    [[nodiscard]] constexpr std::string_view id() const noexcept { return word_ids[index_]; }
    [[nodiscard]] constexpr std::size_t index() const noexcept { return index_; }

private:
    explicit constexpr Word(std::size_t index) : index_(index) {}

    static constexpr std::size_t index_of(std::string_view id) noexcept {
        const auto found = std::ranges::lower_bound(word_ids, id);
        return found != word_ids.end() && *found == id
                   ? static_cast<std::size_t>(found - word_ids.begin())
                   : word_ids.size();
    }
    static void there_is_no_such_word();

    std::size_t index_;
};

/// Its text, placeholders unfilled.
[[nodiscard]] std::string_view word(Word word, Language language) noexcept;

/// How `word` is read, in kana. Several runs of kanji in one word are parted by "・".
struct Reading {
    std::string_view word;
    std::string_view reading;
};

/// Longest word first. One that begins with a digit does not count behind another digit.
[[nodiscard]] std::span<const Reading> readings() noexcept;

}  // namespace mitome::catalogue
