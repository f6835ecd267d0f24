// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <mitome/store/register.hpp>

#include <algorithm>

namespace mitome::store {
namespace {

// A change that must have found its row.
template <class... Values>
Done alter(Connection& connection, Sql sql, const Values&... values) {
    MITOME_TRY(changed, execute(connection, sql, values...));
    if (changed == 0) return fail(Fault::absent, "register: nothing to change");
    return {};
}

std::uint64_t last_number(Connection& connection) {
    return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(connection.handle.get()));
}

#define MITOME_RESIDENTS                                                                          \
    "SELECT id, name, address, birth, sex, name_substitutes, address_substitutes, municipality, " \
    "my_number, state FROM residents "

Result<Resident> resident_of(const Statement& row) {
    Resident resident;
    resident.id = row.count(0);
    resident.items.name = row.text(1);
    resident.items.address = row.text(2);
    MITOME_TRY(birth, pki::to_birth_date(row.text(3)));
    resident.items.birth = birth;
    resident.items.sex = row.word<pki::Sex>(4);
    resident.items.name_substitutes = row.text(5);
    resident.items.address_substitutes = row.text(6);
    resident.municipality = row.text(7);
    resident.my_number = row.text(8);
    resident.state = row.word<ResidentState>(9);
    return resident;
}

#define MITOME_CARDS \
    "SELECT number, resident, sign_serial, auth_serial, not_after, state FROM cards "

Card card_of_row(const Statement& row) {
    return {row.count(0),        row.count(1), copy(row.octets(2)),
            copy(row.octets(3)), row.time(4),  row.word<CardState>(5)};
}

// The keys come with each order, since no order means anything without them.
#define MITOME_ORDERS                                                                              \
    "SELECT o.id, o.element, o.resident, o.state, o.created, o.deadline, k.kind, k.spki, "         \
    "k.serial, k.certificate, k.confirmed, o.renewal FROM orders o JOIN order_keys k ON k.number " \
    "= o.number "

Result<std::vector<Order>> collect_orders(Statement& rows) {
    std::vector<Order> found;
    while (true) {
        MITOME_TRY(more, rows.next());
        if (!more) return found;
        if (found.empty() || !same(found.back().id, rows.octets(0))) {
            Order order;
            order.id = copy(rows.octets(0));
            order.element = copy(rows.octets(1));
            if (!rows.is_null(2)) order.resident = rows.count(2);
            order.state = rows.word<OrderState>(3);
            order.created = rows.time(4);
            order.deadline = rows.time(5);
            order.renewal = rows.number(11) != 0;
            found.push_back(std::move(order));
        }
        found.back().keys.push_back({rows.word<pki::Kind>(6), copy(rows.octets(7)),
                                     copy(rows.octets(8)), copy(rows.octets(9)),
                                     rows.number(10) != 0});
    }
}

template <class... Values>
Result<std::vector<Order>> orders(Connection& connection, Sql sql, const Values&... values) {
    MITOME_TRY(rows, query(connection, sql, values...));
    return collect_orders(rows);
}

template <class... Values>
Result<std::optional<Order>> one_order(Connection& connection, Sql sql, const Values&... values) {
    MITOME_TRY(found, orders(connection, sql, values...));
    return found.empty() ? std::optional<Order>{} : std::optional{std::move(found.front())};
}

Result<std::int64_t> number_of(Connection& connection, BytesView order) {
    MITOME_TRY(number, find(
                           connection, [](const Statement& row) { return row.number(0); },
                           "SELECT number FROM orders WHERE id = ?", order));
    if (!number) return fail(Fault::absent, "register: no such order");
    return *number;
}

Done put_keys(Connection& connection, std::int64_t number, const std::vector<OrderKey>& keys) {
    for (const OrderKey& key : keys) {
        MITOME_CHECK(perform(connection,
                             "INSERT INTO order_keys VALUES(?, ?, ?, ?, ?, ?) "
                             "ON CONFLICT(number, kind) DO UPDATE SET spki = excluded.spki, "
                             "serial = excluded.serial, certificate = excluded.certificate, "
                             "confirmed = excluded.confirmed",
                             number, key.kind, key.spki, key.serial, key.certificate,
                             key.confirmed));
    }
    return {};
}

#define MITOME_EXCHANGES                                                                     \
    "SELECT transaction_id, order_id, ca, state, request_id, their_nonce, our_nonce, "       \
    "request_digest, answer, spki, serial, certificate, certificate_hash, signer, created, " \
    "deadline FROM exchanges "

CmpExchange exchange_of(const Statement& row) {
    CmpExchange exchange;
    exchange.transaction = copy(row.octets(0));
    exchange.order = copy(row.octets(1));
    exchange.ca = row.word<pki::Ca>(2);
    exchange.state = row.word<ExchangeState>(3);
    exchange.request_id = row.number(4);
    exchange.their_nonce = copy(row.octets(5));
    exchange.our_nonce = copy(row.octets(6));
    exchange.request_digest = copy(row.octets(7));
    exchange.answer = copy(row.octets(8));
    exchange.spki = copy(row.octets(9));
    exchange.serial = copy(row.octets(10));
    exchange.certificate = copy(row.octets(11));
    exchange.certificate_hash = copy(row.octets(12));
    exchange.signer = copy(row.octets(13));
    exchange.created = row.time(14);
    exchange.deadline = row.time(15);
    return exchange;
}

#define MITOME_PHONES \
    "SELECT resident, element, order_id, sign_serial, auth_serial, since FROM phones "

ActivePhone phone_of_row(const Statement& row) {
    return {row.count(0),        copy(row.octets(1)), copy(row.octets(2)),
            copy(row.octets(3)), copy(row.octets(4)), row.time(5)};
}

Result<std::optional<ActivePhone>> find_phone(Connection& connection, std::uint64_t resident) {
    return find(connection, phone_of_row, MITOME_PHONES "WHERE resident = ?", resident);
}

EraseOrder erasure_of(const Statement& row) {
    EraseOrder order;
    order.number = row.count(0);
    order.element = copy(row.octets(1));
    if (!row.is_null(2)) order.resident = row.count(2);
    order.cause = row.text(3);
    order.state = row.word<EraseState>(4);
    order.receipt = copy(row.octets(5));
    order.created = row.time(6);
    order.changed = row.time(7);
    order.id = copy(row.octets(8));
    order.challenge = copy(row.octets(9));
    order.signed_order = copy(row.octets(10));
    return order;
}

#define MITOME_ERASURES                                                                     \
    "SELECT number, element, resident, cause, state, receipt, created, changed, order_id, " \
    "challenge, signed_order FROM erase_orders "

#define MITOME_WITHDRAWALS                                                                 \
    "SELECT transaction_id, position, ca, serial, reason, invalidity, element, resident, " \
    "done FROM withdrawals "

Withdrawal withdrawal_of(const Statement& row) {
    return {.transaction = copy(row.octets(0)),
            .position = static_cast<std::uint32_t>(row.number(1)),
            .ca = row.word<pki::Ca>(2),
            .serial = copy(row.octets(3)),
            .reason = row.word<pki::Reason>(4),
            .invalidity = row.maybe_time(5),
            .element = copy(row.octets(6)),
            .resident = row.count(7),
            .done = row.number(8) != 0};
}

}  // namespace

