// SPDX-License-Identifier: Apache-2.0
#include "office.hpp"

#include <utility>

namespace mitome::registration {
namespace {

constexpr std::size_t request_key_octets = 16;

}  // namespace

Turns::Turn::Turn(Turns& turns, Thing kind, BytesView name)
    : turns_(turns), thing_(join({Bytes{static_cast<std::uint8_t>(kind)}, name})) {
    std::unique_lock guard{turns_.mutex_};
    turns_.over_.wait(guard, [this] { return !turns_.busy_.contains(thing_); });
    turns_.busy_.insert(thing_);
}

Turns::Turn::~Turn() {
    {
        const std::lock_guard guard{turns_.mutex_};
        turns_.busy_.erase(thing_);
    }
    turns_.over_.notify_all();
}

Done Office::note(store::Transaction& in, std::string_view role, std::string_view action,
                  std::string subject, std::string_view detail) const {
    return audit.append(in, {.at = clock.now(),
                             .role = std::string{role},
                             .action = std::string{action},
                             .subject = std::move(subject),
                             .detail = std::string{detail}});
}

std::string order_reference(BytesView id) { return "order/" + to_hex(id); }

std::string certificate_reference(pki::Ca ca, BytesView serial) {
    return std::string{pki::name_of(ca)} + "/" + to_hex(serial);
}

Bytes request_key(BytesView owner, BytesView spki) {
    Bytes key = crypto::digest(crypto::Hash::sha256, join({owner, spki}));
    key.resize(request_key_octets);
    return key;
}

}  // namespace mitome::registration
