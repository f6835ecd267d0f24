// SPDX-License-Identifier: Apache-2.0
#include "../../pki/src/cmp_sample.hpp"
#include "temporary_folder.hpp"

#include <mitome/base/file.hpp>
#include <mitome/wallet/shelf.hpp>

#include <gtest/gtest.h>

namespace mitome::wallet {
namespace {

const pki::Certificate& certificate() { return pki::sample::person().certificate; }

TEST(Shelf, FindsWhatWasPutThere) {
    const TemporaryFolder folder;
    Shelf shelf{folder.path() / "wallet"};

    ASSERT_TRUE(shelf.put(pki::Kind::sign, certificate()));

    const auto found = shelf.find(pki::Kind::sign);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->der(), certificate().der());
}

TEST(Shelf, KeepsEachKindApart) {
    const TemporaryFolder folder;
    Shelf shelf{folder.path() / "wallet"};

    ASSERT_TRUE(shelf.put(pki::Kind::sign, certificate()));

    const auto found = shelf.find(pki::Kind::auth);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().fault, Fault::absent);
}

TEST(Shelf, IsReadableByItsOwnerAlone) {
    using std::filesystem::perms;
    const TemporaryFolder folder;
    const auto path = folder.path() / "wallet";
    Shelf shelf{path};

    ASSERT_TRUE(shelf.put(pki::Kind::sign, certificate()));

    EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_all);
    EXPECT_EQ(std::filesystem::status(path / "sign.cer").permissions(),
              perms::owner_read | perms::owner_write);
}

TEST(Shelf, CallsWhatIsNoCertificateMalformed) {
    const TemporaryFolder folder;
    const Shelf shelf{folder.path()};
    ASSERT_TRUE(write_file(folder.path() / "sign.cer", view("torn")));

    const auto found = shelf.find(pki::Kind::sign);

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().fault, Fault::malformed);
}

TEST(Shelf, ForgetsBothWhenCleared) {
    const TemporaryFolder folder;
    Shelf shelf{folder.path() / "wallet"};
    ASSERT_TRUE(shelf.put(pki::Kind::sign, certificate()));
    ASSERT_TRUE(shelf.put(pki::Kind::auth, certificate()));

    ASSERT_TRUE(shelf.clear());

    EXPECT_EQ(shelf.find(pki::Kind::sign).error().fault, Fault::absent);
    EXPECT_EQ(shelf.find(pki::Kind::auth).error().fault, Fault::absent);
}

TEST(Shelf, IsClearedWithoutAnything) {
    const TemporaryFolder folder;

    EXPECT_TRUE(Shelf{folder.path() / "wallet"}.clear());
}

}  // namespace
}  // namespace mitome::wallet
