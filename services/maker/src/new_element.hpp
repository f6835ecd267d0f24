// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "factory.hpp"

#include <mitome/apdu/scp03.hpp>
#include <mitome/base/clock.hpp>

#include <array>
#include <mutex>

namespace mitome::maker {

/// What a new phone's element and the phone around it are given.
struct NewElement {
    std::array<std::uint8_t, 10> id{};
    apdu::scp03::Keyset keyset;
    Bytes attestation_certificate;  ///< for the element's attestation key, below the maker's root
    Bytes device_certificate;  ///< TLS client identity `element HEX`
};

/// Safe to use from several threads. Remembers every id that it gave, so that none comes twice:
/// keysets are diversified by it.
class ElementLine {
public:
    ElementLine(Factory& factory, std::filesystem::path folder)
        : factory_(factory), folder_(std::move(folder)) {}

    /// `malformed` for a key that is none.
    [[nodiscard]] Result<NewElement> make(BytesView attestation_spki, BytesView device_spki,
                                          Time now);

private:
    Factory& factory_;
    std::filesystem::path folder_;
    std::mutex one_at_a_time_;
};

/// The certificate for registration's CMP key below the TLS root, for clients that trust only
/// that. Its one purpose is id-kp-cmcRA: it serves no TLS. `subject` is a DER Name.
[[nodiscard]] Result<Bytes> registration_certificate(Factory& factory, BytesView subject,
                                                     BytesView spki, Time now);

}  // namespace mitome::maker