std::string_view name_of(ResidentState state) {
    switch (state) {
        case ResidentState::registered: return "registered";
        case ResidentState::moved: return "moved";
        case ResidentState::deceased: return "deceased";
    }
    return {};
}

const OrderKey* Order::key(pki::Kind kind) const {
    const auto found = std::ranges::find(keys, kind, &OrderKey::kind);
    return found == keys.end() ? nullptr : &*found;
}

Result<std::uint64_t> Register::add(Transaction& in, const Resident& resident) {
    Connection& connection = Access::write(in);
    MITOME_CHECK(perform(
        connection, "INSERT INTO residents VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        resident.items.name, resident.items.address, pki::to_text(resident.items.birth),
        resident.items.sex, resident.items.name_substitutes, resident.items.address_substitutes,
        resident.municipality, resident.my_number, resident.state));
    return last_number(connection);
}

Done Register::change(Transaction& in, const Resident& resident) {
    return alter(Access::write(in),
                 "UPDATE residents SET name = ?, address = ?, birth = ?, sex = ?, "
                 "name_substitutes = ?, address_substitutes = ?, municipality = ?, my_number = ?, "
                 "state = ? WHERE id = ?",
                 resident.items.name, resident.items.address, pki::to_text(resident.items.birth),
                 resident.items.sex, resident.items.name_substitutes,
                 resident.items.address_substitutes, resident.municipality, resident.my_number,
                 resident.state, resident.id);
}

