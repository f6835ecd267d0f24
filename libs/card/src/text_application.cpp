// SPDX-License-Identifier: Apache-2.0
#include <mitome/card/text_application.hpp>

namespace mitome::card {
namespace {

using apdu::Command;

constexpr auto text_aid = "D3921000310001010408"_hex;
constexpr auto security_domain_aid = "A0000001510000"_hex;  // selecting it logs out
constexpr std::uint8_t pin_file = 0x11;
constexpr std::uint8_t current_file = 0x80;  // P2: the reference is the current file

/// The application is current while this lives; another one is afterwards.
class Selected {
public:
    static Result<Selected> select(reader::Channel& channel) {
        MITOME_TRY(exclusive, reader::Exclusive::begin(channel));
        MITOME_TRY(
            answer,
            channel.transmit(
                {.ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = copy(text_aid), .expected = {}}));
        if (!answer.ok()) return fail(Fault::absent, "card: no such application", answer.sw);
        MITOME_TRY(
            file,
            channel.transmit(
                {.ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = {0x00, pin_file}, .expected = {}}));
        if (!file.ok()) return fail(Fault::absent, "card: no such PIN", file.sw);
        return Selected{channel, std::move(exclusive)};
    }
    Selected(Selected&& other) noexcept
        : channel_(std::exchange(other.channel_, nullptr)),
          exclusive_(std::move(other.exclusive_)) {}
    Selected& operator=(Selected&&) = delete;
    ~Selected() {
        if (channel_ == nullptr) return;
        const auto out = channel_->transmit({.ins = 0xA4,
                                             .p1 = 0x04,
                                             .p2 = 0x0C,
                                             .data = copy(security_domain_aid),
                                             .expected = {}});
        if (!out || !out->ok()) channel_->at_close(reader::Disposition::unpower);
    }

private:
    Selected(reader::Channel& channel, reader::Exclusive exclusive)
        : channel_(&channel), exclusive_(std::move(exclusive)) {}
    reader::Channel* channel_;
    reader::Exclusive exclusive_;
};

Result<apdu::Response> transmit_pin(reader::Channel& channel, Command command, const Pin& pin) {
    command.data.reserve(Pin::capacity());
    pin.reveal([&](BytesView digits) { command.data.assign(digits.begin(), digits.end()); });
    auto answer = channel.transmit(command);
    wipe(command.data);
    return answer;
}

Result<std::optional<std::uint8_t>> ask_tries(reader::Channel& channel) {
    MITOME_TRY(answer, channel.transmit({.ins = 0x20, .p2 = current_file, .expected = {}}));
    if (answer.sw == apdu::sw::method_blocked || answer.sw == apdu::sw::reference_unusable)
        return std::uint8_t{0};
    if ((answer.sw & 0xFFF0) == apdu::sw::tries_left)
        return static_cast<std::uint8_t>(answer.sw & 0x0F);
    return std::nullopt;
}

}  // namespace

Result<std::optional<std::uint8_t>> text_tries_left(reader::Channel& channel) {
    MITOME_TRY(selected, Selected::select(channel));
    return ask_tries(channel);
}

Result<PinOutcome> change_text_pin(reader::Channel& channel, Pin&& present, Pin&& chosen) {
    const Pin old_pin = std::move(present);
    const Pin new_pin = std::move(chosen);
    for (const auto* pin : {&old_pin, &new_pin})
        if (const auto form = check_form(PinRef::authentication, *pin, PinUse::choose);
            form != PinForm::good)
            return fail(Fault::malformed, "card: no PIN has this form",
                        static_cast<std::uint32_t>(form));
    MITOME_TRY(selected, Selected::select(channel));
    MITOME_TRY(verified,
               transmit_pin(channel, {.ins = 0x20, .p2 = current_file, .expected = {}}, old_pin));
    if (!verified.ok()) {
        MITOME_TRY(left, ask_tries(channel));
        if (!left) return fail(Fault::denied, "card: PIN not verified", verified.sw);
        return *left == 0 ? PinOutcome{Blocked{}} : PinOutcome{Rejected{*left}};
    }
    MITOME_TRY(changed,
               transmit_pin(channel, {.ins = 0x24, .p1 = 0x01, .p2 = current_file, .expected = {}},
                            new_pin));
    if (!changed.ok()) return fail(Fault::denied, "card: PIN not changed", changed.sw);
    return Accepted{};
}

}  // namespace mitome::card
