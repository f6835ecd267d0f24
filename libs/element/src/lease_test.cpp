// SPDX-License-Identifier: Apache-2.0
#include "administered.hpp"

#include <gtest/gtest.h>

namespace mitome::element {
namespace {

namespace administration = apdu::administration;
namespace sw = apdu::sw;
using sample::Registrar;
using sample::select_jpki;
using namespace std::chrono_literals;

constexpr auto day = 24h;
constexpr auto right_pin = "002000980439383736"_hex;
constexpr auto sign_something = "802A0397040102030400"_hex;

class Lease : public testing::Test {
protected:
    Lease() {
        Registrar registrar{world};
        registrar.install();
        EXPECT_EQ(registrar.word(administration::Lease{start, start + 30 * day}), sw::ok);
        world.ask(select_jpki);
    }
    std::string verify() { return to_hex(world.ask(right_pin)); }
    void turn_host_to(Time time) { *world.host = time; }

    sample::World world = sample::issued_phone();
    const Time start = *world.host;
};

TEST_F(Lease, LetsThePhoneBeUsedUntilItsEnd) {
    turn_host_to(start + 30 * day);

    EXPECT_EQ(verify(), "9000");
    EXPECT_TRUE(to_hex(world.ask(sign_something)).ends_with("9000"));
}

TEST_F(Lease, RefusesUseWhenItIsOver) {
    turn_host_to(start + 30 * day + 1s);

    EXPECT_EQ(verify(), "69F0");
    EXPECT_EQ(to_hex(world.ask(sign_something)), "69F0");
    EXPECT_EQ(to_hex(world.ask("002401980435353535"_hex)), "69F0");  // CHANGE REFERENCE DATA
}

TEST_F(Lease, SpendsNoTryWhenItIsOver) {
    turn_host_to(start + 31 * day);
    const int before = world.slots->writes;

    for (int i = 0; i < 5; ++i) world.ask("002000980430303030"_hex);

    EXPECT_EQ(world.slots->writes, before);
    EXPECT_EQ(to_hex(world.ask("00200098"_hex)), "63C3");
}

TEST_F(Lease, EndsWhatWasVerifiedBefore) {
    ASSERT_EQ(verify(), "9000");
    turn_host_to(start + 31 * day);

    EXPECT_EQ(to_hex(world.ask(sign_something)), "69F0");
    EXPECT_EQ(to_hex(world.ask("00B08A0004"_hex)), "6982");
}

TEST_F(Lease, IsGivenAnewAtTheNextContact) {
    turn_host_to(start + 31 * day);
    ASSERT_EQ(verify(), "69F0");
    Registrar registrar{world};
    registrar.install();

    ASSERT_EQ(registrar.word(administration::Lease{start + 31 * day, start + 61 * day}), sw::ok);

    EXPECT_EQ(verify(), "9000");
}

TEST_F(Lease, LastsOverARestart) {
    world.restart();
    world.ask(select_jpki);
    turn_host_to(start + 31 * day);

    EXPECT_EQ(verify(), "69F0");
}

TEST_F(Lease, GoesByTheLastSignedTimeWhenTheHostsClockIsBehind) {
    Registrar registrar{world};
    registrar.install();
    // Over by registration's own time.
    ASSERT_EQ(registrar.word(administration::Lease{start + 40 * day, start + 35 * day}), sw::ok);

    for (const Time host : {Time{}, start, start + 34 * day, Time{} - 9000 * day}) {
        turn_host_to(host);
        EXPECT_EQ(verify(), "69F0");
    }
}

TEST_F(Lease, CannotTellAClockThatWasSetBackBehindTheLastSignedTime) {
    turn_host_to(start + 31 * day);
    ASSERT_EQ(verify(), "69F0");

    turn_host_to(start - 400 * day);

    EXPECT_EQ(verify(), "9000");  // until the next contact: docs/element.md says so
}

TEST_F(Lease, OfAnOlderTimeChangesNothing) {
    Registrar registrar{world};
    registrar.install();
    const auto before = registrar.state();
    ASSERT_EQ(before.lease, (administration::Lease{start, start + 30 * day}));

    EXPECT_EQ(registrar.word(administration::Lease{start - 1s, start + 900 * day}), sw::ok);

    EXPECT_EQ(registrar.state(), before);
}

TEST_F(Lease, OfTheSameOctetsWritesNothing) {
    Registrar registrar{world};
    registrar.install();
    const int before = world.slots->writes;

    EXPECT_EQ(registrar.word(administration::Lease{start, start + 30 * day}), sw::ok);

    EXPECT_EQ(world.slots->writes, before);
}

TEST_F(Lease, IsNotThereBeforeTheFirstOne) {
    sample::World free = sample::issued_phone();
    *free.host = start + 100'000 * day;
    free.ask(select_jpki);

    EXPECT_EQ(to_hex(free.ask(right_pin)), "9000");
}

TEST_F(Lease, StaysWithANewSet) {
    Registrar registrar{world};
    sample::fill(world, registrar, sample::second_order);
    ASSERT_EQ(registrar.word(administration::Swap{sample::second_order}), sw::ok);
    turn_host_to(start + 31 * day);

    EXPECT_EQ(verify(), "69F0");
}

TEST_F(Lease, KeepsNobodyFromErasingOrEnrolling) {
    turn_host_to(start + 31 * day);
    Registrar registrar{world};
    sample::fill(world, registrar, sample::second_order);

    EXPECT_TRUE(world.ask(administration::prove(Kind::sign, sample::second_order)).ok());
    EXPECT_EQ(registrar.word(administration::Swap{sample::second_order}), sw::ok);
    EXPECT_TRUE(world.ask(administration::erase_locally()).ok());
    EXPECT_FALSE(registrar.state().lease);
}

}  // namespace
}  // namespace mitome::element
