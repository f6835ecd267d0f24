// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "batches.hpp"
#include "office.hpp"
#include "refused.hpp"

#include <mitome/base/secret.hpp>
#include <mitome/store/casebook.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace mitome::registration {

/// Ten digits with which a holder who has neither phone nor card puts the phone on hold. Low harm
/// and reversible, so a short code is enough: five wrong entries lock it. Only its stretched form
/// is kept. Whoever knows an element's identity can lock its code (not put it on hold): card and
/// call desk remain.
class StopCodes {
public:
    static constexpr std::size_t digits = 10;
    static constexpr std::uint32_t most_wrong = 5;

    StopCodes(Office& office, store::Casebook& casebook, Batches& batches)
        : office_(office), casebook_(casebook), batches_(batches) {}

    /// A new one, in the place of any before, for the phone that asks. Shown once.
    /// `certificate_absent`: it is nobody's phone.
    [[nodiscard]] Judged<Secret<digits>> make(BytesView element);

    struct Stopped {
        Time at{};
        std::vector<pki::Kind> held;
        std::optional<std::uint32_t> tries_left;  ///< after a wrong entry; none is left: locked
    };
    /// Holds both certificates. An entry counts before it is judged, so that a crash gives no
    /// try away. `stop_code_locked`; `stop_code_wrong` for a phone that has none, without tries;
    /// `hold_refused` when nothing of the phone lives.
    [[nodiscard]] Judged<Stopped> stop(BytesView element, const Secret<digits>& code);

private:
    [[nodiscard]] Judged<bool> fits(BytesView salt, BytesView stretched,
                                    const Secret<digits>& code);

    Office& office_;
    store::Casebook& casebook_;
    Batches& batches_;
    std::mutex stretching_;  // each takes 32 MB: strangers may ask for one at a time
};

}  // namespace mitome::registration
