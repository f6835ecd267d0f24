// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <mitome/crypto/digest.hpp>
#include <mitome/store/audit.hpp>

namespace mitome::store {
namespace {

void append_number(Bytes& to, std::uint64_t number) {
    for (unsigned shift = 64; shift != 0;) {
        shift -= 8;
        to.push_back(static_cast<std::uint8_t>(number >> shift));
    }
}

// Every field carries its length, so that no two rows have the same octets.
Bytes hash_of(BytesView previous, std::uint64_t seq, const AuditEvent& event) {
    Bytes content = copy(view("mitome audit 1"));
    append(content, previous);
    append_number(content, seq);
    append_number(content, static_cast<std::uint64_t>(event.at.time_since_epoch().count()));
    for (const std::string* field : {&event.role, &event.action, &event.subject, &event.detail}) {
        append_number(content, field->size());
        append(content, view(*field));
    }
    return crypto::digest(crypto::Hash::sha256, content);
}

AuditRow row_of(const Statement& row) {
    return {row.count(0),
            {row.time(1), row.text(2), row.text(3), row.text(4), row.text(5)},
            copy(row.octets(6)),
            copy(row.octets(7))};
}

Result<Audit::Head> head_of(Connection& connection) {
    MITOME_TRY(found, find(
                          connection,
                          [](const Statement& row) {
                              return Audit::Head{row.count(0), copy(row.octets(1))};
                          },
                          "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"));
    return found.value_or(Audit::Head{});
}

}  // namespace

Done Audit::append(Transaction& in, const AuditEvent& event) {
    Connection& connection = Access::write(in);
    MITOME_TRY(head, head_of(connection));
    const std::uint64_t seq = head.seq + 1;
    return perform(connection, "INSERT INTO audit VALUES(?, ?, ?, ?, ?, ?, ?, ?)", seq, event.at,
                   event.role, event.action, event.subject, event.detail, head.hash,
                   hash_of(head.hash, seq, event));
}

Result<std::vector<AuditRow>> Audit::page(std::uint64_t after, std::size_t limit,
                                          const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return list(*lease, row_of,
                "SELECT seq, at, role, action, subject, detail, previous, hash FROM audit "
                "WHERE seq > ? ORDER BY seq LIMIT ?",
                after, limit);
}

Result<Audit::Head> Audit::head(const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return head_of(*lease);
}

Result<Audit::Verdict> Audit::verify(const std::optional<Head>& kept, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(rows, query(*lease,
                           "SELECT seq, at, role, action, subject, detail, previous, hash "
                           "FROM audit ORDER BY seq"));
    Verdict verdict;
    Head last;
    while (true) {
        MITOME_TRY(more, rows.next());
        if (!more) break;
        const AuditRow row = row_of(rows);
        const std::uint64_t expected = last.seq + 1;
        const bool fits = row.seq == expected && row.previous == last.hash &&
                          row.hash == hash_of(last.hash, row.seq, row.event) &&
                          (!kept || kept->seq != row.seq || kept->hash == row.hash);
        if (!fits) {
            verdict.broken_at = expected;
            return verdict;
        }
        last = {row.seq, row.hash};
        ++verdict.rows;
    }
    if (kept && kept->seq > last.seq) verdict.broken_at = last.seq + 1;
    return verdict;
}

}  // namespace mitome::store
