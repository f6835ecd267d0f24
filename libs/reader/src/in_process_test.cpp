// SPDX-License-Identifier: Apache-2.0
#include "channel_conformance.hpp"

namespace mitome::reader::conformance {
namespace {

INSTANTIATE_TEST_SUITE_P(InProcess, ChannelConformance,
                         testing::Values(Kind{"in_process", [](Answer answer) {
                                                  return Opened{nullptr,
                                                                in_process(std::move(answer))};
                                              }}));

TEST(InProcess, CallsAnAnswerWithoutStatusMalformed) {
    const auto channel = in_process([](BytesView) { return Bytes{0x90}; });

    const auto answer = channel->transmit({.ins = 0xB0});

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::malformed);
}

}  // namespace
}  // namespace mitome::reader::conformance
