// SPDX-License-Identifier: Apache-2.0
#include "channel_conformance.hpp"
#include "virtual_reader.hpp"

#include <mitome/reader/pcsc.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <latch>
#include <optional>

namespace mitome::reader {
namespace {

using namespace std::chrono_literals;

constexpr auto soon = 5s;

[[nodiscard]] Bytes fine(BytesView) { return {0x90, 0x00}; }
[[nodiscard]] apdu::Command any_command() { return {.ins = 0x84, .expected = 8}; }

class PcscTest : public testing::Test {
protected:
    void SetUp() override {
        if (const std::string reason = why_no_daemon(); !reason.empty()) {
            GTEST_SKIP() << reason;
        }
        daemon_.emplace();
    }

    std::optional<Daemon> daemon_;
    Pcsc pcsc_;
};

TEST_F(PcscTest, ListsReadersWithAndWithoutACard) {
    const VirtualCard card{fine};
    ASSERT_TRUE(pcsc_.wait_for_card({}, soon));

    const auto readers = pcsc_.readers();

    ASSERT_TRUE(readers);
    ASSERT_EQ(readers->size(), 2u);
    EXPECT_EQ((*readers)[0].name, "Virtual 仮想 00 00");
    EXPECT_EQ((*readers)[0].presence, Presence::present);
    EXPECT_EQ((*readers)[0].atr, VirtualCard::contact_atr());
    EXPECT_EQ((*readers)[1].name, "Virtual 仮想 00 01");
    EXPECT_EQ((*readers)[1].presence, Presence::empty);
}

TEST_F(PcscTest, NoticesACardThatComes) {
    const auto before = pcsc_.readers();
    ASSERT_TRUE(before);
    std::optional<VirtualCard> card;
    std::jthread holder{[&] {
        std::this_thread::sleep_for(100ms);
        card.emplace(fine);
    }};

    const auto after = pcsc_.wait_for_change(*before, soon);

    ASSERT_TRUE(after);
    EXPECT_EQ(after->front().presence, Presence::present);
}

TEST_F(PcscTest, NoticesACardThatGoes) {
    std::optional<VirtualCard> card;
    card.emplace(fine);
    ASSERT_TRUE(pcsc_.wait_for_card({}, soon));
    const auto before = pcsc_.readers();
    ASSERT_TRUE(before);
    std::jthread holder{[&] {
        std::this_thread::sleep_for(100ms);
        card.reset();
    }};

    const auto after = pcsc_.wait_for_change(*before, soon);

    ASSERT_TRUE(after);
    EXPECT_EQ(after->front().presence, Presence::empty);
    EXPECT_GT(after->front().events, before->front().events);
}

TEST_F(PcscTest, WaitsNoLongerThanItsLimit) {
    const auto before = pcsc_.readers();
    ASSERT_TRUE(before);
    const auto start = std::chrono::steady_clock::now();

    const auto after = pcsc_.wait_for_change(*before, 100ms);

    ASSERT_TRUE(after);
    EXPECT_EQ(*after, *before);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
}

TEST_F(PcscTest, StopsAWait) {
    const auto before = pcsc_.readers();
    ASSERT_TRUE(before);
    std::stop_source stop;
    std::jthread holder{[&] {
        std::this_thread::sleep_for(100ms);
        stop.request_stop();
    }};
    const auto start = std::chrono::steady_clock::now();

    const auto after = pcsc_.wait_for_change(*before, 1min, stop.get_token());

    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().code, code::stopped);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    EXPECT_TRUE(pcsc_.readers()) << "one stopped wait must not spoil the next call";
}

TEST_F(PcscTest, SaysThatNoCardCame) {
    const auto card = pcsc_.wait_for_card({}, 50ms);

    ASSERT_FALSE(card);
    EXPECT_EQ(card.error().fault, Fault::unavailable);
    EXPECT_EQ(card.error().code, code::no_card);
}

TEST_F(PcscTest, TellsAnEmptyReaderFromAnUnknownOne) {
    const auto empty = pcsc_.connect("Virtual 仮想 00 00");
    const auto unknown = pcsc_.connect("Nobody's reader");

    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().fault, Fault::unavailable);
    EXPECT_EQ(empty.error().code, code::no_card);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().fault, Fault::absent);
    EXPECT_EQ(unknown.error().code, code::unknown_reader);
}

TEST_F(PcscTest, TellsAMuteCard) {
    const VirtualCard card{fine, first_slot, Bytes{}};
    const auto before = pcsc_.readers();
    ASSERT_TRUE(before);
    (void)pcsc_.wait_for_change(*before, 600ms);

    const auto channel = pcsc_.connect("Virtual 仮想 00 00");

    ASSERT_FALSE(channel);
    EXPECT_EQ(channel.error().fault, Fault::unavailable);
}

