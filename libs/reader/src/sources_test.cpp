// SPDX-License-Identifier: Apache-2.0
#include "element_thread.hpp"
#include "virtual_reader.hpp"

#include <mitome/reader/sources.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace mitome::reader {
namespace {

using namespace std::chrono_literals;

[[nodiscard]] Bytes fine(BytesView) { return {0x90, 0x00}; }

class SourcesTest : public testing::Test {
protected:
    void SetUp() override {
        if (const std::string reason = why_no_daemon(); !reason.empty()) {
            GTEST_SKIP() << reason;
        }
        sources_.add_element("phone", folder_.path() / "phone.sock");
    }

    Folder folder_;
    Sources sources_;
};

TEST_F(SourcesTest, JoinsElementsAndReaders) {
    const Daemon daemon;
    const ElementThread phone{folder_.path() / "phone.sock", fine};

    const auto places = sources_.places();

    ASSERT_TRUE(places);
    ASSERT_EQ(places->size(), 3u);
    EXPECT_EQ((*places)[0].name, "phone");
    EXPECT_EQ((*places)[0].path, Place::Path::element);
    EXPECT_EQ((*places)[0].presence, Presence::present);
    EXPECT_EQ((*places)[1].name, "Virtual 仮想 00 00");
    EXPECT_TRUE(sources_.pcsc_runs());
}

TEST_F(SourcesTest, HasElementsWithoutADaemon) {
    const ElementThread phone{folder_.path() / "phone.sock", fine};

    const auto places = sources_.places();

    ASSERT_TRUE(places);
    EXPECT_EQ(places->size(), 1u);
    EXPECT_FALSE(sources_.pcsc_runs());
}

TEST_F(SourcesTest, NoticesAnElementThatComes) {
    const auto before = sources_.places();
    ASSERT_TRUE(before);
    std::optional<ElementThread> phone;
    std::jthread starter{[&] {
        std::this_thread::sleep_for(50ms);
        phone.emplace(folder_.path() / "phone.sock", fine);
    }};

    const auto after = sources_.wait_for_change(*before, 5s);

    ASSERT_TRUE(after);
    EXPECT_EQ(after->front().presence, Presence::present);
}

TEST_F(SourcesTest, OpensEitherByItsName) {
    const Daemon daemon;
    const VirtualCard card{[](BytesView) { return Bytes{1, 0x90, 0x00}; }};
    const ElementThread phone{folder_.path() / "phone.sock",
                              [](BytesView) { return Bytes{2, 0x90, 0x00}; }};
    ASSERT_TRUE(Pcsc{}.wait_for_card({}, 5s));
    const auto to_card = sources_.open("Virtual 仮想 00 00");
    const auto to_phone = sources_.open("phone");
    ASSERT_TRUE(to_card);
    ASSERT_TRUE(to_phone);

    const auto from_card = (*to_card)->transmit({.ins = 0x84, .expected = 1});
    const auto from_phone = (*to_phone)->transmit({.ins = 0x84, .expected = 1});

    ASSERT_TRUE(from_card);
    EXPECT_EQ(from_card->data, Bytes{1});
    ASSERT_TRUE(from_phone);
    EXPECT_EQ(from_phone->data, Bytes{2});
}

}  // namespace
}  // namespace mitome::reader
