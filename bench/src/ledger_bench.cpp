// SPDX-License-Identifier: Apache-2.0

// The authority's ledger with N certificates in it: written in batches, looked up, and a CRL of
// one in a hundred made from it. Beside it a bare SQLite table with rows of the same size.
// Usage: ledger_bench FOLDER N
#include "world.hpp"

#include <mitome/pki/crl.hpp>
#include <mitome/store/ledger.hpp>

#include <sqlite3.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace mitome::bench {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t batch = 10'000;
constexpr std::size_t revoked_of = 100;  // one in so many
constexpr std::size_t slice = 5;         // batches of each contender in turn

/// One person's certificate, of which only the serial number changes.
class Form {
public:
    explicit Form(const Authority& by)
        : tbs_(person_tbs(by, new_key()->spki(), serial(0))),
          signature_algorithm_(by.issuer.signature_algorithm),
          signature_(must(by.key->sign(crypto::Hash::sha256, tbs_))) {
        const Serial first = serial(0);
        at_ = static_cast<std::size_t>(std::ranges::search(tbs_, BytesView{first}).begin() -
                                       tbs_.begin());
    }
    const Bytes& tbs_with(const Serial& number) {
        std::memcpy(&tbs_[at_], number.data(), number.size());
        return tbs_;
    }
    [[nodiscard]] Bytes certificate() const {
        return pki::assemble(tbs_, signature_algorithm_, signature_);
    }

private:
    Bytes tbs_, signature_algorithm_, signature_;
    std::size_t at_ = 0;
};

class Ours {
public:
    explicit Ours(const fs::path& folder)
        : database_(must(store::Database::open(folder / "ledger.db", store::authority_schema()))),
          ledger_(*database_) {}

    void add(std::size_t from, Form& form) {
        auto change = must(database_->begin());
        for (std::size_t n = from; n < from + batch; ++n) {
            const Serial number = serial(n);
            const Bytes& tbs = form.tbs_with(number);
            must(ledger_.record_intent(change,
                                       {.ca = ca,
                                        .serial = copy(number),
                                        .request = copy(number),
                                        .not_after = end_,
                                        .tbs = tbs},
                                       now()));
            must(ledger_.record_certificate(change, ca, number, form.certificate(), now()));
        }
        must(change.commit());
    }
    void revoke(std::size_t count) {
        auto change = must(database_->begin());
        for (std::size_t n = 0; n < count; n += revoked_of) {
            must(ledger_.record_revocation(change, {.ca = ca,
                                                    .serial = copy(serial(n)),
                                                    .at = now(),
                                                    .reason = pki::Reason::key_compromise,
                                                    .invalidity = {},
                                                    .role = "operator",
                                                    .cause = "bench"}));
        }
        must(change.commit());
    }
    [[nodiscard]] bool has(std::size_t n, const store::View& view) const {
        return must(ledger_.entry(ca, serial(n), view)).has_value();
    }
    [[nodiscard]] store::Snapshot snapshot() { return must(database_->snapshot()); }
    [[nodiscard]] Bytes crl(const Authority& by, std::size_t expected) {
        pki::CrlWriter writer{{by.issuer, now(), now() + std::chrono::hours{24}, 1}, expected};
        must(ledger_.each_revoked(ca, now(), [&](const store::RevokedSerial& one) {
            writer.add({.serial = one.serial,
                        .at = one.at,
                        .reason = one.reason,
                        .invalidity = one.invalidity});
        }));
        return must(std::move(writer).sign(*by.key));
    }

private:
    static constexpr pki::Ca ca = pki::Ca::card_sign;
    std::unique_ptr<store::Database> database_;
    store::Ledger ledger_;
    Time end_ = years(4).not_after;
};

