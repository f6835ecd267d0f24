// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <mitome/store/casebook.hpp>

namespace mitome::store {
namespace {

Notice notice_of(const Statement& row) {
    Notice notice;
    notice.number = row.count(0);
    notice.at = row.time(1);
    notice.element = copy(row.octets(2));
    if (!row.is_null(3)) notice.resident = row.count(3);
    notice.code = row.text(4);
    notice.detail = row.text(5);
    return notice;
}

#define MITOME_APPROVALS \
    "SELECT id, action, resident, element, proposer, state, proposed, deadline FROM approvals "

Approval approval_of(const Statement& row) {
    return {.id = copy(row.octets(0)),
            .action = row.word<Dangerous>(1),
            .resident = row.count(2),
            .element = copy(row.octets(3)),
            .proposer = copy(row.octets(4)),
            .state = row.word<ApprovalState>(5),
            .proposed = row.time(6),
            .deadline = row.time(7)};
}

}  // namespace

Result<bool> Casebook::add(Transaction& in, const Task& task) {
    MITOME_TRY(added, execute(Access::write(in),
                              "INSERT INTO tasks(ca, serial, reason, cause, created) "
                              "VALUES(?, ?, ?, ?, ?) ON CONFLICT(ca, serial) DO NOTHING",
                              task.ca, task.serial, task.reason, task.cause, task.created));
    return added != 0;
}

Result<std::vector<Task>> Casebook::waiting_tasks(std::size_t limit, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(
        *lease,
        [](const Statement& row) {
            return Task{.number = row.count(0),
                        .ca = row.word<pki::Ca>(1),
                        .serial = copy(row.octets(2)),
                        .reason = row.word<pki::Reason>(3),
                        .cause = row.text(4),
                        .created = row.time(5)};
        },
        "SELECT number, ca, serial, reason, cause, created FROM tasks WHERE done IS NULL "
        "ORDER BY number LIMIT ?",
        limit);
}

Done Casebook::finish(Transaction& in, std::uint64_t task, Time at) {
    MITOME_TRY(changed,
               execute(Access::write(in),
                       "UPDATE tasks SET done = ? WHERE number = ? AND done IS NULL", at, task));
    static_cast<void>(changed);  // another one who carried it out too was first
    return {};
}

Result<std::vector<Certified>> Casebook::certified_by(BytesView card_serial,
                                                      const View& view) const {
    if (card_serial.empty()) return std::vector<Certified>{};
    MITOME_TRY(lease, Access::read(database_, view));
    return list(
        *lease,
        [](const Statement& row) { return Certified{row.word<pki::Ca>(0), copy(row.octets(1))}; },
        "SELECT ca, serial FROM exchanges WHERE signer = ? AND length(serial) > 0 "
        "ORDER BY number",
        card_serial);
}

Result<std::vector<std::uint64_t>> Casebook::ended_cards(Time now, std::size_t limit,
                                                         const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(
        *lease, [](const Statement& row) { return row.count(0); },
        "SELECT number FROM cards WHERE state = 0 AND not_after < ? ORDER BY not_after LIMIT ?",
        now, limit);
}

Result<std::vector<EndingPhone>> Casebook::ending_phones(Time from, Time to, std::string_view once,
                                                         std::size_t limit,
                                                         const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(
        *lease,
        [](const Statement& row) {
            return EndingPhone{.resident = row.count(0),
                               .element = copy(row.octets(1)),
                               .sign_serial = copy(row.octets(2)),
                               .auth_serial = copy(row.octets(3)),
                               .not_after = row.time(4)};
        },
        "SELECT p.resident, p.element, p.sign_serial, p.auth_serial, c.not_after "
        "FROM cards c JOIN phones p ON p.resident = c.resident "
        "WHERE c.state = 0 AND c.not_after >= ? AND c.not_after < ? "
        "AND EXISTS(SELECT 1 FROM exchanges x WHERE x.signer = c.sign_serial "
        "AND x.order_id = p.order_id AND length(x.order_id) > 0) "
        "AND NOT EXISTS(SELECT 1 FROM notices n WHERE n.once_key = "
        "? || '/' || hex(p.element) || '/' || c.not_after) "
        "ORDER BY c.not_after LIMIT ?",
        from, to, once, limit);
}

Result<std::optional<Bytes>> Casebook::newest_element_of(std::uint64_t resident,
                                                         const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(
        *lease, [](const Statement& row) { return copy(row.octets(0)); },
        "SELECT element FROM orders WHERE resident = ? AND state <> 5 "
        "ORDER BY number DESC LIMIT 1",
        resident);
}

Result<std::vector<Casebook::Erased>> Casebook::erased_since(Time from, std::size_t limit,
                                                             const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(
        *lease,
        [](const Statement& row) {
            Erased one;
            one.number = row.count(0);
            one.element = copy(row.octets(1));
            if (!row.is_null(2)) one.resident = row.count(2);
            one.changed = row.time(3);
            return one;
        },
        "SELECT number, element, resident, changed FROM erase_orders "
        "WHERE state = 2 AND changed >= ? ORDER BY changed, number LIMIT ?",
        from, limit);
}

Result<bool> Casebook::add(Transaction& in, const Notice& notice) {
    const std::optional<std::string> key =
        notice.once.empty() ? std::nullopt : std::optional{notice.once};
    MITOME_TRY(added, execute(Access::write(in),
                              "INSERT INTO notices(at, element, resident, code, detail, once_key) "
                              "VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(once_key) DO NOTHING",
                              notice.at, notice.element, notice.resident, notice.code,
                              notice.detail, key));
    return added != 0;
}

Result<std::vector<Notice>> Casebook::notices_of(BytesView element,
                                                 std::optional<std::uint64_t> resident,
                                                 std::uint64_t after, std::size_t limit,
                                                 const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    // Two indexes serve one half each. A null on the right of = is never true, so a device
    // without a holder gets its own lines alone.
    return list(*lease, notice_of,
                "SELECT number, at, element, resident, code, detail FROM notices "
                "WHERE element = ? AND length(element) > 0 AND number > ? "
                "AND (resident IS NULL OR resident = coalesce(?, resident)) "
                "UNION ALL "
                "SELECT number, at, element, resident, code, detail FROM notices "
                "WHERE length(element) = 0 AND resident = ? AND number > ? "
                "ORDER BY number LIMIT ?",
                element, after, resident, resident, after, limit);
}

Done Casebook::put(Transaction& in, const StopCode& code) {
    return perform(Access::write(in),
                   "INSERT INTO stop_codes VALUES(?, ?, ?, ?, ?, ?) "
                   "ON CONFLICT(element) DO UPDATE SET resident = excluded.resident, "
                   "salt = excluded.salt, stretched = excluded.stretched, "
                   "wrong = excluded.wrong, made = excluded.made",
                   code.element, code.resident, code.salt, code.stretched, code.wrong, code.made);
}

Result<std::optional<StopCode>> Casebook::stop_code(BytesView element, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(
        *lease,
        [](const Statement& row) {
            return StopCode{.element = copy(row.octets(0)),
                            .resident = row.count(1),
                            .salt = copy(row.octets(2)),
                            .stretched = copy(row.octets(3)),
                            .wrong = static_cast<std::uint32_t>(row.number(4)),
                            .made = row.time(5)};
        },
        "SELECT element, resident, salt, stretched, wrong, made FROM stop_codes "
        "WHERE element = ?",
        element);
}

Done Casebook::add(Transaction& in, const Approval& approval) {
    return perform(Access::write(in), "INSERT INTO approvals VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                   approval.id, approval.action, approval.resident, approval.element,
                   approval.proposer, approval.state, approval.proposed, approval.deadline);
}

Done Casebook::change(Transaction& in, const Approval& approval) {
    MITOME_TRY(changed, execute(Access::write(in),
                                "UPDATE approvals SET state = ?, deadline = ? WHERE id = ?",
                                approval.state, approval.deadline, approval.id));
    if (changed == 0) return fail(Fault::absent, "casebook: no such approval");
    return {};
}

Result<std::optional<Approval>> Casebook::approval(BytesView id, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(*lease, approval_of, MITOME_APPROVALS "WHERE id = ?", id);
}

Result<std::vector<Approval>> Casebook::waiting_approvals(Time now, std::size_t limit,
                                                          const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, approval_of,
                MITOME_APPROVALS "WHERE state = 0 AND deadline > ? ORDER BY proposed, id LIMIT ?",
                now, limit);
}

Result<std::uint64_t> Casebook::position(std::string_view name, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(found, find(
                          *lease, [](const Statement& row) { return row.count(0); },
                          "SELECT seq FROM positions WHERE name = ?", name));
    return found.value_or(0);
}

Done Casebook::set_position(Transaction& in, std::string_view name, std::uint64_t to) {
    return perform(Access::write(in),
                   "INSERT INTO positions VALUES(?, ?) "
                   "ON CONFLICT(name) DO UPDATE SET seq = excluded.seq",
                   name, to);
}

}  // namespace mitome::store
