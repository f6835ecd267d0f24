// SPDX-License-Identifier: Apache-2.0
#include "schema.hpp"
#include "test_database.hpp"

#include <mitome/store/register.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

namespace mitome::store {
namespace {

using test::Folder;
using test::written;
using testing::ElementsAre;
using testing::Field;

constexpr Time noon{std::chrono::seconds{1'800'000'000}};
constexpr std::chrono::seconds second{1};

Resident invented(std::string my_number = "123456789018") {
    Resident resident;
    resident.items.name = "葛󠄀城　花子";
    resident.items.address = "東京都千代田区霞が関１－１";
    resident.items.birth = pki::birth_date(std::chrono::year{1990} / 4 / 1);
    resident.items.sex = pki::Sex::female;
    resident.items.name_substitutes = "00000";
    resident.items.address_substitutes = "0000000000000";
    resident.municipality = "131016";
    resident.my_number = std::move(my_number);
    return resident;
}

Order order(std::uint8_t mark, std::uint8_t element) {
    Order made;
    made.id = Bytes(16, mark);
    made.element = Bytes(10, element);
    made.created = noon;
    made.deadline = noon + std::chrono::minutes{10};
    made.keys = {{.kind = pki::Kind::sign, .spki = {}, .serial = {}, .certificate = {}},
                 {.kind = pki::Kind::auth, .spki = {}, .serial = {}, .certificate = {}}};
    return made;
}

CmpExchange exchange(std::uint8_t mark, Bytes of_order) {
    CmpExchange made;
    made.transaction = Bytes(16, mark);
    made.order = std::move(of_order);
    made.request_id = -1;
    made.their_nonce = {1};
    made.our_nonce = {2};
    made.request_digest = {3};
    made.answer = {4};
    made.spki = {5};
    made.serial = {6};
    made.certificate = {7};
    made.certificate_hash = {8};
    made.signer = {9};
    made.created = noon;
    made.deadline = noon + std::chrono::minutes{10};
    return made;
}

struct Opened {
    explicit Opened(const Folder& folder)
        : database(*Database::open(folder.file(), registration_schema())), reg(*database) {}

    template <class Row>
    Done add(const Row& row) {
        return written(*database, [&](Transaction& in) -> Done {
            MITOME_CHECK(reg.add(in, row));
            return {};
        });
    }
    template <class Row>
    Done change(const Row& row) {
        return written(*database, [&](Transaction& in) { return reg.change(in, row); });
    }
    Done move(const Order& order, OrderState from, OrderState to) {
        return written(*database,
                       [&](Transaction& in) { return reg.move(in, order.id, from, to); });
    }

    std::unique_ptr<Database> database;
    Register reg;
};

Fault fault_of(const Done& done) { return done.error().fault; }

TEST(Register, GivesAResidentBackAsGiven) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.add(invented()));
    Resident moved = invented();
    moved.id = 1;
    moved.state = ResidentState::moved;

    EXPECT_EQ(opened.reg.resident(1)->value().items, invented().items);
    ASSERT_TRUE(opened.change(moved));

    EXPECT_THAT(*opened.reg.residents(), ElementsAre(moved));
    EXPECT_EQ(*opened.reg.resident(2), std::nullopt);
}

TEST(Register, RefusesAMyNumberThatSomeoneHas) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.add(invented()));

    EXPECT_EQ(fault_of(opened.add(invented())), Fault::conflict);
}

TEST(Register, FindsACardByTheSerialsOfItsCertificates) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.add(invented()));
    Card card{0, 1, {}, {}, noon, CardState::valid};
    ASSERT_TRUE(opened.add(card));
    ASSERT_TRUE(opened.add(card));
    card.number = 2;
    card.sign_serial = {1};
    card.auth_serial = {2};
    ASSERT_TRUE(opened.change(card));

    EXPECT_EQ(*opened.reg.card_of(pki::Kind::sign, Bytes{1}), card);
    EXPECT_EQ(*opened.reg.card_of(pki::Kind::auth, Bytes{2}), card);
    EXPECT_EQ(*opened.reg.card_of(pki::Kind::auth, Bytes{1}), std::nullopt);
    EXPECT_EQ(*opened.reg.card_of(pki::Kind::sign, {}), std::nullopt);
    EXPECT_EQ(opened.reg.cards_of(1)->size(), 2U);
}

