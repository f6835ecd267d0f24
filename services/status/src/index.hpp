// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where every certificate of one CA stands, in memory: what an OCSP answer looks up.

#include <mitome/base/clock.hpp>
#include <mitome/pki/certificate.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mitome::status {

/// A certificate that was issued; `revoked` is empty while it is good.
struct Standing {
    struct Revoked {
        Time since;
        pki::Reason reason;
        bool operator==(const Revoked&) const = default;
    };
    std::optional<Revoked> revoked;
    bool operator==(const Standing&) const = default;
};

/// Open addressing with linear probing; nothing is ever taken out. One writer or many readers:
/// the owner sees to that.
class Index {
public:
    /// `malformed` for a serial that is none of ours: longer than 16 octets, or empty.
    [[nodiscard]] Done put(BytesView serial, const Standing& standing);

    /// Absent for a serial that was never issued.
    [[nodiscard]] std::optional<Standing> find(BytesView serial) const;

    [[nodiscard]] std::size_t size() const { return size_; }

private:
    // Serials are drawn with 16 octets; shorter ones are put behind zeros, which keeps them apart
    // because a serial is a number.
    using Key = std::array<std::uint8_t, 16>;

    struct Slot {
        Key serial{};
        std::uint32_t since = 0;  // seconds of Unix time, good until 2106
        std::uint8_t reason = 0;
        enum class Use : std::uint8_t { empty, good, revoked } use = Use::empty;
    };
    static_assert(sizeof(Slot) == 24);

    [[nodiscard]] static std::optional<Key> key_of(BytesView serial);
    [[nodiscard]] std::size_t place_of(const Key& key) const;
    void grow();

    std::vector<Slot> slots_;
    std::size_t size_ = 0;
};

}  // namespace mitome::status
