// SPDX-License-Identifier: Apache-2.0
#include <mitome/catalogue/catalogue.hpp>

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::catalogue {
namespace {

constexpr std::array languages{Language::ja, Language::ja_easy, Language::en};

// The secrets of the contract, without `new.`.
constexpr std::array<std::string_view, 7> secrets{
    "card.authentication",  "card.signature",  "card.input_assistance", "card.check_number",
    "phone.authentication", "phone.signature", "phone.stop_code"};

std::string_view text(std::string_view id, Language language) {
    const auto found = Word::find(id);
    return found ? word(*found, language) : std::string_view{};
}

std::set<std::string> placeholders(std::string_view text) {
    static const std::regex name{R"(\{([a-z_]+))"};
    const std::string whole{text};
    std::set<std::string> found;
    for (std::sregex_iterator at{whole.begin(), whole.end(), name}, end; at != end; ++at)
        found.insert((*at)[1]);
    return found;
}

// The code points of well-formed UTF-8, each with its bytes.
struct Character {
    char32_t code;
    std::string_view bytes;
};
Character first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t code = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t at = 1; at < length; ++at)
        code = code << 6 | (static_cast<unsigned char>(text[at]) & 0x3fU);
    return {code, text.substr(0, length)};
}
std::vector<Character> characters(std::string_view text) {
    std::vector<Character> found;
    while (!text.empty()) {
        found.push_back(first_character(text));
        text.remove_prefix(found.back().bytes.size());
    }
    return found;
}

bool is_kanji(char32_t code) { return (code >= 0x3400 && code <= 0x9fff) || code == U'々'; }
bool is_hiragana(char32_t code) { return code >= 0x3041 && code <= 0x3096; }
bool is_katakana(char32_t code) { return code >= 0x30a1 && code <= 0x30fc; }

// The kanji of `text` that no entry of the furigana covers, by longest match.
std::string kanji_without_reading(std::string_view text) {
    std::string missing;
    while (!text.empty()) {
        const auto covering = std::ranges::find_if(
            readings(), [&](const Reading& entry) { return text.starts_with(entry.word); });
        if (covering != readings().end()) {
            text.remove_prefix(covering->word.size());
            continue;
        }
        const auto first = first_character(text);
        if (is_kanji(first.code)) missing += first.bytes;
        text.remove_prefix(first.bytes.size());
    }
    return missing;
}

bool has_any(std::string_view text, std::span<const std::string_view> parts) {
    return std::ranges::any_of(parts, [&](auto part) { return text.contains(part); });
}

TEST(Words, HaveATextInEveryLanguage) {
    for (const auto id : word_ids) {
        for (const auto language : languages) EXPECT_FALSE(text(id, language).empty()) << id;
    }
}

TEST(Words, AreThereOnce) {
    const std::set<std::string_view> distinct{word_ids.begin(), word_ids.end()};

    EXPECT_EQ(distinct.size(), word_ids.size());
}

TEST(Words, TakeTheSameValuesInEveryLanguage) {
    for (const auto id : word_ids) {
        const auto expected = placeholders(text(id, Language::ja));
        EXPECT_EQ(placeholders(text(id, Language::ja_easy)), expected) << id;
        EXPECT_EQ(placeholders(text(id, Language::en)), expected) << id;
    }
}

TEST(Words, KeepBracketsApartInJapanese) {
    constexpr std::array<std::string_view, 12> meeting{"（（", "（「", "「（", "「「",
                                                       "））", "）」", "」）", "」」",
                                                       "）（", "）「", "」（", "」「"};
    for (const auto id : word_ids) {
        EXPECT_FALSE(has_any(text(id, Language::ja), meeting)) << id;
        EXPECT_FALSE(has_any(text(id, Language::ja_easy), meeting)) << id;
    }
}

// One name for each thing. The official names stand only beside ours.
TEST(Words, UseNoSecondNameForAThing) {
    constexpr std::array<std::string_view, 14> japanese{
        "エラー", "キャンセル", "サーバ",   "トークン",  "セキュアエレメント",
        "無効",   "不正",       "ピン",     "下さい",    "出来",
        "認証用", "PINコード",  "券面事項", "利用者証明"};
    constexpr std::array<std::string_view, 6> english{"secure element", "invalid", "illegal",
                                                      "abort",          "fatal",   "PIN code"};
    for (const auto id : word_ids) {
        if (id.ends_with(".official")) continue;
        EXPECT_FALSE(has_any(text(id, Language::ja), japanese)) << id;
        EXPECT_FALSE(has_any(text(id, Language::ja_easy), japanese)) << id;
        EXPECT_FALSE(has_any(text(id, Language::en), english)) << id;
    }
}

TEST(Words, AreEnglishInEnglish) {
    for (const auto id : word_ids) {
        if (id.starts_with("settings.lang."))  // a language is named in itself
            continue;
        for (const auto& [code, bytes] : characters(text(id, Language::en)))
            EXPECT_FALSE(is_kanji(code) || is_hiragana(code) || is_katakana(code)) << id;
    }
}