TEST(Register, RefusesACardOfNobody) {
    const Folder folder;
    Opened opened{folder};

    EXPECT_EQ(fault_of(opened.add(Card{0, 7, {}, {}, noon, CardState::valid})), Fault::absent);
}

TEST(Register, KnowsADeviceByItsElement) {
    const Folder folder;
    Opened opened{folder};
    Device device{Bytes(10, 1), "element 01", DeviceState::known, noon};
    ASSERT_TRUE(opened.add(device));
    EXPECT_EQ(fault_of(opened.add(device)), Fault::conflict);
    device.state = DeviceState::retired;
    ASSERT_TRUE(opened.change(device));

    EXPECT_EQ(*opened.reg.device(Bytes(10, 1)), device);
    device.element = Bytes(10, 2);
    EXPECT_EQ(fault_of(opened.change(device)), Fault::absent);
}

TEST(Register, CarriesAnOrderWithItsKeysToItsEnd) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.add(invented()));
    Order made = order(1, 1);
    ASSERT_TRUE(opened.add(made));
    EXPECT_EQ(*opened.reg.open_order_of(Bytes(10, 1)), made);

    made.resident = 1;
    made.keys[0].spki = {1};
    made.keys[1].spki = {2};
    made.keys[0].certificate = {3};
    made.keys[0].confirmed = true;
    ASSERT_TRUE(opened.change(made));
    EXPECT_EQ(*opened.reg.open_order_with_key(Bytes{2}), made);
    EXPECT_EQ(*opened.reg.open_order_of(std::uint64_t{1}), made);
    EXPECT_TRUE(made.key(pki::Kind::sign)->confirmed);

    ASSERT_TRUE(opened.move(made, OrderState::open, OrderState::completed));
    EXPECT_EQ(*opened.reg.open_order_of(Bytes(10, 1)), std::nullopt);
    EXPECT_EQ(opened.reg.order(made.id)->value().state, OrderState::completed);
}

TEST(Register, MovesAnOrderOnlyFromWhereItStands) {
    const Folder folder;
    Opened opened{folder};
    const Order made = order(1, 1);
    ASSERT_TRUE(opened.add(made));
    ASSERT_TRUE(opened.move(made, OrderState::open, OrderState::answered));

    EXPECT_EQ(fault_of(opened.move(made, OrderState::open, OrderState::answered)), Fault::conflict);
    EXPECT_EQ(fault_of(opened.move(order(9, 9), OrderState::open, OrderState::answered)),
              Fault::absent);
}

TEST(Register, RefusesASecondOpenOrderOfADeviceOrAPerson) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.add(invented()));
    Order first = order(1, 1);
    first.resident = 1;
    ASSERT_TRUE(opened.add(first));
    Order of_person = order(3, 3);
    of_person.resident = 1;

    EXPECT_EQ(fault_of(opened.add(order(2, 1))), Fault::conflict);
    EXPECT_EQ(fault_of(opened.add(of_person)), Fault::conflict);
    ASSERT_TRUE(opened.move(first, OrderState::open, OrderState::abandoned));
    EXPECT_TRUE(opened.add(order(2, 1)));
    EXPECT_TRUE(opened.add(of_person));
}