Result<std::optional<Resident>> Register::resident(std::uint64_t id, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(found, find(*lease, resident_of, MITOME_RESIDENTS "WHERE id = ?", id));
    if (!found) return std::optional<Resident>{};
    MITOME_TRY(resident, *std::move(found));
    return std::optional{std::move(resident)};
}

Result<std::vector<Resident>> Register::residents(const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(rows, list(*lease, resident_of, MITOME_RESIDENTS "ORDER BY id"));
    std::vector<Resident> residents;
    for (auto& row : rows) {
        MITOME_TRY(resident, std::move(row));
        residents.push_back(std::move(resident));
    }
    return residents;
}

Result<std::uint64_t> Register::add(Transaction& in, const Card& card) {
    Connection& connection = Access::write(in);
    MITOME_CHECK(perform(connection, "INSERT INTO cards VALUES(NULL, ?, ?, ?, ?, ?)", card.resident,
                         card.sign_serial, card.auth_serial, card.not_after, card.state));
    return last_number(connection);
}

Done Register::change(Transaction& in, const Card& card) {
    return alter(Access::write(in),
                 "UPDATE cards SET resident = ?, sign_serial = ?, auth_serial = ?, not_after = ?, "
                 "state = ? WHERE number = ?",
                 card.resident, card.sign_serial, card.auth_serial, card.not_after, card.state,
                 card.number);
}

Result<std::optional<Card>> Register::card(std::uint64_t number, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(*lease, card_of_row, MITOME_CARDS "WHERE number = ?", number);
}

Result<std::vector<Card>> Register::cards_of(std::uint64_t resident, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, card_of_row, MITOME_CARDS "WHERE resident = ? ORDER BY number", resident);
}

Result<std::optional<Card>> Register::card_of(pki::Kind kind, BytesView serial,
                                              const View& view) const {
    if (serial.empty()) return std::optional<Card>{};  // that of cards without certificates
    MITOME_TRY(lease, Access::read(database_, view));
    // The second condition lets the partial index serve.
    return kind == pki::Kind::sign
               ? find(*lease, card_of_row,
                      MITOME_CARDS "WHERE sign_serial = ? AND length(sign_serial) > 0", serial)
               : find(*lease, card_of_row,
                      MITOME_CARDS "WHERE auth_serial = ? AND length(auth_serial) > 0", serial);
}

Done Register::add(Transaction& in, const Device& device) {
    return perform(Access::write(in), "INSERT INTO devices VALUES(?, ?, ?, ?)", device.element,
                   device.common_name, device.state, device.since);
}

Done Register::change(Transaction& in, const Device& device) {
    return alter(Access::write(in),
                 "UPDATE devices SET common_name = ?, state = ?, since = ? WHERE element = ?",
                 device.common_name, device.state, device.since, device.element);
}

Result<std::optional<Device>> Register::device(BytesView element, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(
        *lease,
        [](const Statement& row) {
            return Device{copy(row.octets(0)), row.text(1), row.word<DeviceState>(2), row.time(3)};
        },
        "SELECT element, common_name, state, since FROM devices WHERE element = ?", element);
}

Done Register::add(Transaction& in, const Order& order) {
    if (order.keys.empty()) return fail(Fault::malformed, "register: an order of nothing");
    Connection& connection = Access::write(in);
    MITOME_CHECK(perform(connection, "INSERT INTO orders VALUES(NULL, ?, ?, ?, ?, ?, ?, ?)",
                         order.id, order.element, order.resident, order.state, order.created,
                         order.deadline, order.renewal));
    return put_keys(connection, static_cast<std::int64_t>(last_number(connection)), order.keys);
}

Done Register::change(Transaction& in, const Order& order) {
    Connection& connection = Access::write(in);
    MITOME_TRY(number, number_of(connection, order.id));
    MITOME_CHECK(alter(connection,
                       "UPDATE orders SET element = ?, resident = ?, state = ?, created = ?, "
                       "deadline = ?, renewal = ? WHERE number = ?",
                       order.element, order.resident, order.state, order.created, order.deadline,
                       order.renewal, number));
    return put_keys(connection, number, order.keys);
}

