// SPDX-License-Identifier: Apache-2.0
#include "channel_conformance.hpp"
#include "element_thread.hpp"

#include <chrono>
#include <latch>

namespace mitome::reader {
namespace {

using namespace std::chrono_literals;

struct Element {
    Folder folder;
    std::string path = folder.path() / "card.sock";
    ElementThread thread;

    explicit Element(Answer answer) : thread(path, std::move(answer)) {}
};

conformance::Opened open_socket(Answer answer) {
    auto element = std::make_shared<Element>(std::move(answer));
    auto channel = connect_element(element->path);
    return {element, channel ? std::move(*channel) : nullptr};
}

[[nodiscard]] apdu::Command any_command() { return {.ins = 0x84, .expected = 8}; }

TEST(ElementSocket, SaysThatNobodyListens) {
    const Folder folder;

    const auto channel = connect_element(folder.path() / "nobody.sock");

    ASSERT_FALSE(channel);
    EXPECT_EQ(channel.error().fault, Fault::unavailable);
    EXPECT_EQ(channel.error().code, static_cast<std::uint32_t>(ENOENT));
}

TEST(ElementSocket, RefusesAPathThatIsTooLong) {
    const auto channel = connect_element("/" + std::string(107, 'x'));

    ASSERT_FALSE(channel);
    EXPECT_EQ(channel.error().fault, Fault::malformed);
    EXPECT_EQ(channel.error().code, static_cast<std::uint32_t>(ENAMETOOLONG));
}

TEST(ElementSocket, GivesUpWhenNobodyAccepts) {
    const Folder folder;
    const std::string path = folder.path() / "full.sock";
    const Descriptor listener{::socket(AF_UNIX, SOCK_SEQPACKET, 0)};
    ASSERT_TRUE(listener);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(
        ::bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener.number(), 0), 0);
    const auto waiting = connect_element(path);  // fills the queue

    const auto refused = connect_element(path, {}, {.connect = 50ms});

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
    EXPECT_EQ(refused.error().code, code::timed_out);
}

TEST(ElementSocket, GivesUpOnAnElementThatDoesNotAnswer) {
    std::latch done{1};
    Element element{[&](BytesView) {
        done.wait();
        return Bytes{0x90, 0x00};
    }};
    const auto channel = connect_element(element.path, {}, {.command = 50ms});
    ASSERT_TRUE(channel);

    const auto answer = (*channel)->transmit(any_command());
    done.count_down();

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unavailable);
    EXPECT_EQ(answer.error().code, code::timed_out);
}

TEST(ElementSocket, TakesNoLateAnswerForTheNextCommand) {
    std::latch done{1};
    Element element{[&](BytesView) {
        done.wait();
        return Bytes{0x90, 0x00};
    }};
    const auto channel = connect_element(element.path, {}, {.command = 50ms});
    ASSERT_TRUE(channel);
    ASSERT_FALSE((*channel)->transmit(any_command()));
    done.count_down();

    const auto second = (*channel)->transmit(any_command());

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault, Fault::unavailable);
}

TEST(ElementSocket, StopsAWaitForAnAnswer) {
    std::latch asked{1};
    std::latch done{1};
    Element element{[&](BytesView) {
        asked.count_down();
        done.wait();
        return Bytes{0x90, 0x00};
    }};
    std::stop_source stop;
    const auto channel = connect_element(element.path, stop.get_token());
    ASSERT_TRUE(channel);
    std::jthread holder{[&] {
        asked.wait();
        stop.request_stop();
    }};

    const auto answer = (*channel)->transmit(any_command());
    done.count_down();

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unavailable);
    EXPECT_EQ(answer.error().code, code::stopped);
}

TEST(ElementSocket, SendsNothingOnceStopped) {
    std::atomic<int> commands = 0;
    Element element{[&](BytesView) {
        ++commands;
        return Bytes{0x90, 0x00};
    }};
    std::stop_source stop;
    const auto channel = connect_element(element.path, stop.get_token());
    ASSERT_TRUE(channel);
    stop.request_stop();

    const auto answer = (*channel)->transmit(any_command());

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code::stopped);
    EXPECT_EQ(commands, 0);
}

}  // namespace

namespace conformance {
INSTANTIATE_TEST_SUITE_P(ElementSocket, ChannelConformance,
                         testing::Values(Kind{"element_socket", open_socket}));
}

}  // namespace mitome::reader
