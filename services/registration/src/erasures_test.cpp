// SPDX-License-Identifier: Apache-2.0
#include "erasures.hpp"

#include "test_office.hpp"

#include <mitome/pki/receipt.hpp>

#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

namespace adm = apdu::administration;

/// A maker, an element of it whose erasure was ordered, and another one.
class ErasuresTest : public InProcess {
protected:
    struct Made {
        std::unique_ptr<crypto::SoftwareKey> key = new_key();
        std::optional<pki::Certificate> certificate;
        Bytes id;
    };
    ErasuresTest() {
        const auto root =
            pki::root_template(name("maker"), *root_key_, Bytes{1}, {start - 8760h, start + 8760h});
        root_ =
            *pki::Certificate::from_der(*pki::sign_tbs(pki::certificate_tbs(*root), *root_key_));
        element = new_element(7);
        other = new_element(8);
        erasures.emplace(office, *signer, *root_);
        number = ordered(element.id);
    }
    Made new_element(std::uint8_t mark) {
        Made made;
        made.id = Bytes(10, mark);
        const auto issuer = pki::issuer_of(*root_);
        const pki::Template wanted{
            .serial = Bytes{mark},
            .signature_algorithm = issuer->signature_algorithm,
            .issuer = issuer->name,
            .not_before = start - 1h,
            .not_after = start + 8000h,
            .subject = name("element " + to_hex(made.id)),
            .spki = made.key->spki(),
            .extensions = {pki::extension::key_usage(pki::key_usage::digital_signature),
                           pki::extension::authority_key_identifier(issuer->key_identifier)}};
        made.certificate =
            *pki::Certificate::from_der(*pki::sign_tbs(pki::certificate_tbs(wanted), *root_key_));
        return made;
    }
    std::uint64_t ordered(const Bytes& of, std::string_view cause = "superseded") {
        auto change = database->begin();
        EXPECT_TRUE(order_erasure(office, *change, of, std::nullopt, cause));
        EXPECT_TRUE(change->commit());
        return erasures->waiting(of)->value().number;
    }
    /// What an obedient element would say.
    pki::ErasureReceipt receipt_for(const adm::Erase& order) const {
        pki::ErasureReceipt receipt;
        std::ranges::copy(element.id, receipt.element.begin());
        receipt.order = order.order;
        receipt.number = order.number;
        receipt.signed_order = order.signed_order;
        receipt.challenge = order.challenge;
        receipt.record = 20;
        return receipt;
    }
    static Bytes signed_by(const Made& made, const pki::ErasureReceipt& receipt) {
        return *pki::sign_receipt(receipt, *made.key, *made.certificate);
    }
    adm::Erase delivered(std::uint64_t last = 0) {
        adm::State state;
        state.erase_number = last;
        auto order = erasures->deliver(number, state);
        EXPECT_TRUE(order);
        number = order->number;
        return *order;
    }
    catalogue::Code refusal_of(const Bytes& receipt) {
        const auto taken = erasures->take(number, receipt, 20);
        return taken ? catalogue::Code::erased : taken.error().code;
    }

    Made element, other;
    std::optional<Erasures> erasures;
    std::uint64_t number = 0;

private:
    std::unique_ptr<crypto::SoftwareKey> root_key_ = new_key();
    std::optional<pki::Certificate> root_;
};

using catalogue::Code;

TEST_F(ErasuresTest, KeepTheReceiptOfTheirOrder) {
    const Bytes receipt = signed_by(element, receipt_for(delivered()));

    ASSERT_TRUE(erasures->take(number, receipt, 21));

    const auto kept = people.erase_order(number)->value();
    EXPECT_EQ(kept.state, store::EraseState::erased);
    EXPECT_EQ(kept.receipt, receipt);
    EXPECT_EQ(people.witness_of(element.id)->value().record, 21U);
    EXPECT_FALSE(*erasures->waiting(element.id));
}

TEST_F(ErasuresTest, TakeTheSameReceiptTwiceWithoutAWord) {
    const Bytes receipt = signed_by(element, receipt_for(delivered()));
    ASSERT_TRUE(erasures->take(number, receipt, 20));

    EXPECT_TRUE(erasures->take(number, receipt, 20));
}

TEST_F(ErasuresTest, RefuseAndNoteTheReceiptOfAnotherOrder) {
    const adm::Erase order = delivered();
    const auto changed = [&](auto change) {
        auto receipt = receipt_for(order);
        change(receipt);
        return refusal_of(signed_by(element, receipt));
    };

    EXPECT_EQ(changed([](auto& one) { one.challenge[0] ^= 1; }), Code::receipt_bad);
    EXPECT_EQ(changed([](auto& one) { one.number += 1; }), Code::receipt_bad);
    EXPECT_EQ(changed([](auto& one) { one.order[0] ^= 1; }), Code::receipt_bad);
    EXPECT_EQ(changed([](auto& one) { one.signed_order[0] ^= 1; }), Code::receipt_bad);
    EXPECT_EQ(changed([](auto& one) { one.element[0] ^= 1; }), Code::receipt_bad);
    EXPECT_EQ(refusal_of(signed_by(other, receipt_for(order))), Code::receipt_bad);

    EXPECT_EQ(people.erase_order(number)->value().state, store::EraseState::delivered);
    EXPECT_EQ(audit.page(0, 20)->back().event.action, "erasure.refuse");
}

TEST_F(ErasuresTest, RefuseAnEarlierReceiptForALaterOrder) {
    const Bytes earlier = signed_by(element, receipt_for(delivered()));
    ASSERT_TRUE(erasures->take(number, earlier, 20));
    number = ordered(element.id);
    static_cast<void>(delivered());

    EXPECT_EQ(refusal_of(earlier), Code::receipt_bad);
}

TEST_F(ErasuresTest, RefuseAReceiptBeforeTheOrderIsOnItsWay) {
    EXPECT_EQ(refusal_of(signed_by(element, receipt_for(adm::Erase{.number = number}))),
              Code::receipt_bad);
}

TEST_F(ErasuresTest, DeliverTheSameOrderAgain) {
    const adm::Erase first = delivered();

    EXPECT_EQ(delivered(), first);
}

TEST_F(ErasuresTest, NumberAnOrderAboveWhatTheElementHasSeen) {
    const adm::Erase order = delivered(41);

    EXPECT_EQ(order.number, 42U);
    EXPECT_TRUE(erasures->take(number, signed_by(element, receipt_for(order)), 20));
}

TEST_F(ErasuresTest, AreWithdrawnWhenANewSetTookThePlace) {
    const auto desk = ordered(other.id, "desk");
    auto change = database->begin();
    ASSERT_TRUE(withdraw_erasures(office, *change, element.id));
    ASSERT_TRUE(withdraw_erasures(office, *change, other.id));
    ASSERT_TRUE(change->commit());

    EXPECT_FALSE(*erasures->waiting(element.id));
    EXPECT_EQ(erasures->waiting(other.id)->value().number, desk);
}

TEST_F(ErasuresTest, TakeNoReceiptOfAnOrderAsALocalOne) {
    const Bytes receipt = signed_by(element, receipt_for(delivered()));

    const auto taken = erasures->take_local(element.id, receipt);

    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Code::receipt_bad);
}

}  // namespace
}  // namespace mitome::registration
