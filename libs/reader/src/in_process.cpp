// SPDX-License-Identifier: Apache-2.0
#include "whole_answer.hpp"

#include <mitome/reader/channel.hpp>

namespace mitome::reader {
namespace {

class InProcess final : public Channel {
public:
    explicit InProcess(Answer answer) : answer_(std::move(answer)) {}

    Result<apdu::Response> transmit(const apdu::Command& command) override {
        return whole_answer(command, [this](const apdu::Command& asked) { return once(asked); });
    }

    [[nodiscard]] std::uint32_t largest_response() const override { return 65'536; }
    [[nodiscard]] Count count() const override { return count_; }

private:
    Result<apdu::Response> once(const apdu::Command& command) {
        if (gone_) {
            return fail(Fault::unavailable, "reader: the token has gone", code::removed);
        }
        Bytes octets = command.encode();
        ++count_.commands;
        count_.octets_out += octets.size();
        const Bytes answer = answer_(octets);
        wipe(octets);
        if (answer.empty()) {
            gone_ = true;
            return fail(Fault::unavailable, "reader: the token has gone", code::removed);
        }
        count_.octets_in += answer.size();
        return apdu::Response::decode(answer);
    }

    Answer answer_;
    Count count_;
    bool gone_ = false;
};

}  // namespace

std::unique_ptr<Channel> in_process(Answer answer) {
    return std::make_unique<InProcess>(std::move(answer));
}

}  // namespace mitome::reader
