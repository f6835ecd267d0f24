// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "desk_requests.hpp"
#include "office.hpp"
#include "refused.hpp"

#include <optional>
#include <vector>

namespace mitome::registration {

/// How the certificates of an order stand to each other: both, or none. An order ends in one of
/// two ways, each of which may be begun again after a crash:
///
///   completed   every certificate is confirmed and the element has proven that the set is in
///               place (or the proof alone, when the order ran out or the phone came back after
///               a crash); only then is the person's former phone revoked and its erasure ordered
///   abandoned   its certificates are revoked; so ends one, too, whose holder died or whose card
///               was revoked before it could be completed, and its element is to be erased
///
/// A renewal is an order whose certificates take the place of living ones of the same phone: these
/// are revoked as superseded when the order is completed, kind by kind, and not before.
class Orders {
public:
    explicit Orders(Office& office) : office_(office) {}

    /// `order_open`: this device has one. `already_issued`: its certificates live, and this is no
    /// renewal. `element_rolled_back`: an older copy of its file was put back.
    [[nodiscard]] Judged<store::Order> open(BytesView element, const OrderWish& wish);
    [[nodiscard]] Result<std::optional<store::Order>> current(BytesView element) const;
    /// Open or closed.
    [[nodiscard]] Result<std::optional<store::Order>> last(BytesView element) const;

    /// The next administration dialog of the device asks the element what became of the order.
    [[nodiscard]] Done ask_for_recovery(const store::Order& order);
    [[nodiscard]] Result<bool> asks_for_recovery(const store::Order& order) const;

    /// Completes the order if nothing is wanting. Not being able to is no error: `tend` tries
    /// again.
    [[nodiscard]] Done settle(BytesView id);
    /// The element has proven that it holds the order's set.
    [[nodiscard]] Done complete(BytesView id);
    [[nodiscard]] Done abandon(BytesView id);

    /// What time brings: orders and lone transactions that ran out, completions that a crash
    /// interrupted. Never waits for long.
    void tend();

private:
    [[nodiscard]] Judged<void> refuse_live_pair(const store::ActivePhone& phone) const;
    [[nodiscard]] Done revoke_former(const store::Order& order, const store::ActivePhone& former);
    [[nodiscard]] Done revoke_key(const store::Order& order, const store::OrderKey& key);
    [[nodiscard]] Done revoke_lone(const store::CmpExchange& exchange);
    [[nodiscard]] Result<bool> may_stand(const store::Order& order) const;
    [[nodiscard]] Done complete_held(store::Order order);
    [[nodiscard]] Done abandon_held(store::Order order);

    Office& office_;
    unsigned rounds_ = 0;
};

/// What the certificate of a transaction was, or would be, approved with. `absent` when the card
/// or its resident is unknown.
struct ApprovedExchange {
    Approval approval;
    store::Resident resident;
};
[[nodiscard]] Result<ApprovedExchange> approved(const store::Register& people,
                                                const store::CmpExchange& exchange);

}  // namespace mitome::registration
