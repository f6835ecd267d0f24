// SPDX-License-Identifier: Apache-2.0
#include "scripted_channel.hpp"

#include <mitome/card/session.hpp>

#include <gtest/gtest.h>

namespace mitome::card {
namespace {

/// Runs `use` in a session over a script and drops the session, which ends the conversation.
template <class Use>
auto in_session(Recorded& script, Use use) {
    auto session = Session::open(std::move(script.channel));
    EXPECT_TRUE(session);
    return use(**session);
}

[[nodiscard]] auto verify(Recorded& script, PinRef ref, std::string_view digits) {
    return in_session(script,
                      [&](Session& session) { return verify_pin(session, ref, pin(digits)); });
}

TEST(VerifyPin, AcceptsTheRightPinAndForgetsItAtTheEnd) {
    auto script = scripted("verify-accepted");

    const auto outcome = verify(script, PinRef::authentication, "1234");

    ASSERT_TRUE(outcome);
    EXPECT_TRUE(std::holds_alternative<Accepted>(*outcome));
    expect_followed(*script.record);
    EXPECT_EQ(script.record->at_close, reader::Disposition::leave);
}

TEST(VerifyPin, KeepsNothingOfThePinWhateverHappens) {
    auto made = recorded([](BytesView) { return Bytes{0x90, 0x00}; });
    Pin wrong_form = pin("12");
    Pin right_form = pin("1234");

    const auto outcomes = in_session(made, [&](Session& session) {
        return std::pair{
            verify_pin(session, PinRef::authentication, std::move(wrong_form)).has_value(),
            verify_pin(session, PinRef::authentication, std::move(right_form)).has_value()};
    });

    EXPECT_EQ(outcomes, std::pair(false, true));
    EXPECT_TRUE(wrong_form.empty());  // NOLINT(bugprone-use-after-move): that is the promise
    EXPECT_TRUE(right_form.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(VerifyPin, SaysHowManyTriesAWrongPinLeaves) {
    auto script = scripted("verify-rejected");

    const auto outcome = verify(script, PinRef::authentication, "0000");

    ASSERT_TRUE(outcome);
    ASSERT_TRUE(std::holds_alternative<Rejected>(*outcome));
    EXPECT_EQ(std::get<Rejected>(*outcome).tries_left, 2);
    expect_followed(*script.record);
}

TEST(VerifyPin, AsksForTheCountThatARejectionLacks) {
    auto script = scripted("verify-rejected-uncounted");

    const auto outcome = verify(script, PinRef::authentication, "0000");

    ASSERT_TRUE(outcome);
    ASSERT_TRUE(std::holds_alternative<Rejected>(*outcome));
    EXPECT_EQ(std::get<Rejected>(*outcome).tries_left, 1);
    expect_followed(*script.record);
}

class VerifyPinBlocked : public testing::TestWithParam<const char*> {};

TEST_P(VerifyPinBlocked, BlocksWhenNoTryIsLeft) {
    auto script = scripted(GetParam());

    const auto outcome = verify(script, PinRef::signature, "ABC123");

    ASSERT_TRUE(outcome);
    EXPECT_TRUE(std::holds_alternative<Blocked>(*outcome));
    expect_followed(*script.record);
}

INSTANTIATE_TEST_SUITE_P(StatusWords, VerifyPinBlocked,
                         testing::Values("verify-blocked-63c0", "verify-blocked-6983",
                                         "verify-blocked-6984"));

TEST(VerifyPin, TakesPowerWhenItsAnswerIsLost) {
    auto script = scripted("verify-answer-lost");

    const auto outcome = verify(script, PinRef::authentication, "1234");

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().fault, Fault::unavailable);
    EXPECT_EQ(script.record->at_close, reader::Disposition::unpower);
}

struct Malformed {
    PinRef ref;
    const char* pin;
    PinForm form;
};

class VerifyPinForm : public testing::TestWithParam<Malformed> {};

TEST_P(VerifyPinForm, SpendsNoTryOnWhatCannotBeRight) {
    auto made = recorded([](BytesView) { return Bytes{0x90, 0x00}; });

    const auto outcome = verify(made, GetParam().ref, GetParam().pin);

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().fault, Fault::malformed);
    EXPECT_EQ(outcome.error().code, static_cast<std::uint32_t>(GetParam().form));
    EXPECT_EQ(made.record->commands.size(), 1u) << "the SELECT alone";
}

INSTANTIATE_TEST_SUITE_P(
    Forms, VerifyPinForm,
    testing::Values(Malformed{PinRef::authentication, "123", PinForm::too_short},
                    Malformed{PinRef::authentication, "", PinForm::too_short},
                    Malformed{PinRef::authentication, "12345", PinForm::too_long},
                    Malformed{PinRef::authentication, "12a4", PinForm::not_a_digit},
                    Malformed{PinRef::signature, "ABC12", PinForm::too_short},
                    Malformed{PinRef::signature, "Abc123", PinForm::lower_case},
                    Malformed{PinRef::signature, "ABC-123", PinForm::foreign_character},
                    Malformed{PinRef::signature, "ABC123\xE3\x81\x82",
                              PinForm::foreign_character}));

TEST(CheckForm, HoldsANewPasswordToEveryRule) {
    EXPECT_EQ(check_form(PinRef::signature, pin("123456"), PinUse::choose), PinForm::no_letter);
    EXPECT_EQ(check_form(PinRef::signature, pin("ABCDEF"), PinUse::choose), PinForm::no_digit);
    EXPECT_EQ(check_form(PinRef::signature, pin("ABC123"), PinUse::choose), PinForm::good);
    EXPECT_EQ(check_form(PinRef::signature, pin("A234567890123456"), PinUse::choose),
              PinForm::good);
}

TEST(CheckForm, TakesAnOlderPasswordAsItIs) {
    EXPECT_EQ(check_form(PinRef::signature, pin("123456"), PinUse::present), PinForm::good);
}

[[nodiscard]] auto ask_tries(Recorded& script, PinRef ref) {
    return in_session(script, [&](Session& session) { return tries_left(session, ref); });
}

TEST(TriesLeft, AreAskedWithoutSpendingOne) {
    auto script = scripted("tries-left");

    const auto left = ask_tries(script, PinRef::signature);

    ASSERT_TRUE(left);
    EXPECT_EQ(*left, 5);
    expect_followed(*script.record);  // no logging out either: nothing was presented
}

TEST(TriesLeft, AreAskedOfASelectedFileWhereTheShortIdentifierIsRefused) {
    auto script = scripted("tries-left-by-selection");

    const auto left = ask_tries(script, PinRef::authentication);

    ASSERT_TRUE(left);
    EXPECT_EQ(*left, 3);
    expect_followed(*script.record);
}

TEST(TriesLeft, AreNoneWhenBlocked) {
    auto script = scripted("tries-left-blocked");

    const auto left = ask_tries(script, PinRef::authentication);

    ASSERT_TRUE(left);
    EXPECT_EQ(*left, 0);
}

TEST(TriesLeft, AreUnknownWhereTheTokenSaysNothing) {
    auto script = scripted("tries-left-unsaid");

    const auto left = ask_tries(script, PinRef::authentication);

    ASSERT_TRUE(left);
    EXPECT_EQ(*left, std::nullopt);
}

[[nodiscard]] auto change(Recorded& script, std::string_view present, std::string_view chosen) {
    return in_session(script, [&](Session& session) {
        return change_pin(session, PinRef::authentication, pin(present), pin(chosen));
    });
}

TEST(ChangePin, PresentsTheOldAndSetsTheNew) {
    auto script = scripted("change-accepted");

    const auto outcome = change(script, "1234", "5678");

    ASSERT_TRUE(outcome);
    EXPECT_TRUE(std::holds_alternative<Accepted>(*outcome));
    expect_followed(*script.record);
}

TEST(ChangePin, ChangesNothingAfterAWrongPin) {
    auto script = scripted("change-rejected");

    const auto outcome = change(script, "0000", "5678");

    ASSERT_TRUE(outcome);
    ASSERT_TRUE(std::holds_alternative<Rejected>(*outcome));
    expect_followed(*script.record);
}

TEST(ChangePin, TellsThatTheTokenRefusedTheNewPin) {
    auto script = scripted("change-refused");

    const auto outcome = change(script, "1234", "5678");

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().fault, Fault::denied);
    EXPECT_EQ(outcome.error().code, 0x6982u);
    expect_followed(*script.record);
}

TEST(ChangePin, JudgesTheNewPinBeforeItAsksTheToken) {
    auto made = recorded([](BytesView) { return Bytes{0x90, 0x00}; });

    const auto outcome = change(made, "1234", "56789");

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, static_cast<std::uint32_t>(PinForm::too_long));
    EXPECT_EQ(made.record->commands.size(), 1u);
}

}  // namespace
}  // namespace mitome::card
