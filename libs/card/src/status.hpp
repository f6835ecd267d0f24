// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/apdu/apdu.hpp>

namespace mitome::card {

/// What a refusal by the token means to a caller. ISO/IEC 7816-4:2005 §5.1.3, table 6.
[[nodiscard]] inline std::unexpected<Error> refusal(std::uint16_t sw) {
    switch (sw) {
        case apdu::sw::security_status:
        case apdu::sw::authentication_failed:
            return fail(Fault::denied, "card: the PIN has not been verified", sw);
        case apdu::sw::method_blocked:
        case apdu::sw::reference_unusable:
            return fail(Fault::denied, "card: the PIN is blocked", sw);
        case apdu::sw::file_not_found:
        case apdu::sw::record_not_found:
        case apdu::sw::reference_not_found:
            return fail(Fault::absent, "card: the token has no such file or key", sw);
        case apdu::sw::conditions_of_use:
        case apdu::sw::no_current_file:
        case apdu::sw::incompatible_file:
        case apdu::sw::memory_full:
            return fail(Fault::conflict, "card: the token is not in a state for this", sw);
        case apdu::sw::memory_failure:
            return fail(Fault::unavailable, "card: the token could not write", sw);
        default: return fail(Fault::malformed, "card: the token refused the command", sw);
    }
}

}  // namespace mitome::card
