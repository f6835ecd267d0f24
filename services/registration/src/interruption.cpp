// SPDX-License-Identifier: Apache-2.0
#include "interruption.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <utility>

namespace mitome::registration {
namespace {

constexpr std::array names{
    std::pair{Step::order_opened, std::string_view{"order-opened"}},
    std::pair{Step::session_opened, std::string_view{"session-opened"}},
    std::pair{Step::keys_stored, std::string_view{"keys-stored"}},
    std::pair{Step::exchange_recorded, std::string_view{"exchange-recorded"}},
    std::pair{Step::certificate_issued, std::string_view{"certificate-issued"}},
    std::pair{Step::answer_stored, std::string_view{"answer-stored"}},
    std::pair{Step::swap_proven, std::string_view{"swap-proven"}},
    std::pair{Step::swap_stored, std::string_view{"swap-stored"}},
    std::pair{Step::confirmation_stored, std::string_view{"confirmation-stored"}},
    std::pair{Step::former_revoked, std::string_view{"former-revoked"}},
    std::pair{Step::order_completed, std::string_view{"order-completed"}},
    std::pair{Step::unconfirmed_revoked, std::string_view{"unconfirmed-revoked"}},
    std::pair{Step::order_abandoned, std::string_view{"order-abandoned"}},
    std::pair{Step::revocation_recorded, std::string_view{"revocation-recorded"}},
    std::pair{Step::revocation_done, std::string_view{"revocation-done"}},
    std::pair{Step::revocation_stored, std::string_view{"revocation-stored"}},
    std::pair{Step::reset_granted, std::string_view{"reset-granted"}},
    std::pair{Step::reset_opened, std::string_view{"reset-opened"}},
    std::pair{Step::reset_stored, std::string_view{"reset-stored"}},
    std::pair{Step::erase_signed, std::string_view{"erase-signed"}},
    std::pair{Step::erase_delivered, std::string_view{"erase-delivered"}},
    std::pair{Step::erase_proven, std::string_view{"erase-proven"}},
    std::pair{Step::erase_stored, std::string_view{"erase-stored"}},
    std::pair{Step::receipt_stored, std::string_view{"receipt-stored"}},
    std::pair{Step::event_recorded, std::string_view{"event-recorded"}},
    std::pair{Step::batch_revoked, std::string_view{"batch-revoked"}},
};

}  // namespace

std::string_view name_of(Step step) {
    for (const auto& [known, name] : names)
        if (known == step) return name;
    return {};
}

std::optional<Step> step_of(std::string_view name) {
    for (const auto& [step, known] : names)
        if (known == name) return step;
    return std::nullopt;
}

Result<Interruption> Interruption::parse(std::string_view text) {
    const auto colon = text.find(':');
    int count = 1;
    if (colon != std::string_view::npos) {
        const std::string_view digits = text.substr(colon + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), count);
        if (error != std::errc{} || end != digits.data() + digits.size() || count < 1)
            return fail(Fault::malformed, "interruption: no count");
    }
    Interruption made;
    made.at_ = step_of(text.substr(0, colon));
    if (!made.at_) return fail(Fault::malformed, "interruption: no such step");
    made.left_ = std::make_shared<std::atomic<int>>(count);
    return made;
}

void Interruption::reached(Step step) const {
    if (at_ != step) return;
    if (left_->fetch_sub(1) == 1) std::raise(SIGKILL);
}

}  // namespace mitome::registration
