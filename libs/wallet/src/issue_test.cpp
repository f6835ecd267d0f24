// SPDX-License-Identifier: Apache-2.0
#include "fake_ports.hpp"
#include "temporary_folder.hpp"

#include <mitome/catalogue/catalogue.hpp>
#include <mitome/wallet/issue.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mitome::wallet {
namespace {

using catalogue::Code;
using fake::Call;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

constexpr std::uint8_t ins_verify = 0x20;
constexpr std::uint8_t ins_sign = 0x2A;

Pin pin(std::string_view text) {
    Pin made;
    element::sample::set(made, text);
    return made;
}

/// A phone that has nothing yet, the holder's card, and registration.
struct Scene {
    element::sample::World phone = element::sample::phone();
    element::sample::World card = fake::card_of_the_holder();
    fake::FakeRegistration registration;
    fake::FakeCardPlace place{card};
    TemporaryFolder folder;
    Shelf shelf{folder.path() / "wallet"};
    std::vector<IssueState> states;
    FixedClock clock{fake::people::now};

    Result<IssueOutcome> issue(std::string_view card_password = "ABC123") {
        const auto channel =
            reader::in_process([this](BytesView command) { return phone.ask(command); });
        crypto::SystemRandom random;
        const auto& trusted = fake::people::ca().certificate;
        return wallet::issue({.registration = registration,
                              .element = *channel,
                              .card = place,
                              .shelf = shelf,
                              .random = random,
                              .clock = clock,
                              .anchors = {&trusted, 1},
                              .on_state = [this](IssueState state) { states.push_back(state); }},
                             {},
                             {.new_authentication = pin("9876"),
                              .new_signature = pin("XYZ789"),
                              .card_signature = pin(card_password)});
    }
    /// Where it was when it stopped.
    [[nodiscard]] std::string_view last_step() const {
        return states.size() < 2 ? "" : name_of(states[states.size() - 2]);
    }
    bool phone_takes(std::uint8_t file, std::string_view secret) {
        (void)phone.ask(copy("00A4040C0AD392F000260100000001"_hex));
        return phone
            .ask({.ins = ins_verify,
                  .p2 = static_cast<std::uint8_t>(0x80 | file),
                  .data = copy(view(secret))})
            .ok();
    }
};

template <class T>
const T* in(const Result<IssueOutcome>& outcome) {
    return outcome ? std::get_if<T>(&*outcome) : nullptr;
}
std::optional<Code> refusal_in(const Result<IssueOutcome>& outcome) {
    const auto* refusal = in<Refusal>(outcome);
    return refusal == nullptr ? std::nullopt : std::optional{refusal->code};
}

/// The command with which the card signs its n-th message.
auto leaves_before_signature(int hold, int number) {
    return [hold, number, seen = 0](int now, BytesView command) mutable {
        return now == hold && command[1] == ins_sign && ++seen == number;
    };
}

TEST(Issue, PutsBothCertificatesOnThePhone) {
    Scene scene;

    const auto outcome = scene.issue();

    const auto* issued = in<Issued>(outcome);
    ASSERT_NE(issued, nullptr);
    EXPECT_FALSE(issued->resumed);
    EXPECT_TRUE(same(scene.shelf.find(pki::Kind::sign).value().der(), issued->sign->der()));
    EXPECT_TRUE(same(scene.shelf.find(pki::Kind::auth).value().der(), issued->auth->der()));
    EXPECT_TRUE(scene.phone_takes(0x18, "9876"));
    EXPECT_TRUE(scene.phone_takes(0x1B, "XYZ789"));
}

TEST(Issue, AsksRegistrationInThisOrder) {
    Scene scene;

    const auto outcome = scene.issue();

    ASSERT_NE(in<Issued>(outcome), nullptr);
    EXPECT_THAT(scene.registration.calls,
                ElementsAre(Call::current, Call::order, Call::keys, Call::request, Call::request,
                            Call::store, Call::confirm, Call::confirm));
}

TEST(Issue, HoldsTheCardOnceAndLeavesItLoggedOut) {
    Scene scene;

    const auto outcome = scene.issue();

    ASSERT_NE(in<Issued>(outcome), nullptr);
    EXPECT_EQ(scene.place.holds, 1);
    EXPECT_EQ(scene.place.passwords_presented(), 1);
    EXPECT_EQ(to_hex(scene.place.commands.back()), "00A4040C07A0000001510000");
}

struct RefusedStep {
    Call call;
    Code code;
    std::string_view step;
};

class RefusedIssue : public testing::TestWithParam<RefusedStep> {};

TEST_P(RefusedIssue, StopsThereWithThatRefusal) {
    Scene scene;
    scene.registration.refuses[GetParam().call] = GetParam().code;
    scene.registration.has_open_order = GetParam().call == Call::recover;

    const auto outcome = scene.issue();

    EXPECT_EQ(refusal_in(outcome), GetParam().code);
    EXPECT_EQ(scene.last_step(), GetParam().step);
    EXPECT_EQ(scene.states.back(), IssueState::stopped);
    EXPECT_EQ(scene.registration.calls.back(), GetParam().call);
}

INSTANTIATE_TEST_SUITE_P(
    ByRegistration, RefusedIssue,
    testing::Values(RefusedStep{Call::current, Code::service_unavailable, "recovering"},
                    RefusedStep{Call::recover, Code::service_busy, "recovering"},
                    RefusedStep{Call::order, Code::order_open, "ordering"},
                    RefusedStep{Call::order, Code::already_issued, "ordering"},
                    RefusedStep{Call::keys, Code::administration_refused, "making_keys"},
                    RefusedStep{Call::request, Code::service_unavailable, "requesting"},
                    RefusedStep{Call::store, Code::administration_refused, "storing"},
                    RefusedStep{Call::confirm, Code::service_unavailable, "confirming"}),
    [](const auto& test) {
        return std::string{test.param.step} + "_" +
               std::string{catalogue::failure(test.param.code).code};
    });

TEST(Issue, WantsNoCardBeforeItHasAnOrder) {
    Scene scene;
    scene.registration.refuses[Call::order] = Code::order_open;
    scene.place.empty = true;

    const auto outcome = scene.issue();

    EXPECT_EQ(refusal_in(outcome), Code::order_open);
    EXPECT_EQ(scene.place.holds, 0);
}

struct TurnedDownRequest {
    pki::cmp::Failure failure;
    Code code;
};

class TurnedDownIssue : public testing::TestWithParam<TurnedDownRequest> {};

TEST_P(TurnedDownIssue, TellsTheHolderWhatTheFailureMeans) {
    Scene scene;
    scene.registration.turns_down = GetParam().failure;

    const auto outcome = scene.issue();

    EXPECT_EQ(refusal_in(outcome), GetParam().code);
    EXPECT_THAT(scene.registration.calls, Not(Contains(Call::store)));
    EXPECT_FALSE(scene.phone_takes(0x1B, "XYZ789"));
}

INSTANTIATE_TEST_SUITE_P(
    ByRegistration, TurnedDownIssue,
    testing::Values(
        TurnedDownRequest{pki::cmp::Failure::signer_not_trusted, Code::card_certificate_untrusted},
        TurnedDownRequest{pki::cmp::Failure::cert_revoked, Code::card_certificate_revoked},
        TurnedDownRequest{pki::cmp::Failure::not_authorized, Code::not_authorized},
        TurnedDownRequest{pki::cmp::Failure::duplicate_cert_req, Code::order_open}),
    [](const auto& test) { return std::string{pki::cmp::name_of(test.param.failure)}; });

TEST(Issue, TellsTriesOfAWrongPasswordAndSendsNothingBehindIt) {
    Scene scene;

    const auto outcome = scene.issue("WRONG0");

    const auto* wrong = in<WrongPassword>(outcome);
    ASSERT_NE(wrong, nullptr);
    EXPECT_EQ(wrong->tries_left, 4);
    EXPECT_EQ(scene.registration.calls.back(), Call::keys);
    EXPECT_EQ(scene.place.passwords_presented(), 1);
}

TEST(Issue, SaysBlockedWhenTheLastTryIsSpent) {
    Scene scene;
    fake::spend_tries(scene.card, 4);

    const auto outcome = scene.issue("WRONG0");

    EXPECT_NE(in<PasswordBlocked>(outcome), nullptr);
    EXPECT_EQ(scene.registration.calls.back(), Call::keys);
}

TEST(Issue, StopsWhenNoCardComes) {
    Scene scene;
    scene.place.empty = true;

    const auto outcome = scene.issue();

    EXPECT_EQ(refusal_in(outcome), Code::card_absent);
    EXPECT_EQ(scene.registration.calls.back(), Call::keys);
}

TEST(Issue, PresentsNoPasswordAgainWhenTheCardLeavesWithIt) {
    Scene scene;
    scene.place.leaves = [](int, BytesView command) { return command[1] == ins_verify; };

    const auto outcome = scene.issue();

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().fault, Fault::unavailable);
    EXPECT_EQ(scene.place.holds, 1);
    EXPECT_EQ(scene.last_step(), "unlocking");
}

