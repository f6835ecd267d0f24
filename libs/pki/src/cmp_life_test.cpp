// SPDX-License-Identifier: Apache-2.0
// What CMP carries of a certificate's life after it was issued: both ends.
#include "cmp_sample.hpp"

#include <mitome/pki/cmp_client.hpp>
#include <mitome/pki/cmp_server.hpp>
#include <mitome/pki/der.hpp>

#include <gtest/gtest.h>

namespace mitome::pki::cmp {
namespace {

using sample::ca;
using sample::now;
using sample::person;
using sample::registration;
using sample::stranger;

crypto::SystemRandom random_octets;

Bytes recipient() { return copy(ca().certificate.subject()); }

const std::vector<WantedRevocation>& pair_to_revoke() {
    static const auto key = sample::make_key();
    static const std::vector both{
        WantedRevocation::of(sample::issue(ca(), key->spki(), "Sample phone"),
                             Reason::key_compromise, now - std::chrono::hours{3}),
        WantedRevocation::of(sample::issue(ca(), key->spki(), "Sample phone"),
                             Reason::unspecified)};
    return both;
}

/// A request and what came of it at the other end.
struct Transaction {
    explicit Transaction(const Result<Outgoing>& sent)
        : exchange(sent->exchange), request(parse_request(sent->der).value()) {}

    [[nodiscard]] Answering answering() const { return {request.header(), as, random_octets, now}; }
    [[nodiscard]] Message received(const Result<Answer>& answer) const {
        const Trust trust{Anchors{&ca().certificate, 1}, now};
        return receive(answer->der, exchange, trust).value().message;
    }

