// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/store/ledger.hpp>

namespace mitome::store {
namespace {

// One row per serial, with the last thing that happened to it. Completed by a WHERE.
#define MITOME_ENTRIES                                                                           \
    "SELECT s.id, s.ca, s.serial, s.drawn_at, i.request, i.not_after, i.intended_at, "           \
    "c.issued_at, e.happening, e.at, e.reason, e.invalidity "                                    \
    "FROM serials s LEFT JOIN intents i ON i.id = s.id LEFT JOIN certificates c ON c.id = s.id " \
    "LEFT JOIN events e ON e.seq = (SELECT max(seq) FROM events "                                \
    "WHERE ca = s.ca AND serial = s.serial AND happening <> 0) "

LedgerEntry entry_of(const Statement& row) {
    LedgerEntry entry;
    entry.id = row.count(0);
    entry.ca = row.word<pki::Ca>(1);
    entry.serial = copy(row.octets(2));
    entry.drawn_at = row.time(3);
    if (row.is_null(4)) return entry;

    entry.standing = Standing::intended;
    entry.request = copy(row.octets(4));
    entry.not_after = row.time(5);
    entry.intended_at = row.time(6);
    entry.issued_at = row.maybe_time(7);
    if (entry.issued_at) entry.standing = Standing::issued;
    if (row.is_null(8)) return entry;

    switch (row.word<Happening>(8)) {
        case Happening::issued:
        case Happening::released: return entry;
        case Happening::held: entry.standing = Standing::held; break;
        case Happening::revoked: entry.standing = Standing::revoked; break;
    }
    entry.since = row.time(9);
    entry.reason = row.word<pki::Reason>(10);
    entry.invalidity = row.maybe_time(11);
    return entry;
}

Result<std::optional<LedgerEntry>> find_entry(Connection& connection, pki::Ca ca,
                                              BytesView serial) {
    return find(connection, entry_of, MITOME_ENTRIES "WHERE s.ca = ? AND s.serial = ?", ca, serial);
}

// The octets of a certificate behind its TBSCertificate, if they are `tbs`.
Result<BytesView> rest_behind(BytesView tbs, BytesView certificate) {
    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
    MITOME_TRY(whole, pki::der::only(certificate, pki::der::tag::sequence));
    pki::der::Reader parts{whole.value};
    MITOME_TRY(signed_part, parts.next(pki::der::tag::sequence));
    MITOME_CHECK(parts.next(pki::der::tag::sequence));
    MITOME_CHECK(parts.next(pki::der::tag::bit_string));
    MITOME_CHECK(parts.finish());
    if (!same(signed_part.whole, tbs)) {
        return fail(Fault::broken, "ledger: the certificate is not what was intended");
    }
    return whole.value.subspan(tbs.size());
}

struct Event {
    std::uint64_t id;
    pki::Ca ca;
    BytesView serial;
    Happening happening;
    Time at;
    Time not_after;
    pki::Reason reason = pki::Reason::unspecified;
    std::optional<Time> invalidity;
    std::string_view role;
    std::string_view cause;
};

// The writer is one, so the next number has no gap and comes no earlier than its turn.
Done add_event(Connection& connection, const Event& event) {
    return perform(connection,
                   "INSERT INTO events VALUES((SELECT coalesce(max(seq), 0) + 1 FROM "
                   "events), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   event.id, event.ca, event.serial, event.happening, event.at, event.not_after,
                   event.reason, event.invalidity, event.role, event.cause);
}

Done close_intent(Connection& connection, std::uint64_t id) {
    return perform(connection, "DELETE FROM open_intents WHERE id = ?", id);
}

// What a reason does to a certificate that stands as it does.
Result<Happening> happening_of(pki::Reason reason, Standing standing) {
    if (standing == Standing::drawn) return fail(Fault::absent, "ledger: nothing was intended");
    if (standing == Standing::revoked) return fail(Fault::conflict, "ledger: revoked already");
    if (reason == pki::Reason::remove_from_crl) {
        if (standing != Standing::held) return fail(Fault::conflict, "ledger: is not held");
        return Happening::released;
    }
    if (reason == pki::Reason::certificate_hold) {
        if (standing == Standing::held) return fail(Fault::conflict, "ledger: held already");
        return Happening::held;
    }
    return Happening::revoked;
}

}  // namespace

Done Ledger::draw_serial(Transaction& in, pki::Ca ca, BytesView serial, Time at) {
    return perform(Access::write(in), "INSERT INTO serials(ca, serial, drawn_at) VALUES(?, ?, ?)",
                   ca, serial, at);
}

Done Ledger::record_intent(Transaction& in, const Intent& intent, Time at) {
    Connection& connection = Access::write(in);
    MITOME_CHECK(perform(connection,
                         "INSERT INTO serials(ca, serial, drawn_at) VALUES(?, ?, ?) "
                         "ON CONFLICT DO NOTHING",
                         intent.ca, intent.serial, at));
    MITOME_TRY(id,
               find(
                   connection, [](const Statement& row) { return row.count(0); },
                   "SELECT id FROM serials WHERE ca = ? AND serial = ?", intent.ca, intent.serial));
    if (!id) return fail(Fault::broken, "ledger: the serial is gone");
    MITOME_CHECK(perform(connection, "INSERT INTO intents VALUES(?, ?, ?, ?, ?)", *id,
                         intent.request, intent.not_after, at, intent.tbs));
    return perform(connection, "INSERT INTO open_intents VALUES(?)", *id);
}

Done Ledger::record_certificate(Transaction& in, pki::Ca ca, BytesView serial, BytesView der,
                                Time at) {
    Connection& connection = Access::write(in);
    // The usual case in one look: neither a certificate nor a revocation closed the intent.
    struct Intended {
        std::uint64_t id;
        Time not_after;
        Bytes tbs;
    };
    MITOME_TRY(intended, find(
                             connection,
                             [](const Statement& row) {
                                 return Intended{row.count(0), row.time(1), copy(row.octets(2))};
                             },
                             "SELECT i.id, i.not_after, i.tbs FROM serials s "
                             "JOIN intents i ON i.id = s.id JOIN open_intents o ON o.id = i.id "
                             "WHERE s.ca = ? AND s.serial = ?",
                             ca, serial));
    if (!intended) return check_recorded(in, ca, serial, der);
    MITOME_TRY(rest, rest_behind(intended->tbs, der));
    MITOME_CHECK(
        perform(connection, "INSERT INTO certificates VALUES(?, ?, ?)", intended->id, at, rest));
    MITOME_CHECK(close_intent(connection, intended->id));
    return add_event(connection, {.id = intended->id,
                                  .ca = ca,
                                  .serial = serial,
                                  .happening = Happening::issued,
                                  .at = at,
                                  .not_after = intended->not_after,
                                  .invalidity = {},
                                  .role = {},
                                  .cause = {}});
}

Done Ledger::check_recorded(Transaction& in, pki::Ca ca, BytesView serial, BytesView der) const {
    MITOME_TRY(entry, this->entry(ca, serial, in));
    if (!entry || entry->standing == Standing::drawn) {
        return fail(Fault::absent, "ledger: nothing was intended");
    }
    MITOME_TRY(tbs, this->tbs(ca, serial, in));
    MITOME_CHECK(rest_behind(tbs, der));
    if (!entry->issued_at) {
        return fail(Fault::conflict, "ledger: revoked before it was issued");
    }
    MITOME_TRY(recorded, certificate(ca, serial, in));
    if (same(recorded, der)) return {};
    return fail(Fault::conflict, "ledger: another certificate is recorded");
}

Done Ledger::record_revocation(Transaction& in, const Revocation& revocation) {
    Connection& connection = Access::write(in);
    MITOME_TRY(entry, find_entry(connection, revocation.ca, revocation.serial));
    if (!entry) return fail(Fault::absent, "ledger: no such serial");
    MITOME_TRY(happening, happening_of(revocation.reason, entry->standing));
    MITOME_CHECK(close_intent(connection, entry->id));
    return add_event(connection, {.id = entry->id,
                                  .ca = revocation.ca,
                                  .serial = revocation.serial,
                                  .happening = happening,
                                  .at = revocation.at,
                                  .not_after = entry->not_after,
                                  .reason = revocation.reason,
                                  .invalidity = revocation.invalidity,
                                  .role = revocation.role,
                                  .cause = revocation.cause});
}

Result<std::optional<LedgerEntry>> Ledger::entry(pki::Ca ca, BytesView serial,
                                                 const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find_entry(*lease, ca, serial);
}

Result<std::optional<LedgerEntry>> Ledger::entry_of_request(BytesView request,
                                                            const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(*lease, entry_of, MITOME_ENTRIES "WHERE i.request = ?", request);
}

Result<std::vector<LedgerEntry>> Ledger::page(std::uint64_t after, std::size_t limit,
                                              const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, entry_of, MITOME_ENTRIES "WHERE s.id > ? ORDER BY s.id LIMIT ?", after,
                limit);
}

