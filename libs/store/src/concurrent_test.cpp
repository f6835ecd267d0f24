// SPDX-License-Identifier: Apache-2.0
#include "test_database.hpp"

#include <mitome/store/audit.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace mitome::store {
namespace {

using test::Folder;
using test::written;

TEST(Transactions, OfEightThreadsAllArriveOnce) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), maker_schema());
    Audit audit{*database};
    std::atomic<unsigned> committed = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 100; ++i) {
                    if (written(*database, [&](Transaction& in) { return audit.append(in, {}); })) {
                        ++committed;
                    }
                }
            });
        }
    }

    EXPECT_EQ(committed, 800U);
    EXPECT_EQ(audit.verify()->rows, 800U);
}

TEST(Transactions, ThatFailDoNotTakeTheirNeighboursAlong) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), maker_schema());
    Audit audit{*database};
    std::atomic<unsigned> committed = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 50; ++i) {
                    const Done done = written(*database, [&](Transaction& in) -> Done {
                        MITOME_CHECK(audit.append(in, {}));
                        if ((t + i) % 2 == 0) return fail(Fault::conflict, "test: on purpose");
                        return {};
                    });
                    if (done) ++committed;
                }
            });
        }
    }

    EXPECT_EQ(committed, 200U);
    EXPECT_EQ(audit.verify()->rows, 200U);
}

TEST(Reads, GoOnWhileOthersWrite) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), maker_schema());
    Audit audit{*database};
    std::atomic<bool> over = false;
    std::atomic<unsigned> wrong = 0;
    {
        std::vector<std::jthread> readers;
        for (int t = 0; t < 12; ++t) {  // more than there are connections
            readers.emplace_back([&] {
                while (!over) {
                    const auto snapshot = database->snapshot();
                    if (!snapshot) {
                        ++wrong;
                        continue;
                    }
                    const auto head = audit.head(*snapshot);
                    const auto verdict = audit.verify(std::nullopt, *snapshot);
                    if (!head || !verdict || verdict->rows != head->seq) ++wrong;
                }
            });
        }
        for (int i = 0; i < 100; ++i) {
            EXPECT_TRUE(written(*database, [&](Transaction& in) { return audit.append(in, {}); }));
        }
        over = true;
    }

    EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace mitome::store
