// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace mitome::registration {

/// What has just been done on the way of an order, a revocation, new PINs or an erasure.
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
    revocation_recorded,  ///< `revocation-recorded`: an rr is judged and on disk, nothing revoked
    revocation_done,  ///< `revocation-done`: the authority has all of it, not yet on disk
    revocation_stored,  ///< `revocation-stored`: on disk, with the erasure that follows from it
    reset_granted,  ///< `reset-granted`: on disk, not yet said
    reset_opened,  ///< `reset-opened`: the element takes new PINs, not yet on disk
    reset_stored,  ///< `reset-stored`
    erase_signed,  ///< `erase-signed`: number, challenge and signature are on disk
    erase_delivered,  ///< `erase-delivered`: on disk, not yet sent
    erase_proven,  ///< `erase-proven`: the receipt is verified, not yet on disk
    erase_stored,  ///< `erase-stored`
    receipt_stored,  ///< `receipt-stored`: that of a local erasure
    event_recorded,  ///< `event-recorded`: what a desk decided is on disk, nothing carried out
    batch_revoked,  ///< `batch-revoked`: the authority has a batch of tasks, not yet on disk
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