TEST(Register, RefusesAKeyThatAnotherOrderHas) {
    const Folder folder;
    Opened opened{folder};
    Order first = order(1, 1);
    first.keys[0].spki = {7};
    ASSERT_TRUE(opened.add(first));
    Order second_order = order(2, 2);
    second_order.keys[1].spki = {7};

    EXPECT_EQ(fault_of(opened.add(second_order)), Fault::conflict);
    EXPECT_EQ(*opened.reg.order(second_order.id), std::nullopt);
}

TEST(Register, NamesOrdersWhoseTimeIsOver) {
    const Folder folder;
    Opened opened{folder};
    Order late = order(1, 1);
    late.deadline = noon;
    ASSERT_TRUE(opened.add(late));
    ASSERT_TRUE(opened.add(order(2, 2)));
    Order done = order(3, 3);
    done.deadline = noon;
    done.state = OrderState::completed;
    ASSERT_TRUE(opened.add(done));

    EXPECT_THAT(*opened.reg.overdue_orders(noon + second), ElementsAre(late));
    EXPECT_THAT(*opened.reg.overdue_orders(noon), ElementsAre());
}

TEST(Register, ListsTheOrdersOfADeviceNewestFirst) {
    const Folder folder;
    Opened opened{folder};
    for (const std::uint8_t mark : Bytes{1, 2, 3}) {
        const Order made = order(mark, 1);
        ASSERT_TRUE(opened.add(made));
        ASSERT_TRUE(opened.move(made, OrderState::open, OrderState::abandoned));
    }

    EXPECT_THAT(*opened.reg.orders_of(Bytes(10, 1), 2),
                ElementsAre(Field(&Order::id, Bytes(16, 3)), Field(&Order::id, Bytes(16, 2))));
}

TEST(Register, GivesACmpExchangeBackAsGiven) {
    const Folder folder;
    Opened opened{folder};
    CmpExchange made = exchange(1, Bytes(16, 1));
    ASSERT_TRUE(opened.add(made));
    ASSERT_TRUE(opened.add(exchange(2, {})));
    EXPECT_EQ(fault_of(opened.add(made)), Fault::conflict);
    made.state = ExchangeState::answered;
    made.answer = Bytes(5000, 1);
    ASSERT_TRUE(opened.change(made));

    EXPECT_EQ(*opened.reg.exchange(made.transaction), made);
    EXPECT_THAT(*opened.reg.exchanges_of(Bytes(16, 1)), ElementsAre(made));
    EXPECT_THAT(*opened.reg.exchanges_of({}), ElementsAre());
    EXPECT_THAT(*opened.reg.overdue_exchanges(noon + std::chrono::hours{1}), ElementsAre(made));
}

TEST(Register, SaysWhichPhoneANewOneReplaces) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.add(invented()));
    const ActivePhone first{1, Bytes(10, 1), Bytes(16, 1), {1}, {2}, noon};
    const ActivePhone next{1, Bytes(10, 2), Bytes(16, 2), {3}, {}, noon + second};
    std::optional<ActivePhone> replaced;
    const auto set = [&](const ActivePhone& phone) {
        return written(*opened.database, [&](Transaction& in) -> Done {
            MITOME_TRY(former, opened.reg.set_phone(in, phone));
            replaced = std::move(former);
            return {};
        });
    };

    ASSERT_TRUE(set(first));
    EXPECT_EQ(replaced, std::nullopt);
    ASSERT_TRUE(set(next));
    EXPECT_EQ(replaced, first);
    EXPECT_EQ(*opened.reg.phone_of(std::uint64_t{1}), next);
    EXPECT_EQ(*opened.reg.phone_of(Bytes(10, 1)), std::nullopt);
}