TEST(Issue, IsDoneWhenTheFormerOrderWasCompleted) {
    Scene scene;
    scene.registration.has_open_order = true;
    scene.registration.recovered = Registration::Recovered::completed;

    const auto outcome = scene.issue();

    const auto* issued = in<Issued>(outcome);
    ASSERT_NE(issued, nullptr);
    EXPECT_TRUE(issued->resumed);
    EXPECT_THAT(scene.registration.calls, ElementsAre(Call::current, Call::recover));
    EXPECT_EQ(scene.place.holds, 0);
}

TEST(Issue, OrdersAnewWhenTheFormerOrderWasDropped) {
    Scene scene;
    scene.registration.has_open_order = true;
    scene.registration.recovered = Registration::Recovered::dropped;

    const auto outcome = scene.issue();

    const auto* issued = in<Issued>(outcome);
    ASSERT_NE(issued, nullptr);
    EXPECT_FALSE(issued->resumed);
    EXPECT_EQ(scene.registration.confirmed, 2);
}

TEST(Issue, AsksForTheCardOnceMoreWhenItLeavesBetweenConfirmations) {
    Scene scene;
    scene.place.leaves = leaves_before_signature(1, 4);

    const auto outcome = scene.issue();

    EXPECT_NE(in<Issued>(outcome), nullptr);
    EXPECT_EQ(scene.place.holds, 2);
    EXPECT_EQ(scene.registration.confirmed, 2);
}