Done Register::move(Transaction& in, BytesView order, OrderState from, OrderState to) {
    Connection& connection = Access::write(in);
    MITOME_TRY(number, number_of(connection, order));
    MITOME_TRY(moved,
               execute(connection, "UPDATE orders SET state = ? WHERE number = ? AND state = ?", to,
                       number, from));
    if (moved == 0) return fail(Fault::conflict, "register: the order has moved on");
    return {};
}

Result<std::optional<Order>> Register::order(BytesView id, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return one_order(*lease, MITOME_ORDERS "WHERE o.id = ? ORDER BY k.kind", id);
}

Result<std::optional<Order>> Register::open_order_of(BytesView element, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return one_order(*lease, MITOME_ORDERS "WHERE o.element = ? AND o.state < 4 ORDER BY k.kind",
                     element);
}

Result<std::optional<Order>> Register::open_order_of(std::uint64_t resident,
                                                     const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return one_order(*lease, MITOME_ORDERS "WHERE o.resident = ? AND o.state < 4 ORDER BY k.kind",
                     resident);
}

Result<std::optional<Order>> Register::open_order_with_key(BytesView spki, const View& view) const {
    if (spki.empty()) return std::optional<Order>{};  // a key that the element has yet to make
    MITOME_TRY(lease, Access::read(database_, view));
    return one_order(*lease,
                     MITOME_ORDERS
                     "WHERE o.state < 4 AND o.number = (SELECT number FROM order_keys "
                     "WHERE spki = ? AND length(spki) > 0) ORDER BY k.kind",
                     spki);
}

Result<std::optional<Order>> Register::order_with_serial(pki::Kind kind, BytesView serial,
                                                         const View& view) const {
    if (serial.empty()) return std::optional<Order>{};
    MITOME_TRY(lease, Access::read(database_, view));
    // A serial is one CA's, so it is found once at most.
    return one_order(*lease,
                     MITOME_ORDERS
                     "WHERE o.number = (SELECT number FROM order_keys WHERE kind = ? AND "
                     "serial = ? AND length(serial) > 0) ORDER BY k.kind",
                     kind, serial);
}

Result<std::vector<Order>> Register::overdue_orders(Time now, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return orders(*lease,
                  MITOME_ORDERS
                  "WHERE o.state < 4 AND o.deadline < ? ORDER BY o.deadline, o.number, k.kind",
                  now);
}

Result<std::vector<Order>> Register::orders_of(BytesView element, std::size_t limit,
                                               const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return orders(*lease,
                  MITOME_ORDERS
                  "WHERE o.number IN (SELECT number FROM orders WHERE element = ? "
                  "ORDER BY number DESC LIMIT ?) ORDER BY o.number DESC, k.kind",
                  element, limit);
}

Done Register::add(Transaction& in, const CmpExchange& exchange) {
    return perform(
        Access::write(in),
        "INSERT INTO exchanges VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?)",
        exchange.transaction, exchange.order, exchange.ca, exchange.state, exchange.request_id,
        exchange.their_nonce, exchange.our_nonce, exchange.request_digest, exchange.answer,
        exchange.spki, exchange.serial, exchange.certificate, exchange.certificate_hash,
        exchange.signer, exchange.created, exchange.deadline);
}

Done Register::change(Transaction& in, const CmpExchange& exchange) {
    return alter(Access::write(in),
                 "UPDATE exchanges SET order_id = ?, ca = ?, state = ?, request_id = ?, "
                 "their_nonce = ?, our_nonce = ?, request_digest = ?, answer = ?, spki = ?, "
                 "serial = ?, certificate = ?, certificate_hash = ?, signer = ?, created = ?, "
                 "deadline = ? WHERE transaction_id = ?",
                 exchange.order, exchange.ca, exchange.state, exchange.request_id,
                 exchange.their_nonce, exchange.our_nonce, exchange.request_digest, exchange.answer,
                 exchange.spki, exchange.serial, exchange.certificate, exchange.certificate_hash,
                 exchange.signer, exchange.created, exchange.deadline, exchange.transaction);
}

Result<std::optional<CmpExchange>> Register::exchange(BytesView transaction,
                                                      const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(*lease, exchange_of, MITOME_EXCHANGES "WHERE transaction_id = ?", transaction);
}

Result<std::vector<CmpExchange>> Register::exchanges_of(BytesView order, const View& view) const {
    if (order.empty()) return std::vector<CmpExchange>{};
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, exchange_of,
                MITOME_EXCHANGES "WHERE order_id = ? AND length(order_id) > 0 ORDER BY number",
                order);
}

