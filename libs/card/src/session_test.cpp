// SPDX-License-Identifier: Apache-2.0
#include "scripted_channel.hpp"
#include "stub_token.hpp"

#include <mitome/card/session.hpp>

#include <gtest/gtest.h>

#include <numeric>

namespace mitome::card {
namespace {

constexpr std::uint8_t any_file = 0x0A;

[[nodiscard]] auto on(const std::shared_ptr<StubToken>& token) {
    return recorded([token](BytesView command) { return token->answer(command); });
}

/// A SEQUENCE of `content` octets and filler behind it.
[[nodiscard]] Bytes object_of(std::size_t content) {
    Bytes object{0x30, 0x82, static_cast<std::uint8_t>(content >> 8),
                 static_cast<std::uint8_t>(content & 0xFF)};
    object.resize(4 + content);
    std::iota(object.begin() + 4, object.end(), std::uint8_t{1});
    return object;
}

[[nodiscard]] std::shared_ptr<StubToken> token_with(const Bytes& object, std::size_t file_size) {
    auto token = std::make_shared<StubToken>();
    Bytes file = object;
    file.resize(file_size, 0xFF);
    token->files[any_file] = std::move(file);
    return token;
}

/// Reads over a script; the session ends before the script is judged.
[[nodiscard]] Result<Bytes> read_over(Recorded& script) {
    auto session = Session::open(std::move(script.channel));
    EXPECT_TRUE(session);
    MITOME_TRY(object, (*session)->read_object(any_file));
    return copy(object);
}

TEST(Session, CallsATokenWithoutTheApplicationTheWrongCard) {
    auto script = scripted("select-wrong-card");

    const auto session = Session::open(std::move(script.channel));

    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().fault, Fault::absent);
    EXPECT_EQ(session.error().code, wrong_card);
    EXPECT_FALSE(script.record->exclusive);
    expect_followed(*script.record);
}

TEST(Session, TellsACardThatHasGoneFromAWrongOne) {
    auto made = recorded([](BytesView) { return Bytes{}; });

    const auto session = Session::open(std::move(made.channel));

    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().fault, Fault::unavailable);
}

TEST(Session, GoesOnAfterACardThatFailsItsFirstCommand) {
    auto script = scripted("select-after-first-failure");

    const auto session = Session::open(std::move(script.channel));

    EXPECT_TRUE(session);
    expect_followed(*script.record);
}

TEST(Session, KeepsOtherProgramsOutWhileItLives) {
    auto made = recorded([](BytesView) { return Bytes{0x90, 0x00}; });

    auto session = Session::open(std::move(made.channel));
    const bool during = made.record->exclusive;
    session->reset();

    EXPECT_TRUE(during);
    EXPECT_FALSE(made.record->exclusive);
}

TEST(Session, SendsNothingAtItsEndWhenNoPinWasPresented) {
    auto made = recorded([](BytesView) { return Bytes{0x90, 0x00}; });

    {
        const auto session = Session::open(std::move(made.channel));
    }

    EXPECT_EQ(made.record->commands.size(), 1u);
}

TEST(Session, SelectsAgainAfterAResetByAnotherProgram) {
    const auto token = token_with(object_of(100), 200);
    auto made = on(token);
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);
    made.record->next_failure =
        Error{Fault::conflict, "another program reset the card", reader::code::reset};
    token->selected = false;

    const auto lost = (*session)->read_object(any_file);
    const auto next = (*session)->read_object(any_file);

    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, reader::code::reset);
    EXPECT_TRUE(next);
}

TEST(LogOut, SelectsAnotherApplicationWhereThereIsNoSecurityDomain) {
    auto script = scripted("log-out-other-application");
    {
        const auto session = Session::open(std::move(script.channel));
        ASSERT_TRUE(session);
        ASSERT_TRUE(verify_pin(**session, PinRef::authentication, pin("1234")));
    }

    expect_followed(*script.record);
    EXPECT_EQ(script.record->at_close, reader::Disposition::leave);
}

TEST(LogOut, TakesThePowerWhereNothingElseCanBeSelected) {
    auto script = scripted("log-out-by-power");
    {
        const auto session = Session::open(std::move(script.channel));
        ASSERT_TRUE(session);
        ASSERT_TRUE(verify_pin(**session, PinRef::authentication, pin("1234")));
    }

    expect_followed(*script.record);
    EXPECT_EQ(script.record->at_close, reader::Disposition::unpower);
}

TEST(LogOut, LeavesTheSessionUsable) {
    const auto token = token_with(object_of(100), 200);
    auto made = on(token);
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);
    ASSERT_TRUE(verify_pin(**session, PinRef::authentication, pin("1234")));

    const auto done = (*session)->log_out();
    const auto object = (*session)->read_object(any_file);

    EXPECT_TRUE(done);
    EXPECT_FALSE(token->verified);
    EXPECT_TRUE(object);
}

