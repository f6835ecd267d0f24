// SPDX-License-Identifier: Apache-2.0
#include "administered.hpp"

#include <gtest/gtest.h>

namespace mitome::element {
namespace {

namespace administration = apdu::administration;
namespace sw = apdu::sw;
using administration::ResetPin;
using administration::set_new_pin;
using sample::first_order;
using sample::Registrar;
using sample::second_order;
using sample::select_domain;
using sample::select_jpki;

constexpr administration::Order reset_order{0x0A};
constexpr auto old_pin = "002000980439383736"_hex;  // VERIFY of 9876
constexpr auto new_pin = "002000980435353535"_hex;  // and of 5555

class PinReset : public testing::Test {
protected:
    PinReset() {
        registrar.install();
        world.ask(select_jpki);
    }

    std::uint16_t open(Kind kind = Kind::auth, administration::Order order = reset_order) {
        return registrar.word(ResetPin{order, kind});
    }
    apdu::Response send(BytesView octets) {
        return registrar.send(apdu::Command::decode(octets).value());
    }
    /// As the app does it, over the connection of the session.
    std::uint16_t set(std::string_view pin = "5555", Kind kind = Kind::auth) {
        return registrar.send(set_new_pin(kind, view(pin))).sw;
    }

    sample::World world = sample::issued_phone();
    Registrar registrar{world};
};

TEST_F(PinReset, GivesANewPinAndAllItsTries) {
    for (int i = 0; i < 3; ++i) world.ask("002000980430303030"_hex);
    ASSERT_EQ(to_hex(world.ask(old_pin)), "6984");
    ASSERT_EQ(open(), sw::ok);
    send(select_jpki);

    EXPECT_EQ(set(), sw::ok);

    EXPECT_EQ(to_hex(world.ask("00200098"_hex)), "63C3");
    EXPECT_EQ(to_hex(world.ask(old_pin)), "63C2");
    EXPECT_EQ(to_hex(world.ask(new_pin)), "9000");
}

TEST_F(PinReset, IsNotAVerification) {
    ASSERT_EQ(to_hex(world.ask(old_pin)), "9000");
    ASSERT_EQ(open(), sw::ok);
    send(select_jpki);

    ASSERT_EQ(set(), sw::ok);

    EXPECT_EQ(to_hex(world.ask("00B08A0004"_hex)), "6982");
    EXPECT_EQ(send("00B08A0004"_hex).sw, sw::security_status);
}

TEST_F(PinReset, LastsOverARestart) {
    ASSERT_EQ(open(), sw::ok);
    send(select_jpki);
    ASSERT_EQ(set(), sw::ok);

    world.restart();
    world.ask(select_jpki);

    EXPECT_EQ(to_hex(world.ask(new_pin)), "9000");
}

TEST_F(PinReset, IsSetOnce) {
    ASSERT_EQ(open(), sw::ok);
    send(select_jpki);
    ASSERT_EQ(set(), sw::ok);

    EXPECT_EQ(set("6666"), sw::conditions_of_use);
}

TEST_F(PinReset, RefusesAnOrderThatWasUsed) {
    ASSERT_EQ(open(), sw::ok);
    send(select_jpki);
    ASSERT_EQ(set(), sw::ok);
    world.restart();

    Registrar again{world};
    again.install();
    EXPECT_EQ(again.word(ResetPin{reset_order, Kind::auth}), sw::conditions_of_use);
    EXPECT_EQ(again.state().resets,
              (std::vector<administration::State::Reset>{{Kind::auth, reset_order}}));
    EXPECT_EQ(again.word(ResetPin{second_order, Kind::auth}), sw::ok);
}

TEST_F(PinReset, AnswersTheSameOrderAlikeUntilItIsUsed) {
    EXPECT_EQ(open(), sw::ok);
    EXPECT_EQ(open(), sw::ok);
    send(select_jpki);

    EXPECT_EQ(set(), sw::ok);
}

TEST_F(PinReset, ServesBothKindsInOneSession) {
    ASSERT_EQ(open(Kind::auth), sw::ok);
    ASSERT_EQ(open(Kind::sign), sw::ok);
    send(select_jpki);

    EXPECT_EQ(set("5555", Kind::auth), sw::ok);
    EXPECT_EQ(set("NEW456", Kind::sign), sw::ok);

    EXPECT_EQ(to_hex(world.ask("0020009B064E4557343536"_hex)), "9000");
}

TEST_F(PinReset, IsForItsKindAlone) {
    ASSERT_EQ(open(Kind::auth), sw::ok);
    send(select_jpki);

    EXPECT_EQ(set("NEW456", Kind::sign), sw::conditions_of_use);
}

TEST_F(PinReset, TellsAWrongFormAndStaysOpen) {
    ASSERT_EQ(open(), sw::ok);
    send(select_jpki);

    EXPECT_EQ(set("12A4"), sw::wrong_data);
    EXPECT_EQ(set("12345678901234567"), sw::wrong_length);
    EXPECT_EQ(set("5555"), sw::ok);
}

TEST_F(PinReset, NeedsAPinToReset) {
    sample::World fresh = sample::phone();
    Registrar other{fresh};
    other.install();

    EXPECT_EQ(other.word(ResetPin{reset_order, Kind::auth}), sw::reference_not_found);
}

TEST_F(PinReset, NeedsItsCommand) {
    send(select_jpki);

    EXPECT_EQ(set(), sw::conditions_of_use);
}

TEST_F(PinReset, WritesNothingUntilThePinIsSet) {
    const int before = world.slots->writes;

    ASSERT_EQ(open(), sw::ok);

    EXPECT_EQ(world.slots->writes, before);
}

// ── The window ──────────────────────────────────────────────────────────────────────────────

TEST_F(PinReset, NeverOpensForAnotherConnection) {
    ASSERT_EQ(open(), sw::ok);

    EXPECT_EQ(world.ask(set_new_pin(Kind::auth, view("5555"))).sw, sw::conditions_of_use);
    EXPECT_EQ(to_hex(world.ask(old_pin)), "9000");
}

TEST_F(PinReset, EndsWithTheSelectionOfAnotherApplication) {
    ASSERT_EQ(open(), sw::ok);
    send(select_jpki);
    send(select_domain);
    send(select_jpki);

    EXPECT_EQ(set(), sw::conditions_of_use);
}

TEST_F(PinReset, OutlivesASelectionThatFails) {
    ASSERT_EQ(open(), sw::ok);
    send(select_jpki);
    EXPECT_EQ(send("00A4040C0AD3921000310001010408"_hex).sw, sw::file_not_found);

    EXPECT_EQ(set(), sw::ok);
}

TEST_F(PinReset, EndsWithPower) {
    ASSERT_EQ(open(), sw::ok);
    registrar.connection().power_off();
    registrar.connection().power_on();
    send(select_jpki);

    EXPECT_EQ(set(), sw::conditions_of_use);
}

TEST_F(PinReset, EndsWithAReset) {
    ASSERT_EQ(open(), sw::ok);
    world.element->reset(registrar.connection());
    send(select_jpki);

    EXPECT_EQ(set(), sw::conditions_of_use);
}

TEST_F(PinReset, EndsWithTheConnection) {
    ASSERT_EQ(open(), sw::ok);
    registrar.connection() = Connection{};
    send(select_jpki);

    EXPECT_EQ(set(), sw::conditions_of_use);
}

TEST_F(PinReset, EndsWithANewSession) {
    ASSERT_EQ(open(), sw::ok);
    ASSERT_EQ(send("8050300008010203040506070800"_hex).sw, sw::ok);
    send(select_jpki);

    EXPECT_EQ(set(), sw::conditions_of_use);
}

TEST_F(PinReset, EndsWithAForgedCommand) {
    ASSERT_EQ(open(), sw::ok);
    EXPECT_EQ(send("84E2890008010203040506070800"_hex).sw, sw::security_status);
    send(select_jpki);

    EXPECT_EQ(set(), sw::conditions_of_use);
}

TEST_F(PinReset, OfOneOrderIsUsedByOneConnection) {
    ASSERT_EQ(open(), sw::ok);
    Registrar other{world};
    other.install();
    ASSERT_EQ(other.word(ResetPin{reset_order, Kind::auth}), sw::ok);
    (void)other.send(apdu::Command::decode(select_jpki).value());
    ASSERT_EQ(other.send(set_new_pin(Kind::auth, view("5555"))).sw, sw::ok);
    send(select_jpki);

    EXPECT_EQ(set("6666"), sw::conditions_of_use);
    EXPECT_EQ(to_hex(world.ask(new_pin)), "9000");
}

TEST_F(PinReset, EndsWhenThePinsBecomeOthers) {
    ASSERT_EQ(open(), sw::ok);
    Registrar other{world};
    sample::fill(world, other, second_order);
    ASSERT_EQ(other.word(administration::Swap{second_order}), sw::ok);
    send(select_jpki);

    EXPECT_EQ(set(), sw::conditions_of_use);
}

TEST_F(PinReset, EndsWithAnErasure) {
    ASSERT_EQ(open(), sw::ok);
    ASSERT_TRUE(world.ask(administration::erase_locally()).ok());
    send(select_jpki);

    EXPECT_EQ(set(), sw::conditions_of_use);
}

// ── Disk and power ──────────────────────────────────────────────────────────────────────────

TEST_F(PinReset, ChangesNothingOnAFullDisk) {
    ASSERT_EQ(open(), sw::ok);
    send(select_jpki);
    world.slots->full = true;
    EXPECT_EQ(set(), sw::memory_failure);
    world.slots->full = false;
    EXPECT_EQ(to_hex(world.ask(old_pin)), "9000");

    EXPECT_EQ(set(), sw::ok);
}

TEST_F(PinReset, LeavesTheOldPinOrTheNewWhenPowerGoes) {
    const auto clean = *world.slots;
    for (int whole = 0; whole < 2; ++whole) {
        for (std::size_t at = 0; at < 8000; at += 499) {
            sample::World torn{clean};
            Registrar again{torn};
            again.install();
            ASSERT_EQ(again.word(ResetPin{reset_order, Kind::auth}), sw::ok);
            (void)again.send(apdu::Command::decode(select_jpki).value());
            torn.slots->torn_at = at;
            torn.slots->whole_before = whole;
            (void)again.send(set_new_pin(Kind::auth, view("5555")));
            torn.slots->torn_at.reset();

            torn.restart();

            torn.ask(select_jpki);
            ASSERT_EQ(to_hex(torn.ask("00200098"_hex)), "63C3") << whole << ' ' << at;
            const bool is_old = to_hex(torn.ask(old_pin)) == "9000";
            const bool is_new = to_hex(torn.ask(new_pin)) == "9000";
            EXPECT_NE(is_old, is_new) << whole << ' ' << at;
            if (whole == 1) {
                EXPECT_TRUE(is_new) << at;
            }
        }
    }
}

}  // namespace
}  // namespace mitome::element