Result<Bytes> Ledger::tbs(pki::Ca ca, BytesView serial, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(found, find(
                          *lease, [](const Statement& row) { return copy(row.octets(0)); },
                          "SELECT i.tbs FROM serials s JOIN intents i ON i.id = s.id "
                          "WHERE s.ca = ? AND s.serial = ?",
                          ca, serial));
    if (!found) return fail(Fault::absent, "ledger: nothing was intended");
    return *std::move(found);
}

Result<Bytes> Ledger::certificate(pki::Ca ca, BytesView serial, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(found, find(
                          *lease,
                          [](const Statement& row) {
                              return pki::der::sequence({row.octets(0), row.octets(1)});
                          },
                          "SELECT i.tbs, c.rest FROM serials s JOIN intents i ON i.id = s.id "
                          "JOIN certificates c ON c.id = s.id WHERE s.ca = ? AND s.serial = ?",
                          ca, serial));
    if (!found) return fail(Fault::absent, "ledger: no certificate");
    return *std::move(found);
}

Result<std::vector<Revocation>> Ledger::history(pki::Ca ca, BytesView serial,
                                                const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(
        *lease,
        [&](const Statement& row) {
            return Revocation{
                ca,          copy(serial), row.time(0), row.word<pki::Reason>(1), row.maybe_time(2),
                row.text(3), row.text(4)};
        },
        "SELECT at, reason, invalidity, role, cause FROM events "
        "WHERE ca = ? AND serial = ? AND happening <> 0 ORDER BY seq",
        ca, serial);
}

