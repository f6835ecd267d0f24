// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>
#include <mitome/card/pin.hpp>
#include <mitome/reader/channel.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mitome::card {

/// What happened on a channel, for a test to look at after the session has taken the channel.
struct Record {
    std::vector<std::string> commands;  // in hexadecimal
    std::vector<std::string> mistakes;
    std::size_t left = 0;  ///< exchanges of a script that did not come
    std::uint32_t largest_response = 65'536;
    bool exclusive = false;
    std::optional<Error> next_failure;  ///< of the path, instead of the next answer
    reader::Disposition at_close = reader::Disposition::leave;
};

/// A token that answers from a function, and what a path adds to one.
class RecordingChannel final : public reader::Channel {
public:
    RecordingChannel(std::shared_ptr<Record> record, reader::Answer answer)
        : record_(std::move(record)),
          inner_(
              reader::in_process([record = record_, answer = std::move(answer)](BytesView command) {
                  record->commands.push_back(to_hex(command));
                  return answer(command);
              })) {}

    Result<apdu::Response> transmit(const apdu::Command& command) override {
        if (const auto failure = std::exchange(record_->next_failure, std::nullopt)) {
            return std::unexpected{*failure};
        }
        return inner_->transmit(command);
    }
    [[nodiscard]] std::uint32_t largest_response() const override {
        return record_->largest_response;
    }
    [[nodiscard]] Count count() const override { return inner_->count(); }
    Done begin_exclusive() override {
        record_->exclusive = true;
        return {};
    }
    void end_exclusive() noexcept override { record_->exclusive = false; }
    void at_close(reader::Disposition disposition) noexcept override {
        record_->at_close = disposition;
    }

private:
    std::shared_ptr<Record> record_;
    std::unique_ptr<reader::Channel> inner_;
};

struct Recorded {
    std::shared_ptr<Record> record = std::make_shared<Record>();
    std::unique_ptr<reader::Channel> channel;
};

[[nodiscard]] inline Recorded recorded(reader::Answer answer) {
    Recorded made;
    made.channel = std::make_unique<RecordingChannel>(made.record, std::move(answer));
    return made;
}

/// tests/vectors/apdu/NAME.apdu: `>` a command, `<` its answer with status word, in hexadecimal.
/// A command without an answer takes the card away.
[[nodiscard]] inline Recorded scripted(const std::string& name) {
    struct Exchange {
        std::string command;
        Bytes answer;
    };
    auto exchanges = std::make_shared<std::vector<Exchange>>();
    std::ifstream file{std::string{MITOME_SOURCE_DIR} + "/tests/vectors/apdu/" + name + ".apdu"};
    EXPECT_TRUE(file) << name;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#') || line.empty()) {
            continue;
        }
        const auto octets = from_hex(std::string_view{line}.substr(2));
        EXPECT_TRUE(octets) << line;
        if (line.starts_with('>')) {
            exchanges->push_back({to_hex(*octets), {}});
        } else {
            exchanges->back().answer = *octets;
        }
    }
    auto record = std::make_shared<Record>();
    record->left = exchanges->size();
    Recorded made{record, nullptr};
    made.channel =
        std::make_unique<RecordingChannel>(record, [exchanges, record](BytesView command) -> Bytes {
            if (record->left == 0 ||
                (*exchanges)[exchanges->size() - record->left].command != to_hex(command)) {
                record->mistakes.push_back(to_hex(command));
                return {0x6D, 0x00};
            }
            return (*exchanges)[exchanges->size() - record->left--].answer;
        });
    return made;
}

/// The script was followed to its end and nothing else was sent.
inline void expect_followed(const Record& record) {
    EXPECT_EQ(record.mistakes, std::vector<std::string>{});
    EXPECT_EQ(record.left, 0u);
}

[[nodiscard]] inline Pin pin(std::string_view digits) {
    Pin made;
    EXPECT_TRUE(made.assign(view(digits)));
    return made;
}

}  // namespace mitome::card
