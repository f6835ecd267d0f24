// SPDX-License-Identifier: Apache-2.0
#include "orders.hpp"

#include "erasures.hpp"

#include <mitome/base/log.hpp>

#include <utility>

namespace mitome::registration {
namespace {

using catalogue::Code;
using store::OrderState;

constexpr std::size_t order_octets = 16;
constexpr unsigned rounds_between_looks = 30;  // at all open orders, not only at those overdue
constexpr std::chrono::minutes dialog_life{60};
constexpr Time end_of_time{std::chrono::seconds{253'402'300'799}};  // 9999-12-31T23:59:59Z

std::string_view element_role() { return "element"; }

/// Name of the row that remembers a wish for recovery.
Bytes recovery_mark(BytesView order) {
    Bytes mark = crypto::digest(crypto::Hash::sha256, join({view("recovery"), order}));
    mark.resize(order_octets);
    return mark;
}

bool is_ready(const store::Order& order) {
    if (order.state != OrderState::swapped) return false;
    for (const auto& key : order.keys)
        if (!key.confirmed) return false;
    return true;
}

/// A failure here leaves the thing open; the next round finds it again.
void tended(Literal what, const Done& done) {
    if (!done) log(Level::warning, "not tended", {{"what", what.text}, {"because", done.error()}});
}

}  // namespace

Result<ApprovedExchange> approved(const store::Register& people,
                                  const store::CmpExchange& exchange) {
    MITOME_TRY(card, people.card_of(pki::Kind::sign, exchange.signer));
    if (!card) return fail(Fault::absent, "registration: the card is unknown");
    MITOME_TRY(resident, people.resident(card->resident));
    if (!resident) return fail(Fault::absent, "registration: the resident is unknown");
    const bool lone = exchange.order.empty();
    return ApprovedExchange{
        .approval = {.request =
                         request_key(lone ? exchange.transaction : exchange.order, exchange.spki),
                     .ca = exchange.ca,
                     .spki = exchange.spki,
                     .not_before = {},
                     .not_after = card->not_after,
                     .test_file = lone},
        .resident = *std::move(resident)};
}

Result<std::optional<store::Order>> Orders::current(BytesView element) const {
    return office_.people.open_order_of(element);
}

Result<std::optional<store::Order>> Orders::last(BytesView element) const {
    MITOME_TRY(orders, office_.people.orders_of(element, 1));
    if (orders.empty()) return std::optional<store::Order>{};
    return std::optional{std::move(orders.front())};
}

Judged<void> Orders::refuse_live_pair(const store::ActivePhone& phone) const {
    // A pair of which one half is revoked is no use to its holder: it may be issued anew.
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        const Bytes& serial = kind == pki::Kind::sign ? phone.sign_serial : phone.auth_serial;
        if (serial.empty()) continue;
        REGISTRATION_TRY(standing, office_.authority.standing(phone_ca(kind), serial));
        if (standing == Standing::revoked || standing == Standing::unknown) return {};
    }
    return refuse(Code::already_issued, "this phone has its certificates");
}

Judged<store::Order> Orders::open(BytesView element, const OrderWish& wish) {
    const Turns::Turn turn{office_.turns, Thing::element, element};
    REGISTRATION_TRY(known, office_.people.device(element));
    if (known && known->state == store::DeviceState::rolled_back)
        return refuse(Code::element_rolled_back, "an older copy of the element was put back");
    REGISTRATION_TRY(present, office_.people.open_order_of(element));
    if (present && present->deadline <= office_.clock.now()) {
        REGISTRATION_CHECK(present->state == OrderState::swapped ? complete(present->id)
                                                                 : abandon(present->id));
    } else if (present) {
        return refuse(Code::order_open, "this phone has an open order");
    }
    REGISTRATION_TRY(phone, office_.people.phone_of(element));
    if (phone && !wish.renewal)
        if (auto live = refuse_live_pair(*phone); !live) return std::unexpected{live.error()};

    const Time now = office_.clock.now();
    store::Order order{.id = office_.random.octets(order_octets),
                       .element = copy(element),
                       .resident = {},
                       .state = OrderState::open,
                       .created = now,
                       .deadline = now + office_.confirm_wait,
                       .keys = {},
                       .renewal = wish.renewal && phone.has_value()};
    for (const pki::Kind kind : {pki::Kind::sign, pki::Kind::auth})
        if (std::ranges::find(wish.kinds, kind) != wish.kinds.end())
            order.keys.push_back({.kind = kind, .spki = {}, .serial = {}, .certificate = {}});

    REGISTRATION_TRY(change, office_.database.begin());
    store::Device device{.element = copy(element),
                         .common_name = "element " + to_hex(element),
                         .state = store::DeviceState::known,
                         .since = now};
    if (!known) {
        REGISTRATION_CHECK(office_.people.add(change, device));
    } else if (known->state != store::DeviceState::known) {
        REGISTRATION_CHECK(office_.people.change(change, device));  // an erased one may begin anew
    }
    REGISTRATION_CHECK(office_.people.add(change, order));
    REGISTRATION_CHECK(office_.note(change, element_role(), "order.open", order_reference(order.id),
                                    order.renewal ? "renewal" : ""));
    REGISTRATION_CHECK(change.commit());
    office_.interruption.reached(Step::order_opened);
    return order;
}

Done Orders::ask_for_recovery(const store::Order& order) {
    MITOME_TRY(change, office_.database.begin());
    MITOME_CHECK(office_.people.put(change, {.id = recovery_mark(order.id),
                                             .element = order.element,
                                             .order = order.id,
                                             .step = 0,
                                             .request_digest = {},
                                             .answer = {},
                                             .at = office_.clock.now()}));
    return change.commit();
}

Result<bool> Orders::asks_for_recovery(const store::Order& order) const {
    MITOME_TRY(mark, office_.people.dialog(recovery_mark(order.id)));
    return mark.has_value();
}

/// Of a phone that stays in use, what the order leaves alone lives on.
Done Orders::revoke_former(const store::Order& order, const store::ActivePhone& former) {
    const bool stays = former.element == order.element && former.resident == order.resident;
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        const Bytes& serial = kind == pki::Kind::sign ? former.sign_serial : former.auth_serial;
        const auto* own = order.key(kind);
        if (serial.empty() || (own == nullptr ? stays : own->serial == serial)) continue;
        MITOME_CHECK(office_.authority.revoke(phone_ca(kind), serial, pki::Reason::superseded,
                                              "superseded_by_order"));
    }
    return {};
}

Done Orders::settle(BytesView id) {
    const Turns::Turn turn{office_.turns, Thing::order, id};
    MITOME_TRY(order, office_.people.order(id));
    if (!order || !is_open(order->state) || !is_ready(*order)) return {};
    return complete_held(*std::move(order));
}

Done Orders::complete(BytesView id) {
    const Turns::Turn turn{office_.turns, Thing::order, id};
    MITOME_TRY(order, office_.people.order(id));
    if (!order) return fail(Fault::absent, "registration: no such order");
    if (order->state == OrderState::completed) return {};
    if (!is_open(order->state)) return fail(Fault::conflict, "registration: the order is closed");
    return complete_held(*std::move(order));
}

/// Whether the person and the card behind the order may have its certificates still. An event
/// finds what was certified by then; this finds what was only approved.
Result<bool> Orders::may_stand(const store::Order& order) const {
    MITOME_TRY(resident, office_.people.resident(*order.resident));
    if (!resident || resident->state == store::ResidentState::deceased) return false;
    MITOME_TRY(exchanges, office_.people.exchanges_of(order.id));
    for (const auto& exchange : exchanges) {
        MITOME_TRY(standing, office_.authority.standing(pki::Ca::card_sign, exchange.signer));
        if (standing == Standing::revoked) return false;
    }
    return true;
}

Done Orders::complete_held(store::Order order) {
    const auto* sign = order.key(pki::Kind::sign);
    const auto* auth = order.key(pki::Kind::auth);
    for (const auto& key : order.keys)
        if (key.serial.empty())
            return fail(Fault::conflict, "registration: swapped without certificates");
    if (!order.resident) return fail(Fault::broken, "registration: an order of nobody");
    MITOME_TRY(stands, may_stand(order));
    if (!stands) return abandon_held(std::move(order));

    // The certificates of the former phone go first, so that a crash from here on leaves an open
    // order which is completed again, never two phones that count.
    MITOME_TRY(former, office_.people.phone_of(*order.resident));
    if (former) MITOME_CHECK(revoke_former(order, *former));
    MITOME_TRY(others, office_.people.phone_of(order.element));
    if (others && others->resident != *order.resident) MITOME_CHECK(revoke_former(order, *others));
    const bool stays = former && former->element == order.element;
    const auto serial_of = [&](const store::OrderKey* own, const Bytes store::ActivePhone::* kept) {
        if (own != nullptr) return own->serial;
        return stays ? (*former).*kept : Bytes{};
    };
    office_.interruption.reached(Step::former_revoked);

    MITOME_TRY(change, office_.database.begin());
    const Time now = office_.clock.now();
    order.state = OrderState::completed;
    for (auto& key : order.keys) key.confirmed = true;
    MITOME_CHECK(office_.people.change(change, order));
    MITOME_TRY(exchanges, office_.people.exchanges_of(order.id, change));
    for (auto& exchange : exchanges) {
        if (exchange.state != store::ExchangeState::answered) continue;
        exchange.state = store::ExchangeState::confirmed;
        MITOME_CHECK(office_.people.change(change, exchange));
    }
    if (others && others->resident != *order.resident) {
        // Another person's certificates were in this element.
        MITOME_TRY(cleared, office_.people.clear_phone(change, others->resident));
        static_cast<void>(cleared);
    }
    MITOME_TRY(replaced,
               office_.people.set_phone(
                   change, {.resident = *order.resident,
                            .element = order.element,
                            .order = order.id,
                            .sign_serial = serial_of(sign, &store::ActivePhone::sign_serial),
                            .auth_serial = serial_of(auth, &store::ActivePhone::auth_serial),
                            .since = now}));
    if (replaced && replaced->element != order.element)
        MITOME_CHECK(
            order_erasure(office_, change, replaced->element, replaced->resident, "superseded"));
    // What the new set has taken the place of needs no erasure any more; the new set must not
    // meet one.
    MITOME_CHECK(withdraw_erasures(office_, change, order.element));
    MITOME_CHECK(office_.note(change, element_role(), "order.complete", order_reference(order.id)));
    MITOME_CHECK(change.commit());
    office_.interruption.reached(Step::order_completed);
    log(Level::info, "order completed", {{"order", to_hex(order.id)}});
    return {};
}

Done Orders::revoke_key(const store::Order& order, const store::OrderKey& key) {
    const pki::Ca ca = phone_ca(key.kind);
    Bytes serial = key.serial;
    if (serial.empty()) {
        // Approved, and perhaps signed, but a crash took the answer: the same request key leads to
        // the same certificate, so that none lives on unknown.
        MITOME_TRY(exchanges, office_.people.exchanges_of(order.id));
        for (const auto& exchange : exchanges) {
            if (exchange.ca != ca || !exchange.serial.empty()) continue;
            MITOME_TRY(as, approved(office_.people, exchange));
            const auto issued = office_.authority.issue(as.approval, as.resident);
            if (issued)
                serial = copy(issued->serial());
            else if (issued.error().fault == Fault::unavailable)
                return std::unexpected{issued.error()};
        }
    }
    if (serial.empty()) return {};
    return office_.authority.revoke(ca, serial, pki::Reason::cessation_of_operation,
                                    "order_abandoned");
}

Done Orders::abandon(BytesView id) {
    const Turns::Turn turn{office_.turns, Thing::order, id};
    MITOME_TRY(order, office_.people.order(id));
    if (!order) return fail(Fault::absent, "registration: no such order");
    if (order->state == OrderState::abandoned) return {};
    if (!is_open(order->state)) return fail(Fault::conflict, "registration: the order is closed");
    return abandon_held(*std::move(order));
}

Done Orders::abandon_held(store::Order order) {
    for (const auto& key : order.keys) MITOME_CHECK(revoke_key(order, key));
    office_.interruption.reached(Step::unconfirmed_revoked);

    MITOME_TRY(change, office_.database.begin());
    if (order.state == OrderState::swapped)  // the element holds its keys
        MITOME_CHECK(order_erasure(office_, change, order.element, order.resident, "revoked"));
    order.state = OrderState::abandoned;
    MITOME_CHECK(office_.people.change(change, order));
    MITOME_TRY(exchanges, office_.people.exchanges_of(order.id, change));
    for (auto& exchange : exchanges) {
        exchange.state = store::ExchangeState::failed;
        MITOME_CHECK(office_.people.change(change, exchange));
    }
    MITOME_CHECK(office_.note(change, element_role(), "order.abandon", order_reference(order.id)));
    MITOME_CHECK(change.commit());
    office_.interruption.reached(Step::order_abandoned);
    log(Level::info, "order abandoned", {{"order", to_hex(order.id)}});
    return {};
}

Done Orders::revoke_lone(const store::CmpExchange& exchange) {
    const Turns::Turn turn{office_.turns, Thing::transaction, exchange.transaction};
    MITOME_TRY(now_open, office_.people.exchange(exchange.transaction));
    if (!now_open || now_open->state != store::ExchangeState::answered) return {};
    Bytes serial = now_open->serial;
    if (serial.empty()) {
        MITOME_TRY(as, approved(office_.people, *now_open));
        const auto issued = office_.authority.issue(as.approval, as.resident);
        if (issued)
            serial = copy(issued->serial());
        else if (issued.error().fault == Fault::unavailable)
            return std::unexpected{issued.error()};
    }
    if (!serial.empty())
        MITOME_CHECK(office_.authority.revoke(now_open->ca, serial,
                                              pki::Reason::cessation_of_operation, "unconfirmed"));
    office_.interruption.reached(Step::unconfirmed_revoked);
    MITOME_TRY(change, office_.database.begin());
    now_open->state = store::ExchangeState::failed;
    now_open->serial = serial;
    MITOME_CHECK(office_.people.change(change, *now_open));
    MITOME_CHECK(office_.note(change, "registration", "certificate.unconfirmed",
                              certificate_reference(now_open->ca, serial)));
    return change.commit();
}

void Orders::tend() {
    const Time now = office_.clock.now();
    // A completion that a crash cut short is found among all open orders: the first round looks,
    // later ones now and then, since every other way out has a deadline.
    const bool look_at_all = rounds_++ % rounds_between_looks == 0;
    const auto orders = office_.people.overdue_orders(look_at_all ? end_of_time : now);
    if (!orders) return tended("orders", std::unexpected{orders.error()});
    for (const auto& order : *orders) {
        const bool overdue = order.deadline < now;
        if (is_ready(order))
            tended("settle", settle(order.id));
        else if (overdue && order.state == OrderState::swapped)
            tended("complete", complete(order.id));  // the element's proof stands
        else if (overdue)
            tended("abandon", abandon(order.id));
    }
    const auto exchanges = office_.people.overdue_exchanges(now);
    if (!exchanges) return tended("exchanges", std::unexpected{exchanges.error()});
    for (const auto& exchange : *exchanges)
        if (exchange.order.empty()) tended("transaction", revoke_lone(exchange));
    if (!look_at_all) return;
    auto change = office_.database.begin();
    if (!change) return tended("dialogs", std::unexpected{change.error()});
    if (const auto dropped = office_.people.drop_dialogs(*change, now - dialog_life); !dropped)
        return tended("dialogs", dropped);
    tended("dialogs", change->commit());
}

}  // namespace mitome::registration