TEST(Register, PutsADialogInThePlaceOfItsFormerStep) {
    const Folder folder;
    Opened opened{folder};
    Dialog dialog{Bytes(16, 1), Bytes(10, 1), {}, 1, {}, {9}, noon};
    const auto put = [&] {
        return written(*opened.database,
                       [&](Transaction& in) { return opened.reg.put(in, dialog); });
    };
    ASSERT_TRUE(put());
    dialog.step = 2;
    dialog.request_digest = {1};
    ASSERT_TRUE(put());

    EXPECT_EQ(*opened.reg.dialog(Bytes(16, 1)), dialog);
    ASSERT_TRUE(written(*opened.database, [&](Transaction& in) {
        return opened.reg.drop_dialogs(in, noon + second);
    }));
    EXPECT_EQ(*opened.reg.dialog(Bytes(16, 1)), std::nullopt);
}

EraseOrder erasure(std::uint8_t element, std::optional<std::uint64_t> resident = {}) {
    return {.number = 0,
            .element = Bytes(10, element),
            .resident = resident,
            .cause = "superseded",
            .state = EraseState::ordered,
            .created = noon,
            .changed = noon};
}

TEST(Register, QueuesEraseOrdersUntilTheyAreCarriedOut) {
    const Folder folder;
    Opened opened{folder};
    EraseOrder first = erasure(1);
    ASSERT_TRUE(opened.add(first));
    ASSERT_TRUE(opened.add(first));
    first.number = 1;
    first.state = EraseState::erased;
    first.receipt = {1};
    first.id = Bytes(16, 2);
    first.challenge = Bytes(16, 3);
    first.signed_order = {4};
    ASSERT_TRUE(opened.change(first));

    EXPECT_EQ(*opened.reg.erase_order(1), first);
    ASSERT_TRUE(written(*opened.database, [&](Transaction& in) -> Done {
        MITOME_TRY(number, opened.reg.renumber(in, 1, 8));
        first.number = number;
        return {};
    }));
    EXPECT_EQ(first.number, 9U);
    EXPECT_EQ(*opened.reg.erase_order(1), std::nullopt);
    EXPECT_EQ(*opened.reg.erase_order(9), first);
    EXPECT_THAT(*opened.reg.waiting_erasures(Bytes(10, 1)),
                ElementsAre(Field(&EraseOrder::number, 2U)));
}

TEST(Register, ListsErasuresOfADeviceAndOfAPerson) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.add(invented()));
    ASSERT_TRUE(opened.add(erasure(1, 1)));
    ASSERT_TRUE(opened.add(erasure(2, 1)));
    ASSERT_TRUE(opened.add(erasure(1)));

    EXPECT_THAT(*opened.reg.erasures_of(Bytes(10, 1)),
                ElementsAre(Field(&EraseOrder::number, 1U), Field(&EraseOrder::number, 3U)));
    EXPECT_THAT(*opened.reg.erasures_of(std::uint64_t{1}),
                ElementsAre(Field(&EraseOrder::number, 1U), Field(&EraseOrder::number, 2U)));
}

TEST(Register, FindsTheOrderBehindACertificate) {
    const Folder folder;
    Opened opened{folder};
    Order made = order(1, 1);
    made.renewal = true;
    made.state = OrderState::completed;
    made.keys[0].serial = {7};
    made.keys[1].serial = {8};
    ASSERT_TRUE(opened.add(made));

    EXPECT_EQ(*opened.reg.order_with_serial(pki::Kind::auth, Bytes{8}), made);
    EXPECT_EQ(*opened.reg.order_with_serial(pki::Kind::auth, Bytes{7}), std::nullopt);
    EXPECT_EQ(*opened.reg.order_with_serial(pki::Kind::auth, {}), std::nullopt);
}