TEST_F(PcscTest, TalksToTwoReadersAtOnce) {
    const VirtualCard first{[](BytesView) { return Bytes{1, 0x90, 0x00}; }};
    const VirtualCard second{[](BytesView) { return Bytes{2, 0x90, 0x00}; }, first_slot + 1};
    const auto one = pcsc_.wait_for_card("Virtual 仮想 00 00", soon);
    const auto other = pcsc_.wait_for_card("Virtual 仮想 00 01", soon);
    ASSERT_TRUE(one);
    ASSERT_TRUE(other);
    const auto to_first = pcsc_.connect(one->name);
    const auto to_second = pcsc_.connect(other->name);
    ASSERT_TRUE(to_first);
    ASSERT_TRUE(to_second);

    const auto answer = (*to_second)->transmit(any_command());
    const auto other_answer = (*to_first)->transmit(any_command());

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->data, Bytes{2});
    ASSERT_TRUE(other_answer);
    EXPECT_EQ(other_answer->data, Bytes{1});
}

TEST_F(PcscTest, KeepsAnotherProgramOutDuringATransaction) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    const auto ours = pcsc_.connect(found->name);
    Pcsc other_program;
    const auto theirs = other_program.connect(found->name, {.limits = {.command = 200ms}});
    ASSERT_TRUE(ours);
    ASSERT_TRUE(theirs);
    const auto alone = Exclusive::begin(**ours);
    ASSERT_TRUE(alone);

    const auto refused = (*theirs)->begin_exclusive();

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, code::in_use);
    EXPECT_TRUE((*ours)->transmit(any_command()));
}

TEST_F(PcscTest, GetsItsTurnAfterAnotherProgram) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    const auto ours = pcsc_.connect(found->name);
    Pcsc other_program;
    const auto theirs = other_program.connect(found->name);
    ASSERT_TRUE(ours);
    ASSERT_TRUE(theirs);
    ASSERT_TRUE((*theirs)->begin_exclusive());
    std::jthread other{[&] {
        std::this_thread::sleep_for(100ms);
        (*theirs)->end_exclusive();
    }};

    const auto alone = Exclusive::begin(**ours);

    EXPECT_TRUE(alone);
    EXPECT_TRUE((*ours)->transmit(any_command()));
}

TEST_F(PcscTest, StopsAWaitForItsTurn) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    std::stop_source stop;
    const auto ours = pcsc_.connect(found->name, {.stop = stop.get_token()});
    ASSERT_TRUE(ours);
    Pcsc other_program;
    const auto theirs = other_program.connect(found->name);
    ASSERT_TRUE(theirs);
    ASSERT_TRUE((*theirs)->begin_exclusive());
    std::jthread holder{[&] {
        std::this_thread::sleep_for(100ms);
        stop.request_stop();
    }};

    const auto alone = (*ours)->begin_exclusive();

    ASSERT_FALSE(alone);
    EXPECT_EQ(alone.error().code, code::stopped);
    (*theirs)->end_exclusive();
}

TEST_F(PcscTest, GivesUpConnectingDuringAnotherProgramsTurn) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    Pcsc other_program;
    const auto theirs = other_program.connect(found->name);
    ASSERT_TRUE(theirs);
    ASSERT_TRUE((*theirs)->begin_exclusive());

    const auto ours = pcsc_.connect(found->name, {.limits = {.connect = 200ms}});

    ASSERT_FALSE(ours);
    EXPECT_EQ(ours.error().fault, Fault::unavailable);
    EXPECT_EQ(ours.error().code, code::in_use);
}

TEST_F(PcscTest, SaysThatAnotherProgramKeepsTheCard) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    Pcsc other_program;
    const auto theirs = other_program.connect(found->name, {.sharing = Sharing::exclusive});
    ASSERT_TRUE(theirs);

    const auto ours = pcsc_.connect(found->name);

    ASSERT_FALSE(ours);
    EXPECT_EQ(ours.error().fault, Fault::unavailable);
    EXPECT_EQ(ours.error().code, code::in_use);
}

TEST_F(PcscTest, TellsAResetByAnotherProgramAndGoesOn) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    const auto ours = pcsc_.connect(found->name);
    ASSERT_TRUE(ours);
    ASSERT_TRUE((*ours)->transmit(any_command()));
    Pcsc other_program;
    auto theirs = other_program.connect(found->name, {.at_close = Disposition::reset});
    ASSERT_TRUE(theirs);
    theirs->reset();

    const auto after_reset = (*ours)->transmit(any_command());
    const auto next = (*ours)->transmit(any_command());

    ASSERT_FALSE(after_reset);
    EXPECT_EQ(after_reset.error().fault, Fault::conflict);
    EXPECT_EQ(after_reset.error().code, code::reset);
    EXPECT_TRUE(next);
}

