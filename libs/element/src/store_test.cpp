// SPDX-License-Identifier: Apache-2.0
#include "administered.hpp"

#include <mitome/base/file.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

namespace mitome::element {
namespace {

using sample::select_jpki;

constexpr auto wrong_pin = "002000980430303030"_hex;
constexpr auto right_pin = "002000980431323334"_hex;
constexpr auto ask_tries = "00200098"_hex;

std::string tries(sample::World& world) {
    world.ask(select_jpki);
    return to_hex(world.ask(ask_tries));
}

TEST(Store, SpendsATryOnDiskBeforeItCompares) {
    sample::World world = sample::card();
    world.ask(select_jpki);
    const int before = world.slots->writes;

    world.ask(wrong_pin);

    EXPECT_EQ(world.slots->writes, before + 1);
    world.restart();
    EXPECT_EQ(tries(world), "63C2");
}

TEST(Store, LeavesTheRecordBeforeATornWrite) {
    sample::World probe = sample::card();
    probe.ask(select_jpki);
    const auto clean = *probe.slots;
    probe.ask(wrong_pin);
    // The slot that was written, and how much of it.
    const std::size_t size = std::max(probe.slots->slot[0].size(), probe.slots->slot[1].size());
    ASSERT_LT(size, 32U * 1024);

    // Every offset of the header, then every 97th of the body, then every one of the tag.
    for (std::size_t at = 0; at < size; at += at < 40 || at + 24 > size ? 1 : 97) {
        sample::World world{clean};
        world.ask(select_jpki);
        world.slots->torn_at = at;
        EXPECT_EQ(to_hex(world.ask(wrong_pin)), "6581") << at;
        world.slots->torn_at.reset();
        EXPECT_EQ(to_hex(world.ask(ask_tries)), "63C3") << at;

        world.restart();

        ASSERT_FALSE(world.element->terminated()) << at;
        EXPECT_EQ(tries(world), "63C3") << at;
        EXPECT_EQ(to_hex(world.ask(right_pin)), "9000") << at;
    }
}

TEST(Store, TakesEveryOffsetOfATornSlotForNothing) {
    // Exhaustive on the store's own ground: the older slot answers, whatever the newer holds.
    sample::World world = sample::card();
    world.ask(select_jpki);
    const auto before = *world.slots;
    world.ask(wrong_pin);
    const auto after = *world.slots;
    const unsigned written = before.slot[0] == after.slot[0] ? 1 : 0;
    const Bytes& old_slot = before.slot[written];
    const Bytes& new_slot = after.slot[written];

    int older = 0;
    for (std::size_t at = 0; at < new_slot.size(); ++at) {
        Bytes torn = old_slot;
        torn.resize(std::max(old_slot.size(), new_slot.size()));
        std::copy_n(new_slot.begin(), at, torn.begin());
        if (torn == new_slot) continue;
        auto slots = std::make_shared<sample::Slots>(before);
        slots->slot[written] = torn;
        if (at % 53 != 0 && at > 64 && at + 64 < new_slot.size()) continue;
        const auto element =
            Element::open(std::make_unique<sample::MemoryMedium>(slots), sample::device_key());
        ASSERT_TRUE(element) << at;
        ASSERT_FALSE((*element)->terminated()) << at;
        ++older;
    }
    EXPECT_GT(older, 100);
}

TEST(Store, GivesNoFreeTryWhenPowerGoesBehindTheComparison) {
    sample::World world = sample::card();
    world.ask(select_jpki);
    const auto before = *world.slots;
    // The second write of a right PIN, the one that restores, is lost: the count stays lowered.
    world.ask(right_pin);
    auto spent = *world.slots;
    const auto newest = [](const sample::Slots& slots) {
        return slots.slot[0][15] > slots.slot[1][15] ? 0 : 1;
    };
    spent.slot[newest(*world.slots)] = before.slot[newest(*world.slots)];
    sample::World after{spent};

    EXPECT_EQ(tries(after), "63C2");
}

TEST(Store, OpensAsTerminatedWhenBothSlotsAreBad) {
    sample::World world = sample::card();
    for (Bytes& slot : world.slots->slot) slot[40] ^= 1;

    world.restart();

    EXPECT_TRUE(world.element->terminated());
    EXPECT_EQ(to_hex(world.ask(select_jpki)), "6A82");
    EXPECT_EQ(to_hex(world.ask(right_pin)), "6D00");
    EXPECT_FALSE(world.element->personalise({}));
}

// ── A store that an older element wrote ─────────────────────────────────────────────────────

/// tests/vectors/element/layout-1: issued once, a try spent, another set begun.
sample::World of_first_layout() {
    sample::Slots slots;
    for (const unsigned slot : {0U, 1U})
        slots.slot[slot] =
            read_file(std::filesystem::path{MITOME_SOURCE_DIR} / "tests/vectors/element/layout-1" /
                      ("slot-" + std::to_string(slot)))
                .value();
    return sample::World{slots};
}

TEST(Store, OpensARecordOfTheFirstLayout) {
    sample::World world = of_first_layout();
    sample::Registrar registrar{world};
    registrar.install();

    const auto state = registrar.state();

    EXPECT_EQ(state.swapped, sample::first_order);
    EXPECT_EQ(state.erased, sample::administration::Order{9});  // TERMINATE, as it was
    EXPECT_EQ(state.erase_number, 0U);
    EXPECT_TRUE(state.resets.empty());
    EXPECT_FALSE(state.lease);
    EXPECT_FALSE(state.local_receipt);
    ASSERT_EQ(state.present.size(), 2U);
    EXPECT_EQ(to_hex(state.present[0].key),
              "1C99742DF1235521359B0DB8FBD215670EE428BB76472CF5073625FE18156EA8");
    EXPECT_EQ(state.present[1].tries, 2);
    ASSERT_TRUE(state.pending);
    EXPECT_EQ(state.pending->order, sample::second_order);
    EXPECT_EQ(state.pending->generated, 2);
}

TEST(Store, WritesItsOwnLayoutAfterARecordOfTheFirst) {
    sample::World world = of_first_layout();
    world.ask(select_jpki);
    ASSERT_EQ(to_hex(world.ask("002000980439383736"_hex)), "9000");

    world.restart();

    world.ask(select_jpki);
    EXPECT_EQ(to_hex(world.ask(ask_tries)), "63C3");
    EXPECT_EQ(to_hex(world.ask("002000980439383736"_hex)), "9000");
}

TEST(Store, ErasesByAnOrderThatTheFirstLayoutKnewWithoutReceipt) {
    sample::World world = of_first_layout();
    sample::Registrar registrar{world};
    registrar.install();

    EXPECT_FALSE(
        registrar.erase({.order = {9}, .number = 1, .challenge = {}, .signed_order = {}}).empty());

    EXPECT_TRUE(registrar.state().present.empty());
}

TEST(Store, IsUselessWithAnotherDeviceKey) {
    const sample::World world = sample::card();

    const auto stolen = Element::open(std::make_unique<sample::MemoryMedium>(world.slots),
                                      sample::device_key(0x45));

    ASSERT_TRUE(stolen);
    EXPECT_TRUE((*stolen)->terminated());
}

TEST(Store, HoldsNoPinAndNoKeyInTheClear) {
    sample::World world = sample::card();

    for (const Bytes& slot : world.slots->slot) {
        EXPECT_EQ(text(slot).find("ABC123"), std::string_view::npos);
        EXPECT_EQ(text(slot).find("123456789018"), std::string_view::npos);
    }
}

TEST(Store, SealsOnce) {
    sample::World world = sample::card();

    EXPECT_EQ(world.element->personalise({}).error().fault, Fault::conflict);
    EXPECT_EQ(world.element->key_before_sealing(Kind::sign).error().fault, Fault::conflict);
}

// ── On a real file ──────────────────────────────────────────────────────────────────────────

class OnDisk : public testing::Test {
protected:
    void SetUp() override {
        folder = std::filesystem::temp_directory_path() /
                 ("mitome-element-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    void make() {
        auto made = Element::create(FileMedium::create(folder / "element.store").value(),
                                    sample::device_key(),
                                    {PersonaName::card, crypto::KeyKind::ec_p256, sample::id});
        ASSERT_TRUE(made);
        ASSERT_TRUE((*made)->personalise(sample::personalisation(**made)));
    }
    Result<std::unique_ptr<Element>> open() {
        auto medium = FileMedium::open(folder / "element.store");
        if (!medium) return std::unexpected{medium.error()};
        return Element::open(*std::move(medium), sample::device_key());
    }

    std::filesystem::path folder;
};

TEST_F(OnDisk, IsMadeOnceAndOpenedByOne) {
    make();

    EXPECT_EQ(FileMedium::create(folder / "element.store").error().fault, Fault::conflict);
    const auto one = open();
    ASSERT_TRUE(one);
    EXPECT_EQ(open().error().fault, Fault::conflict);
}

TEST_F(OnDisk, IsAbsentBeforeItIsMade) { EXPECT_EQ(open().error().fault, Fault::absent); }

TEST_F(OnDisk, SurvivesBeingKilledInMidWrite) {
    make();
    // A child spends tries in a loop and is killed at any moment; the count that it was told
    // never exceeds what the disk says afterwards by a free try.
    for (int round = 0; round < 12; ++round) {
        int told[2];
        ASSERT_EQ(::pipe(told), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            auto element = open();
            if (!element) ::_exit(1);
            Connection connection;
            (void)(*element)->answer(connection, select_jpki);
            while (true) {
                const Bytes wrong = (*element)->answer(connection, wrong_pin);
                if (::write(told[1], &wrong[1], 1) != 1) ::_exit(1);
                (void)(*element)->answer(connection, right_pin);
                const std::uint8_t restored = 0xC3;
                if (::write(told[1], &restored, 1) != 1) ::_exit(1);
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5 + 7 * round});
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        ::close(told[1]);
        std::uint8_t last = 0xC3;
        std::uint8_t each = 0;
        while (::read(told[0], &each, 1) == 1) last = each;
        ::close(told[0]);

        auto element = open();
        ASSERT_TRUE(element);
        ASSERT_FALSE((*element)->terminated());
        Connection connection;
        (void)(*element)->answer(connection, select_jpki);
        const Bytes answer = (*element)->answer(connection, ask_tries);
        ASSERT_EQ(answer[0], 0x63);
        // After a told 63C2: still 2, or one spent by the right PIN in flight, or restored.
        // After a told 63C3: 3, or the next try is spent.
        if (last == 0xC3) {
            EXPECT_GE(answer[1], 0xC2);
        } else {
            EXPECT_GE(answer[1], 0xC1);
        }
        (void)(*element)->answer(connection, right_pin);
    }
}

TEST_F(OnDisk, ReadsButDoesNotSpendOnAReadOnlyStore) {
    make();
    // Root may write whatever the mode says, so the file is opened without the right instead.
    class ReadOnly final : public Medium {
    public:
        explicit ReadOnly(std::unique_ptr<Medium> inner) : inner_(std::move(inner)) {}
        Result<Bytes> read(unsigned slot) override { return inner_->read(slot); }
        Done write(unsigned, BytesView) override {
            return fail(Fault::unavailable, "test: read-only");
        }

    private:
        std::unique_ptr<Medium> inner_;
    };
    auto element = Element::open(
        std::make_unique<ReadOnly>(FileMedium::open(folder / "element.store").value()),
        sample::device_key());
    Connection connection;
    (void)(*element)->answer(connection, select_jpki);

    EXPECT_EQ(to_hex((*element)->answer(connection, right_pin)), "6581");
    EXPECT_EQ(to_hex((*element)->answer(connection, "00B08A0004"_hex)), "308203CC9000");
}

}  // namespace
}  // namespace mitome::element