TEST(Register, KeepsWithdrawalsOpenUntilEachIsDone) {
    const Folder folder;
    Opened opened{folder};
    ASSERT_TRUE(opened.add(invented()));
    Withdrawal first{.transaction = Bytes(16, 1),
                     .position = 0,
                     .ca = pki::Ca::phone_auth,
                     .serial = {9},
                     .reason = pki::Reason::key_compromise,
                     .invalidity = noon,
                     .element = Bytes(10, 1),
                     .resident = 1};
    Withdrawal other = first;
    other.position = 1;
    other.invalidity.reset();
    ASSERT_TRUE(opened.add(other));
    ASSERT_TRUE(opened.add(first));
    EXPECT_EQ(fault_of(opened.add(first)), Fault::conflict);
    EXPECT_THAT(*opened.reg.open_withdrawals(), ElementsAre(Bytes(16, 1)));

    first.done = other.done = true;
    ASSERT_TRUE(opened.change(first));
    EXPECT_THAT(*opened.reg.open_withdrawals(), ElementsAre(Bytes(16, 1)));
    ASSERT_TRUE(opened.change(other));

    EXPECT_THAT(*opened.reg.open_withdrawals(), ElementsAre());
    EXPECT_THAT(*opened.reg.withdrawals_of(Bytes(16, 1)), ElementsAre(first, other));
}

TEST(Register, LetsOneResetWaitForADevice) {
    const Folder folder;
    Opened opened{folder};
    ResetGrant first{.order = Bytes(16, 1),
                     .element = Bytes(10, 1),
                     .kinds = 3,
                     .created = noon,
                     .expires = noon + second};
    ASSERT_TRUE(opened.add(first));
    ResetGrant later = first;
    later.order = Bytes(16, 2);
    ASSERT_TRUE(opened.add(later));
    EXPECT_EQ(*opened.reg.waiting_reset(Bytes(10, 1)), later);

    later.state = ResetState::delivered;
    ASSERT_TRUE(opened.change(later));

    EXPECT_EQ(*opened.reg.waiting_reset(Bytes(10, 1)), std::nullopt);
    EXPECT_EQ(fault_of(opened.add(first)), Fault::conflict);
}

TEST(Register, RemembersLeaseAndRecordOfAnElement) {
    const Folder folder;
    Opened opened{folder};
    const GrantedLease lease{Bytes(10, 1), noon, noon + second};
    const Witness witness{Bytes(10, 1), 17, true, noon};
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(written(*opened.database, [&](Transaction& in) -> Done {
            MITOME_CHECK(opened.reg.put(in, lease));
            return opened.reg.put(in, witness);
        }));
    }

    EXPECT_EQ(*opened.reg.lease_of(Bytes(10, 1)), lease);
    EXPECT_EQ(*opened.reg.witness_of(Bytes(10, 1)), witness);
    EXPECT_EQ(*opened.reg.witness_of(Bytes(10, 2)), std::nullopt);
    ASSERT_TRUE(written(*opened.database,
                        [&](Transaction& in) { return opened.reg.drop_lease(in, Bytes(10, 1)); }));
    EXPECT_EQ(*opened.reg.lease_of(Bytes(10, 1)), std::nullopt);
}

TEST(Register, ReadsAFileOfTheFirstVersion) {
    const Folder folder;
    {
        constexpr std::size_t first_version = 2;  // steps
        const Schema& whole = registration_schema();
        const auto old = Database::open(
            folder.file(), Schema{whole.application, whole.steps.first(first_version)});
        ASSERT_TRUE(old);
    }
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(folder.file().c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(raw,
                           "INSERT INTO orders VALUES(1, x'01', x'0202', NULL, 4, 5, 6);"
                           "INSERT INTO order_keys VALUES(1, 0, x'03', x'04', x'05', 1);"
                           "INSERT INTO erase_orders VALUES(9, x'0202', NULL, 'superseded', 1, "
                           "x'', 5, 6);",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(raw);

    Opened opened{folder};

    const auto order = *opened.reg.order_with_serial(pki::Kind::sign, Bytes{4});
    ASSERT_TRUE(order);
    EXPECT_FALSE(order->renewal);
    const auto erasure = *opened.reg.erase_order(9);
    ASSERT_TRUE(erasure);
    EXPECT_EQ(erasure->state, EraseState::delivered);
    EXPECT_TRUE(erasure->challenge.empty());
}

}  // namespace
}  // namespace mitome::store
