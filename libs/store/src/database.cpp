// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"
#include "schema.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/store/database.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <ctime>
#include <mutex>

namespace mitome::store {
namespace {

// More would make the first of a flush wait for work that is not its own.
constexpr unsigned most_per_flush = 64;
// Long reads (a CRL) beside short ones; whoever comes later waits.
constexpr std::size_t most_readers = 8;

// Transactions that reach the disk together.
struct Flush {
    bool finished = false;
    Done outcome;
};

std::unexpected<Error> failed(Literal what, int error) {
    const auto code = static_cast<std::uint32_t>(error);
    switch (error) {
        case ENOENT:
        case ENOTDIR: return fail(Fault::absent, what, code);
        case EACCES:
        case EPERM:
        case EROFS: return fail(Fault::denied, what, code);
        default: return fail(Fault::unavailable, what, code);
    }
}

// A file beside the database keeps a second process out. Not the database itself: closing any
// descriptor of that one would drop the engine's own locks on it.
Result<Descriptor> lock_out_others(const std::string& path) {
    Descriptor lock{
        ::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!lock) return failed("store: cannot make its lock file", errno);
    if (::flock(lock.number(), LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno == EWOULDBLOCK) return fail(Fault::conflict, "store: another process has it open");
    return failed("store: cannot lock", errno);
}

Done make_file(const std::string& path) {
    const Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (!file) return failed("store: cannot open its file", errno);
    return {};
}

Result<std::int64_t> number(Connection& connection, Sql sql) {
    MITOME_TRY(statement, query(connection, sql));
    MITOME_TRY(row, statement.next());
    return row ? statement.number(0) : 0;
}

Done migrate(Connection& connection, const Schema& schema) {
    MITOME_TRY(application, number(connection, "PRAGMA application_id"));
    MITOME_TRY(tables, number(connection, "SELECT count(*) FROM sqlite_schema"));
    MITOME_TRY(version, number(connection, "PRAGMA user_version"));
    const bool fresh = application == 0 && tables == 0 && version == 0;
    if (!fresh && application != schema.application) {
        return fail(Fault::conflict, "store: the file holds something else");
    }
    const auto newest = static_cast<std::int64_t>(schema.steps.size());
    if (version > newest) return fail(Fault::conflict, "store: a newer version made the file");
    if (version == newest) return {};

    // All steps or none, so that no file ever stands between two versions.
    MITOME_CHECK(connection.run("BEGIN IMMEDIATE"));
    const auto steps = [&]() -> Done {
        MITOME_CHECK(connection.run(
            "CREATE TABLE IF NOT EXISTS migrations(number INTEGER PRIMARY KEY, at INTEGER)"));
        for (std::int64_t done = version; done < newest; ++done) {
            MITOME_CHECK(connection.run(schema.steps[static_cast<std::size_t>(done)]));
            MITOME_CHECK(perform(connection, "INSERT INTO migrations VALUES(?, ?)", done + 1,
                                 std::int64_t{std::time(nullptr)}));
        }
        // A pragma takes no parameters; both are numbers of ours.
        MITOME_CHECK(connection.run(("PRAGMA user_version = " + std::to_string(newest)).c_str()));
        MITOME_CHECK(connection.run(
            ("PRAGMA application_id = " + std::to_string(schema.application)).c_str()));
        return connection.run("COMMIT");
    }();
    if (!steps) {
        static_cast<void>(connection.run("ROLLBACK"));
        return steps;
    }
    if (version != 0) log(Level::info, "store.migrated", {{"from", version}, {"to", newest}});
    return {};
}

}  // namespace

struct Database::State {
    Descriptor lock;
    std::string path;
    unsigned version = 0;
    std::unique_ptr<Connection> writer;

    std::mutex writing;  // held from begin to commit
    std::condition_variable flushed;
    std::atomic<unsigned> waiting{0};
    std::shared_ptr<Flush> flush;  // open while set; shared by the transactions that are in it
    unsigned in_flush = 0;

    std::mutex pool;
    std::condition_variable returned;
    std::vector<std::unique_ptr<Connection>> readers;
    std::vector<Connection*> idle;

    Result<Connection*> lend();
    void give_back(Connection* connection);

