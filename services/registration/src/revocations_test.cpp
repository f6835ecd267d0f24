// SPDX-License-Identifier: Apache-2.0
#include "phones.hpp"
#include "test_office.hpp"

#include <boost/json/array.hpp>
#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

using pki::Reason;

/// The first card's holder has a phone with both certificates.
class RevocationTest : public InProcess {
protected:
    RevocationTest() {
        sign =
            authority.make(pki::Ca::phone_sign, phone_key->spki(), start - 1h, start + 24h * 900);
        auth =
            authority.make(pki::Ca::phone_auth, new_key()->spki(), start - 1h, start + 24h * 900);
        auto change = database->begin();
        store::Order order{.id = Bytes(16, 1),
                           .element = element,
                           .resident = card.resident,
                           .state = store::OrderState::completed,
                           .created = start,
                           .deadline = start,
                           .keys = {{.kind = pki::Kind::sign,
                                     .spki = phone_key->spki(),
                                     .serial = copy(sign->serial()),
                                     .certificate = sign->der(),
                                     .confirmed = true},
                                    {.kind = pki::Kind::auth,
                                     .spki = Bytes{1},
                                     .serial = copy(auth->serial()),
                                     .certificate = auth->der(),
                                     .confirmed = true}}};
        EXPECT_TRUE(people.add(*change, order));
        EXPECT_TRUE(people.set_phone(*change, {.resident = card.resident,
                                               .element = element,
                                               .order = order.id,
                                               .sign_serial = copy(sign->serial()),
                                               .auth_serial = copy(auth->serial()),
                                               .since = start}));
        EXPECT_TRUE(change->commit());
    }

    cmp::Outgoing rr(const cmp::Identity& by, const std::vector<cmp::WantedRevocation>& wanted) {
        return *cmp::request_revocations(wanted, by, name("ra"), random, clock.now());
    }
    /// The failInfo, `none` when it is done.
    std::string asked(const cmp::Identity& by, const std::vector<cmp::WantedRevocation>& wanted) {
        return failure_of(said(rr(by, wanted).der));
    }
    std::string asked(const cmp::Identity& by, const pki::Certificate& what, Reason reason) {
        return asked(by, {cmp::WantedRevocation::of(what, reason)});
    }
    [[nodiscard]] cmp::Identity phone() const { return cmp::Identity::of(*phone_key, *sign); }
    [[nodiscard]] bool is_held(const pki::Certificate& what) const {
        return authority.held.contains(copy(what.serial()));
    }
    [[nodiscard]] bool is_revoked(const pki::Certificate& what) const {
        return authority.revoked.contains(copy(what.serial()));
    }

    const Bytes element = Bytes(10, 7);
    std::unique_ptr<crypto::SoftwareKey> phone_key = new_key();
    std::optional<pki::Certificate> sign, auth;
};

TEST_F(RevocationTest, IsForTheCardToAsk) {
    EXPECT_EQ(asked(card.identity(), *sign, Reason::key_compromise), "none");

    EXPECT_EQ(authority.revoked.at(copy(sign->serial())), Reason::key_compromise);
    EXPECT_FALSE(is_revoked(*auth));
}

TEST_F(RevocationTest, IsForThePhoneItselfToAsk) {
    EXPECT_EQ(asked(phone(), {cmp::WantedRevocation::of(*sign, Reason::cessation_of_operation),
                              cmp::WantedRevocation::of(*auth, Reason::cessation_of_operation)}),
              "none");

    EXPECT_TRUE(is_revoked(*sign));
    EXPECT_TRUE(is_revoked(*auth));
}

TEST_F(RevocationTest, OfThePairOrdersItsErasure) {
    ASSERT_EQ(asked(card.identity(), *sign, Reason::unspecified), "none");
    EXPECT_TRUE(people.waiting_erasures(element)->empty());

    ASSERT_EQ(asked(card.identity(), *auth, Reason::unspecified), "none");

    const auto waiting = *people.waiting_erasures(element);
    ASSERT_EQ(waiting.size(), 1U);
    EXPECT_EQ(waiting.front().cause, "revoked");
    EXPECT_EQ(waiting.front().resident, card.resident);
}

