// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/administration.hpp>

#include <gtest/gtest.h>

namespace mitome::apdu::administration {
namespace {

const Order order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

const Erase erase{order, 0x0102030405060708, {0xC1}, {0x51, 0x52}};
const Lease lease{Time{std::chrono::seconds{1'795'000'000}},
                  Time{std::chrono::seconds{1'797'592'000}}};

class Operations : public testing::TestWithParam<Operation> {};

TEST_P(Operations, ReadBackAsWritten) {
    EXPECT_EQ(decode_operation(encode(GetParam())).value(), GetParam());
}

TEST_P(Operations, AreRefusedWhenCutShortOrLengthened) {
    Bytes octets = encode(GetParam());
    octets.push_back(0);
    EXPECT_FALSE(decode_operation(octets));
    octets.pop_back();
    octets.pop_back();
    EXPECT_FALSE(decode_operation(octets));
}

INSTANTIATE_TEST_SUITE_P(
    All, Operations,
    testing::Values(Operation{Begin{order, 3, Algorithm::ec_p256}}, Operation{Generate{Kind::auth}},
                    Operation{AskState{}},
                    Operation{StoreCertificate{Kind::sign, Role::issuer, Bytes(1800, 0x30)}},
                    Operation{StoreCertificate{Kind::auth, Role::holder, Bytes(9, 0x30)}},
                    Operation{Swap{order}}, Operation{Drop{order}}, Operation{Unblock{Kind::sign}},
                    Operation{ResetPin{order, Kind::auth}}, Operation{erase}, Operation{lease},
                    Operation{ReceiptTaken{{7, 8, 9}}}));

TEST(Operations, KnowNoTerminateAnyMore) {
    EXPECT_FALSE(decode_operation(join({"D10810"_hex, order})));
}

TEST(Operations, RefuseATimeBeyondTheClock) {
    EXPECT_FALSE(decode_operation("D10B1080000000000000000000000000000001"_hex));
}

TEST(Store, IsExtendedWhereItMustBe) {
    EXPECT_FALSE(store(Swap{order}).is_extended());
    EXPECT_TRUE(store(Generate{Kind::sign}).is_extended());
    EXPECT_TRUE(store(erase).is_extended());
    EXPECT_TRUE(store(StoreCertificate{Kind::sign, Role::holder, Bytes(1800, 0)}).is_extended());
}

TEST(Install, NamesTheApplication) {
    EXPECT_EQ(to_hex(install_for_personalization().encode()),
              "80E62000100000"
              "0A"
              "D392F000260100000001"
              "000000"
              "00");
}

TEST(State, ReadsBackAsWritten) {
    State state;
    state.element.fill(7);
    state.record = 0x0102030405;
    state.erased = order;
    state.resets = {{Kind::sign, order}, {Kind::auth, {9}}};
    state.erase_number = 3;
    state.lease = lease;
    state.local_receipt = true;
    state.swapped = order;
    state.present = {{Kind::sign, 5, {}, true}, {Kind::auth, 3, {}, false}};
    state.pending = State::Pending{order, 3, 1, 1, 2, 0};

    EXPECT_EQ(decode_state(encode(state)).value(), state);
}

TEST(State, FitsAShortProtectedAnswer) {
    State state;
    state.swapped = state.erased = order;
    state.resets = {{Kind::sign, order}, {Kind::auth, order}};
    state.erase_number = 1;
    state.lease = lease;
    state.local_receipt = true;
    state.present = {{Kind::sign, 5, {}, true}, {Kind::auth, 3, {}, true}};
    state.pending = State::Pending{order, 3, 3, 3, 3, 3};

    EXPECT_LE(encode(state).size(), 239U);
}

TEST(Generated, ReadsBackAsWritten) {
    const Generated generated{Kind::auth, Bytes(294, 0x30)};

    EXPECT_EQ(decode_generated(encode(generated)).value(), generated);
}

TEST(Erased, ReadsBackAsWritten) {
    const Erased erased{Bytes(900, 0x30)};

    EXPECT_EQ(decode_erased(encode(erased)).value(), erased);
    EXPECT_FALSE(decode_erased(encode(State{})));
}

TEST(PlainCommands, AreTheseOctets) {
    EXPECT_EQ(to_hex(set_pending_pin(Kind::auth, view("1234")).encode()), "802400020431323334");
    EXPECT_EQ(to_hex(set_new_pin(Kind::auth, view("1234")).encode()), "802402020431323334");
    EXPECT_EQ(to_hex(erase_locally().encode()), "80260000000000");
    EXPECT_EQ(to_hex(read_receipt(ReceiptOf::local).encode()), "80280000000000");
    EXPECT_EQ(to_hex(read_receipt(ReceiptOf::order).encode()), "80280001000000");
}

TEST(Proof, ReadsBackAsWritten) {
    const Proof proof{Bytes(1900, 0x30), Bytes(256, 1)};

    EXPECT_EQ(decode_proof(encode(proof)).value(), proof);
}

TEST(PinForm, IsFourDigitsForAuthentication) {
    EXPECT_TRUE(is_pin_form(Kind::auth, view("0123")));
    for (const char* wrong : {"", "123", "12345", "12A4", "123 "})
        EXPECT_FALSE(is_pin_form(Kind::auth, view(wrong))) << wrong;
}

TEST(PinForm, IsSixToSixteenOfBothClassesForSignature) {
    EXPECT_TRUE(is_pin_form(Kind::sign, view("ABC123")));
    EXPECT_TRUE(is_pin_form(Kind::sign, view("ABCDEFGH12345678")));
    for (const char* wrong : {"ABC12", "ABCDEFGH123456789", "ABCDEF", "123456", "abc123", "ABC12!"})
        EXPECT_FALSE(is_pin_form(Kind::sign, view(wrong))) << wrong;
}

}  // namespace
}  // namespace mitome::apdu::administration