    void finish(Done outcome) {
        flush->finished = true;
        flush->outcome = outcome;
        flush.reset();
        in_flush = 0;
        flushed.notify_all();
    }
    void write_out() {
        Done outcome = mark("COMMIT");
        if (!outcome) {
            log(Level::error, "store.commit_failed", {{"error", outcome.error()}});
            if (writer->in_transaction()) static_cast<void>(writer->run("ROLLBACK"));
        }
        finish(outcome);
    }
    // BEGIN, SAVEPOINT and the like, on the writer.
    Done mark(Sql sql) { return perform(*writer, sql); }
    // The engine has undone everything, the work of others in this flush too.
    void give_up() { finish(fail(Fault::unavailable, "store: disk full or gone")); }
};

struct Transaction::State {
    Database::State& database;
    std::unique_lock<std::mutex> lock;
    std::shared_ptr<Flush> flush;
};

struct Snapshot::State {
    Database& database;
    Connection* connection;
};

Result<Connection*> Database::State::lend() {
    std::unique_lock held{pool};
    while (idle.empty()) {
        if (readers.size() < most_readers) {
            MITOME_TRY(opened, Connection::open(path, Mode::read));
            readers.push_back(std::move(opened));
            return readers.back().get();
        }
        returned.wait(held);
    }
    Connection* const lent = idle.back();
    idle.pop_back();
    return lent;
}

void Database::State::give_back(Connection* connection) {
    {
        const std::lock_guard held{pool};
        idle.push_back(connection);
    }
    returned.notify_one();
}

Result<Lease> Access::read(Database& database, const View& view) {
    if (view.connection_ != nullptr) return Lease{view.connection_, nullptr};
    MITOME_TRY(lent, database.state_->lend());
    return Lease{lent, &database};
}

void Access::give_back(Database& database, Connection* connection) {
    database.state_->give_back(connection);
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path,
                                                 const Schema& schema) {
    auto state = std::make_unique<State>();
    state->path = path.string();
    MITOME_TRY(lock, lock_out_others(state->path));
    state->lock = std::move(lock);
    MITOME_CHECK(make_file(state->path));
    MITOME_TRY(writer, Connection::open(state->path, Mode::write));
    state->writer = std::move(writer);
    MITOME_CHECK(migrate(*state->writer, schema));
    state->version = static_cast<unsigned>(schema.steps.size());
    return std::unique_ptr<Database>{new Database{std::move(state)}};
}

unsigned Database::version() const { return state_->version; }

Result<Transaction> Database::begin() {
    ++state_->waiting;
    std::unique_lock lock{state_->writing};
    --state_->waiting;
    if (!state_->flush) {
        MITOME_CHECK(state_->mark("BEGIN IMMEDIATE"));
        state_->flush = std::make_shared<Flush>();
    }
    if (const Done marked = state_->mark("SAVEPOINT mine"); !marked) {
        if (state_->writer->in_transaction()) {
            state_->write_out();
        } else {
            state_->give_up();
        }
        return std::unexpected{marked.error()};
    }
    auto flush = state_->flush;
    return Transaction{std::make_unique<Transaction::State>(
        Transaction::State{*state_, std::move(lock), std::move(flush)})};
}

Transaction::Transaction(std::unique_ptr<State> state)
    : View(state->database.writer.get()), state_(std::move(state)) {}
Transaction::Transaction(Transaction&& other) noexcept = default;

Done Transaction::commit() {
    if (!state_) return fail(Fault::broken, "store: committed twice");
    const auto state = std::move(state_);
    connection_ = nullptr;
    Database::State& database = state->database;
    if (!database.writer->in_transaction()) {
        database.give_up();
        return state->flush->outcome;
    }
    if (const Done released = database.mark("RELEASE mine"); !released) {
        if (database.writer->in_transaction()) static_cast<void>(database.writer->run("ROLLBACK"));
        database.finish(std::unexpected{released.error()});
        return released;
    }
    ++database.in_flush;
    // The last one out flushes: each of those who wait comes by here, or by the destructor.
    if (database.waiting.load() != 0 && database.in_flush < most_per_flush) {
        database.flushed.wait(state->lock, [&] { return state->flush->finished; });
    } else {
        database.write_out();
    }
    return state->flush->outcome;
}

Transaction::~Transaction() {
    if (!state_) return;
    Database::State& database = state_->database;
    if (!database.writer->in_transaction()) {
        database.give_up();
        return;
    }
    if (database.in_flush == 0) {
        static_cast<void>(database.writer->run("ROLLBACK"));
        database.finish({});
        return;
    }
    const Done undone = database.writer->run("ROLLBACK TO mine; RELEASE mine");
    if (!undone) {
        static_cast<void>(database.writer->run("ROLLBACK"));
        database.finish(std::unexpected{undone.error()});
    } else if (database.waiting.load() == 0) {
        database.write_out();
    }
}

Result<Snapshot> Database::snapshot() {
    MITOME_TRY(lent, state_->lend());
    auto state = std::make_unique<Snapshot::State>(Snapshot::State{*this, lent});
    Snapshot snapshot{std::move(state)};
    MITOME_CHECK(lent->run("BEGIN"));
    // The picture is taken by the first read.
    MITOME_TRY(tables, number(*lent, "SELECT count(*) FROM sqlite_schema"));
    static_cast<void>(tables);
    return snapshot;
}

Snapshot::Snapshot(std::unique_ptr<State> state)
    : View(state->connection), state_(std::move(state)) {}
Snapshot::Snapshot(Snapshot&& other) noexcept = default;

Snapshot::~Snapshot() {
    if (!state_) return;
    if (state_->connection->in_transaction())
        static_cast<void>(state_->connection->run("ROLLBACK"));
    Access::give_back(state_->database, state_->connection);
}

Done Database::check_integrity() {
    MITOME_TRY(lease, Access::read(*this, {}));
    {
        MITOME_TRY(statement, query(*lease, "PRAGMA integrity_check(1)"));
        MITOME_TRY(row, statement.next());
        if (!row || statement.text(0) != "ok") {
            return fail(Fault::broken, "store: integrity check failed");
        }
    }
    MITOME_TRY(statement, query(*lease, "PRAGMA foreign_key_check"));
    MITOME_TRY(row, statement.next());
    if (row) return fail(Fault::broken, "store: a reference leads nowhere");
    return {};
}

}  // namespace mitome::store
