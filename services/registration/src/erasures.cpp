// SPDX-License-Identifier: Apache-2.0
#include "erasures.hpp"

#include <mitome/base/log.hpp>
#include <mitome/pki/erase_order.hpp>
#include <mitome/pki/receipt.hpp>

#include <algorithm>
#include <utility>

namespace mitome::registration {
namespace {

namespace adm = apdu::administration;
using catalogue::Code;
using store::EraseState;

constexpr std::size_t order_octets = 16;
constexpr std::size_t every_order = 1'000'000;
constexpr std::string_view local_cause = "local";

std::string erasure_reference(std::uint64_t number) { return "erasure/" + std::to_string(number); }

template <std::size_t Size>
std::array<std::uint8_t, Size> fixed(BytesView from) {
    std::array<std::uint8_t, Size> to{};
    std::ranges::copy(from.first(std::min(from.size(), Size)), to.begin());
    return to;
}

bool holds(const std::vector<std::array<std::uint8_t, 32>>& keys, const Bytes& spki) {
    return std::ranges::find(keys, fixed<32>(crypto::digest(crypto::Hash::sha256, spki))) !=
           keys.end();
}

}  // namespace

Done order_erasure(const Office& office, store::Transaction& in, BytesView element,
                   std::optional<std::uint64_t> resident, std::string_view cause) {
    MITOME_TRY(waiting, office.people.waiting_erasures(element, in));
    if (!waiting.empty()) return {};
    const Time now = office.clock.now();
    MITOME_TRY(number, office.people.add(in, store::EraseOrder{.number = 0,
                                                               .element = copy(element),
                                                               .resident = resident,
                                                               .cause = std::string{cause},
                                                               .state = EraseState::ordered,
                                                               .created = now,
                                                               .changed = now}));
    log(Level::info, "erasure ordered",
        {{"number", static_cast<std::int64_t>(number)}, {"cause", cause}});
    return office.note(in, "registration", "erasure.order", erasure_reference(number), cause);
}

Done withdraw_erasures(const Office& office, store::Transaction& in, BytesView element) {
    MITOME_TRY(waiting, office.people.waiting_erasures(element, in));
    for (auto& order : waiting) {
        if (order.cause != "superseded" && order.cause != "revoked") continue;
        order.state = EraseState::withdrawn;
        order.changed = office.clock.now();
        MITOME_CHECK(office.people.change(in, order));
        MITOME_CHECK(
            office.note(in, "registration", "erasure.withdraw", erasure_reference(order.number)));
    }
    return {};
}

Result<bool> is_alive(const Office& office, const store::ActivePhone& phone) {
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        const Bytes& serial = kind == pki::Kind::sign ? phone.sign_serial : phone.auth_serial;
        if (serial.empty()) continue;
        MITOME_TRY(standing, office.authority.standing(phone_ca(kind), serial));
        if (standing == Standing::alive || standing == Standing::held) return true;
    }
    return false;
}

Result<std::optional<store::EraseOrder>> Erasures::waiting(BytesView element) const {
    MITOME_TRY(waiting, office_.people.waiting_erasures(element));
    if (waiting.empty()) return std::optional<store::EraseOrder>{};
    return std::optional{std::move(waiting.front())};
}

/// The element takes only what is numbered above its last erasure. Ours are, unless an older copy
/// of our own register was put back: then the order gets a number that the element takes.
Result<store::EraseOrder> Erasures::signed_order(store::EraseOrder order, const adm::State& state) {
    const bool carried_out = state.erased && same(*state.erased, order.id);
    const bool renumbered = !carried_out && order.number <= state.erase_number;
    if (!order.signed_order.empty() && !renumbered) return order;
    const auto credentials = office_.credentials.get();
    if (!credentials) return fail(Fault::unavailable, "erasures: not ready");
    MITOME_TRY(change, office_.database.begin());
    if (renumbered) {
        MITOME_TRY(number, office_.people.renumber(change, order.number, state.erase_number));
        order.number = number;
    }
    order.id = office_.random.octets(order_octets);
    order.challenge = office_.random.octets(sizeof(adm::Challenge));
    std::vector<Bytes> others;
    for (std::size_t i = 1; i < credentials->own.size(); ++i)
        others.push_back(credentials->own[i].der());
    MITOME_TRY(signature, pki::sign_erase_order({.element = fixed<10>(order.element),
                                                 .order = fixed<16>(order.id),
                                                 .number = order.number,
                                                 .cause = order.cause,
                                                 .time = order.created},
                                                signer_, credentials->own.front(), others));
    order.signed_order = std::move(signature);
    MITOME_CHECK(office_.people.change(change, order));
    MITOME_CHECK(
        office_.note(change, "registration", "erasure.sign", erasure_reference(order.number)));
    MITOME_CHECK(change.commit());
    office_.interruption.reached(Step::erase_signed);
    return order;
}

