// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace mitome {

/// Overwrites memory in a way that no compiler removes.
void wipe(std::span<std::uint8_t> memory) noexcept;

/// Fixed storage for a PIN, password or key; move-only, wiped on move-out and destruction.
/// No ==, no <<. `reveal` is the only way in: grep for it to audit.
template <std::size_t Capacity>
class Secret {
public:
    Secret() = default;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept { take(other); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            clear();
            take(other);
        }
        return *this;
    }
    ~Secret() { clear(); }

    /// False, and nothing is added, when `bytes` do not fit.
    [[nodiscard]] static bool fits(BytesView bytes) { return bytes.size() <= Capacity; }

    /// False when the secret is full; the byte is not kept.
    [[nodiscard]] bool append(std::uint8_t byte) noexcept {
        if (size_ == Capacity) return false;
        octets_[size_++] = byte;
        return true;
    }

    /// False, and the secret is empty, when `bytes` do not fit. The caller wipes its own copy.
    [[nodiscard]] bool assign(BytesView bytes) noexcept {
        clear();
        if (bytes.size() > Capacity) return false;
        std::copy(bytes.begin(), bytes.end(), octets_.begin());
        size_ = bytes.size();
        return true;
    }

    void remove_last() noexcept {
        if (size_ != 0) octets_[--size_] = 0;
    }

    void clear() noexcept {
        wipe(octets_);
        size_ = 0;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] static constexpr std::size_t capacity() noexcept { return Capacity; }

    template <class Use>
    decltype(auto) reveal(Use&& use) const {
        return std::forward<Use>(use)(BytesView{octets_.data(), size_});
    }

    /// A second holder of the same secret, for the rare case that needs one.
    [[nodiscard]] Secret duplicate() const {
        Secret other;
        other.octets_ = octets_;
        other.size_ = size_;
        return other;
    }

private:
    void take(Secret& other) noexcept {
        octets_ = other.octets_;
        size_ = other.size_;
        other.clear();
    }

    std::array<std::uint8_t, Capacity> octets_{};
    std::size_t size_ = 0;
};

/// A secret of any length (an encoded private key, a file opened in memory): wiped on
/// destruction, move-only.
class SecretBytes {
public:
    SecretBytes() = default;
    explicit SecretBytes(std::size_t size) : octets_(size) {}
    explicit SecretBytes(Bytes&& taken) : octets_(std::move(taken)) {}
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    SecretBytes(SecretBytes&& other) noexcept : octets_(std::move(other.octets_)) {}
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        if (this != &other) {
            wipe(octets_);
            octets_ = std::move(other.octets_);
        }
        return *this;
    }
    ~SecretBytes() { wipe(octets_); }

    [[nodiscard]] std::size_t size() const noexcept { return octets_.size(); }
    [[nodiscard]] bool empty() const noexcept { return octets_.empty(); }

    template <class Use>
    decltype(auto) reveal(Use&& use) const {
        return std::forward<Use>(use)(BytesView{octets_});
    }

    /// The storage itself, to be filled by a reader or a decryption.
    [[nodiscard]] std::span<std::uint8_t> writable() noexcept { return octets_; }

private:
    Bytes octets_;
};

/// A PIN or password as a token takes it: 1 to 16 octets of ASCII.
using Pin = Secret<16>;

/// Locks the process's present and future memory and switches core dumps off.
/// `unavailable` when the limits of the process forbid locking; dumps are off all the same.
[[nodiscard]] Done guard_memory();

}  // namespace mitome
