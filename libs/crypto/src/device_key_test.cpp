// SPDX-License-Identifier: Apache-2.0
#include "swtpm.hpp"

#include <mitome/base/file.hpp>
#include <mitome/crypto/device_key.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace mitome::crypto {
namespace {

namespace fs = std::filesystem;

/// An empty folder that goes with the object.
class NewFolder {
public:
    NewFolder() {
        auto name = (fs::temp_directory_path() / "mitome-device-key.XXXXXX").string();
        path_ = ::mkdtemp(name.data());
        ::setenv("TSS2_LOG", "all+none", 1);  // expected failures need no lines of the library's
    }
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;
    ~NewFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] fs::path operator/(const char* name) const { return path_ / name; }
    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

std::string shown(const Result<DeviceKey>& opened) {
    return opened ? opened->key.reveal([](BytesView octets) { return to_hex(octets); }) : "none";
}

TEST(DeviceKeyFile, IsTheSameWhenOpenedAgain) {
    const NewFolder folder;

    const auto first = open_device_key(folder.path(), std::nullopt);
    const auto again = open_device_key(folder.path(), std::nullopt);

    ASSERT_TRUE(first && again);
    EXPECT_EQ(first->home, DeviceKeyHome::file);
    EXPECT_EQ(first->key.size(), 32U);
    EXPECT_EQ(shown(first), shown(again));
}

TEST(DeviceKeyFile, IsAnotherInAnotherFolder) {
    const NewFolder one;
    const NewFolder other;

    EXPECT_NE(shown(open_device_key(one.path(), std::nullopt)),
              shown(open_device_key(other.path(), std::nullopt)));
}

TEST(DeviceKeyFile, IsForItsOwnerAlone) {
    const NewFolder folder;

    ASSERT_TRUE(open_device_key(folder.path(), std::nullopt));

    EXPECT_EQ(fs::status(folder / "device-key.raw").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

TEST(DeviceKeyFile, OfAnotherLengthIsMalformed) {
    const NewFolder folder;
    ASSERT_TRUE(write_file(folder / "device-key.raw", Bytes(31), Access::owner));

    const auto refused = open_device_key(folder.path(), std::nullopt);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::malformed);
}

TEST(DeviceKeyFile, StaysAFileWhenATpmComes) {
    const NewFolder folder;
    const NewFolder state;
    const auto before = open_device_key(folder.path(), std::nullopt);
    const Swtpm tpm{state / "tpm"};

    const auto after = open_device_key(folder.path(), tpm.tcti());

    ASSERT_TRUE(after);
    EXPECT_EQ(after->home, DeviceKeyHome::file);
    EXPECT_EQ(shown(after), shown(before));
}

TEST(DeviceKeyTpm, IsTheSameAfterTheTpmStartedAnew) {
    const NewFolder folder;
    const NewFolder state;
    std::string first;
    {
        const Swtpm tpm{state / "tpm"};
        first = shown(open_device_key(folder.path(), tpm.tcti()));
    }
    const Swtpm tpm{state / "tpm"};

    const auto again = open_device_key(folder.path(), tpm.tcti());

    ASSERT_TRUE(again);
    EXPECT_EQ(again->home, DeviceKeyHome::tpm);
    EXPECT_EQ(shown(again), first);
}

TEST(DeviceKeyTpm, LeavesNoKeyInTheFolder) {
    const NewFolder folder;
    const NewFolder state;
    const Swtpm tpm{state / "tpm"};

    const auto made = open_device_key(folder.path(), tpm.tcti());

    ASSERT_TRUE(made);
    EXPECT_FALSE(fs::exists(folder / "device-key.raw"));
    const auto blob = read_file(folder / "device-key.tpm");
    ASSERT_TRUE(blob);
    EXPECT_EQ(to_hex(*blob).find(shown(made)), std::string::npos);
}

TEST(DeviceKeyTpm, OpensAHundredTimesWithoutFillingTheTpm) {
    const NewFolder folder;
    const NewFolder state;
    const Swtpm tpm{state / "tpm"};
    const auto first = shown(open_device_key(folder.path(), tpm.tcti()));

    for (int i = 0; i < 100; ++i)
        ASSERT_EQ(shown(open_device_key(folder.path(), tpm.tcti())), first) << i;
}

TEST(DeviceKeyTpm, IsUnverifiedOnAnotherMachine) {
    const NewFolder folder;
    const NewFolder state;
    {
        const Swtpm tpm{state / "one"};
        ASSERT_TRUE(open_device_key(folder.path(), tpm.tcti()));
    }
    const NewFolder copied;
    fs::copy(folder.path(), copied.path(), fs::copy_options::recursive);
    const Swtpm other{state / "other"};

    const auto refused = open_device_key(copied.path(), other.tcti());

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unverified);
}

TEST(DeviceKeyTpm, IsUnverifiedAfterABitWasChanged) {
    const NewFolder folder;
    const NewFolder state;
    const Swtpm tpm{state / "tpm"};
    ASSERT_TRUE(open_device_key(folder.path(), tpm.tcti()));
    auto blob = *read_file(folder / "device-key.tpm");
    blob.back() ^= 1;
    ASSERT_TRUE(write_file(folder / "device-key.tpm", blob));

    const auto refused = open_device_key(folder.path(), tpm.tcti());

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unverified);
}

TEST(DeviceKeyTpm, IsMalformedWhenCutShort) {
    const NewFolder folder;
    const NewFolder state;
    const Swtpm tpm{state / "tpm"};
    ASSERT_TRUE(open_device_key(folder.path(), tpm.tcti()));
    auto blob = *read_file(folder / "device-key.tpm");
    blob.pop_back();
    ASSERT_TRUE(write_file(folder / "device-key.tpm", blob));

    const auto refused = open_device_key(folder.path(), tpm.tcti());

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::malformed);
}

TEST(DeviceKeyTpm, IsUnavailableWhileTheTpmIsDead) {
    const NewFolder folder;
    const NewFolder state;
    std::string tcti;
    {
        const Swtpm tpm{state / "tpm"};
        tcti = tpm.tcti();
        ASSERT_TRUE(open_device_key(folder.path(), tcti));
    }

    const auto refused = open_device_key(folder.path(), tcti);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
}

TEST(DeviceKeyTpm, IsUnavailableWhenNoTpmIsNamed) {
    const NewFolder folder;
    const NewFolder state;
    const Swtpm tpm{state / "tpm"};
    ASSERT_TRUE(open_device_key(folder.path(), tpm.tcti()));

    const auto refused = open_device_key(folder.path(), std::nullopt);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
    EXPECT_FALSE(fs::exists(folder / "device-key.raw"));
}

TEST(DeviceKeyTpm, IsNotMadeWhileTheTpmIsDead) {
    const NewFolder folder;

    const auto refused = open_device_key(folder.path(), "swtpm:host=127.0.0.1,port=1");

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace mitome::crypto