Result<adm::Erase> Erasures::deliver(std::uint64_t number, const adm::State& state) {
    const Turns::Turn turn{office_.turns, Thing::erasure, view(std::to_string(number))};
    MITOME_TRY(found, office_.people.erase_order(number));
    if (!found || (found->state != EraseState::ordered && found->state != EraseState::delivered))
        return fail(Fault::conflict, "erasures: nothing to deliver");
    MITOME_TRY(order, signed_order(*std::move(found), state));
    if (order.state == EraseState::ordered) {
        MITOME_TRY(change, office_.database.begin());
        order.state = EraseState::delivered;
        order.changed = office_.clock.now();
        MITOME_CHECK(office_.people.change(change, order));
        MITOME_CHECK(office_.note(change, "registration", "erasure.deliver",
                                  erasure_reference(order.number)));
        MITOME_CHECK(change.commit());
        office_.interruption.reached(Step::erase_delivered);
    }
    return adm::Erase{
        .order = fixed<16>(order.id),
        .number = order.number,
        .challenge = fixed<16>(order.challenge),
        .signed_order = fixed<32>(crypto::digest(crypto::Hash::sha256, order.signed_order))};
}

Judged<void> Erasures::bad_receipt(BytesView element, Literal why) const {
    log(Level::warning, "receipt refused", {{"element", to_hex(element)}, {"why", why.text}});
    REGISTRATION_TRY(change, office_.database.begin());
    REGISTRATION_CHECK(
        office_.note(change, "element", "erasure.refuse", "element/" + to_hex(element), why.text));
    REGISTRATION_CHECK(change.commit());
    return refuse(Code::receipt_bad, why);
}

/// What an erased element no longer is, and whom it no longer serves.
Done Erasures::retire(store::Transaction& in, BytesView element) const {
    MITOME_TRY(device, office_.people.device(element, in));
    if (device) {
        device->state = store::DeviceState::erased;
        MITOME_CHECK(office_.people.change(in, *device));
    }
    MITOME_CHECK(office_.people.drop_lease(in, element));
    MITOME_TRY(phone, office_.people.phone_of(element, in));
    if (!phone) return {};
    MITOME_TRY(cleared, office_.people.clear_phone(in, phone->resident));
    static_cast<void>(cleared);
    return {};
}

Judged<void> Erasures::take(std::uint64_t number, BytesView octets, std::uint64_t record) {
    const Turns::Turn turn{office_.turns, Thing::erasure, view(std::to_string(number))};
    REGISTRATION_TRY(order, office_.people.erase_order(number));
    if (!order) return refuse(Code::receipt_bad, "no such order");
    if (order->state == EraseState::erased && same(order->receipt, octets)) return {};
    if (order->state != EraseState::delivered)
        return bad_receipt(order->element, "the order is not on its way");
    const auto receipt = pki::verify_receipt(octets, maker_root_, office_.clock.now());
    if (!receipt) return bad_receipt(order->element, "the receipt does not hold");
    const Bytes digest = crypto::digest(crypto::Hash::sha256, order->signed_order);
    if (!same(receipt->element, order->element) || !same(receipt->order, order->id) ||
        receipt->number != order->number || !same(receipt->challenge, order->challenge) ||
        !same(receipt->signed_order, digest))
        return bad_receipt(order->element, "the receipt is that of another order");

    // Erased means revoked: whatever of it still lives ends first.
    REGISTRATION_TRY(phone, office_.people.phone_of(order->element));
    if (phone)
        for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
            const Bytes& serial = kind == pki::Kind::sign ? phone->sign_serial : phone->auth_serial;
            if (!serial.empty())
                REGISTRATION_CHECK(office_.authority.revoke(
                    phone_ca(kind), serial, pki::Reason::cessation_of_operation, "erased"));
        }
    office_.interruption.reached(Step::erase_proven);

    REGISTRATION_TRY(change, office_.database.begin());
    const Time now = office_.clock.now();
    order->state = EraseState::erased;
    order->receipt = copy(octets);
    order->changed = now;
    REGISTRATION_CHECK(office_.people.change(change, *order));
    REGISTRATION_CHECK(retire(change, order->element));
    REGISTRATION_CHECK(office_.people.put(
        change,
        store::Witness{
            .element = order->element, .record = record, .local_receipt = false, .at = now}));
    REGISTRATION_CHECK(
        office_.note(change, "element", "erasure.receipt", erasure_reference(order->number)));
    REGISTRATION_CHECK(change.commit());
    office_.interruption.reached(Step::erase_stored);
    log(Level::info, "erased", {{"number", static_cast<std::int64_t>(number)}});
    return {};
}