    Exchange exchange;
    Request request;
    Identity as = registration().identity();
};

Transaction asked_to_revoke(const std::vector<WantedRevocation>& wanted) {
    return Transaction{
        request_revocations(wanted, person().identity(), recipient(), random_octets, now)};
}

Transaction asked_for_new_pins() {
    return Transaction{ask_pin_reset({Bytes(10, 0x5A), ResetKinds::auth}, person().identity(),
                                     recipient(), random_octets, now)};
}

// ------------------------------------------------------------------ rr, rp

TEST(RevocationRequest, CarriesReasonAndInvalidityDateOfEach) {
    const auto told = asked_to_revoke(pair_to_revoke());

    const auto wanted = revocations_wanted(told.request);

    ASSERT_TRUE(wanted);
    ASSERT_EQ(wanted->size(), 2U);
    EXPECT_EQ(told.request.kind, RequestKind::revoke);
    EXPECT_EQ(wanted->at(0).serial, pair_to_revoke()[0].serial);
    EXPECT_EQ(wanted->at(0).issuer, pair_to_revoke()[0].issuer);
    EXPECT_EQ(wanted->at(0).reason, Reason::key_compromise);
    EXPECT_EQ(wanted->at(0).invalidity, now - std::chrono::hours{3});
    EXPECT_EQ(wanted->at(1).reason, Reason::unspecified);
    EXPECT_FALSE(wanted->at(1).invalidity);
}

TEST(RevocationRequest, NamesAReasonEvenWhereThereIsNone) {
    const auto told = asked_to_revoke({pair_to_revoke()[1]});

    const auto& body = std::get<cmp::RevocationRequest>(told.request.message.body);

    EXPECT_EQ(body.revocations.front().reason, Reason::unspecified);
}

TEST(RevocationRequest, IsRefusedWithoutACertificate) {
    const auto sent = request_revocations({}, person().identity(), recipient(), random_octets, now);

    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().fault, Fault::broken);
}

TEST(RevocationRequest, IsRefusedWhenItNamesACertificateTwice) {
    const auto& one = pair_to_revoke().front();

    const auto wanted = revocations_wanted(asked_to_revoke({one, one}).request);

    ASSERT_FALSE(wanted);
    EXPECT_EQ(wanted.error().failure, Failure::bad_request);
}

TEST(RevocationRequest, IsRefusedWithoutASerialNumber) {
    Message message;
    message.type = BodyType::rr;
    Revocation one;
    one.certificate.issuer = recipient();
    message.body = cmp::RevocationRequest{{one}};

    const auto wanted = revocations_wanted(*parse_request(*protect(message, person().identity())));

    ASSERT_FALSE(wanted);
    EXPECT_EQ(wanted.error().failure, Failure::bad_cert_id);
}

TEST(RevocationRequest, ReleasesWithoutAnInvalidityDateOnly) {
    auto release = pair_to_revoke().front();
    release.reason = Reason::remove_from_crl;

    const auto wanted = revocations_wanted(asked_to_revoke({release}).request);

    ASSERT_FALSE(wanted);
    EXPECT_EQ(wanted.error().failure, Failure::bad_cert_template);
}

TEST(RevocationRequest, IsNothingElse) {
    const auto wanted = revocations_wanted(asked_for_new_pins().request);

    ASSERT_FALSE(wanted);
    EXPECT_EQ(wanted.error().failure, Failure::bad_request);
}

TEST(RevocationAnswer, SaysOfEachThatItWasCarriedOut) {
    const auto told = asked_to_revoke(pair_to_revoke());
    const std::array<Verdict, 2> nothing_against{};

    const auto answer = told.received(revocation_response(
        told.answering(), revocation_answer(pair_to_revoke(), nothing_against)));

    const auto outcomes = revocation_outcomes(answer, pair_to_revoke());
    ASSERT_TRUE(outcomes);
    ASSERT_EQ(outcomes->size(), 2U);
    EXPECT_TRUE(std::holds_alternative<CarriedOut>(outcomes->at(0)));
    EXPECT_TRUE(std::holds_alternative<CarriedOut>(outcomes->at(1)));
}

TEST(RevocationAnswer, LeavesAllAloneWhenOneIsRefused) {
    const auto told = asked_to_revoke(pair_to_revoke());
    const std::array verdicts{Verdict{}, Verdict{Refusal{Failure::cert_revoked, "is revoked"}}};

    const auto answer = told.received(
        revocation_response(told.answering(), revocation_answer(pair_to_revoke(), verdicts)));

    const auto outcomes = revocation_outcomes(answer, pair_to_revoke()).value();
    ASSERT_TRUE(std::holds_alternative<TurnedDown>(outcomes[0]));
    ASSERT_TRUE(std::holds_alternative<TurnedDown>(outcomes[1]));
    EXPECT_FALSE(std::get<TurnedDown>(outcomes[0]).status.failure());
    EXPECT_EQ(std::get<TurnedDown>(outcomes[1]).status.failure(), Failure::cert_revoked);
}

TEST(RevocationAnswer, IsAnErrorForAllOfThem) {
    const auto told = asked_to_revoke(pair_to_revoke());

    const auto answer = told.received(
        error_message(told.answering(), {Failure::not_authorized, "not for this certificate"}));

    const auto outcomes = revocation_outcomes(answer, pair_to_revoke()).value();
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(std::get<TurnedDown>(outcomes[1]).status.failure(), Failure::not_authorized);
}

TEST(RevocationAnswer, IsRefusedForOtherCertificates) {
    const auto told = asked_to_revoke(pair_to_revoke());
    const std::array<Verdict, 2> nothing_against{};
    auto others = pair_to_revoke();
    std::swap(others[0], others[1]);

    const auto answer = told.received(
        revocation_response(told.answering(), revocation_answer(others, nothing_against)));

    const auto outcomes = revocation_outcomes(answer, pair_to_revoke());
    ASSERT_FALSE(outcomes);
    EXPECT_EQ(outcomes.error().fault, Fault::malformed);
}

TEST(RevocationAnswer, IsRefusedWhenOneIsLeftOut) {
    const auto told = asked_to_revoke(pair_to_revoke());
    cmp::RevocationAnswer short_of_one;
    short_of_one.statuses.emplace_back();

    const auto answer = told.received(revocation_response(told.answering(), short_of_one));

    EXPECT_FALSE(revocation_outcomes(answer, pair_to_revoke()));
}

TEST(RevocationAnswer, IsRefusedWhenItOnlyWarns) {
    const auto told = asked_to_revoke({pair_to_revoke()[0]});
    cmp::RevocationAnswer imminent;
    imminent.statuses.push_back({Status::revocation_warning, {}, {}});

    const auto answer = told.received(revocation_response(told.answering(), imminent));

    EXPECT_FALSE(revocation_outcomes(answer, {pair_to_revoke()[0]}));
}

TEST(RevocationAnswer, MayBringCrls) {
    Message message;
    message.type = BodyType::rp;
    message.body = cmp::RevocationAnswer{{{}}, {}, {der::sequence({der::integer(1)})}};
    const auto octets = encode(message);

    const auto again = parse(octets);

    ASSERT_TRUE(again);
    EXPECT_EQ(std::get<cmp::RevocationAnswer>(again->body).crls.size(), 1U);
    EXPECT_EQ(encode(*again), octets);
}

// ------------------------------------------------------------------ who protected it

TEST(Protector, IsToldApartByItsCa) {
    const std::array anchors{stranger().certificate, ca().certificate};

    const auto by = protector_of(asked_to_revoke(pair_to_revoke()).request, anchors, now);

    ASSERT_TRUE(by);
    EXPECT_EQ(by->certificate.der(), person().certificate.der());
    EXPECT_EQ(by->anchor, 1U);
}

TEST(Protector, IsNobodyUnderAForeignCa) {
    const auto told = Transaction{request_revocations(pair_to_revoke(), stranger().identity(),
                                                      recipient(), random_octets, now)};

    const auto by = protector_of(told.request, Anchors{&ca().certificate, 1}, now);

    ASSERT_FALSE(by);
    EXPECT_EQ(by.error().failure, Failure::signer_not_trusted);
}

// ------------------------------------------------------------------ genm, genp

TEST(PinReset, IsAskedForAndGranted) {
    const auto told = asked_for_new_pins();

    const auto wish = pin_reset_wanted(told.request);
    const auto answer =
        told.received(pin_reset_response(told.answering(), {Bytes(reset_order_octets, 7)}));

    ASSERT_TRUE(check_header(told.request));
    ASSERT_TRUE(wish);
    EXPECT_EQ(wish->element, Bytes(10, 0x5A));
    EXPECT_TRUE(wish->includes(Kind::auth));
    EXPECT_FALSE(wish->includes(Kind::sign));
    const auto outcome = pin_reset_outcome(answer);
    ASSERT_TRUE(outcome && std::holds_alternative<PinResetGrant>(*outcome));
    EXPECT_EQ(std::get<PinResetGrant>(*outcome).order, Bytes(reset_order_octets, 7));
}

TEST(PinReset, IsTurnedDownByAnError) {
    const auto told = asked_for_new_pins();

    const auto answer =
        told.received(error_message(told.answering(), {Failure::not_authorized, "no phone"}));

    const auto outcome = pin_reset_outcome(answer);
    ASSERT_TRUE(outcome && std::holds_alternative<TurnedDown>(*outcome));
    EXPECT_EQ(std::get<TurnedDown>(*outcome).status.failure(), Failure::not_authorized);
}

TEST(PinReset, IsNotGrantedByItsOwnEcho) {
    const auto told = asked_for_new_pins();
    const auto echo = std::get<GeneralMessage>(told.request.message.body);

    const auto answer = told.received(general_response(told.answering(), echo));

    EXPECT_FALSE(pin_reset_outcome(answer));
}

TEST(PinReset, IsNotAskedForByAnotherType) {
    Message message;
    message.type = BodyType::genm;
    message.body = GeneralMessage{{{"1.3.6.1.5.5.7.4.17", {}}}};  // id-it-caCerts

    const auto wish = pin_reset_wanted(*parse_request(*protect(message, person().identity())));

    ASSERT_FALSE(wish);
    EXPECT_EQ(wish.error().failure, Failure::bad_request);
}

TEST(PinReset, RefusesValuesOfAnotherForm) {
    const auto element = der::octet_string(Bytes(10, 1));
    for (const auto& value : {
             Bytes{},                                                        // absent
             der::sequence({element}),                                       // without kinds
             der::sequence({element, der::integer(0)}),                      // no kind
             der::sequence({element, der::integer(4)}),                      // no such kind
             der::sequence({der::octet_string({}), der::integer(1)}),        // no element
             der::sequence({der::octet_string(Bytes(33)), der::integer(1)}),  // too long
             der::sequence({element, der::integer(1), der::null()}),  // something behind it
         }) {
        EXPECT_FALSE(pin_reset_wish({std::string{id_pin_reset}, value})) << to_hex(value);
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{15}, std::size_t{17}}) {
        const auto value = der::sequence({der::octet_string(Bytes(size))});
        EXPECT_FALSE(pin_reset_grant({std::string{id_pin_reset}, value})) << size;
    }
}