TEST(ReadObject, TakesOneCommandWhereExtendedLengthIsTaken) {
    const Bytes object = object_of(1'800);
    auto made = on(token_with(object, 3'072));
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);

    const auto read = (*session)->read_object(any_file);

    ASSERT_TRUE(read);
    EXPECT_EQ(copy(*read), object);
    EXPECT_EQ(made.record->commands.size(), 2u);
    EXPECT_EQ(made.record->commands.back(), "00B08A00000000");
}

TEST(ReadObject, ReadsNothingTwice) {
    auto made = on(token_with(object_of(1'800), 3'072));
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);
    ASSERT_TRUE((*session)->read_object(any_file));
    const auto before = made.record->commands.size();

    const auto again = (*session)->read_object(any_file);

    EXPECT_TRUE(again);
    EXPECT_EQ(made.record->commands.size(), before);
}

TEST(ReadObject, GoesInStepsOfShortAnswersWhereExtendedLengthIsRefused) {
    const Bytes object = object_of(600);
    const auto token = token_with(object, 1'024);
    token->extended = false;
    auto made = on(token);
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);

    const auto read = (*session)->read_object(any_file);

    ASSERT_TRUE(read);
    EXPECT_EQ(copy(*read), object);
    const std::vector<std::string> expected{"00A4040C0AD392F000260100000001", "00B08A00000000",
                                            "00B08A0000", "00B0010000", "00B002005C"};
    EXPECT_EQ(made.record->commands, expected);
}

TEST(ReadObject, AsksForNoExtendedLengthTwice) {
    const auto token = token_with(object_of(100), 1'024);
    token->extended = false;
    token->files[0x0B] = token->files[any_file];
    auto made = on(token);
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);
    ASSERT_TRUE((*session)->read_object(any_file));

    ASSERT_TRUE((*session)->read_object(0x0B));

    EXPECT_EQ(made.record->commands.back(), "00B08B0000");
    EXPECT_EQ(made.record->commands.size(), 4u);
}

TEST(ReadObject, AsksForNoExtendedLengthOnAPathThatCarriesNone) {
    auto made = on(token_with(object_of(100), 1'024));
    made.record->largest_response = 256;
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);

    ASSERT_TRUE((*session)->read_object(any_file));

    EXPECT_EQ(made.record->commands.size(), 2u);
    EXPECT_EQ(made.record->commands.back(), "00B08A0000");
}

TEST(ReadObject, AsksForTheRestWhenAReaderCutsTheAnswer) {
    const Bytes object = object_of(1'800);
    const auto token = token_with(object, 3'072);
    token->most_octets = 1'000;
    auto made = on(token);
    const auto session = Session::open(std::move(made.channel));
    ASSERT_TRUE(session);

    const auto read = (*session)->read_object(any_file);

    ASSERT_TRUE(read);
    EXPECT_EQ(copy(*read), object);
    EXPECT_EQ(made.record->commands.back(), "00B003E8000324") << "exactly what is missing";
}

TEST(ReadObject, TakesAShortLengthFormAndDropsTheFiller) {
    auto script = scripted("read-short-object");

    const auto object = read_over(script);

    ASSERT_TRUE(object);
    EXPECT_EQ(to_hex(*object), "3003010203");
    expect_followed(*script.record);
}

TEST(ReadObject, TakesTheWarningThatTheFileEnded) {
    auto script = scripted("read-end-warned");

    const auto object = read_over(script);

    ASSERT_TRUE(object);
    EXPECT_EQ(to_hex(*object), "3003010203");
    expect_followed(*script.record);
}

TEST(ReadObject, PutsPiecesTogether) {
    auto script = scripted("read-in-pieces");

    const auto object = read_over(script);

    ASSERT_TRUE(object);
    EXPECT_EQ(to_hex(*object), "30810401020304");
    expect_followed(*script.record);
}

TEST(ReadObject, CallsACutObjectMalformed) {
    auto script = scripted("read-cut-short");

    const auto object = read_over(script);

    ASSERT_FALSE(object);
    EXPECT_EQ(object.error().fault, Fault::malformed);
    expect_followed(*script.record);
}

TEST(ReadObject, FindsNothingInAFileOfFiller) {
    auto script = scripted("read-empty");

    const auto object = read_over(script);

    ASSERT_FALSE(object);
    EXPECT_EQ(object.error().fault, Fault::absent);
}

TEST(ReadObject, SaysThatAPinIsNeeded) {
    auto script = scripted("read-refused");

    const auto object = read_over(script);

    ASSERT_FALSE(object);
    EXPECT_EQ(object.error().fault, Fault::denied);
    EXPECT_EQ(object.error().code, 0x6982u);
    expect_followed(*script.record);  // and is not asked again with another length
}

struct Labelled {
    const char* script;
    TokenKind kind;
    const char* label;
};

class ReadToken : public testing::TestWithParam<Labelled> {};

TEST_P(ReadToken, KnowsATokenByItsLabel) {
    auto script = scripted(GetParam().script);
    const auto session = Session::open(std::move(script.channel));
    ASSERT_TRUE(session);

    const auto token = read_token(**session);

    ASSERT_TRUE(token);
    EXPECT_EQ(token->kind, GetParam().kind);
    EXPECT_EQ(token->label, GetParam().label);
    EXPECT_EQ(token->model, "E16R01NJ");
    EXPECT_EQ(token->serial, "0000000020500003");
    expect_followed(*script.record);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ReadToken,
    testing::Values(Labelled{"token-card", TokenKind::card, "JPKIAPICCTOKEN2"},
                    Labelled{"token-android", TokenKind::android, "JPKIAPGPSETOKEN"},
                    Labelled{"token-iphone", TokenKind::iphone, "JPKIAPIOSTOKEN"},
                    Labelled{"token-resident-card", TokenKind::resident_card, "JPKIAPICCTOKEN"}));

TEST(ReadHeld, SaysWhichCertificatesThereAre) {
    auto both = scripted("held-both");
    auto one = scripted("held-authentication");
    const auto with_both = Session::open(std::move(both.channel));
    const auto with_one = Session::open(std::move(one.channel));
    ASSERT_TRUE(with_both);
    ASSERT_TRUE(with_one);

    const auto all = read_held(**with_both);
    const auto some = read_held(**with_one);

    ASSERT_TRUE(all);
    EXPECT_TRUE(all->signature && all->authentication);
    ASSERT_TRUE(some);
    EXPECT_TRUE(!some->signature && some->authentication);
}

}  // namespace
}  // namespace mitome::card
