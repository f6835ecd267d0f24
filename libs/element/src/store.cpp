// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include <mitome/crypto/random.hpp>

#include <algorithm>

namespace mitome::element {

namespace {

// Slot: magic 8 ‖ sequence 8 ‖ length 4 ‖ nonce 12 ‖ AES-256-GCM of the record. The first 32
// octets are authenticated with it. The nonce is random: a sequence number may be sealed twice,
// when a write failed.
constexpr std::string_view magic = "MITOME-1";
constexpr std::size_t nonce_size = 12;
constexpr std::size_t header_size = 8 + 8 + 4 + nonce_size;
constexpr std::size_t tag_size = 16;

void append_number(Bytes& out, std::uint64_t number, int octets) {
    for (int i = octets - 1; i >= 0; --i)
        out.push_back(static_cast<std::uint8_t>(number >> (8 * i) & 0xFF));
}

std::uint64_t number(BytesView octets) {
    std::uint64_t value = 0;
    for (const std::uint8_t octet : octets) value = value << 8 | octet;
    return value;
}

std::size_t used_of(BytesView slot) {
    while (!slot.empty() && slot.back() == 0) slot = slot.first(slot.size() - 1);
    return slot.size();
}

struct Found {
    std::uint64_t sequence = 0;
    SecretBytes record;
};

std::optional<Found> open_slot(BytesView slot, const crypto::AesKey& key, unsigned parity) {
    if (slot.size() < header_size + tag_size || text(slot.first(magic.size())) != magic)
        return std::nullopt;
    const std::uint64_t sequence = number(slot.subspan(8, 8));
    const std::uint64_t length = number(slot.subspan(16, 4));
    if (sequence % 2 != parity || length < tag_size || length > slot.size() - header_size)
        return std::nullopt;
    auto record = crypto::aes_gcm_open(key, slot.subspan(20, nonce_size), slot.first(header_size),
                                       slot.subspan(header_size, static_cast<std::size_t>(length)));
    if (!record) return std::nullopt;
    return Found{sequence, *std::move(record)};
}

}  // namespace

Result<Store> Store::create(std::unique_ptr<Medium> medium, const crypto::AesKey& device_key) {
    return Store{std::move(medium), device_key.duplicate(), 0};
}

Result<Store::Opened> Store::open(std::unique_ptr<Medium> medium,
                                  const crypto::AesKey& device_key) {
    std::optional<Found> newest;
    std::array<std::size_t, 2> used{};
    for (unsigned slot = 0; slot < 2; ++slot) {
        MITOME_TRY(content, medium->read(slot));
        used.at(slot) = used_of(content);
        auto found = open_slot(content, device_key, slot);
        if (found && (!newest || newest->sequence < found->sequence)) newest = std::move(found);
    }
    Store store{std::move(medium), device_key.duplicate(), newest ? newest->sequence : 0};
    store.used_ = used;
    if (!newest) return Opened{std::move(store), std::nullopt};
    return Opened{std::move(store), std::move(newest->record)};
}

Done Store::write(BytesView record) {
    const std::uint64_t next = sequence_ + 1;
    if (record.size() > Medium::slot_size - header_size - tag_size)
        return fail(Fault::broken, "element: record is too long");
    Bytes slot = copy(view(magic));
    slot.reserve(header_size + record.size() + tag_size);
    append_number(slot, next, 8);
    append_number(slot, record.size() + tag_size, 4);
    append(slot, crypto::SystemRandom{}.octets(nonce_size));
    MITOME_TRY(sealed,
               crypto::aes_gcm_seal(key_, BytesView{slot}.subspan(20, nonce_size), slot, record));
    append(slot, sealed);

    std::size_t& used = used_.at(next % 2);
    const std::size_t size = slot.size();
    slot.resize(std::max(size, used));
    used = slot.size();  // whatever a failed write leaves
    MITOME_CHECK(medium_->write(next % 2 == 0 ? 0 : 1, slot));
    used = size;
    sequence_ = next;
    return {};
}

}  // namespace mitome::element