TEST_F(PcscTest, TakesPowerFromTheCardAtCloseWhenAsked) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    auto channel = pcsc_.connect(found->name);
    ASSERT_TRUE(channel);
    const int before = card.power_downs();
    (*channel)->at_close(Disposition::unpower);

    channel->reset();

    EXPECT_GT(card.power_downs(), before);
}

TEST_F(PcscTest, LeavesTheCardAsItIsAtClose) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    auto channel = pcsc_.connect(found->name);
    ASSERT_TRUE(channel);
    const int before = card.power_downs() + card.resets();

    channel->reset();

    EXPECT_EQ(card.power_downs() + card.resets(), before);
}

TEST_F(PcscTest, GivesUpOnACardThatDoesNotAnswer) {
    std::latch done{1};
    const VirtualCard card{[&](BytesView) {
        done.wait();
        return Bytes{0x90, 0x00};
    }};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    const auto channel = pcsc_.connect(found->name, {.limits = {.command = 100ms}});
    ASSERT_TRUE(channel);

    const auto answer = (*channel)->transmit(any_command());
    done.count_down();

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code::timed_out);
}

TEST_F(PcscTest, StopsAWaitForAnAnswer) {
    std::latch asked{1};
    std::latch done{1};
    const VirtualCard card{[&](BytesView) {
        asked.count_down();
        done.wait();
        return Bytes{0x90, 0x00};
    }};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    std::stop_source stop;
    const auto channel = pcsc_.connect(found->name, {.stop = stop.get_token()});
    ASSERT_TRUE(channel);
    std::jthread holder{[&] {
        asked.wait();
        stop.request_stop();
    }};

    const auto answer = (*channel)->transmit(any_command());
    done.count_down();

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code::stopped);
}

TEST_F(PcscTest, SaysThatTheDaemonIsGoneAndWorksWithTheNext) {
    ASSERT_TRUE(pcsc_.readers());
    daemon_->end();

    const auto without = pcsc_.readers();
    daemon_->start();
    const auto with = pcsc_.readers();

    ASSERT_FALSE(without);
    EXPECT_EQ(without.error().fault, Fault::unavailable);
    EXPECT_EQ(without.error().code, code::no_service);
    EXPECT_TRUE(with);
}

TEST_F(PcscTest, NoticesDuringAWaitThatTheDaemonIsGone) {
    const auto before = pcsc_.readers();
    ASSERT_TRUE(before);
    std::jthread holder{[&] {
        std::this_thread::sleep_for(100ms);
        daemon_->end();
    }};

    const auto after = pcsc_.wait_for_change(*before, 1min);

    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().fault, Fault::unavailable);
}

TEST_F(PcscTest, LosesItsConversationWithTheDaemon) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    const auto channel = pcsc_.connect(found->name);
    ASSERT_TRUE(channel);
    daemon_->end();

    const auto answer = (*channel)->transmit(any_command());

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unavailable);
}

TEST_F(PcscTest, GivesUpOnADaemonThatHangs) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    auto channel = pcsc_.connect(found->name, {.limits = {.command = 100ms}});
    ASSERT_TRUE(channel);
    daemon_->send(SIGSTOP);

    const auto answer = (*channel)->transmit(any_command());
    channel->reset();
    daemon_->send(SIGCONT);

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code::timed_out);
}

TEST_F(PcscTest, CarriesACommandOnTheCallersOwnThread) {
    const VirtualCard card{fine};
    const auto found = pcsc_.wait_for_card({}, soon);
    ASSERT_TRUE(found);
    const auto channel = pcsc_.connect(found->name, {.waiting = Waiting::direct});
    ASSERT_TRUE(channel);

    EXPECT_TRUE((*channel)->transmit(any_command()));
}

struct OwnDaemon {
    Daemon daemon;
    VirtualCard card;

    explicit OwnDaemon(Answer answer) : card(std::move(answer)) {}
};

conformance::Opened open_pcsc(Answer answer) {
    if (!why_no_daemon().empty()) {
        return {};
    }
    auto peer = std::make_shared<OwnDaemon>(std::move(answer));
    Pcsc pcsc;
    const auto found = pcsc.wait_for_card({}, soon);
    if (!found) {
        return {};
    }
    auto channel = pcsc.connect(found->name);
    return {peer, channel ? std::move(*channel) : nullptr};
}

}  // namespace

namespace conformance {
INSTANTIATE_TEST_SUITE_P(Pcsc, ChannelConformance, testing::Values(Kind{"pcsc", open_pcsc}));
}

}  // namespace mitome::reader