TEST(Words, HaveAReadingForEveryKanjiInEasyJapanese) {
    for (const auto id : word_ids)
        EXPECT_EQ(kanji_without_reading(text(id, Language::ja_easy)), "") << id;
}

TEST(Words, NameEverySecretOfTheContract) {
    for (const auto secret : secrets) {
        EXPECT_TRUE(Word::find("secret." + std::string{secret})) << secret;
        EXPECT_TRUE(Word::find("cli.prompt." + std::string{secret})) << secret;
    }
}

TEST(Words, NameEverySecretThatAHolderSets) {
    for (const std::string_view secret :
         {"card.authentication", "card.signature", "card.input_assistance", "phone.authentication",
          "phone.signature"}) {
        EXPECT_TRUE(Word::find("secret.new." + std::string{secret})) << secret;
        EXPECT_TRUE(Word::find("cli.prompt.new." + std::string{secret})) << secret;
    }
}

TEST(Words, AreFoundByALiteralAtCompileTime) {
    constexpr Word known{"common.back"};

    EXPECT_EQ(known.id(), "common.back");
    EXPECT_EQ(word(known, Language::ja), "戻る");
    EXPECT_EQ(word("common.back", Language::en), "Back");
}

TEST(Words, AreAbsentUnderAnUnknownId) { EXPECT_FALSE(Word::find("common.nothing")); }

TEST(Readings, AreKana) {
    for (const auto& [word, reading] : readings()) {
        for (const auto& [code, bytes] : characters(reading))
            EXPECT_TRUE(is_hiragana(code) || code == U'・' || code == U'ー') << word;
    }
}

TEST(Readings, BelongToWordsWithKanjiOrDigits) {
    for (const auto& [word, reading] : readings()) {
        EXPECT_TRUE(std::ranges::any_of(characters(word), [](const Character& each) {
            return is_kanji(each.code) || (each.code >= '0' && each.code <= '9');
        })) << word;
    }
}

TEST(Readings, AreThereOnceLongestFirst) {
    std::set<std::string_view> seen;
    std::size_t length = 1000;
    for (const auto& [word, reading] : readings()) {
        EXPECT_TRUE(seen.insert(word).second) << word;
        EXPECT_LE(characters(word).size(), length) << word;
        length = characters(word).size();
    }
}

TEST(Failures, HaveAnExitCodeOfTheContract) {
    const std::set<int> legal{0, 1, 2, 3, 4, 5, 6, 7, 64, 70};
    for (const auto code : codes)
        EXPECT_TRUE(legal.contains(failure(code).exit)) << failure(code).display;
}

TEST(Failures, EndWithNoughtWhereAllIsWell) {
    for (const auto code : codes) {
        const bool well = failure(code).severity == Severity::notice;
        EXPECT_TRUE(!well || failure(code).exit == 0) << failure(code).display;
    }
}

TEST(Failures, DoNotEndWithNoughtWhereSomethingWasNotDone) {
    for (const auto code : codes) {
        const bool undone = failure(code).severity == Severity::failure;
        EXPECT_TRUE(!undone || failure(code).exit != 0) << failure(code).display;
    }
}

TEST(Failures, HaveOneDisplayCodeEach) {
    std::set<std::string_view> seen;
    for (const auto code : codes)
        EXPECT_TRUE(seen.insert(failure(code).display).second) << failure(code).display;
}

TEST(Failures, HaveOneExitCodeForAMachineCode) {
    std::map<std::string_view, int> exits;
    for (const auto code : codes) {
        const auto& [machine_code, display, exit, severity] = failure(code);
        EXPECT_EQ(exits.emplace(machine_code, exit).first->second, exit) << display;
    }
}

TEST(Failures, AreFoundByTheirMachineCode) {
    for (const auto code : codes) {
        const auto found = find(failure(code).code);
        ASSERT_TRUE(found) << failure(code).code;
        EXPECT_EQ(failure(*found).code, failure(code).code);
    }
}

TEST(Failures, AreAbsentUnderAnUnknownCode) { EXPECT_FALSE(find("pin_lost")); }

TEST(Failures, KeepTheCodesThatTheContractNames) {
    for (const std::string_view code : {"already_issued", "order_open"}) {
        const auto found = find(code);
        ASSERT_TRUE(found) << code;
        EXPECT_EQ(failure(*found).exit, 5) << code;
    }
}

TEST(Failures, SayWhatHappenedAndTheNextStepWithoutAnyValue) {
    for (const auto code : codes) {
        for (const auto language : languages) {
            const auto what = message(code, language);
            const auto next = hint(code, language);
            EXPECT_FALSE(what.empty() || what.contains('{')) << failure(code).display;
            EXPECT_FALSE(next.empty() || next.contains('{')) << failure(code).display;
        }
    }
}

