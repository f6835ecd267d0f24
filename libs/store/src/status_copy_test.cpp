// SPDX-License-Identifier: Apache-2.0
#include "test_database.hpp"

#include <mitome/store/status_copy.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mitome::store {
namespace {

using pki::Ca;
using pki::Reason;
using test::Folder;
using test::written;

constexpr Time noon{std::chrono::seconds{1'800'000'000}};

FeedEntry line(std::uint64_t seq, std::uint8_t serial, Happening happening) {
    return {seq,
            happening,
            Ca::card_auth,
            {serial},
            noon + std::chrono::seconds{seq},
            noon + std::chrono::days{9},
            happening == Happening::issued ? Reason::unspecified : Reason::superseded,
            std::nullopt};
}

Done apply(Database& database, const std::vector<FeedEntry>& lines) {
    return written(database,
                   [&](Transaction& in) { return StatusCopy{database}.apply(in, lines); });
}

TEST(StatusCopy, KnowsAfterARestartWhatItWasFed) {
    const Folder folder;
    {
        const auto database = *Database::open(folder.file(), status_schema());
        ASSERT_TRUE(apply(*database, {line(1, 7, Happening::issued), line(2, 8, Happening::issued),
                                      line(3, 7, Happening::revoked)}));
    }

    const auto database = *Database::open(folder.file(), status_schema());
    const StatusCopy copy{*database};

    EXPECT_EQ(copy.last(), 3U);
    EXPECT_EQ(copy.entry(Ca::card_auth, Bytes{7})->value().happening, Happening::revoked);
    EXPECT_EQ(copy.entry(Ca::card_auth, Bytes{7})->value().reason, Reason::superseded);
    EXPECT_EQ(copy.entry(Ca::card_auth, Bytes{8})->value().happening, Happening::issued);
    EXPECT_EQ(*copy.entry(Ca::card_sign, Bytes{8}), std::nullopt);
}

TEST(StatusCopy, PassesOverLinesThatItHas) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), status_schema());
    ASSERT_TRUE(apply(*database, {line(1, 7, Happening::issued), line(2, 7, Happening::revoked)}));

    ASSERT_TRUE(apply(*database, {line(1, 7, Happening::issued), line(2, 7, Happening::revoked),
                                  line(3, 8, Happening::issued)}));

    const StatusCopy copy{*database};
    EXPECT_EQ(copy.last(), 3U);
    EXPECT_EQ(copy.entry(Ca::card_auth, Bytes{7})->value().happening, Happening::revoked);
}

TEST(StatusCopy, AppliesNothingWhenALineIsMissing) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), status_schema());

    const Done done =
        apply(*database, {line(1, 7, Happening::issued), line(3, 8, Happening::issued)});

    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, Fault::conflict);
    EXPECT_EQ(StatusCopy{*database}.last(), 0U);
}

TEST(StatusCopy, ListsSerialsInOrder) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), status_schema());
    ASSERT_TRUE(apply(*database, {line(1, 9, Happening::issued), line(2, 3, Happening::issued)}));

    std::vector<Bytes> serials;
    ASSERT_TRUE(StatusCopy{*database}.each(
        Ca::card_auth,
        [&](BytesView serial, const StatusEntry&) { serials.push_back(copy(serial)); }));

    EXPECT_THAT(serials, testing::ElementsAre(Bytes{3}, Bytes{9}));
}

TEST(StatusCopy, KeepsTheLastCrlOfEachCa) {
    const Folder folder;
    const auto database = *Database::open(folder.file(), status_schema());
    StatusCopy copy{*database};
    ASSERT_TRUE(written(*database, [&](Transaction& in) -> Done {
        MITOME_CHECK(copy.keep_crl(in, Ca::card_sign, Bytes{1}));
        MITOME_CHECK(copy.keep(in, "responder", Bytes{4}));
        return copy.keep_crl(in, Ca::card_sign, Bytes{2});
    }));

    EXPECT_EQ(copy.crl(Ca::card_sign), Bytes{2});
    EXPECT_EQ(copy.crl(Ca::card_auth), Bytes{});
    EXPECT_EQ(*copy.kept("responder"), Bytes{4});
    EXPECT_EQ(*copy.kept("other"), std::nullopt);
}

}  // namespace
}  // namespace mitome::store
