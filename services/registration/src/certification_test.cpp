// SPDX-License-Identifier: Apache-2.0
#include "test_office.hpp"

#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

class CertificationTest : public InProcess {};

TEST_F(CertificationTest, ConfirmsWhatItIssued) {
    const auto given = granted(card);

    const auto answer = said(confirmation(card, given));

    EXPECT_EQ(answer.type, cmp::BodyType::pkiconf);
    EXPECT_TRUE(authority.last->test_file);
    EXPECT_EQ(authority.last->not_after, card.certificate->not_after());
}

TEST_F(CertificationTest, SaysHowLongItWaitsForConfirmation) {
    const auto answer = said(ir(card).der);

    EXPECT_EQ(answer.header.confirm_wait_time(), start + 600s);
    EXPECT_FALSE(answer.header.implicit_confirm());
}

TEST_F(CertificationTest, AnswersTheSameOctetsTheSame) {
    const auto out = ir(card);

    EXPECT_EQ(post(out.der).content(), post(out.der).content());
}

TEST_F(CertificationTest, AnswersARepeatedConfirmationTheSame) {
    const auto given = granted(card);
    const Bytes message = confirmation(card, given);

    EXPECT_EQ(post(message).content(), post(message).content());
}

TEST_F(CertificationTest, TakesATransactionIdOnce) {
    auto first = ir(card);
    static_cast<void>(post(first.der));
    const auto second = cmp::parse(ir(card).der);
    auto message = *second;
    message.header.transaction_id = first.exchange.transaction_id;
    const auto identity = card.identity();

    EXPECT_EQ(failure_of(said(*cmp::protect(message, identity))), "transactionIdInUse");
}

TEST_F(CertificationTest, WantsTheNonceOfItsLastAnswer) {
    auto given = granted(card);
    given.exchange.recip_nonce[0] = static_cast<std::uint8_t>(given.exchange.recip_nonce[0] ^ 1);

    EXPECT_EQ(failure_of(said(confirmation(card, given))), "badRecipientNonce");
}

TEST_F(CertificationTest, WantsTheCardThatBegan) {
    const auto given = granted(card);
    const Card other = new_card(2, 1990y / 1 / 1);

    EXPECT_EQ(failure_of(said(confirmation(other, given))), "notAuthorized");
}

TEST_F(CertificationTest, RefusesACardItNeverIssued) {
    const Card unknown = new_card(3, 1990y / 1 / 1, Registered::no);

    EXPECT_EQ(failure_of(said(ir(unknown).der)), "notAuthorized");
}

TEST_F(CertificationTest, RefusesWhoIsUnderFifteen) {
    const Card minor = new_card(4, 2011y / 11 / 25);

    EXPECT_EQ(failure_of(said(ir(minor).der)), "notAuthorized");

    clock.advance(9h);  // the 25th in Japan
    EXPECT_EQ(failure_of(said(ir(minor).der)), "none");
}

TEST_F(CertificationTest, RefusesARevokedCard) {
    authority.revoked[copy(card.certificate->serial())] = pki::Reason::key_compromise;

    EXPECT_EQ(failure_of(said(ir(card).der)), "certRevoked");
}

TEST_F(CertificationTest, RefusesAMessageOfAnotherTime) {
    const auto out = ir(card);
    clock.advance(11min);

    EXPECT_EQ(failure_of(said(out.der)), "badTime");
}

TEST_F(CertificationTest, RefusesAChangedMessage) {
    auto message = *cmp::parse(ir(card).der);
    message.header.message_time = start + 1s;

    EXPECT_EQ(failure_of(said(cmp::encode(message))), "badMessageCheck");
}

TEST_F(CertificationTest, RefusesAProofOfAnotherKey) {
    pki::crmf::Template wanted;
    wanted.subject = {0x30, 0x00};
    wanted.spki = new_key()->spki();
    const Bytes request = pki::crmf::encode_cert_request(0, wanted);
    const Bytes message =
        pki::crmf::encode_request(request, crypto::KeyKind::ec_p256, crypto::Hash::sha256,
                                  *new_key()->sign(crypto::Hash::sha256, request));
    const auto identity = card.identity();
    const auto out = cmp::request_certificates(cmp::BodyType::ir, {message}, identity, name("ra"),
                                               random, clock.now());

    EXPECT_EQ(failure_of(said(out->der)), "badPOP");
}

TEST_F(CertificationTest, WantsAttestationOfAPhonesKey) {
    EXPECT_EQ(failure_of(said(ir(card).der, Profile::phone)), "badCertTemplate");
}

TEST_F(CertificationTest, RevokesWhatIsNotConfirmedInTime) {
    const auto given = granted(card);
    clock.advance(601s);

    orders.tend();

    EXPECT_EQ(authority.revoked.at(copy(given.certificate->serial())),
              pki::Reason::cessation_of_operation);
    EXPECT_EQ(failure_of(said(confirmation(card, given))), "badRequest");
}

TEST_F(CertificationTest, LetsTheConfirmedLiveOn) {
    const auto given = granted(card);
    static_cast<void>(post(confirmation(card, given)));
    clock.advance(601s);

    orders.tend();

    EXPECT_TRUE(authority.revoked.empty());
}

TEST_F(CertificationTest, RevokesWhatIsRejected) {
    const auto given = granted(card);
    const auto identity = card.identity();
    const auto out = cmp::reject(given.exchange, 0, *given.certificate,
                                 cmp::Failure::bad_cert_template, identity, random, clock.now());

    EXPECT_EQ(said(out->der).type, cmp::BodyType::pkiconf);
    EXPECT_TRUE(authority.revoked.contains(copy(given.certificate->serial())));
}

TEST_F(CertificationTest, LetsTheClientPollWhileTheAuthorityIsDown) {
    authority.is_down = true;
    const auto out = ir(card);
    const auto waiting = said(out.der);
    ASSERT_EQ(std::get<cmp::EnrolmentAnswer>(waiting.body).answers.front().status.status,
              cmp::Status::waiting);
    auto exchange = out.exchange;
    exchange.recip_nonce = waiting.header.sender_nonce;
    const auto identity = card.identity();
    const auto first = cmp::poll(exchange, 0, identity, random, clock.now());
    const auto still = said(first->der);
    ASSERT_EQ(still.type, cmp::BodyType::poll_rep);
    exchange = first->exchange;
    exchange.recip_nonce = still.header.sender_nonce;

    authority.is_down = false;
    const auto second = cmp::poll(exchange, 0, identity, random, clock.now());
    const auto answer = said(second->der);

    ASSERT_EQ(answer.type, cmp::BodyType::ip);
    EXPECT_FALSE(std::get<cmp::EnrolmentAnswer>(answer.body).answers.front().certificate.empty());
}

TEST_F(CertificationTest, ProtectsItsErrorsToo) {
    const auto answer = said(ir(new_card(5, 1990y / 1 / 1, Registered::no)).der);

    ASSERT_TRUE(answer.protection);
    EXPECT_TRUE(cmp::verify_protection(answer, *crypto::PublicKey::from_spki(signer->spki())));
}

TEST_F(CertificationTest, AnswersRubbishWithAnError) {
    EXPECT_EQ(failure_of(said(copy(view("rubbish")))), "badDataFormat");
}

}  // namespace
}  // namespace mitome::registration
