// SPDX-License-Identifier: Apache-2.0
#include "temporary_folder.hpp"

#include <mitome/wallet/history.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <thread>

namespace mitome::wallet {
namespace {

constexpr Time noon{std::chrono::seconds{1'800'000'000}};

TEST(History, TellsWhatWasDoneInOrderAfterAReopening) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "history.db";
    {
        auto history = History::open(file).value();
        ASSERT_TRUE(history.note(noon, Deed::issued, pki::Kind::sign, "0A1B"_hex, ""));
        ASSERT_TRUE(
            history.note(noon, Deed::signed_document, pki::Kind::sign, "0A1B"_hex, "契約書.pdf"));
    }
    const auto lines = History::open(file).value().page(0, 10).value();

    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1].number, 2U);
    EXPECT_EQ(lines[1].deed, Deed::signed_document);
    EXPECT_EQ(lines[1].kind, pki::Kind::sign);
    EXPECT_EQ(lines[1].serial, copy("0A1B"_hex));
    EXPECT_EQ(lines[1].with, "契約書.pdf");
    EXPECT_NE(lines[0].hash, lines[1].hash);
}

TEST(History, KeepsWholeCharactersOfALongName) {
    const TemporaryFolder folder;
    auto history = History::open(folder.path() / "history.db").value();
    std::string name;
    while (name.size() < 300) name += "文";

    ASSERT_TRUE(history.note(noon, Deed::signed_document, {}, {}, name));

    const auto kept = history.page(0, 1).value().front().with;
    EXPECT_EQ(kept.size(), 198U);
    EXPECT_EQ(kept, name.substr(0, 198));
}

TEST(History, FindsALineThatWasChangedBehindItsBack) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "history.db";
    {
        auto history = History::open(file).value();
        for (const auto* with : {"shop-one", "shop-two", "shop-three"})
            ASSERT_TRUE(history.note(noon, Deed::authenticated, pki::Kind::auth, "01"_hex, with));
        EXPECT_EQ(history.first_broken().value(), std::nullopt);
    }
    std::string octets;
    {
        std::ifstream in{file, std::ios::binary};
        octets.assign(std::istreambuf_iterator<char>{in}, {});
    }
    const auto at = octets.find("shop-two");
    ASSERT_NE(at, std::string::npos);
    octets.replace(at, 8, "shop-xyz");
    std::ofstream{file, std::ios::binary} << octets;

    EXPECT_EQ(History::open(file).value().first_broken().value(), 2U);
}

TEST(History, WaitsForAnotherProgramThatWritesInIt) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "history.db";
    std::optional<History> first{History::open(file).value()};
    std::jthread other{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        first.reset();
    }};

    EXPECT_TRUE(History::open(file).has_value());
}

}  // namespace
}  // namespace mitome::wallet
