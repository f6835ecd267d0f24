// SPDX-License-Identifier: Apache-2.0
#include "index.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace mitome::status {
namespace {

constexpr std::size_t first_slots = 1024;  // a power of two, as every later size

}  // namespace

std::optional<Index::Key> Index::key_of(BytesView serial) {
    while (serial.size() > 1 && serial.front() == 0) serial = serial.subspan(1);
    Key key{};
    if (serial.empty() || serial.size() > key.size()) return std::nullopt;
    std::ranges::copy(serial, key.end() - static_cast<std::ptrdiff_t>(serial.size()));
    return key;
}

// The slot of that serial, or the empty one where it belongs. Serials are random, so eight of
// their octets are spread well; the multiplication is for the short ones of a test.
std::size_t Index::place_of(const Key& key) const {
    std::uint64_t low = 0;
    std::memcpy(&low, key.data() + 8, sizeof low);
    const std::uint64_t spread = low * 0x9E37'79B9'7F4A'7C15U;
    const std::size_t mask = slots_.size() - 1;
    const int bits = std::countr_zero(slots_.size());
    std::size_t at = spread >> (64 - bits);
    while (slots_[at].use != Slot::Use::empty && slots_[at].serial != key) at = (at + 1) & mask;
    return at;
}

void Index::grow() {
    std::vector<Slot> before(std::max(first_slots, slots_.size() * 2));
    before.swap(slots_);
    for (const Slot& slot : before) {
        if (slot.use != Slot::Use::empty) slots_[place_of(slot.serial)] = slot;
    }
}

Done Index::put(BytesView serial, const Standing& standing) {
    const auto key = key_of(serial);
    if (!key) return fail(Fault::malformed, "index: no serial of ours");
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    Slot& slot = slots_[place_of(*key)];
    if (slot.use == Slot::Use::empty) ++size_;
    slot.serial = *key;
    slot.use = standing.revoked ? Slot::Use::revoked : Slot::Use::good;
    if (standing.revoked) {
        slot.since = static_cast<std::uint32_t>(standing.revoked->since.time_since_epoch().count());
        slot.reason = static_cast<std::uint8_t>(standing.revoked->reason);
    }
    return {};
}

std::optional<Standing> Index::find(BytesView serial) const {
    const auto key = key_of(serial);
    if (!key || slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[place_of(*key)];
    switch (slot.use) {
        case Slot::Use::empty: return std::nullopt;
        case Slot::Use::good: return Standing{};
        case Slot::Use::revoked: break;
    }
    return Standing{Standing::Revoked{Time{std::chrono::seconds{slot.since}},
                                      static_cast<pki::Reason>(slot.reason)}};
}

}  // namespace mitome::status
