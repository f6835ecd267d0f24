// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace mitome::element {
namespace {

TEST(Connections, OfSeveralThreadsKeepTheirOwnState) {
    sample::World world = sample::card();
    std::atomic<int> wrong{0};
    const auto talk = [&](bool knows_pin) {
        Connection connection;
        for (int i = 0; i < 50; ++i) {
            (void)world.element->answer(connection, "00A4040C0AD392F000260100000001"_hex);
            if (knows_pin) (void)world.element->answer(connection, "0020009B06414243313233"_hex);
            const Bytes answer = world.element->answer(connection, "00B0810001"_hex);
            if (to_hex(answer) != (knows_pin ? "309000" : "6982")) ++wrong;
        }
    };

    {
        std::jthread one{talk, true};
        std::jthread two{talk, false};
        std::jthread three{talk, true};
    }

    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace mitome::element