Result<std::vector<LedgerEntry>> Ledger::open_intents(const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, entry_of,
                MITOME_ENTRIES "WHERE s.id IN (SELECT id FROM open_intents) ORDER BY s.id");
}

Result<std::vector<FeedEntry>> Ledger::entries_after(std::uint64_t after, std::size_t limit,
                                                     const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(
        *lease,
        [](const Statement& row) {
            return FeedEntry{row.count(0),
                             row.word<Happening>(1),
                             row.word<pki::Ca>(2),
                             copy(row.octets(3)),
                             row.time(4),
                             row.time(5),
                             row.word<pki::Reason>(6),
                             row.maybe_time(7)};
        },
        "SELECT seq, happening, ca, serial, at, not_after, reason, invalidity FROM events "
        "WHERE seq > ? ORDER BY seq LIMIT ?",
        after, limit);
}

Result<std::uint64_t> Ledger::head(const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(found, find(
                          *lease, [](const Statement& row) { return row.count(0); },
                          "SELECT coalesce(max(seq), 0) FROM events"));
    return found.value_or(0);
}

Done Ledger::each_revoked(pki::Ca ca, Time alive_at,
                          const std::function<void(const RevokedSerial&)>& visit,
                          const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(rows, query(*lease,
                           "SELECT serial, happening, at, reason, invalidity, not_after "
                           "FROM events WHERE ca = ? AND happening <> 0 ORDER BY serial, seq",
                           ca));
    // Rows of one serial stand together; the last one says how it stands.
    Bytes serial;
    RevokedSerial last{};
    bool listed = false;
    while (true) {
        MITOME_TRY(more, rows.next());
        const BytesView next = more ? rows.octets(0) : BytesView{};
        if (!same(next, serial)) {
            if (listed) {
                last.serial = serial;
                visit(last);
            }
            serial.assign(next.begin(), next.end());
        }
        if (!more) return {};
        listed = rows.word<Happening>(1) != Happening::released && rows.time(5) >= alive_at;
        last = {{}, rows.time(2), rows.word<pki::Reason>(3), rows.maybe_time(4)};
    }
}

Result<std::uint64_t> Ledger::draw_crl_number(Transaction& in, pki::Ca ca, Time at) {
    Connection& connection = Access::write(in);
    MITOME_TRY(last, find(
                         connection, [](const Statement& row) { return row.count(0); },
                         "SELECT coalesce(max(number), 0) FROM crls WHERE ca = ?", ca));
    const std::uint64_t number = last.value_or(0) + 1;
    MITOME_CHECK(perform(connection, "INSERT INTO crls VALUES(?, ?, ?, NULL)", ca, number, at));
    return number;
}

Done Ledger::keep_crl(Transaction& in, pki::Ca ca, std::uint64_t number, BytesView der) {
    Connection& connection = Access::write(in);
    MITOME_TRY(kept, execute(connection, "UPDATE crls SET der = ? WHERE ca = ? AND number = ?", der,
                             ca, number));
    if (kept != 1) return fail(Fault::absent, "ledger: no such CRL number");
    return perform(connection,
                   "UPDATE crls SET der = NULL WHERE ca = ? AND number < ? "
                   "AND der IS NOT NULL",
                   ca, number);
}

Result<std::optional<Ledger::Crl>> Ledger::latest_crl(pki::Ca ca, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(
        *lease, [](const Statement& row) { return Crl{row.count(0), copy(row.octets(1))}; },
        "SELECT number, der FROM crls WHERE ca = ? AND der IS NOT NULL "
        "ORDER BY number DESC LIMIT 1",
        ca);
}

}  // namespace mitome::store
