// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace mitome::issuance {

/// What has just been done on the way of one certificate.
enum class Step : std::uint8_t {
    serial_drawn,        ///< `serial-drawn`: in memory; nothing of it is on disk
    intent_recorded,     ///< `intent-recorded`: serial and octets are on disk, the key unused
    certificate_signed,  ///< `signed`: the signature exists in memory alone
    certificate_stored,  ///< `stored`: the certificate is on disk
    change_fed,          ///< `fed`: status has it
};

[[nodiscard]] std::string_view name_of(Step step);
[[nodiscard]] std::optional<Step> step_of(std::string_view name);

/// Called after each step. A test's may do what it likes; production's does nothing.
using Interruption = std::function<void(Step)>;

/// Ends this process as a power cut would (SIGKILL) once `at` is reached. For sandboxes.
[[nodiscard]] Interruption crash_at(Step at);

}  // namespace mitome::issuance