Result<std::vector<CmpExchange>> Register::overdue_exchanges(Time now, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, exchange_of,
                MITOME_EXCHANGES "WHERE state = 1 AND deadline < ? ORDER BY deadline, number", now);
}

Result<std::optional<ActivePhone>> Register::set_phone(Transaction& in, const ActivePhone& phone) {
    MITOME_TRY(former, clear_phone(in, phone.resident));
    MITOME_CHECK(perform(Access::write(in), "INSERT INTO phones VALUES(?, ?, ?, ?, ?, ?)",
                         phone.resident, phone.element, phone.order, phone.sign_serial,
                         phone.auth_serial, phone.since));
    return former;
}

Result<std::optional<ActivePhone>> Register::clear_phone(Transaction& in, std::uint64_t resident) {
    Connection& connection = Access::write(in);
    MITOME_TRY(former, find_phone(connection, resident));
    MITOME_CHECK(perform(connection, "DELETE FROM phones WHERE resident = ?", resident));
    return former;
}

Result<std::optional<ActivePhone>> Register::phone_of(std::uint64_t resident,
                                                      const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find_phone(*lease, resident);
}

Result<std::optional<ActivePhone>> Register::phone_of(BytesView element, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(*lease, phone_of_row, MITOME_PHONES "WHERE element = ?", element);
}

Done Register::put(Transaction& in, const Dialog& dialog) {
    return perform(Access::write(in), "INSERT OR REPLACE INTO dialogs VALUES(?, ?, ?, ?, ?, ?, ?)",
                   dialog.id, dialog.element, dialog.order, dialog.step, dialog.request_digest,
                   dialog.answer, dialog.at);
}

Result<std::optional<Dialog>> Register::dialog(BytesView id, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(
        *lease,
        [](const Statement& row) {
            return Dialog{copy(row.octets(0)), copy(row.octets(1)),
                          copy(row.octets(2)), static_cast<std::uint32_t>(row.number(3)),
                          copy(row.octets(4)), copy(row.octets(5)),
                          row.time(6)};
        },
        "SELECT id, element, order_id, step, request_digest, answer, at FROM dialogs WHERE id = ?",
        id);
}

Done Register::drop_dialogs(Transaction& in, Time before) {
    return perform(Access::write(in), "DELETE FROM dialogs WHERE at < ?", before);
}

Result<std::uint64_t> Register::add(Transaction& in, const EraseOrder& order) {
    Connection& connection = Access::write(in);
    MITOME_CHECK(
        perform(connection, "INSERT INTO erase_orders VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                order.element, order.resident, order.cause, order.state, order.receipt,
                order.created, order.changed, order.id, order.challenge, order.signed_order));
    return last_number(connection);
}

Done Register::change(Transaction& in, const EraseOrder& order) {
    return alter(Access::write(in),
                 "UPDATE erase_orders SET element = ?, resident = ?, cause = ?, state = ?, "
                 "receipt = ?, created = ?, changed = ?, order_id = ?, challenge = ?, "
                 "signed_order = ? WHERE number = ?",
                 order.element, order.resident, order.cause, order.state, order.receipt,
                 order.created, order.changed, order.id, order.challenge, order.signed_order,
                 order.number);
}

Result<std::uint64_t> Register::renumber(Transaction& in, std::uint64_t number,
                                         std::uint64_t above) {
    Connection& connection = Access::write(in);
    MITOME_TRY(last, find(
                         connection, [](const Statement& row) { return row.count(0); },
                         "SELECT max(number) FROM erase_orders"));
    const std::uint64_t next = std::max(last.value_or(0), above) + 1;
    MITOME_CHECK(
        alter(connection, "UPDATE erase_orders SET number = ? WHERE number = ?", next, number));
    return next;
}

Result<std::optional<EraseOrder>> Register::erase_order(std::uint64_t number,
                                                        const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(*lease, erasure_of, MITOME_ERASURES "WHERE number = ?", number);
}

Result<std::vector<EraseOrder>> Register::waiting_erasures(BytesView element,
                                                           const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, erasure_of,
                MITOME_ERASURES "WHERE element = ? AND state < 2 ORDER BY number", element);
}

Result<std::vector<EraseOrder>> Register::erasures_of(BytesView element, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, erasure_of, MITOME_ERASURES "WHERE element = ? ORDER BY number", element);
}