/// A table from serial number to certificate.
class Bare {
public:
    explicit Bare(const fs::path& folder) {
        must_hold(sqlite3_open((folder / "bare.db").c_str(), &database_) == SQLITE_OK, "a file");
        perform(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE certificates("
            "id INTEGER PRIMARY KEY, serial BLOB UNIQUE NOT NULL, der BLOB NOT NULL)");
        prepare(insert_, "INSERT INTO certificates(serial, der) VALUES(?, ?)");
        prepare(find_, "SELECT id, der FROM certificates WHERE serial = ?");
    }
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;
    ~Bare() {
        sqlite3_finalize(insert_);
        sqlite3_finalize(find_);
        sqlite3_close(database_);
    }

    void perform(const char* sql) {
        must_hold(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
    }
    void add(std::size_t from, Form& form) {
        perform("BEGIN IMMEDIATE");
        for (std::size_t n = from; n < from + batch; ++n) {
            const Serial number = serial(n);
            form.tbs_with(number);
            const Bytes der = form.certificate();
            bind(insert_, 1, number);
            bind(insert_, 2, der);
            must_hold(sqlite3_step(insert_) == SQLITE_DONE, "a row");
            sqlite3_reset(insert_);
        }
        perform("COMMIT");
    }
    [[nodiscard]] bool has(std::size_t n) {
        const Serial number = serial(n);
        bind(find_, 1, number);
        const bool found = sqlite3_step(find_) == SQLITE_ROW;
        sqlite3_reset(find_);
        return found;
    }

private:
    void prepare(sqlite3_stmt*& statement, const char* sql) {
        must_hold(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) == SQLITE_OK, sql);
    }
    static void bind(sqlite3_stmt* statement, int place, BytesView octets) {
        sqlite3_bind_blob(statement, place, octets.data(), static_cast<int>(octets.size()),
                          nullptr);
    }

    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    sqlite3_stmt* find_ = nullptr;
};

double mebibytes_resident() {
    double pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages >> pages;
    return pages * 4096 / (1 << 20);
}

int run(const fs::path& folder, std::size_t count) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    const std::string suffix = "." + std::to_string(count);
    const Authority by = new_authority(pki::Ca::card_sign);
    Form form{by};
    Ours ours{folder};
    Bare bare{folder};

    double ours_took = 0, bare_took = 0;
    for (std::size_t from = 0; from < count; from += batch * slice) {
        const std::size_t end = std::min(count, from + batch * slice);
        double start = seconds();
        for (std::size_t n = from; n < end; n += batch) ours.add(n, form);
        ours_took += seconds() - start;
        start = seconds();
        for (std::size_t n = from; n < end; n += batch) bare.add(n, form);
        bare_took += seconds() - start;
    }
    const auto rows = static_cast<double>(count);
    figure("ledger.add.ours" + suffix, rows / ours_took, "per_second");
    figure("ledger.add.bare" + suffix, rows / bare_took, "per_second");
    ours.revoke(count);

    std::uint64_t draw = 0;
    constexpr unsigned times = 100;
    const auto each = [&](auto has) {
        for (unsigned i = 0; i < times; ++i) must_hold(has(mix(++draw) % count), "a hit");
    };
    {
        const store::Snapshot view = ours.snapshot();
        bare.perform("BEGIN");
        race({{.name = "ledger.find.ours" + suffix,
               .once = [&] { each([&](std::size_t n) { return ours.has(n, view); }); },
               .times = times},
              {.name = "ledger.find.bare" + suffix,
               .once = [&] { each([&](std::size_t n) { return bare.has(n); }); },
               .times = times}},
             0.5, Shown::per_second);
        bare.perform("COMMIT");
    }
    race({{.name = "ledger.crl.ours" + suffix,
           .once = [&] { must_hold(!ours.crl(by, count / revoked_of).empty(), "a CRL"); }}},
         0.3, Shown::milliseconds);
    std::error_code none;
    figure("ledger.octets" + suffix,
           static_cast<double>(fs::file_size(folder / "ledger.db", none)) / rows, "octets");
    figure("ledger.memory" + suffix, mebibytes_resident(), "MiB");
    fs::remove_all(folder);
    return 0;
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    if (count != 3) return 64;
    return mitome::bench::run(words[1], std::strtoul(words[2], nullptr, 10));
}
