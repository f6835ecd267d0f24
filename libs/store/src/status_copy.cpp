// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <mitome/store/status_copy.hpp>

namespace mitome::store {
namespace {

StatusEntry entry_of(const Statement& row) {
    return {row.word<Happening>(0), row.time(1), row.time(2), row.word<pki::Reason>(3),
            row.maybe_time(4)};
}

Result<std::uint64_t> last_of(Connection& connection) {
    MITOME_TRY(found, find(
                          connection, [](const Statement& row) { return row.count(0); },
                          "SELECT seq FROM position"));
    return found.value_or(0);
}

}  // namespace

Done StatusCopy::apply(Transaction& in, const std::vector<FeedEntry>& entries) {
    Connection& connection = Access::write(in);
    MITOME_TRY(last, last_of(connection));
    // Looked at before anything is written, so that a gap applies nothing at all.
    std::uint64_t next = last + 1;
    for (const FeedEntry& entry : entries) {
        if (entry.seq > next) return fail(Fault::conflict, "status: lines are missing");
        if (entry.seq == next) ++next;
    }
    for (const FeedEntry& entry : entries) {
        if (entry.seq <= last) continue;
        MITOME_CHECK(perform(connection,
                             "INSERT OR REPLACE INTO entries VALUES(?, ?, ?, ?, ?, ?, ?)", entry.ca,
                             entry.serial, entry.happening, entry.at, entry.not_after, entry.reason,
                             entry.invalidity));
        last = entry.seq;
    }
    return perform(connection, "UPDATE position SET seq = ?", last);
}

Result<std::uint64_t> StatusCopy::last(const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return last_of(*lease);
}

Result<std::optional<StatusEntry>> StatusCopy::entry(pki::Ca ca, BytesView serial,
                                                     const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(*lease, entry_of,
                "SELECT happening, at, not_after, reason, invalidity FROM entries "
                "WHERE ca = ? AND serial = ?",
                ca, serial);
}

Done StatusCopy::each(pki::Ca ca,
                      const std::function<void(BytesView serial, const StatusEntry&)>& visit,
                      const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(rows, query(*lease,
                           "SELECT happening, at, not_after, reason, invalidity, serial "
                           "FROM entries WHERE ca = ? ORDER BY serial",
                           ca));
    while (true) {
        MITOME_TRY(more, rows.next());
        if (!more) return {};
        visit(rows.octets(5), entry_of(rows));
    }
}

Done StatusCopy::keep_crl(Transaction& in, pki::Ca ca, BytesView der) {
    return perform(Access::write(in), "INSERT OR REPLACE INTO crls VALUES(?, ?)", ca, der);
}

Result<Bytes> StatusCopy::crl(pki::Ca ca, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    MITOME_TRY(found, find(
                          *lease, [](const Statement& row) { return copy(row.octets(0)); },
                          "SELECT der FROM crls WHERE ca = ?", ca));
    return found.value_or(Bytes{});
}

Done StatusCopy::keep(Transaction& in, std::string_view name, BytesView value) {
    return perform(Access::write(in), "INSERT OR REPLACE INTO kept VALUES(?, ?)", name, value);
}

Result<std::optional<Bytes>> StatusCopy::kept(std::string_view name, const View& view) const {
    MITOME_TRY(lease, Access::read(database_, view));
    return find(
        *lease, [](const Statement& row) { return copy(row.octets(0)); },
        "SELECT value FROM kept WHERE name = ?", name);
}

}  // namespace mitome::store
