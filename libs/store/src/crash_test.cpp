// SPDX-License-Identifier: Apache-2.0
// What a file holds after its process was killed, or its disk was full.
#include "test_database.hpp"

#include <mitome/store/audit.hpp>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace mitome::store {
namespace {

using namespace std::chrono_literals;
using test::Folder;
using test::written;

AuditEvent event(std::size_t detail = 16) {
    return {Time{1'800'000'000s}, "test", "write", "x", std::string(detail, 'd')};
}

TEST(Crash, LosesNoRowThatWasReportedAsCommitted) {
    const Folder folder;
    int reports[2];
    ASSERT_EQ(::pipe(reports), 0);

    const pid_t child = ::fork();
    if (child == 0) {
        auto database = Database::open(folder.file(), maker_schema());
        if (!database) ::_exit(1);
        Audit audit{**database};
        while (written(**database, [&](Transaction& in) { return audit.append(in, event()); })) {
            static_cast<void>(!::write(reports[1], "c", 1));
        }
        ::_exit(2);
    }
    ::close(reports[1]);
    std::uint64_t reported = 0;
    char octet = 0;
    while (reported < 200 && ::read(reports[0], &octet, 1) == 1) ++reported;
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    while (::read(reports[0], &octet, 1) == 1) ++reported;
    ::close(reports[0]);

    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_GE(reported, 200U);
    const auto database = Database::open(folder.file(), maker_schema());
    ASSERT_TRUE(database);
    const auto verdict = Audit{**database}.verify();
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->broken_at, std::nullopt);
    // One more may have reached the disk before it could be reported.
    EXPECT_GE(verdict->rows, reported);
    EXPECT_LE(verdict->rows, reported + 1);
    EXPECT_TRUE((*database)->check_integrity());
}

TEST(FullDisk, IsUnavailableAndLosesNothing) {
    const Folder folder;
    const pid_t child = ::fork();
    if (child == 0) {
        auto database = Database::open(folder.file(), maker_schema());
        if (!database) ::_exit(1);
        Audit audit{**database};
        const auto append = [&](std::size_t detail) {
            return written(**database,
                           [&](Transaction& in) { return audit.append(in, event(detail)); });
        };
        if (!append(16)) ::_exit(2);
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{std::size_t{256} << 10, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &small);
        const Done refused = append(std::size_t{1} << 20);
        if (refused || refused.error().fault != Fault::unavailable) ::_exit(3);
        const rlimit enough{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &enough);
        ::_exit(append(16) ? 0 : 4);  // there is room again: it goes on
    }
    int status = 0;
    ::waitpid(child, &status, 0);

    EXPECT_EQ(WEXITSTATUS(status), 0);
    const auto database = Database::open(folder.file(), maker_schema());
    ASSERT_TRUE(database);
    EXPECT_EQ(Audit{**database}.verify()->rows, 2U);
    EXPECT_TRUE((*database)->check_integrity());
}

// A disk of its own, where the system lets us have one.
TEST(FullDisk, OfARealFileSystemIsUnavailableAndLosesNothing) {
    const Folder folder;
    if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
        GTEST_SKIP() << "may not mount";
    }
    {
        const auto database = Database::open(folder.file(), maker_schema());
        ASSERT_TRUE(database);
        Audit audit{**database};
        std::uint64_t rows = 0;
        Done done;
        while (rows < 1000 && (done = written(
                                   **database,
                                   [&](Transaction& in) {
                                       return audit.append(in, event(std::size_t{8} << 10));
                                   }))) {
            ++rows;
        }

        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().fault, Fault::unavailable);
        EXPECT_EQ(audit.verify()->rows, rows);
    }
    ::umount(folder.path().c_str());
}

}  // namespace
}  // namespace mitome::store
