// SPDX-License-Identifier: Apache-2.0
#include "schema.hpp"
#include "test_database.hpp"

#include <mitome/store/audit.hpp>
#include <mitome/store/database.hpp>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace mitome::store {
namespace {

using test::Folder;
using test::written;

constexpr const char* first_step =
    "CREATE TABLE people(name TEXT); INSERT INTO people VALUES('a');";
constexpr const char* second_step = "ALTER TABLE people ADD COLUMN age INTEGER NOT NULL DEFAULT 7;";
constexpr const char* bad_step = "CREATE TABLE half(x); CREATE TABLE half(x);";
constexpr std::array one_step{first_step};
constexpr std::array two_steps{first_step, second_step};
constexpr std::array failing_steps{first_step, bad_step};

// A look at the file with the engine itself, as an operator would take it.
std::string asked(const std::filesystem::path& file, const char* sql) {
    sqlite3* raw = nullptr;
    sqlite3_open(file.c_str(), &raw);
    std::string found;
    sqlite3_exec(
        raw, sql,
        [](void* to, int count, char** values, char**) {
            for (int i = 0; i < count; ++i) {
                *static_cast<std::string*>(to) += values[i] == nullptr ? "NULL" : values[i];
                *static_cast<std::string*>(to) += '|';
            }
            return 0;
        },
        &found, nullptr);
    sqlite3_close(raw);
    return found;
}

TEST(Database, IsMadeForItsOwnerAlone) {
    const Folder folder;

    const auto database = Database::open(folder.file(), authority_schema());

    ASSERT_TRUE(database);
    struct stat found{};
    ASSERT_EQ(::stat(folder.file().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
    EXPECT_TRUE((*database)->check_integrity());
}

TEST(Database, IsRefusedWhileSomeoneElseHasIt) {
    const Folder folder;
    const auto first = Database::open(folder.file(), authority_schema());

    const auto second = Database::open(folder.file(), authority_schema());

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault, Fault::conflict);
}

TEST(Database, KeepsWhatAnOlderVersionWrote) {
    const Folder folder;
    ASSERT_TRUE(Database::open(folder.file(), Schema{1, one_step}));

    const auto database = Database::open(folder.file(), Schema{1, two_steps});

    ASSERT_TRUE(database);
    EXPECT_EQ((*database)->version(), 2U);
    EXPECT_EQ(asked(folder.file(), "SELECT name, age FROM people"), "a|7|");
    EXPECT_EQ(asked(folder.file(), "SELECT number FROM migrations"), "1|2|");
}

TEST(Database, OfANewerVersionIsRefused) {
    const Folder folder;
    ASSERT_TRUE(Database::open(folder.file(), Schema{1, two_steps}));

    const auto database = Database::open(folder.file(), Schema{1, one_step});

    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().fault, Fault::conflict);
}

TEST(Database, OfAnotherKindIsRefused) {
    const Folder folder;
    ASSERT_TRUE(Database::open(folder.file(), authority_schema()));

    const auto database = Database::open(folder.file(), status_schema());

    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().fault, Fault::conflict);
}

TEST(Database, StaysAsItWasWhenAMigrationFails) {
    const Folder folder;
    ASSERT_TRUE(Database::open(folder.file(), Schema{1, one_step}));

    EXPECT_FALSE(Database::open(folder.file(), Schema{1, failing_steps}));

    EXPECT_EQ(asked(folder.file(), "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), "0|");
    EXPECT_TRUE(Database::open(folder.file(), Schema{1, two_steps}));
}

TEST(Database, IsBrokenWhenItIsNoDatabase) {
    const Folder folder;
    std::ofstream{folder.file()} << std::string(4096, 'x');

    const auto database = Database::open(folder.file(), authority_schema());

    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().fault, Fault::broken);
}

TEST(Database, IsAbsentWithoutItsFolder) {
    const Folder folder;

    const auto database = Database::open(folder.path() / "none" / "x.db", authority_schema());

    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().fault, Fault::absent);
}

// Permissions do not bind root, so a child without its privilege tries.
TEST(Database, IsDeniedInAFolderThatMayNotBeWritten) {
    const Folder folder;
    ASSERT_TRUE(Database::open(folder.file(), maker_schema()));
    ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);

    const pid_t child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(9);
        const auto database = Database::open(folder.path() / "other.db", maker_schema());
        ::_exit(database ? 0 : static_cast<int>(database.error().fault) + 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);

    EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(Fault::denied) + 1);
    ::chmod(folder.path().c_str(), 0755);
}

TEST(Transaction, IsUndoneWhenItIsDropped) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), maker_schema());
    Audit audit{*database};
    {
        auto transaction = database->begin();
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(audit.append(*transaction, {}));
    }

    EXPECT_EQ(audit.head()->seq, 0U);
    EXPECT_TRUE(written(*database, [&](Transaction& in) { return audit.append(in, {}); }));
    EXPECT_EQ(audit.head()->seq, 1U);
}

TEST(Transaction, SeesItsOwnChangesAndNobodyElseDoes) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), maker_schema());
    Audit audit{*database};
    auto transaction = database->begin();
    ASSERT_TRUE(audit.append(*transaction, {}));

    EXPECT_EQ(audit.head(*transaction)->seq, 1U);
    EXPECT_EQ(audit.head()->seq, 0U);
    ASSERT_TRUE(transaction->commit());
    EXPECT_EQ(audit.head()->seq, 1U);
}

TEST(Snapshot, StaysWithWhatItSaw) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), maker_schema());
    Audit audit{*database};
    const auto snapshot = database->snapshot();
    ASSERT_TRUE(snapshot);

    ASSERT_TRUE(written(*database, [&](Transaction& in) { return audit.append(in, {}); }));

    EXPECT_EQ(audit.head(*snapshot)->seq, 0U);
    EXPECT_EQ(audit.head()->seq, 1U);
}

}  // namespace
}  // namespace mitome::store