Done Erasures::revoke_kinds(const store::Order& order,
                            const std::vector<std::array<std::uint8_t, 32>>& keys) const {
    for (const auto& key : order.keys)
        if (!key.serial.empty() && holds(keys, key.spki))
            MITOME_CHECK(office_.authority.revoke(phone_ca(key.kind), key.serial,
                                                  pki::Reason::cessation_of_operation,
                                                  "erased_locally"));
    return {};
}

Judged<void> Erasures::take_local(BytesView element, BytesView octets) {
    const Turns::Turn turn{office_.turns, Thing::element, element};
    const auto receipt = pki::verify_receipt(octets, maker_root_, office_.clock.now());
    if (!receipt) return bad_receipt(element, "the receipt does not hold");
    if (!same(receipt->element, element)) return bad_receipt(element, "another element's receipt");
    if (!receipt->is_local() || receipt->number != 0)
        return bad_receipt(element, "the receipt of an order: the dialog takes it");
    REGISTRATION_TRY(kept, office_.people.erasures_of(element));
    for (const auto& one : kept)
        if (one.cause == local_cause && same(one.receipt, octets)) {
            log(Level::info, "receipt brought again", {{"element", to_hex(element)}});
            return {};
        }

    // Only what the receipt names is gone: it may be older than what the element holds now.
    REGISTRATION_TRY(orders, office_.people.orders_of(element, every_order));
    for (const auto& order : orders) REGISTRATION_CHECK(revoke_kinds(order, receipt->keys));
    REGISTRATION_TRY(phone, office_.people.phone_of(element));
    std::optional<std::uint64_t> resident = phone ? std::optional{phone->resident} : std::nullopt;
    // What counts for a person is cleared only by a receipt that names each key of it.
    bool is_newest = true;
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        const Bytes none;
        const Bytes& serial = !phone                    ? none
                              : kind == pki::Kind::sign ? phone->sign_serial
                                                        : phone->auth_serial;
        if (serial.empty()) continue;
        const auto owner = std::ranges::find_if(orders, [&](const store::Order& order) {
            return order.key(kind) != nullptr && order.key(kind)->serial == serial;
        });
        is_newest =
            is_newest && owner != orders.end() && holds(receipt->keys, owner->key(kind)->spki);
    }
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        const auto newest = std::ranges::find_if(orders, [&](const store::Order& order) {
            return order.state == store::OrderState::completed && order.key(kind) != nullptr;
        });
        if (newest == orders.end()) continue;
        if (!resident) resident = newest->resident;
        is_newest = is_newest && holds(receipt->keys, newest->key(kind)->spki);
    }

    REGISTRATION_TRY(change, office_.database.begin());
    const Time now = office_.clock.now();
    REGISTRATION_TRY(number,
                     office_.people.add(change, store::EraseOrder{.number = 0,
                                                                  .element = copy(element),
                                                                  .resident = resident,
                                                                  .cause = std::string{local_cause},
                                                                  .state = EraseState::erased,
                                                                  .receipt = copy(octets),
                                                                  .created = now,
                                                                  .changed = now}));
    if (is_newest) {
        REGISTRATION_TRY(waiting, office_.people.waiting_erasures(element, change));
        for (auto& order : waiting) {
            order.state = EraseState::erased;
            order.receipt = copy(octets);
            order.changed = now;
            REGISTRATION_CHECK(office_.people.change(change, order));
        }
        REGISTRATION_CHECK(retire(change, element));
    }
    REGISTRATION_TRY(witness, office_.people.witness_of(element, change));
    store::Witness seen = witness.value_or(store::Witness{.element = copy(element)});
    // An element that was put back counts on from there, once it is empty.
    seen.record = is_newest ? receipt->record : std::max(seen.record, receipt->record);
    seen.local_receipt = true;
    seen.at = now;
    REGISTRATION_CHECK(office_.people.put(change, seen));
    REGISTRATION_CHECK(office_.note(change, "element", "erasure.local", erasure_reference(number)));
    REGISTRATION_CHECK(change.commit());
    office_.interruption.reached(Step::receipt_stored);
    return {};
}

Result<std::optional<adm::Sha256>> Erasures::local_receipt(BytesView element) const {
    MITOME_TRY(witness, office_.people.witness_of(element));
    if (!witness || !witness->local_receipt) return std::optional<adm::Sha256>{};
    MITOME_TRY(kept, office_.people.erasures_of(element));
    for (auto one = kept.rbegin(); one != kept.rend(); ++one)
        if (one->cause == local_cause)
            return std::optional{fixed<32>(crypto::digest(crypto::Hash::sha256, one->receipt))};
    return std::optional<adm::Sha256>{};
}

}  // namespace mitome::registration
