// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/base/file.hpp>
#include <mitome/base/secret.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

namespace mitome {
namespace {

std::filesystem::path new_folder() {
    auto name = (std::filesystem::temp_directory_path() / "mitome-base.XXXXXX").string();
    return ::mkdtemp(name.data());
}

TEST(Hex, ReadsWhatItWrites) {
    const Bytes bytes{0x00, 0x7F, 0xFF};

    const auto again = from_hex(to_hex(bytes));

    ASSERT_TRUE(again);
    EXPECT_EQ(*again, bytes);
}

TEST(Hex, RefusesHalfAnOctet) {
    const auto refused = from_hex("0FF");

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::malformed);
}

TEST(Base64, AgreesWithRfc4648Vectors) {
    EXPECT_EQ(to_base64(view("f")), "Zg==");
    EXPECT_EQ(to_base64(view("fo")), "Zm8=");
    EXPECT_EQ(to_base64(view("foobar")), "Zm9vYmFy");
    EXPECT_EQ(*from_base64("Zm9vYg=="), copy(view("foob")));
}

TEST(Base64, RefusesDataAfterPadding) {
    EXPECT_FALSE(from_base64("Zg==Zg="));
    EXPECT_FALSE(from_base64("Z==="));
}

TEST(Pem, GivesEveryBlockOfItsLabel) {
    const auto two = to_pem("X", Bytes{1}) + to_pem("Y", Bytes{2}) + to_pem("X", Bytes{3});

    const auto blocks = from_pem(two, "X");

    ASSERT_TRUE(blocks);
    EXPECT_EQ(*blocks, (std::vector<Bytes>{{1}, {3}}));
}

TEST(Secret, IsEmptyAfterMove) {
    Pin pin;
    ASSERT_TRUE(pin.assign(view("1234")));

    const Pin taken = std::move(pin);

    EXPECT_EQ(pin.size(), 0U);
    EXPECT_EQ(taken.size(), 4U);
}

TEST(Secret, RefusesMoreThanItsCapacity) {
    Secret<4> secret;

    EXPECT_FALSE(secret.assign(view("12345")));
    EXPECT_TRUE(secret.empty());
}

TEST(Clock, EndOfDayInJapanIsFourteenFiftyNineUtc) {
    const auto day = to_day("2030-02-17");

    ASSERT_TRUE(day);
    EXPECT_EQ(to_rfc3339(end_of_day_in_japan(*day)), "2030-02-17T14:59:59Z");
}

TEST(Clock, RefusesADayThatDoesNotExist) { EXPECT_FALSE(to_day("2026-02-29")); }

TEST(Clock, ReadsWhatItWrites) {
    const auto time = from_rfc3339("2026-11-24T15:20:01Z");

    ASSERT_TRUE(time);
    EXPECT_EQ(to_rfc3339(*time), "2026-11-24T15:20:01Z");
}

TEST(Clock, TakesAnOffsetAndAFraction) {
    EXPECT_EQ(to_rfc3339(*from_rfc3339("2026-11-25T00:20:01.5+09:00")), "2026-11-24T15:20:01Z");
    EXPECT_FALSE(from_rfc3339("2026-11-25T00:20:01"));
    EXPECT_FALSE(from_rfc3339("2026-11-25T00:20:01.Z"));
}

TEST(File, WritesWholeOrNotAtAll) {
    const auto folder = new_folder();
    ASSERT_TRUE(write_file(folder / "a", view("old")));

    const auto refused = write_file(folder / "none" / "a", view("new"));

    EXPECT_FALSE(refused);
    EXPECT_EQ(text(*read_file(folder / "a")), "old");
    std::filesystem::remove_all(folder);
}

TEST(File, LeavesNoFileBesideAfterSuccess) {
    const auto folder = new_folder();

    ASSERT_TRUE(write_file(folder / "a", view("x"), Access::owner));

    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder}, {}), 1);
    std::filesystem::remove_all(folder);
}

TEST(File, WritesThroughWhatIsNoFile) {
    const auto refused = write_file("/dev/full", view("x"));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

TEST(File, FollowsALink) {
    const auto folder = new_folder();
    ASSERT_TRUE(write_file(folder / "a", view("old")));
    std::filesystem::create_symlink("a", folder / "b");

    ASSERT_TRUE(write_file(folder / "b", view("new")));

    EXPECT_TRUE(std::filesystem::is_symlink(folder / "b"));
    EXPECT_EQ(text(*read_file(folder / "a")), "new");
    std::filesystem::remove_all(folder);
}

TEST(File, NamesAnAbsentFileAbsent) {
    const auto absent = read_file("/nonexistent/file");

    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().fault, Fault::absent);
}

TEST(File, RefusesALongerFileThanTheLimit) {
    const auto folder = new_folder();
    ASSERT_TRUE(write_file(folder / "a", view("12345")));

    const auto refused = read_file(folder / "a", 4);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::malformed);
    std::filesystem::remove_all(folder);
}

TEST(File, OfProcIsReadUnderASmallLimit) {
    const auto content = read_file("/proc/sys/kernel/ostype", 64);

    ASSERT_TRUE(content);
    EXPECT_EQ(text(*content), "Linux\n");
}

TEST(File, WithoutAnythingInItIsEmptyUnderASmallLimit) {
    const auto folder = new_folder();
    ASSERT_TRUE(write_file(folder / "a", {}));

    const auto content = read_file(folder / "a", 4);

    ASSERT_TRUE(content);
    EXPECT_TRUE(content->empty());
    std::filesystem::remove_all(folder);
}

TEST(SecretFile, IsReadWhole) {
    const auto folder = new_folder();
    ASSERT_TRUE(write_file(folder / "a", view("secret"), Access::owner));

    const auto secret = read_secret_file(folder / "a");

    ASSERT_TRUE(secret);
    EXPECT_TRUE(secret->reveal([](BytesView bytes) { return same(bytes, view("secret")); }));
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mitome
