// SPDX-License-Identifier: Apache-2.0
#include "test_database.hpp"

#include <mitome/store/audit.hpp>

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace mitome::store {
namespace {

using test::Folder;
using test::written;

constexpr Time noon{std::chrono::seconds{1'800'000'000}};

void append_three(const std::filesystem::path& file) {
    const auto database = *Database::open(file, maker_schema());
    Audit audit{*database};
    for (const char* action : {"issue", "revoke", "issue"}) {
        ASSERT_TRUE(written(*database, [&](Transaction& in) {
            return audit.append(in, {noon, "registration", action, "card-sign/0A", "x"});
        }));
    }
}

// What someone with the file and the engine can do behind our back.
void tamper(const std::filesystem::path& file, const char* sql) {
    sqlite3* raw = nullptr;
    sqlite3_open(file.c_str(), &raw);
    sqlite3_exec(raw, "DROP TRIGGER audit_stays; DROP TRIGGER audit_lasts;", nullptr, nullptr,
                 nullptr);
    EXPECT_EQ(sqlite3_exec(raw, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(raw);
}

TEST(Audit, KeepsEventsInOrder) {
    const Folder folder;
    append_three(folder.file());
    const auto database = *Database::open(folder.file(), maker_schema());
    const Audit audit{*database};

    const auto rows = audit.page(1, 10);

    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 2U);
    EXPECT_EQ((*rows)[0].event, (AuditEvent{noon, "registration", "revoke", "card-sign/0A", "x"}));
    EXPECT_EQ((*rows)[1].previous, (*rows)[0].hash);
}

TEST(Audit, HoldsTogetherWhenNobodyTouchesIt) {
    const Folder folder;
    append_three(folder.file());
    const auto database = *Database::open(folder.file(), maker_schema());
    const Audit audit{*database};

    const auto verdict = audit.verify(*audit.head());

    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->rows, 3U);
    EXPECT_EQ(verdict->broken_at, std::nullopt);
}

struct Tampering {
    const char* name;
    const char* sql;
    std::uint64_t found_at;
};

void PrintTo(const Tampering& tampering, std::ostream* out) { *out << tampering.name; }

class TamperedAudit : public testing::TestWithParam<Tampering> {};

TEST_P(TamperedAudit, IsFound) {
    const Folder folder;
    append_three(folder.file());
    tamper(folder.file(), GetParam().sql);
    const auto database = *Database::open(folder.file(), maker_schema());

    const auto verdict = Audit{*database}.verify();

    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->broken_at, GetParam().found_at);
}

INSTANTIATE_TEST_SUITE_P(
    Audit, TamperedAudit,
    testing::Values(
        Tampering{"Changed", "UPDATE audit SET action = 'issue' WHERE seq = 2", 2},
        Tampering{"ShiftedBetweenFields",
                  "UPDATE audit SET subject = 'card-sign/0Ax', detail = '' WHERE seq = 2", 2},
        Tampering{"Dated", "UPDATE audit SET at = at - 1 WHERE seq = 1", 1},
        Tampering{"LeftOut", "DELETE FROM audit WHERE seq = 2", 2},
        Tampering{"Moved",
                  "UPDATE audit SET seq = 9 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;"
                  "UPDATE audit SET seq = 3 WHERE seq = 9",
                  2},
        Tampering{"HashedAgain", "UPDATE audit SET hash = zeroblob(32) WHERE seq = 1", 1}),
    [](const auto& case_) { return case_.param.name; });

TEST(Audit, CutOffAtItsEndIsFoundByALaterHead) {
    const Folder folder;
    append_three(folder.file());
    const auto kept = [&] {
        const auto database = *Database::open(folder.file(), maker_schema());
        return *Audit{*database}.head();
    }();
    tamper(folder.file(), "DELETE FROM audit WHERE seq = 3");
    const auto database = *Database::open(folder.file(), maker_schema());

    EXPECT_EQ(Audit{*database}.verify()->broken_at, std::nullopt);
    EXPECT_EQ(Audit{*database}.verify(kept)->broken_at, 3U);
}

}  // namespace
}  // namespace mitome::store
