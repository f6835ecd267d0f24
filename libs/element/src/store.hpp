// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/crypto/cipher.hpp>
#include <mitome/element/medium.hpp>

#include <array>
#include <cstddef>
#include <optional>

namespace mitome::element {

/// The durable record of an element: sealed under the device key, written to the two slots in
/// turn, so that a torn write leaves the record before it. Behind its record a slot is zeros:
/// nothing stays of a longer one before.
class Store {
public:
    [[nodiscard]] static Result<Store> create(std::unique_ptr<Medium> medium,
                                              const crypto::AesKey& device_key);
    struct Opened;
    /// `record` is absent when neither slot holds one of this key.
    [[nodiscard]] static Result<Opened> open(std::unique_ptr<Medium> medium,
                                             const crypto::AesKey& device_key);

    /// Durable when it returns. On an error the record before it stands.
    [[nodiscard]] Done write(BytesView record);

    /// Number of the last record; only rises.
    [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

private:
    Store(std::unique_ptr<Medium> medium, crypto::AesKey key, std::uint64_t sequence)
        : medium_(std::move(medium)), key_(std::move(key)), sequence_(sequence) {}

    std::unique_ptr<Medium> medium_;
    crypto::AesKey key_;
    std::uint64_t sequence_ = 0;
    std::array<std::size_t, 2> used_{};  ///< octets of each slot up to its zeros
};

struct Store::Opened {
    Store store;
    std::optional<SecretBytes> record;
};

}  // namespace mitome::element