Result<std::vector<EraseOrder>> Register::erasures_of(std::uint64_t resident,
                                                      const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, erasure_of, MITOME_ERASURES "WHERE resident = ? ORDER BY number", resident);
}

Done Register::add(Transaction& in, const Withdrawal& withdrawal) {
    return perform(Access::write(in), "INSERT INTO withdrawals VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   withdrawal.transaction, withdrawal.position, withdrawal.ca, withdrawal.serial,
                   withdrawal.reason, withdrawal.invalidity, withdrawal.element,
                   withdrawal.resident, withdrawal.done);
}

Done Register::change(Transaction& in, const Withdrawal& withdrawal) {
    return alter(Access::write(in),
                 "UPDATE withdrawals SET ca = ?, serial = ?, reason = ?, invalidity = ?, "
                 "element = ?, resident = ?, done = ? WHERE transaction_id = ? AND position = ?",
                 withdrawal.ca, withdrawal.serial, withdrawal.reason, withdrawal.invalidity,
                 withdrawal.element, withdrawal.resident, withdrawal.done, withdrawal.transaction,
                 withdrawal.position);
}

Result<std::vector<Withdrawal>> Register::withdrawals_of(BytesView transaction,
                                                         const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, withdrawal_of,
                MITOME_WITHDRAWALS "WHERE transaction_id = ? ORDER BY position", transaction);
}

Result<std::vector<Bytes>> Register::open_withdrawals(const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(
        *lease, [](const Statement& row) { return copy(row.octets(0)); },
        "SELECT DISTINCT transaction_id FROM withdrawals WHERE done = 0");
}

Done Register::add(Transaction& in, const ResetGrant& grant) {
    Connection& connection = Access::write(in);
    MITOME_CHECK(perform(connection,
                         "UPDATE reset_grants SET state = ? WHERE element = ? AND state = 0",
                         ResetState::replaced, grant.element));
    return perform(connection, "INSERT INTO reset_grants VALUES(?, ?, ?, ?, ?, ?)", grant.order,
                   grant.element, grant.kinds, grant.state, grant.created, grant.expires);
}

Done Register::change(Transaction& in, const ResetGrant& grant) {
    return alter(Access::write(in),
                 "UPDATE reset_grants SET element = ?, kinds = ?, state = ?, created = ?, "
                 "expires = ? WHERE order_id = ?",
                 grant.element, grant.kinds, grant.state, grant.created, grant.expires,
                 grant.order);
}

Result<std::optional<ResetGrant>> Register::waiting_reset(BytesView element,
                                                          const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(
        *lease,
        [](const Statement& row) {
            return ResetGrant{.order = copy(row.octets(0)),
                              .element = copy(row.octets(1)),
                              .kinds = static_cast<std::uint8_t>(row.number(2)),
                              .state = row.word<ResetState>(3),
                              .created = row.time(4),
                              .expires = row.time(5)};
        },
        "SELECT order_id, element, kinds, state, created, expires FROM reset_grants "
        "WHERE element = ? AND state = 0",
        element);
}

Done Register::put(Transaction& in, const GrantedLease& lease) {
    return perform(Access::write(in), "INSERT OR REPLACE INTO leases VALUES(?, ?, ?)",
                   lease.element, lease.signed_at, lease.until);
}

Done Register::drop_lease(Transaction& in, BytesView element) {
    return perform(Access::write(in), "DELETE FROM leases WHERE element = ?", element);
}

Result<std::optional<GrantedLease>> Register::lease_of(BytesView element, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(
        *lease,
        [](const Statement& row) {
            return GrantedLease{copy(row.octets(0)), row.time(1), row.time(2)};
        },
        "SELECT element, signed_at, until FROM leases WHERE element = ?", element);
}

Done Register::put(Transaction& in, const Witness& witness) {
    return perform(Access::write(in), "INSERT OR REPLACE INTO witnesses VALUES(?, ?, ?, ?)",
                   witness.element, witness.record, witness.local_receipt, witness.at);
}

Result<std::optional<Witness>> Register::witness_of(BytesView element, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(
        *lease,
        [](const Statement& row) {
            return Witness{copy(row.octets(0)), row.count(1), row.number(2) != 0, row.time(3)};
        },
        "SELECT element, record, local_receipt, at FROM witnesses WHERE element = ?", element);
}

}  // namespace mitome::store
