// SPDX-License-Identifier: Apache-2.0
#include "status.hpp"

#include <mitome/apdu/tlv.hpp>
#include <mitome/card/session.hpp>

#include <algorithm>
#include <array>

namespace mitome::card {
namespace {

using apdu::Command;

constexpr auto jpki = "D392F000260100000001"_hex;
constexpr auto security_domain = "A0000001510000"_hex;        // GlobalPlatform; on every card
constexpr auto shared_application = "D3921000310001010100"_hex;  // 共通カードAP

constexpr std::uint8_t ins_verify = 0x20;
constexpr std::uint8_t ins_select = 0xA4;
constexpr std::uint8_t ins_read_binary = 0xB0;

constexpr std::uint32_t whole_file = 65'536;  // Ne: as much as there is
constexpr std::size_t step = 256;             // the most that a short answer holds
constexpr std::size_t last_offset = 0x7FFF;   // 15 bits of P1-P2, ISO/IEC 7816-4:2005 §7.2.3
constexpr unsigned most_reads = 300;          // 65,535 octets in steps, and some to spare

[[nodiscard]] constexpr std::uint8_t high(std::size_t offset) {
    return static_cast<std::uint8_t>(offset >> 8);
}
[[nodiscard]] constexpr std::uint8_t low(std::size_t offset) {
    return static_cast<std::uint8_t>(offset & 0xFF);
}

/// 6282: the file ended before Ne. My Number cards say 9000 there.
[[nodiscard]] bool carries_data(std::uint16_t sw) { return sw == apdu::sw::ok || sw == 0x6282; }

/// Refusals that a shorter Le would not change.
[[nodiscard]] bool is_final(std::uint16_t sw) {
    return sw == apdu::sw::security_status || sw == apdu::sw::file_not_found ||
           sw == apdu::sw::incompatible_file || sw == apdu::sw::conditions_of_use;
}

}  // namespace

Session::Session(std::unique_ptr<reader::Channel> channel) : channel_(std::move(channel)) {}

Session::~Session() { (void)log_out(); }

Result<std::unique_ptr<Session>> Session::open(std::unique_ptr<reader::Channel> channel) {
    std::unique_ptr<Session> session{new Session{std::move(channel)}};
    MITOME_TRY(exclusive, reader::Exclusive::begin(*session->channel_));
    session->exclusive_.emplace(std::move(exclusive));
    auto answer = session->select(jpki);
    if (answer && *answer == apdu::sw::no_precise_diagnosis) {
        answer = session->select(jpki);  // one card model answers so to its first command
    }
    if (!answer && answer.error().code == reader::code::reset) {
        answer = session->select(jpki);  // before we came; nothing of ours was lost
    }
    if (!answer) {
        return std::unexpected{answer.error()};
    }
    if (*answer != apdu::sw::ok) {
        return fail(Fault::absent, "card: the token has no JPKI application", wrong_card);
    }
    session->selected_ = true;
    return session;
}

Result<std::uint16_t> Session::select(BytesView aid) {
    MITOME_TRY(answer, channel_->transmit({.ins = ins_select,
                                           .p1 = 0x04,
                                           .p2 = 0x0C,  // no FCI wanted
                                           .data = copy(aid)}));
    return answer.sw;
}

Done Session::log_out() {
    if (!pin_presented_) {
        return {};
    }
    std::uint16_t sw = 0;
    for (const BytesView other : {BytesView{security_domain}, BytesView{shared_application}}) {
        const auto answer = select(other);
        if (!answer) {
            channel_->at_close(reader::Disposition::unpower);
            if (answer.error().code == reader::code::reset) {
                continue;  // the reset may or may not have made it forget
            }
            return std::unexpected{answer.error()};
        }
        sw = *answer;
        if (sw == apdu::sw::ok) {
            selected_ = false;
            pin_presented_ = false;
            return {};
        }
    }
    // A SELECT that fails leaves the verified state as it is.
    channel_->at_close(reader::Disposition::unpower);
    return fail(Fault::conflict, "card: the token keeps the PIN until it loses power", sw);
}

Result<apdu::Response> Session::transmit(const Command& command) {
    const bool selects = command.ins == ins_select && command.p1 == 0x04;
    if (!selected_ && !selects) {
        MITOME_TRY(sw, select(jpki));
        if (sw != apdu::sw::ok) {
            return refusal(sw);
        }
        selected_ = true;
    }
    // From here on, not from the answer on: it may be lost when the card has already accepted.
    pin_presented_ |= command.ins == ins_verify && !command.data.empty();
    auto answer = channel_->transmit(command);
    if (selects || (!answer && answer.error().code == reader::code::reset)) {
        selected_ = false;
    }
    return answer;
}

Result<apdu::Response> Session::read_front(std::uint8_t short_id) {
    Command command{.ins = ins_read_binary, .p1 = static_cast<std::uint8_t>(0x80 | short_id)};
    if (takes_extended_ && channel_->largest_response() > step) {
        command.expected = whole_file;
        MITOME_TRY(answer, transmit(command));
        if (carries_data(answer.sw) || is_final(answer.sw)) {
            return answer;
        }
    }
    takes_extended_ = false;
    command.expected = step;
    return transmit(command);
}

Result<Bytes> Session::read_whole_object(std::uint8_t short_id) {
    MITOME_TRY(front, read_front(short_id));
    if (!carries_data(front.sw)) {
        return refusal(front.sw);
    }
    Bytes object = std::move(front.data);
    if (object.empty() || object.front() == 0x00 || object.front() == 0xFF) {
        return fail(Fault::absent, "card: the file is empty");
    }
    for (unsigned reads = 1;; ++reads) {
        MITOME_TRY(size, apdu::tlv_size(object));
        if (size && object.size() >= *size) {
            object.resize(*size);
            return object;
        }
        const std::size_t missing = size ? *size - object.size() : step;
        const std::size_t room = takes_extended_ ? whole_file : step;
        if (reads == most_reads || object.size() > last_offset) {
            return fail(Fault::malformed, "card: the file has no end");
        }
        MITOME_TRY(more,
                   transmit({.ins = ins_read_binary,
                             .p1 = high(object.size()),
                             .p2 = low(object.size()),
                             .expected = static_cast<std::uint32_t>(std::min(missing, room))}));
        if (!carries_data(more.sw) && more.sw != apdu::sw::wrong_offset) {
            if (takes_extended_ && missing > step && !is_final(more.sw)) {
                takes_extended_ = false;
                continue;
            }
            return refusal(more.sw);
        }
        if (more.data.empty()) {
            return fail(Fault::malformed, "card: the file ends before its object", more.sw);
        }
        append(object, more.data);
    }
}

Result<BytesView> Session::read_object(std::uint8_t short_id) {
    auto known = files_.find(short_id);
    if (known == files_.end()) {
        MITOME_TRY(object, read_whole_object(short_id));
        known = files_.emplace(short_id, std::move(object)).first;
    }
    return BytesView{known->second};
}

Result<BytesView> Session::read_octets(std::uint8_t short_id, std::uint16_t size) {
    auto known = files_.find(short_id);
    if (known == files_.end()) {
        MITOME_TRY(answer, transmit({.ins = ins_read_binary,
                                     .p1 = static_cast<std::uint8_t>(0x80 | short_id),
                                     .expected = size}));
        if (!carries_data(answer.sw)) {
            return refusal(answer.sw);
        }
        if (answer.data.size() > size) {
            answer.data.resize(size);
        }
        known = files_.emplace(short_id, std::move(answer.data)).first;
    }
    return BytesView{known->second};
}

void Session::forget_files() { files_.clear(); }

}  // namespace mitome::card
