// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <limits>

namespace mitome::store {
namespace {

constexpr int busy_milliseconds = 5'000;  // recovery and checkpoints are the only rivals

// 64 MiB for the writer, whose indexes take serials at random places; 16 MiB for each reader.
constexpr const char* every_setting =
    "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
    "PRAGMA temp_store = MEMORY;";
constexpr const char* writer_settings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"
    "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536;";
constexpr const char* reader_settings = "PRAGMA query_only = ON; PRAGMA cache_size = -16384;";

}  // namespace

Error error_of(int code) {
    const auto known = static_cast<std::uint32_t>(code);
    switch (code) {
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_ROWID: return {Fault::conflict, "store: exists already", known};
        case SQLITE_CONSTRAINT_FOREIGNKEY:
            return {Fault::absent, "store: what it refers to does not exist", known};
        default: break;
    }
    switch (code & 0xFF) {
        case SQLITE_FULL: return {Fault::unavailable, "store: disk full", known};
        case SQLITE_IOERR: return {Fault::unavailable, "store: disk error", known};
        case SQLITE_NOMEM: return {Fault::unavailable, "store: no memory", known};
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return {Fault::unavailable, "store: busy", known};
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH: return {Fault::denied, "store: read-only", known};
        case SQLITE_CANTOPEN: return {Fault::unavailable, "store: cannot open", known};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return {Fault::broken, "store: file is damaged", known};
        case SQLITE_CONSTRAINT: return {Fault::broken, "store: rule of the schema broken", known};
        default: return {Fault::broken, "store: statement failed", known};
    }
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Mode mode) {
    auto connection = std::make_unique<Connection>();
    sqlite3* raw = nullptr;
    // Each connection is used by one thread at a time, which the callers see to.
    const int opened = sqlite3_open_v2(
        path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        nullptr);
    connection->handle.reset(raw);
    if (opened != SQLITE_OK) return std::unexpected{error_of(opened)};
    sqlite3_busy_timeout(raw, busy_milliseconds);
    MITOME_CHECK(connection->run(every_setting));
    MITOME_CHECK(connection->run(mode == Mode::write ? writer_settings : reader_settings));
    return connection;
}

Done Connection::run(const char* script) {
    const int done = sqlite3_exec(handle.get(), script, nullptr, nullptr, nullptr);
    if (done != SQLITE_OK) return std::unexpected{error_of(done)};
    return {};
}

Result<Statement> Statement::prepare(Connection& connection, Sql sql) {
    Prepared& kept = connection.prepared[sql.text];
    // Busy when a row of the same query is still being looked at, further up: it gets its own.
    const bool in_use = kept && sqlite3_stmt_busy(kept.get()) != 0;
    if (kept && !in_use) return Statement{kept.get()};

    sqlite3_stmt* raw = nullptr;
    const int done = sqlite3_prepare_v3(connection.handle.get(), sql.text, -1,
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (done != SQLITE_OK) return std::unexpected{error_of(done)};
    Statement statement{raw};
    (in_use ? statement.own_ : kept).reset(raw);
    return statement;
}

Statement::~Statement() {
    if (statement_ == nullptr || own_) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);  // nothing of the caller's is looked at any more
}

void Statement::bind(int at, BytesView content, Octets octets) {
    // A null pointer would bind NULL, which is another thing than no octets.
    if (content.empty()) {
        note(sqlite3_bind_zeroblob(statement_, at, 0));
        return;
    }
    note(sqlite3_bind_blob64(statement_, at, content.data(), content.size(),
                             octets == Octets::borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT));
}

void Statement::bind(int at, std::string_view content, Octets octets) {
    const char* const start = content.empty() ? "" : content.data();
    note(sqlite3_bind_text64(statement_, at, start, content.size(),
                             octets == Octets::borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT,
                             SQLITE_UTF8));
}

Result<bool> Statement::next() {
    if (bound_ != SQLITE_OK) return std::unexpected{error_of(bound_)};
    const int step = sqlite3_step(statement_);
    if (step == SQLITE_ROW) return true;
    if (step == SQLITE_DONE) return false;
    return std::unexpected{error_of(step)};
}

bool Statement::is_null(int at) const { return sqlite3_column_type(statement_, at) == SQLITE_NULL; }

std::int64_t Statement::number(int at) const { return sqlite3_column_int64(statement_, at); }

BytesView Statement::octets(int at) const {
    const void* const start = sqlite3_column_blob(statement_, at);
    const int size = sqlite3_column_bytes(statement_, at);
    return {static_cast<const std::uint8_t*>(start), static_cast<std::size_t>(size)};
}

std::string Statement::text(int at) const { return std::string{mitome::text(octets(at))}; }

Lease::~Lease() {
    if (lender_ != nullptr) Access::give_back(*lender_, connection_);
}

}  // namespace mitome::store