TEST(GeneralMessage, EncodesToTheOctetsItWasReadFrom) {
    for (const auto& values : {std::vector<InfoValue>{},
                               std::vector<InfoValue>{{"1.2.3", {}}, {"1.2.4", der::null()}}}) {
        Message message;
        message.type = BodyType::genp;
        message.body = cmp::GeneralMessage{values};
        const auto octets = encode(message);

        const auto again = parse(octets);

        ASSERT_TRUE(again);
        EXPECT_EQ(std::get<cmp::GeneralMessage>(again->body).values.size(), values.size());
        EXPECT_EQ(encode(*again), octets);
    }
}

// ------------------------------------------------------------------ oldCertID

TEST(Renewal, NamesTheCertificateThatItReplaces) {
    const auto key = sample::make_key();
    const auto& former = pair_to_revoke().front();
    const auto asked =
        sample::wanted(*key, {}, 0, crmf::FormerCertificate{former.issuer, former.serial});

    const Transaction told{request_certificates(BodyType::cr, {asked}, person().identity(),
                                                recipient(), random_octets, now)};

    EXPECT_EQ(told.request.kind, RequestKind::further);
    const auto& one = told.request.wanted().front();
    ASSERT_TRUE(one.request.replaces);
    EXPECT_EQ(one.request.replaces->issuer, former.issuer);
    EXPECT_EQ(one.request.replaces->serial, former.serial);
    EXPECT_TRUE(check_possession(one));
}

}  // namespace
}  // namespace mitome::pki::cmp
