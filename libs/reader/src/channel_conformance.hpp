// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every kind of channel must do stands in channel_conformance.cpp; a test of one kind
// instantiates `ChannelConformance` with a way to open it.

#include <mitome/reader/channel.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

namespace mitome::reader::conformance {

/// A channel and whatever must live as long as it does.
struct Opened {
    std::shared_ptr<void> peer;
    std::unique_ptr<Channel> channel;
};

struct Kind {
    std::string name;
    std::function<Opened(Answer)> open;
};

inline std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }

class ChannelConformance : public testing::TestWithParam<Kind> {};

}  // namespace mitome::reader::conformance