TEST(Issue, GivesUpWhenTheCardLeavesASecondTime) {
    Scene scene;
    scene.place.leaves = [first = leaves_before_signature(1, 3)](int hold,
                                                                 BytesView command) mutable {
        return first(hold, command) || (hold == 2 && command[1] == ins_sign);
    };

    const auto outcome = scene.issue();

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().fault, Fault::unavailable);
    EXPECT_EQ(scene.place.holds, 2);
    EXPECT_EQ(scene.registration.confirmed, 0);
}

TEST(Issue, PresentsNoPasswordToAnotherCardThatComesInstead) {
    Scene scene;
    auto other =
        element::sample::World{fake::card_showing(element::sample::certificate_shape(Bytes{0x01}))};
    scene.place.second = &other;
    scene.place.leaves = leaves_before_signature(1, 3);

    const auto outcome = scene.issue();

    EXPECT_EQ(refusal_in(outcome), Code::card_of_another);
    EXPECT_EQ(scene.last_step(), "confirming");
    EXPECT_EQ(scene.place.holds, 2);
    EXPECT_EQ(scene.place.passwords_presented(), 1);
}

TEST(Issue, RefusesACardThatCopiesTheCertificateWhichTheFirstOneShowed) {
    Scene scene;
    auto other = element::sample::World{fake::card_showing(element::sample::certificate_shape())};
    scene.place.second = &other;
    scene.place.leaves = leaves_before_signature(1, 3);

    const auto outcome = scene.issue();

    EXPECT_EQ(refusal_in(outcome), Code::card_of_another);
    EXPECT_EQ(scene.registration.confirmed, 0);
}

