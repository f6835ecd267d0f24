// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace mitome::store {

struct Connection;  // to the engine underneath; private to this room
struct Schema;      // what a file holds, and how an older file becomes a newer one

/// Where a read looks. A plain `View{}` sees what is committed at that moment, a `Snapshot`
/// stays with what was committed when it was taken, a `Transaction` sees its own changes too.
class View {
public:
    View() = default;

protected:
    friend struct Access;
    explicit View(Connection* connection) : connection_(connection) {}
    Connection* connection_ = nullptr;
};

/// One unmoving picture of the whole file, for as long as it is held.
class Snapshot : public View {
public:
    Snapshot(Snapshot&& other) noexcept;
    Snapshot& operator=(Snapshot&&) = delete;
    ~Snapshot();

private:
    friend class Database;
    friend struct Access;
    struct State;
    explicit Snapshot(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Changes that happen together or not at all. Holds the file's one writer from `begin` to
/// `commit`: other writers wait, so nothing slow belongs in between. Undone when dropped.
class Transaction : public View {
public:
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    /// Returns when the changes are on disk. Transactions of other threads that wait for the
    /// writer meanwhile share one flush of the disk; if that flush fails, it fails for all.
    /// `unavailable`: disk full or gone; `denied`: read-only. Nothing of it has happened then.
    [[nodiscard]] Done commit();

private:
    friend class Database;
    friend struct Access;
    struct State;
    explicit Transaction(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// A database file of one process, safe to use from several threads. SQLite 3 with a
/// write-ahead log, each commit flushed.
///
/// Faults of everything in this room: `unavailable` (disk full, input error; code = the
/// engine's), `denied` (no permission, read-only), `conflict` (a key that exists already, or
/// as said), `broken` (the file is damaged or its contents contradict themselves).
class Database {
public:
    /// Opens or makes the file (mode 0600; its folder must exist) and brings it up to date.
    /// `conflict`: another process has it open, or it holds something else, or a newer Mitome
    /// made it. `absent`: no such folder.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path,
                                                                const Schema& schema);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    /// One at a time; never while this thread holds another one.
    [[nodiscard]] Result<Transaction> begin();
    [[nodiscard]] Result<Snapshot> snapshot();

    /// Reads the whole file: `broken` when a page, an index or a reference is wrong.
    [[nodiscard]] Done check_integrity();

    /// How many migrations the file has behind it.
    [[nodiscard]] unsigned version() const;

private:
    friend class Snapshot;
    friend class Transaction;
    friend struct Access;
    struct State;
    explicit Database(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// One per process that keeps a file: `Ledger` and `Audit`; `Register` and `Audit`;
/// `StatusCopy`; `Audit` alone.
[[nodiscard]] const Schema& authority_schema();
[[nodiscard]] const Schema& registration_schema();
[[nodiscard]] const Schema& status_schema();
[[nodiscard]] const Schema& maker_schema();
/// A holder's own history: `Audit` alone.
[[nodiscard]] const Schema& history_schema();

}  // namespace mitome::store
