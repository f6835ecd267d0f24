// SPDX-License-Identifier: Apache-2.0
#pragma once

// For the tests of this room: a folder of their own, and short ways to a transaction.

#include <mitome/store/database.hpp>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

namespace mitome::store::test {

class Folder {
public:
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "mitome-store-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::filesystem::path path() const { return path_; }
    [[nodiscard]] std::filesystem::path file() const { return path_ / "test.db"; }

private:
    std::filesystem::path path_;
};

/// Begins, does `work`, commits; the first failure is the answer.
inline Done written(Database& database, const std::function<Done(Transaction&)>& work) {
    MITOME_TRY(transaction, database.begin());
    MITOME_CHECK(work(transaction));
    return transaction.commit();
}

}  // namespace mitome::store::test
