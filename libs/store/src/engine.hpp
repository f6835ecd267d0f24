// SPDX-License-Identifier: Apache-2.0
#pragma once

// SQLite as this room uses it: one connection, its kept statements, typed columns. Private.

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/store/database.hpp>

#include <sqlite3.h>

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace mitome::store {

template <auto Release>
struct Releases {
    template <class T>
    void operator()(T* owned) const noexcept {
        Release(owned);
    }
};
using Prepared = std::unique_ptr<sqlite3_stmt, Releases<sqlite3_finalize>>;

/// The `Error` that a result code stands for.
[[nodiscard]] Error error_of(int code);

/// Statements fixed at compile time: no value can be written into one.
using Sql = Literal;

enum class Mode : std::uint8_t { write, read };

struct Connection {
    [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const std::string& path,
                                                                  Mode mode);

    /// Runs statements without parameters, as many as stand in `script`.
    [[nodiscard]] Done run(const char* script);

    /// False once the engine has undone a transaction of its own accord (disk full).
    [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle.get()) == 0; }

    std::unique_ptr<sqlite3, Releases<sqlite3_close_v2>> handle;
    std::unordered_map<const char*, Prepared> prepared;  // by the address of their text
};

/// Whether the engine may use the caller's octets until the statement ends, or takes a copy.
enum class Octets : std::uint8_t { borrowed, copied };

/// A statement that runs. Put back, or finalised, when dropped.
class Statement {
public:
    [[nodiscard]] static Result<Statement> prepare(Connection& connection, Sql sql);
    Statement(Statement&& other) noexcept
        : statement_(std::exchange(other.statement_, nullptr)), own_(std::move(other.own_)) {}
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    void bind(int at, std::integral auto number, Octets) {
        note(sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(number)));
    }
    template <class E>
        requires std::is_enum_v<E>
    void bind(int at, E word, Octets) {
        note(sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(word)));
    }
    void bind(int at, Time time, Octets octets) {
        bind(at, std::int64_t{time.time_since_epoch().count()}, octets);
    }
    void bind(int at, BytesView content, Octets octets);
    void bind(int at, const Bytes& content, Octets octets) { bind(at, BytesView{content}, octets); }
    void bind(int at, std::string_view content, Octets octets);
    void bind(int at, const std::string& content, Octets octets) {
        bind(at, std::string_view{content}, octets);
    }
    template <class T>
    void bind(int at, const std::optional<T>& value, Octets octets) {
        if (value) {
            bind(at, *value, octets);
        } else {
            note(sqlite3_bind_null(statement_, at));
        }
    }

    /// True: there is a row, and the columns below are its.
    [[nodiscard]] Result<bool> next();

    [[nodiscard]] bool is_null(int at) const;
    [[nodiscard]] std::int64_t number(int at) const;
    template <class E>
    [[nodiscard]] E word(int at) const {
        return static_cast<E>(number(at));
    }
    [[nodiscard]] std::uint64_t count(int at) const {
        return static_cast<std::uint64_t>(number(at));
    }
    [[nodiscard]] Time time(int at) const { return Time{std::chrono::seconds{number(at)}}; }
    [[nodiscard]] std::optional<Time> maybe_time(int at) const {
        return is_null(at) ? std::nullopt : std::optional{time(at)};
    }
    /// Lives until the next row.
    [[nodiscard]] BytesView octets(int at) const;
    [[nodiscard]] std::string text(int at) const;

private:
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    void note(int code) {
        if (code != SQLITE_OK) bound_ = code;
    }

    sqlite3_stmt* statement_;
    Prepared own_;
    int bound_ = SQLITE_OK;
};

template <class... Values>
[[nodiscard]] Result<Statement> query(Connection& connection, Sql sql, const Values&... values) {
    MITOME_TRY(statement, Statement::prepare(connection, sql));
    int at = 0;
    (statement.bind(++at, values, Octets::copied), ...);
    return statement;
}

/// To its end; the answer is how many rows changed.
template <class... Values>
[[nodiscard]] Result<int> execute(Connection& connection, Sql sql, const Values&... values) {
    MITOME_TRY(statement, Statement::prepare(connection, sql));
    int at = 0;
    (statement.bind(++at, values, Octets::borrowed), ...);
    while (true) {
        MITOME_TRY(row, statement.next());
        if (!row) return sqlite3_changes(connection.handle.get());
    }
}

template <class... Values>
[[nodiscard]] Done perform(Connection& connection, Sql sql, const Values&... values) {
    MITOME_CHECK(execute(connection, sql, values...));
    return {};
}

/// The one row of a query that has one, through `make`; nothing when there is none.
template <class Make, class... Values>
[[nodiscard]] auto find(Connection& connection, Make make, Sql sql, const Values&... values)
    -> Result<std::optional<std::invoke_result_t<Make, const Statement&>>> {
    using Found = std::optional<std::invoke_result_t<Make, const Statement&>>;
    MITOME_TRY(statement, query(connection, sql, values...));
    MITOME_TRY(row, statement.next());
    return row ? Found{make(std::as_const(statement))} : Found{};
}

template <class Make, class... Values>
[[nodiscard]] auto list(Connection& connection, Make make, Sql sql, const Values&... values)
    -> Result<std::vector<std::invoke_result_t<Make, const Statement&>>> {
    std::vector<std::invoke_result_t<Make, const Statement&>> found;
    MITOME_TRY(statement, query(connection, sql, values...));
    while (true) {
        MITOME_TRY(row, statement.next());
        if (!row) return found;
        found.push_back(make(std::as_const(statement)));
    }
}

/// A connection for one read: that of the view, or one lent by the database.
class Lease {
public:
    Lease(Connection* connection, Database* lender) : connection_(connection), lender_(lender) {}
    Lease(Lease&& other) noexcept
        : connection_(other.connection_), lender_(std::exchange(other.lender_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    [[nodiscard]] Connection& operator*() const { return *connection_; }

private:
    Connection* connection_;
    Database* lender_;  // null: nothing to give back
};

/// How the classes of this room reach the connection behind a database, view or transaction.
struct Access {
    [[nodiscard]] static Result<Lease> read(Database& database, const View& view);
    [[nodiscard]] static Connection& write(Transaction& transaction) {
        return *transaction.connection_;
    }
    static void give_back(Database& database, Connection* connection);
};

}  // namespace mitome::store