TEST(Failures, HaveAPageWithCauseMeaningAndNextStep) {
    const std::array all{Value{"n", "2"},        Value{"k", "2"},       Value{"date", "D"},
                         Value{"time", "T"},     Value{"file", "F"},    Value{"home", "H"},
                         Value{"argument", "A"}, Value{"service", "S"}, Value{"process", "P"},
                         Value{"log", "L"},      Value{"port", "1"},    Value{"program", "P"},
                         Value{"name", "N"}};
    for (const auto code : codes) {
        for (const auto language : languages) {
            const auto [what, means, next] = page(code, language, all);
            EXPECT_FALSE(what.empty() || means.empty() || next.empty()) << failure(code).display;
        }
    }
}

TEST(Failures, BelongToANamedArea) {
    for (const auto code : codes) {
        std::string area{failure(code).display.substr(0, failure(code).display.find('-'))};
        std::ranges::transform(area, area.begin(), [](unsigned char letter) {
            return static_cast<char>(letter - 'A' + 'a');
        });
        EXPECT_TRUE(Word::find("area." + area)) << failure(code).display;
    }
}

TEST(Message, SaysWhichSecretIsWrongAndTheTriesLeft) {
    const auto secret = word("secret.card.signature", Language::ja);

    const auto said = message(variant(Code::pin_wrong, "card.signature"), Language::ja,
                              {{"secret", secret}, {"n", "4"}});

    EXPECT_EQ(said,
              "カードの署名用のパスワードがちがいます。あと4回まちがえると、使えなくなります。");
}

TEST(Message, CountsOneInTheSingular) {
    EXPECT_EQ(message(Code::pin_wrong, Language::en, {{"secret", "card login PIN"}, {"n", "1"}}),
              "Wrong card login PIN. After 1 more mistake it locks.");
}

TEST(Message, LeavesOutTheSentenceWhoseValueIsNotKnown) {
    EXPECT_EQ(message(Code::already_revoked, Language::en),
              "It is already revoked. Nothing was changed.");
}

TEST(Message, UsesTheGeneralTextWhereTheSecretIsNotNamed) {
    EXPECT_EQ(message(Code::pin_wrong, Language::ja, {{"n", "2"}}),
              "暗証番号がちがいます。あと2回まちがえると、使えなくなります。");
}

TEST(Hint, SpeaksOfTheReaderAtATerminal) {
    EXPECT_TRUE(hint(Code::card_absent, Language::ja).contains("カードリーダー"));
}

TEST(Page, SpeaksOfThePhoneInTheApp) {
    EXPECT_TRUE(page(Code::card_absent, Language::ja).next.contains("スマホの裏"));
}

TEST(Variant, IsTheRowOfTheSecret) {
    EXPECT_EQ(variant(Code::pin_blocked, "card.signature"), Code::pin_blocked_card_signature);
    EXPECT_EQ(variant(Code::pin_blocked, "phone.signature"), Code::pin_blocked_phone_signature);
    EXPECT_EQ(variant(Code::pin_wrong, "phone.stop_code"), Code::pin_wrong_stop_code);
    EXPECT_EQ(variant(Code::pin_form, "new.card.check_number"), Code::pin_form_check_number);
}

TEST(Variant, IsTheCodeItselfWhereNoRowSpeaksOfIt) {
    EXPECT_EQ(variant(Code::pin_wrong, "card.authentication"), Code::pin_wrong);
    EXPECT_EQ(variant(Code::card_absent, "card.signature"), Code::card_absent);
}

TEST(Variant, KeepsTheMachineCode) {
    for (const auto secret : secrets)
        EXPECT_EQ(failure(variant(Code::pin_blocked, secret)).code, "pin_blocked");
}

TEST(Fill, PutsValuesInTheirPlaces) {
    EXPECT_EQ(fill("{n} of {all}", {{"all", "5"}, {"n", "4"}}), "4 of 5");
}

TEST(Fill, LeavesAPlaceWithoutAValue) {
    EXPECT_EQ(fill("{n} of {all}", {{"n", "4"}}), "4 of {all}");
}

TEST(Fill, ChoosesOneOrMany) {
    EXPECT_EQ(fill("{n} {n?try|tries}", {{"n", "1"}}), "1 try");
    EXPECT_EQ(fill("{n} {n?try|tries}", {{"n", "3"}}), "3 tries");
}

TEST(Fill, DoesNotFillWhatAValueBrings) {
    EXPECT_EQ(fill("{file}", {{"file", "{n}"}, {"n", "4"}}), "{n}");
}

TEST(LanguageOf, KnowsThreeTags) {
    EXPECT_EQ(language_of("ja"), Language::ja);
    EXPECT_EQ(language_of("ja-easy"), Language::ja_easy);
    EXPECT_EQ(language_of("en"), Language::en);
    EXPECT_EQ(language_of("de"), std::nullopt);
}

}  // namespace
}  // namespace mitome::catalogue
