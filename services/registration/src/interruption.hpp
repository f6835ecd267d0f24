// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace mitome::registration {

/// What has just been done on the way of an order.
enum class Step : std::uint8_t {
    order_opened,           ///< `order-opened`
    session_opened,         ///< `session-opened`: the element's first answer was read
    keys_stored,            ///< `keys-stored`: the element's public keys are in the order
    exchange_recorded,      ///< `exchange-recorded`: a request is approved, nothing issued
    certificate_issued,  ///< `certificate-issued`: the authority has answered, not yet on disk
    answer_stored,  ///< `answer-stored`: ip is on disk, not yet sent
    swap_proven,  ///< `swap-proven`: the element's proof was read, not yet on disk
    swap_stored,  ///< `swap-stored`
    confirmation_stored,  ///< `confirmation-stored`: a certConf is on disk
    former_revoked,  ///< `former-revoked`: the former phone's certificates are revoked
    order_completed,  ///< `order-completed`: on disk, not yet said
    unconfirmed_revoked,  ///< `unconfirmed-revoked`: on the way of giving an order up
    order_abandoned,  ///< `order-abandoned`: on disk
};

[[nodiscard]] std::string_view name_of(Step step);
[[nodiscard]] std::optional<Step> step_of(std::string_view name);

/// Ends this process as a power cut would (SIGKILL) at a chosen step: for crash tests of a sandbox.
class Interruption {
public:
    Interruption() = default;
    /// `answer-stored`, or `answer-stored:2` for the second time. `malformed` for what names none.
    [[nodiscard]] static Result<Interruption> parse(std::string_view text);

    void reached(Step step) const;

private:
    std::optional<Step> at_;
    std::shared_ptr<std::atomic<int>> left_;  // shared by copies: they count together
};

}  // namespace mitome::registration
