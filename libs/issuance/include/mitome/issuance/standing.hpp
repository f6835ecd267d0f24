// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/pki/certificate.hpp>
#include <mitome/store/ledger.hpp>

#include <array>
#include <optional>
#include <span>

namespace mitome::issuance {

/// What may be asked of a serial after its intent.
enum class Change : std::uint8_t { hold, release, revoke };

struct Move {
    store::Standing from;
    Change on;
    store::Standing to;
};

/// Every legal move. A revocation is for good and happens once; what a crash has left intended
/// is closed by revoking it.
inline constexpr std::array moves{
    Move{store::Standing::intended, Change::revoke, store::Standing::revoked},
    Move{store::Standing::issued, Change::hold, store::Standing::held},
    Move{store::Standing::issued, Change::revoke, store::Standing::revoked},
    Move{store::Standing::held, Change::release, store::Standing::issued},
    Move{store::Standing::held, Change::revoke, store::Standing::revoked},
};

[[nodiscard]] constexpr std::optional<store::Standing> next(store::Standing from, Change on) {
    for (const Move& move : moves) {
        if (move.from == from && move.on == on) return move.to;
    }
    return std::nullopt;
}

static_assert(!next(store::Standing::revoked, Change::revoke), "revoked once is revoked");
static_assert(!next(store::Standing::revoked, Change::release), "nothing leads back from it");

[[nodiscard]] constexpr Change change_of(pki::Reason reason) {
    if (reason == pki::Reason::certificate_hold) return Change::hold;
    if (reason == pki::Reason::remove_from_crl) return Change::release;
    return Change::revoke;
}

/// The CAs whose certificates come out of a hold alive: the phone's
/// authentication certificate alone. A setting, since the rule for cards is disputed.
struct HoldRules {
    std::array<bool, std::size(pki::all_cas)> releasable{false, false, false, true};

    [[nodiscard]] bool may_release(pki::Ca ca) const {
        return releasable[static_cast<std::size_t>(ca)];
    }
};

}  // namespace mitome::issuance