TEST(Issue, AsksForNoSecondHoldOfACardThatCannotBeRecognised) {
    Scene scene;
    scene.card = element::sample::World{fake::card_showing({})};
    scene.place.leaves = leaves_before_signature(1, 3);

    const auto outcome = scene.issue();

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().fault, Fault::unavailable);
    EXPECT_EQ(scene.place.holds, 1);
}

TEST(Issue, TellsTriesWhenTheSameCardTurnsThePasswordDownInTheSecondHold) {
    Scene scene;
    scene.place.leaves = [&, leaves = leaves_before_signature(1, 3)](int hold,
                                                                     BytesView command) mutable {
        const bool now = leaves(hold, command);
        if (now) fake::change_password(scene.card, "CHANGED1");
        return now;
    };

    const auto outcome = scene.issue();

    const auto* wrong = in<WrongPassword>(outcome);
    ASSERT_NE(wrong, nullptr);
    EXPECT_EQ(wrong->tries_left, 4);
    EXPECT_EQ(scene.place.passwords_presented(), 2);
}

TEST(Issue, BelievesNoAnswerOfAnotherTransaction) {
    Scene scene;
    scene.registration.mixes_transactions = true;

    const auto outcome = scene.issue();

    EXPECT_EQ(refusal_in(outcome), Code::peer_unverified);
    EXPECT_THAT(scene.registration.calls, Not(Contains(Call::store)));
}

TEST(Issue, TakesNoCertificateOfAnIssuerThatIsNotTrusted) {
    static const auto foreign = fake::people::make_root("Another CA");
    Scene scene;
    scene.registration.issuer = &foreign;

    const auto outcome = scene.issue();

    EXPECT_EQ(refusal_in(outcome), Code::peer_unverified);
    EXPECT_THAT(scene.registration.calls, Not(Contains(Call::store)));
}

TEST(Issue, TakesACertificateOfACaWhoseClockIsAheadByFiveMinutes) {
    Scene scene;
    scene.registration.grants.not_before = scene.clock.now() + minutes{5};

    const auto outcome = scene.issue();

    EXPECT_NE(in<Issued>(outcome), nullptr);
}

TEST(Issue, TakesNoCertificateThatBeginsLaterThanThat) {
    Scene scene;
    scene.registration.grants.not_before = scene.clock.now() + minutes{5} + seconds{1};

    const auto outcome = scene.issue();

    EXPECT_EQ(refusal_in(outcome), Code::peer_unverified);
    EXPECT_THAT(scene.registration.calls, Not(Contains(Call::store)));
}

TEST(Issue, JudgesACertificateByTheTimeOfItsAnswer) {
    Scene scene;
    scene.registration.grants.not_before = scene.clock.now() + minutes{8};
    scene.registration.on_request = [&] { scene.clock.advance(minutes{4}); };

    const auto outcome = scene.issue();

    EXPECT_NE(in<Issued>(outcome), nullptr);
}

// ── What the table promises, whatever the machine does ──────────────────────────────────────

constexpr bool is_end(IssueState state) {
    return state == IssueState::done || state == IssueState::stopped;
}

static_assert(std::ranges::none_of(issue_moves, [](const auto& move) { return is_end(move.from); }),
              "nothing moves out of an end");
static_assert(std::ranges::all_of(issue_moves,
                                  [](const auto& move) {
                                      return is_end(move.from) ||
                                             next(move.from, IssueEvent::trouble) ==
                                                 IssueState::stopped;
                                  }),
              "trouble stops it everywhere");
static_assert(std::ranges::all_of(issue_moves,
                                  [](const auto& move) {
                                      return next(move.from, move.on) == move.to;
                                  }),
              "no state and event has two rows");
static_assert(!next(IssueState::requesting, IssueEvent::stored), "nothing is stored ungranted");
static_assert(!next(IssueState::storing, IssueEvent::confirmed), "nothing is confirmed unstored");

}  // namespace
}  // namespace mitome::wallet