TEST_F(RevocationTest, HoldsWithTheCardsLogin) {
    EXPECT_EQ(asked(card.login_identity(), *auth, Reason::certificate_hold), "none");
    EXPECT_TRUE(is_held(*auth));

    EXPECT_EQ(asked(card.login_identity(), *auth, Reason::remove_from_crl), "notAuthorized");
    EXPECT_EQ(asked(card.login_identity(), *auth, Reason::key_compromise), "notAuthorized");
}

TEST_F(RevocationTest, ReleasesAuthenticationWithTheCardAlone) {
    ASSERT_EQ(asked(phone(), *auth, Reason::certificate_hold), "none");
    EXPECT_EQ(asked(phone(), *auth, Reason::remove_from_crl), "notAuthorized");

    EXPECT_EQ(asked(card.identity(), *auth, Reason::remove_from_crl), "none");

    EXPECT_FALSE(is_held(*auth));
}

TEST_F(RevocationTest, NeverReleasesASignatureCertificate) {
    ASSERT_EQ(asked(card.identity(), *sign, Reason::certificate_hold), "none");

    EXPECT_EQ(asked(card.identity(), *sign, Reason::remove_from_crl), "notAuthorized");

    EXPECT_TRUE(is_held(*sign));
}

TEST_F(RevocationTest, IsAllOrNone) {
    EXPECT_EQ(asked(card.identity(), {cmp::WantedRevocation::of(*sign, Reason::key_compromise),
                                      cmp::WantedRevocation::of(*auth, Reason::remove_from_crl)}),
              "notAuthorized");

    EXPECT_EQ(authority.withdrawals, 0);
}

TEST_F(RevocationTest, IsRefusedTwice) {
    ASSERT_EQ(asked(card.identity(), *auth, Reason::key_compromise), "none");

    EXPECT_EQ(asked(card.identity(), *auth, Reason::key_compromise), "certRevoked");
    EXPECT_EQ(asked(card.identity(), *auth, Reason::certificate_hold), "certRevoked");
}

TEST_F(RevocationTest, IsNotForAnotherPersonsCertificate) {
    const Card other = new_card(2, 1990y / 1 / 1);

    EXPECT_EQ(asked(other.identity(), *sign, Reason::key_compromise), "badCertId");
    EXPECT_EQ(asked(other.login_identity(), *auth, Reason::certificate_hold), "badCertId");
}

TEST_F(RevocationTest, IsNotForACardsCertificate) {
    EXPECT_EQ(asked(card.identity(), *card.certificate, Reason::key_compromise), "badCertId");
}

TEST_F(RevocationTest, TakesNoReasonThatIsNotAHolders) {
    EXPECT_EQ(asked(card.identity(), *sign, Reason::ca_compromise), "badRequest");
    EXPECT_EQ(asked(card.identity(), *sign, Reason::privilege_withdrawn), "badRequest");
}

TEST_F(RevocationTest, NeedsAPhoneThatLives) {
    ASSERT_EQ(asked(card.identity(), *sign, Reason::certificate_hold), "none");

    EXPECT_EQ(asked(phone(), *auth, Reason::certificate_hold), "certRevoked");
}

TEST_F(RevocationTest, AnswersTheSameOctetsTheSameAndDoesNothing) {
    const auto hold =
        rr(card.identity(), {cmp::WantedRevocation::of(*auth, Reason::certificate_hold)});
    const auto first = post(hold.der).content();
    ASSERT_EQ(asked(card.identity(), *auth, Reason::remove_from_crl), "none");

    EXPECT_EQ(post(hold.der).content(), first);

    EXPECT_FALSE(is_held(*auth));
}

TEST_F(RevocationTest, IsCarriedOutWhenTheAuthorityIsBack) {
    const auto out = rr(card.identity(), {cmp::WantedRevocation::of(*sign, Reason::unspecified)});
    ASSERT_EQ(failure_of(said(out.der)), "none");
    // What a crash left behind: written down and not done.
    auto change = database->begin();
    ASSERT_TRUE(people.add(*change, store::Withdrawal{.transaction = Bytes(16, 9),
                                                      .position = 0,
                                                      .ca = pki::Ca::phone_auth,
                                                      .serial = copy(auth->serial()),
                                                      .reason = Reason::unspecified,
                                                      .element = element,
                                                      .resident = card.resident}));
    ASSERT_TRUE(change->commit());
    authority.is_down = true;
    revocations.tend();
    EXPECT_FALSE(is_revoked(*auth));

    authority.is_down = false;
    revocations.tend();

    EXPECT_TRUE(is_revoked(*auth));
    EXPECT_TRUE(people.open_withdrawals()->empty());
    EXPECT_EQ(people.waiting_erasures(element)->size(), 1U);
}

