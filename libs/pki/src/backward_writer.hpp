// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <cstddef>
#include <cstring>

namespace mitome::pki {

/// Writes DER from the last octet to the first, so that every length is known when its turn comes
/// and nothing is moved. Grows when it must.
class BackwardWriter {
public:
    explicit BackwardWriter(std::size_t capacity) : octets_(capacity), at_(capacity) {}

    /// How much is written: remember it before an element's content, give it to `close` after.
    [[nodiscard]] std::size_t mark() const { return octets_.size() - at_; }

    void put(BytesView what) {
        if (what.empty()) return;
        make_room(what.size());
        at_ -= what.size();
        std::memcpy(octets_.data() + at_, what.data(), what.size());
    }

    void put(std::uint8_t octet) {
        make_room(1);
        octets_[--at_] = octet;
    }

    /// Puts tag and length before everything that was written since `mark`.
    void close(std::uint8_t tag, std::size_t mark_before) {
        const std::size_t size = mark() - mark_before;
        if (size < 0x80) {
            put(static_cast<std::uint8_t>(size));
        } else {
            std::uint8_t count = 0;
            for (std::size_t left = size; left != 0; left >>= 8) {
                put(static_cast<std::uint8_t>(left));
                ++count;
            }
            put(static_cast<std::uint8_t>(0x80 | count));
        }
        put(tag);
    }

    void element(std::uint8_t tag, BytesView content) {
        const std::size_t before = mark();
        put(content);
        close(tag, before);
    }

    [[nodiscard]] BytesView written() const { return BytesView{octets_}.subspan(at_); }
    [[nodiscard]] Bytes take() const { return copy(written()); }

private:
    void make_room(std::size_t size) {
        if (at_ >= size) return;
        const std::size_t more = octets_.size() + size;
        octets_.insert(octets_.begin(), more, 0);
        at_ += more;
    }

    Bytes octets_;
    std::size_t at_;
};

}  // namespace mitome::pki
