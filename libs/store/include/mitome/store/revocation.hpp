// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/pki/certificate.hpp>

#include <cstdint>
#include <optional>

namespace mitome::store {

/// What happened to a serial, and from then on is true of it.
enum class Happening : std::uint8_t {
    issued = 0,
    revoked = 1,
    held = 2,      ///< certificateHold
    released = 3,  ///< out of a hold, alive again
};

/// One line of what status must know. `seq` starts at 1 and has no gaps.
struct FeedEntry {
    std::uint64_t seq = 0;
    Happening happening = Happening::issued;
    pki::Ca ca = pki::Ca::card_sign;
    Bytes serial;
    Time at{};
    Time not_after{};
    pki::Reason reason = pki::Reason::unspecified;  ///< revoked and held only
    std::optional<Time> invalidity;

    bool operator==(const FeedEntry&) const = default;
};

/// A line of a CRL; the serial lives only as long as the call that hands it out.
struct RevokedSerial {
    BytesView serial;
    Time at;
    pki::Reason reason;
    std::optional<Time> invalidity;
};

}  // namespace mitome::store