TEST_F(RevocationTest, IsWrittenIntoTheAudit) {
    ASSERT_EQ(asked(card.login_identity(), *auth, Reason::certificate_hold), "none");

    const auto rows = *audit.page(0, 10);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].event.role, "card_login");
    EXPECT_EQ(rows[0].event.action, "certificate.hold");
    EXPECT_EQ(rows[0].event.subject, certificate_reference(pki::Ca::phone_auth, auth->serial()));
}

cmp::PinResetWish wish_for(const Bytes& element) {
    return {.element = element, .kinds = cmp::ResetKinds::both};
}

TEST_F(RevocationTest, ResetIsGrantedToTheCardOfThePhonesHolder) {
    const auto identity = card.identity();
    const auto out =
        *cmp::ask_pin_reset(wish_for(element), identity, name("ra"), random, clock.now());

    const auto answer = cmp::pin_reset_outcome(said(out.der));

    ASSERT_TRUE(answer);
    const auto* grant = std::get_if<cmp::PinResetGrant>(&*answer);
    ASSERT_NE(grant, nullptr);
    EXPECT_EQ(resets.waiting(element)->value().order, grant->order);
    clock.advance(10min);
    EXPECT_FALSE(*resets.waiting(element));
}

TEST_F(RevocationTest, ResetIsRefusedToAnyoneElse) {
    const Card other = new_card(2, 1990y / 1 / 1);
    const auto refused = [&](const cmp::Identity& by, const Bytes& of) {
        return failure_of(
            said(cmp::ask_pin_reset(wish_for(of), by, name("ra"), random, clock.now())->der));
    };

    EXPECT_EQ(refused(other.identity(), element), "notAuthorized");
    EXPECT_EQ(refused(card.identity(), Bytes(10, 8)), "notAuthorized");
    EXPECT_EQ(refused(phone(), element), "signerNotTrusted");
    EXPECT_EQ(refused(card.login_identity(), element), "signerNotTrusted");
    EXPECT_FALSE(*resets.waiting(element));
}

TEST_F(RevocationTest, ResetIsNotGrantedTwiceForOneMessage) {
    const auto identity = card.identity();
    const auto out =
        *cmp::ask_pin_reset(wish_for(element), identity, name("ra"), random, clock.now());
    static_cast<void>(post(out.der));
    const auto grant = resets.waiting(element)->value();
    ASSERT_TRUE(resets.delivered(grant));

    static_cast<void>(post(out.der));

    EXPECT_FALSE(*resets.waiting(element));
}

TEST_F(RevocationTest, FormerPhoneIsNotConfirmedAfterAWhile) {
    auto change = database->begin();
    ASSERT_TRUE(order_erasure(office, *change, Bytes(10, 8), card.resident, "superseded"));
    ASSERT_TRUE(order_erasure(office, *change, Bytes(10, 8), card.resident, "lost"));
    ASSERT_TRUE(change->commit());
    const auto row = [&] { return show_former(office, element)->as_array().at(0); };
    EXPECT_EQ(show_former(office, element)->as_array().size(), 1U);
    EXPECT_EQ(row().at("state").as_string(), "ordered");

    clock.advance(7 * 24h);

    EXPECT_EQ(row().at("state").as_string(), "not_confirmed");
    EXPECT_EQ(row().at("since").as_string(), to_rfc3339(start));
    EXPECT_EQ(row().at("element").as_string(), to_hex(Bytes(10, 8)));
}

TEST_F(RevocationTest, TransactionNamedLikeAnOrderDoesNotWaitForItself) {
    // A client chooses the names of its transactions; the name of an order must be no trap.
    const Turns::Turn order{office.turns, Thing::order, Bytes(16, 1)};
    const Turns::Turn transaction{office.turns, Thing::transaction, Bytes(16, 1)};

    SUCCEED();
}

}  // namespace
}  // namespace mitome::registration
