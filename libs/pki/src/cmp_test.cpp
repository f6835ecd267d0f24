// SPDX-License-Identifier: Apache-2.0
#include "cmp_sample.hpp"

#include <mitome/base/file.hpp>
#include <mitome/pki/cmp_client.hpp>
#include <mitome/pki/cmp_server.hpp>
#include <mitome/pki/der.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace mitome::pki::cmp {
namespace {

using sample::ca;
using sample::now;
using sample::person;
using sample::registration;
using sample::stranger;

crypto::SystemRandom random_octets;

Outgoing some_ir(const sample::Holder& by = person()) {
    static const auto key = sample::make_key();
    return request_certificates(BodyType::ir, {sample::wanted(*key)}, by.identity(),
                                copy(ca().certificate.subject()), random_octets, now)
        .value();
}

Request parsed(const Outgoing& message) { return parse_request(message.der).value(); }

Answering answering(const Request& request, const Identity& as) {
    return {request.header(), as, random_octets, now};
}

Trust trust() { return {Anchors{&ca().certificate, 1}, now}; }

const Certificate& issued() {
    static const auto key = sample::make_key();
    static const auto certificate = sample::issue(ca(), key->spki(), "Sample phone");
    return certificate;
}

// ------------------------------------------------------------------ the codec

TEST(CmpMessage, EncodesToTheOctetsItWasReadFrom) {
    const auto sent = some_ir();

    const auto message = parse(sent.der);

    ASSERT_TRUE(message);
    EXPECT_EQ(encode(*message), sent.der);
}

TEST(CmpMessage, KeepsWhatTheHeaderSays) {
    const auto sent = some_ir();

    const auto header = parse(sent.der)->header;

    EXPECT_EQ(header.pvno, 2U);
    EXPECT_TRUE(same(header.sender, person().certificate.subject()));
    EXPECT_TRUE(same(header.recipient, ca().certificate.subject()));
    EXPECT_EQ(header.message_time, now);
    EXPECT_EQ(header.transaction_id, sent.exchange.transaction_id);
    EXPECT_EQ(header.sender_nonce, sent.exchange.sender_nonce);
    EXPECT_TRUE(header.recip_nonce.empty());
    EXPECT_FALSE(header.implicit_confirm());
}

TEST(CmpMessage, RefusesOctetsBehindIt) {
    auto der = some_ir().der;
    der.push_back(0);

    EXPECT_EQ(parse(der).error().fault, Fault::malformed);
}

TEST(CmpMessage, KeepsTheNumberOfABodyItDoesNotKnow) {
    Message message;
    message.type = static_cast<BodyType>(17);
    message.body = OtherBody{der::null()};

    const auto again = parse(encode(message));

    ASSERT_TRUE(again);
    EXPECT_EQ(static_cast<int>(again->type), 17);
    EXPECT_TRUE(std::holds_alternative<OtherBody>(again->body));
}

TEST(CmpMessage, ReadsAVersionItDoesNotSpeak) {
    Message message;
    message.header.pvno = 1;
    message.type = BodyType::pkiconf;
    message.body = Confirmed{};

    EXPECT_EQ(parse(encode(message))->header.pvno, 1U);
}

TEST(CmpMessage, CarriesImplicitConfirmAndConfirmWaitTime) {
    Message message;
    message.type = BodyType::pkiconf;
    message.body = Confirmed{};
    message.header.set_implicit_confirm();
    message.header.set_confirm_wait_time(now);

    const auto again = parse(encode(message));

    ASSERT_TRUE(again);
    EXPECT_TRUE(again->header.implicit_confirm());
    EXPECT_EQ(again->header.confirm_wait_time(), now);
}

TEST(CmpMessage, EncodesEveryBodyItCanRead) {
    const StatusReport no{Status::rejection, {"no", "いいえ"}, 0x04000201};
    EnrolmentAnswer enrolment;
    enrolment.ca_certificates = {ca().certificate.der()};
    enrolment.answers = {{-1, no, {}}, {0, {}, issued().der()}};
    Confirmation confirmation;
    confirmation.certificates = {{Bytes(32), 0, no, der::sequence({der::oid("1.2.3")})}};
    PollAnswer polled;
    polled.waits = {{0, std::chrono::seconds{30}, {"soon"}}};
    RevocationRequest revocation;
    revocation.revocations.emplace_back();
    revocation.revocations[0].certificate.issuer = copy(issued().issuer());
    revocation.revocations[0].certificate.serial = copy(issued().serial());
    revocation.revocations[0].reason = Reason::certificate_hold;
    revocation.revocations[0].invalidity = now;
    RevocationAnswer revoked;
    revoked.statuses = {no};
    revoked.certificates = {{copy(issued().issuer()), copy(issued().serial())}};
    const std::vector<std::pair<BodyType, Body>> bodies{
        {BodyType::cp, enrolment},
        {BodyType::cert_conf, confirmation},
        {BodyType::poll_req, PollRequest{{0, -1}}},
        {BodyType::poll_rep, polled},
        {BodyType::error, ErrorContent{no, 7, {"details"}}},
        {BodyType::rr, revocation},
        {BodyType::rp, revoked},
    };
    for (const auto& [type, body] : bodies) {
        Message message;
        message.type = type;
        message.body = body;
        const auto octets = encode(message);

        const auto again = parse(octets);

        ASSERT_TRUE(again) << static_cast<int>(type) << again.error().what.text;
        EXPECT_EQ(encode(*again), octets) << static_cast<int>(type);
        EXPECT_EQ(again->body.index(), body.index()) << static_cast<int>(type);
    }
}

TEST(CmpMessage, ReadsAndWritesWhatOpenSslSends) {
    for (const auto* name : {"ir", "ip", "ip_waiting", "ip_rejection", "cr_implicit_confirm", "cp",
                             "cert_conf", "pkiconf", "poll_req", "poll_rep", "error", "rr", "rp",
                             "genm", "genp", "p10cr", "ir_password", "kur"}) {
        const auto octets =
            read_file(std::string{MITOME_SOURCE_DIR} + "/tests/corpus/cmp_message/" + name);
        ASSERT_TRUE(octets) << name;

        const auto message = parse(*octets);

        ASSERT_TRUE(message) << name << ": " << message.error().what.text;
        EXPECT_EQ(encode(*message), *octets) << name;
    }
}

TEST(CmpMessage, ReadsReasonAndTimeOfARevocationRequest) {
    const auto sent = request_revocation(issued().issuer(), issued().serial(),
                                         Reason::certificate_hold, person().identity(),
                                         copy(ca().certificate.subject()), random_octets, now);

    const auto request = parse_request(sent->der);

    ASSERT_TRUE(request);
    EXPECT_EQ(request->kind, RequestKind::revoke);
    const auto& one = std::get<RevocationRequest>(request->message.body).revocations.front();
    EXPECT_EQ(one.reason, Reason::certificate_hold);
    EXPECT_TRUE(same(one.certificate.serial, issued().serial()));
}

TEST(CmpFailure, NamesAreThoseOfTheStandard) {
    EXPECT_EQ(name_of(Failure::bad_pop), "badPOP");
    EXPECT_EQ(name_of(Failure::duplicate_cert_req), "duplicateCertReq");
    EXPECT_EQ(failure_of("signerNotTrusted"), Failure::signer_not_trusted);
    EXPECT_FALSE(failure_of("noSuchThing"));
}

TEST(CmpFailure, RefusesTrailingZeroBits) {
    Message message;
    message.body = ErrorContent{{Status::rejection, {}, 1}, {}, {}};
    auto octets = encode(message);
    const auto bits = std::ranges::search(octets, "03020780"_hex);  // badAlg
    ASSERT_FALSE(bits.empty());
    bits[2] = 6;

    EXPECT_FALSE(parse(octets));
}

// ------------------------------------------------------------------ the server's end

TEST(CmpServer, FindsWhoProtectedTheRequest) {
    const auto request = parsed(some_ir());

    const auto by = protected_by(request, trust().anchors, now);

    ASSERT_TRUE(by);
    EXPECT_EQ(by->der(), person().certificate.der());
    EXPECT_TRUE(check_header(request));
}

TEST(CmpServer, DoesNotTrustACertificateOfAnotherCa) {
    const auto by = protected_by(parsed(some_ir(stranger())), trust().anchors, now);

    ASSERT_FALSE(by);
    EXPECT_EQ(by.error().failure, Failure::signer_not_trusted);
}

TEST(CmpServer, TellsAnExpiredCertificateFromAForeignOne) {
    const auto later = now + std::chrono::hours{24 * 365 * 2};
    const auto short_lived =
        sample::make_person(ca(), "Sample person", crypto::KeyKind::ec_p256,
                            {now - std::chrono::hours{24}, now + std::chrono::hours{24}});

    const auto by = protected_by(parsed(some_ir(short_lived)), trust().anchors, later);

    ASSERT_FALSE(by);
    EXPECT_EQ(by.error().failure, Failure::not_authorized);
}

TEST(CmpServer, SeesThatTheBodyWasChanged) {
    auto message = parse(some_ir().der).value();
    message.header.message_time = now + std::chrono::seconds{1};

    const auto by = protected_by(*parse_request(encode(message)), trust().anchors, now);

    ASSERT_FALSE(by);
    EXPECT_EQ(by.error().failure, Failure::bad_message_check);
}

TEST(CmpServer, SeesThatTheSenderIsNotTheCertificatesSubject) {
    const auto honest = person().identity();
    const Identity liar{honest.signer, sample::name("Somebody else"), honest.key_identifier,
                        honest.certificates};
    Message message;
    message.type = BodyType::pkiconf;
    message.body = Confirmed{};

    const auto by = protected_by(*parse_request(*protect(message, liar)), trust().anchors, now);

    ASSERT_FALSE(by);
    EXPECT_EQ(by.error().failure, Failure::signer_not_trusted);
}

TEST(CmpServer, DoesNotFollowAChainThatTheRequestBrings) {
    auto key = sample::make_key();
    const auto what =
        subordinate_template(issuer_of(ca().certificate).value(), sample::name("Between"),
                             key->spki(), Bytes{3}, sample::some_years(), 0)
            .value();
    const sample::Holder between{std::move(key), sample::signed_by(what, *ca().key)};
    const auto below = sample::make_person(between, "Sample person");
    Message message;
    message.type = BodyType::pkiconf;
    message.body = Confirmed{};
    const auto der = protect(message, below.identity({between.certificate.der()})).value();

    const auto by = protected_by(*parse_request(der), trust().anchors, now);

    ASSERT_FALSE(by);
    EXPECT_EQ(by.error().failure, Failure::signer_not_trusted);
}

TEST(Protectors, SayWhichCaIssued) {
    const auto other = sample::make_root("Another CA");
    const std::array anchors{other.certificate, ca().certificate};
    const auto protectors = Protectors::create(anchors).value();

    const auto by = protectors.judge(parsed(some_ir()), now);

    ASSERT_TRUE(by);
    EXPECT_EQ(by->anchor, 1U);
}

TEST(Protectors, SeeThatACertificateTheyKnowHasExpired) {
    const auto short_lived =
        sample::make_person(ca(), "Sample person", crypto::KeyKind::ec_p256,
                            {now - std::chrono::hours{24}, now + std::chrono::hours{24}});
    const auto protectors = Protectors::create(trust().anchors).value();
    const auto request = parsed(some_ir(short_lived));
    ASSERT_TRUE(protectors.judge(request, now));

    const auto by = protectors.judge(request, now + std::chrono::hours{48});

    ASSERT_FALSE(by);
    EXPECT_EQ(by.error().failure, Failure::not_authorized);
}

TEST(Protectors, SeeThatWhomTheyKnowDidNotSignThis) {
    const auto protectors = Protectors::create(trust().anchors).value();
    ASSERT_TRUE(protectors.judge(parsed(some_ir()), now));
    auto message = parse(some_ir().der).value();
    message.header.message_time = now + std::chrono::seconds{1};

    const auto by = protectors.judge(*parse_request(encode(message)), now);

    ASSERT_FALSE(by);
    EXPECT_EQ(by.error().failure, Failure::bad_message_check);
}

TEST(Protectors, DoNotTakeAStrangersCertificateForOneTheyKnow) {
    const auto protectors = Protectors::create(trust().anchors).value();
    ASSERT_TRUE(protectors.judge(parsed(some_ir()), now));

    const auto by = protectors.judge(parsed(some_ir(stranger())), now);

    ASSERT_FALSE(by);
    EXPECT_EQ(by.error().failure, Failure::signer_not_trusted);
}

TEST(Protectors, KnowMoreThanTheyRemember) {
    constexpr int more_than_remembered = 300;
    const auto protectors = Protectors::create(trust().anchors).value();
    const auto first = parsed(some_ir());
    ASSERT_TRUE(protectors.judge(first, now));
    const auto key = sample::make_key();
    for (int i = 0; i < more_than_remembered; ++i) {
        const auto certificate = sample::issue(ca(), key->spki(), "Sample person");
        Message message;
        message.type = BodyType::pkiconf;
        message.body = Confirmed{};
        const auto der = protect(message, Identity::of(*key, certificate)).value();
        ASSERT_TRUE(protectors.judge(*parse_request(der), now));
    }

    EXPECT_TRUE(protectors.judge(first, now));
}

TEST(CmpServer, RefusesAnUnprotectedRequest) {
    auto message = parse(some_ir().der).value();
    message.protection.reset();

    const auto refused = check_header(*parse_request(encode(message)));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().failure, Failure::bad_message_check);
}

TEST(CmpServer, RefusesAPasswordForProtection) {
    const auto octets =
        read_file(std::string{MITOME_SOURCE_DIR} + "/tests/corpus/cmp_message/ir_password");

    const auto refused = check_header(*parse_request(*octets));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().failure, Failure::wrong_integrity);
}

TEST(CmpServer, RefusesAnotherVersion) {
    auto message = parse(some_ir().der).value();
    message.header.pvno = 1;

    const auto refused = check_header(*parse_request(encode(message)));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().failure, Failure::unsupported_version);
}

TEST(CmpServer, RefusesAShortNonce) {
    auto message = parse(some_ir().der).value();
    message.header.sender_nonce.resize(15);

    const auto refused = check_header(*parse_request(encode(message)));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().failure, Failure::bad_sender_nonce);
}

TEST(CmpServer, RefusesAnotherNonceThanItsLast) {
    const auto request = parsed(some_ir());

    const auto refused =
        check_follow_up(request, request.header().transaction_id, Bytes(nonce_octets));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().failure, Failure::bad_recipient_nonce);
}

TEST(CmpServer, TakesAProofOfPossession) {
    const auto request = parsed(some_ir());

    EXPECT_TRUE(check_possession(request.wanted().front()));
}

TEST(CmpServer, RefusesAProofByAnotherKey) {
    const auto key = sample::make_key();
    const auto other = sample::make_key();
    crmf::Template what;
    what.subject = {0x30, 0x00};
    what.spki = key->spki();
    const auto asked = crmf::encode_cert_request(0, what);
    const auto forged = crmf::encode_request(asked, key->kind(), crypto::Hash::sha256,
                                             other->sign(crypto::Hash::sha256, asked).value());
    const auto request = crmf::parse_requests(crmf::encode_requests({forged})).value();

    const auto refused = check_possession(request.front());

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().failure, Failure::bad_pop);
}

// ------------------------------------------------------------------ certConf

Request certificate_confirmation(CertConfirm one, unsigned pvno = 2) {
    Message message;
    message.header.pvno = pvno;
    message.type = BodyType::cert_conf;
    Confirmation body;
    body.certificates.push_back(std::move(one));
    message.body = std::move(body);
    return parse_request(protect(std::move(message), person().identity()).value()).value();
}

TEST(CertConf, AcceptsTheIssuedCertificate) {
    const auto request = certificate_confirmation({confirmation_hash(issued()).value(), 0, {}, {}});

    const auto taken = check_confirmation(request, 0, issued());

    ASSERT_TRUE(taken);
    EXPECT_EQ(*taken, Taken::accepted);
}

TEST(CertConf, RejectsWhenTheStatusSaysSo) {
    const auto request = certificate_confirmation(
        {confirmation_hash(issued()).value(), 0, StatusReport{Status::rejection, {}, {}}, {}});

    EXPECT_EQ(check_confirmation(request, 0, issued()), Taken::rejected);
}

TEST(CertConf, RejectsWhenItIsEmpty) {
    Message message;
    message.type = BodyType::cert_conf;
    message.body = Confirmation{};
    const auto request = parse_request(protect(message, person().identity()).value());

    EXPECT_EQ(check_confirmation(*request, 0, issued()), Taken::rejected);
}

TEST(CertConf, RefusesTheHashOfAnotherCertificate) {
    const auto request =
        certificate_confirmation({confirmation_hash(person().certificate).value(), 0, {}, {}});

    const auto taken = check_confirmation(request, 0, issued());

    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().failure, Failure::bad_cert_id);
}

TEST(CertConf, TakesHashAlgInVersionThreeOnly) {
    const auto sha512 = der::sequence({der::oid("2.16.840.1.101.3.4.2.3")});
    const CertConfirm one{crypto::digest(crypto::Hash::sha512, issued().der()), 0, {}, sha512};

    EXPECT_EQ(check_confirmation(certificate_confirmation(one, 3), 0, issued()), Taken::accepted);
    const auto refused = check_confirmation(certificate_confirmation(one, 2), 0, issued());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().failure, Failure::bad_request);
}

// ------------------------------------------------------------------ the client's end

struct Answered {
    Outgoing sent = some_ir();
    Request request = parsed(sent);
    Identity as = registration().identity({ca().certificate.der()});
};

TEST(CmpClient, TakesACertificateForItsKey) {
    Answered it;
    const auto key = it.request.wanted().front().request.wanted.spki;
    const auto certificate = sample::issue(ca(), key, "Sample phone");
    const auto answer = certificate_response(answering(it.request, it.as), it.request.kind, 0,
                                             certificate, Status::accepted, now);

    const auto received = receive(answer->der, it.sent.exchange, trust());

    ASSERT_TRUE(received) << received.error().what.text;
    const auto granted = outcome(received->message, 0, key);
    ASSERT_TRUE(granted && std::holds_alternative<Granted>(*granted));
    EXPECT_EQ(std::get<Granted>(*granted).certificate.der(), certificate.der());
    EXPECT_EQ(std::get<Granted>(*granted).confirm_until, now);
    EXPECT_EQ(received->exchange.recip_nonce, answer->sender_nonce);
}

TEST(CmpClient, RefusesACertificateForAnotherKey) {
    Answered it;
    const auto answer =
        certificate_response(answering(it.request, it.as), it.request.kind, 0, issued());
    const auto received = receive(answer->der, it.sent.exchange, trust());
    ASSERT_TRUE(received);

    const auto refused =
        outcome(received->message, 0, it.request.wanted().front().request.wanted.spki);

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unverified);
}

TEST(CmpClient, RefusesAnAnswerWithAnotherNonce) {
    Answered it;
    it.sent.exchange.sender_nonce[0] ^= 1;
    const auto answer = pki_confirm(answering(it.request, it.as));

    const auto refused = receive(answer->der, it.sent.exchange, trust());

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unverified);
}

TEST(CmpClient, RefusesAnAnswerOfAnotherTransaction) {
    Answered it;
    it.sent.exchange.transaction_id[0] ^= 1;
    const auto answer = pki_confirm(answering(it.request, it.as));

    EXPECT_FALSE(receive(answer->der, it.sent.exchange, trust()));
}

TEST(CmpClient, RefusesAnAnswerByAPersonOfTheSameCa) {
    Answered it;
    const auto person_identity = person().identity();
    const auto answer = pki_confirm(answering(it.request, person_identity));

    const auto refused = receive(answer->der, it.sent.exchange, trust());

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unverified);
}

TEST(CmpClient, RefusesARegistrationOfAnotherCa) {
    Answered it;
    const auto other = sample::make_registration(sample::make_root("Another CA"));
    const auto other_identity = other.identity();
    const auto answer = pki_confirm(answering(it.request, other_identity));

    EXPECT_FALSE(receive(answer->der, it.sent.exchange, trust()));
}

TEST(CmpClient, BelievesTheCaItself) {
    Answered it;
    const auto ca_identity = ca().identity();
    auto as = ca_identity;
    as.certificates.clear();
    const auto answer = pki_confirm(answering(it.request, as));

    EXPECT_TRUE(receive(answer->der, it.sent.exchange, trust()));
}

TEST(CmpClient, BelievesEitherOfTwoCertificatesForOneKey) {
    const auto tls_ca = sample::make_root("TLS CA");
    const auto twin = sample::signed_by(
        registration_template(issuer_of(tls_ca.certificate).value(),
                              registration().certificate.subject(), registration().key->spki(),
                              Bytes{3}, sample::some_years())
            .value(),
        *tls_ca.key);
    const Answered it{.as = registration().identity({twin.der()})};
    const auto answer = pki_confirm(answering(it.request, it.as));

    EXPECT_TRUE(receive(answer->der, it.sent.exchange, trust()));
    EXPECT_TRUE(receive(answer->der, it.sent.exchange, {Anchors{&tls_ca.certificate, 1}, now}));
}

TEST(CmpClient, ReadsWhyItWasTurnedDown) {
    Answered it;
    const Refusal refusal{Failure::cert_revoked, "the card's certificate is revoked"};
    const auto by_error = error_message(answering(it.request, it.as), refusal);
    const auto by_ip = refusal_response(answering(it.request, it.as), it.request.kind, 0, refusal);

    for (const auto& answer : {by_error, by_ip}) {
        const auto received = receive(answer->der, it.sent.exchange, trust());

        ASSERT_TRUE(received);
        const auto result = outcome(received->message, 0, {});
        ASSERT_TRUE(result && std::holds_alternative<TurnedDown>(*result));
        const auto& status = std::get<TurnedDown>(*result).status;
        EXPECT_EQ(status.failure(), Failure::cert_revoked);
        EXPECT_TRUE(status.has(Failure::cert_revoked));
        EXPECT_EQ(status.texts.front(), "the card's certificate is revoked");
    }
}

TEST(CmpClient, ConfirmsInTheSameTransaction) {
    Answered it;
    const auto answer =
        certificate_response(answering(it.request, it.as), it.request.kind, 0, issued());
    const auto received = receive(answer->der, it.sent.exchange, trust());

    const auto confirmed =
        confirm(received->exchange, 0, issued(), person().identity(), random_octets, now);

    ASSERT_TRUE(confirmed);
    const auto request = parsed(*confirmed);
    EXPECT_TRUE(check_follow_up(request, it.request.header().transaction_id, answer->sender_nonce));
    EXPECT_EQ(check_confirmation(request, 0, issued()), Taken::accepted);
}

// ------------------------------------------------------------------ CRMF

TEST(Crmf, ReadsSeveralRequestsOfOneMessage) {
    const auto key = sample::make_key();

    const auto requests = crmf::parse_requests(
        crmf::encode_requests({sample::wanted(*key, {}, 0), sample::wanted(*key, {}, 1)}));

    ASSERT_TRUE(requests);
    ASSERT_EQ(requests->size(), 2U);
    EXPECT_EQ((*requests)[1].request.id, 1);
}

TEST(Crmf, ReadsWhatTheTemplateAsksFor) {
    crmf::Template what;
    what.subject = sample::name("Wanted");
    what.spki = person().key->spki();
    what.not_after = now;
    what.extensions = {{"1.2.3.4", true, {0x05, 0x00}}};

    const auto request = crmf::parse_cert_request(crmf::encode_cert_request(
        7, what, crmf::FormerCertificate{copy(issued().issuer()), copy(issued().serial())}));

    ASSERT_TRUE(request) << request.error().what.text;
    EXPECT_EQ(request->id, 7);
    EXPECT_EQ(request->wanted.subject, what.subject);
    EXPECT_EQ(request->wanted.spki, what.spki);
    EXPECT_FALSE(request->wanted.not_before);
    EXPECT_EQ(request->wanted.not_after, now);
    ASSERT_NE(request->wanted.extension("1.2.3.4"), nullptr);
    EXPECT_TRUE(request->wanted.extension("1.2.3.4")->critical);
    ASSERT_TRUE(request->replaces);
    EXPECT_TRUE(same(request->replaces->serial, issued().serial()));
}

TEST(Crmf, RefusesAProofForATemplateWithoutSubject) {
    const auto key = sample::make_key();
    crmf::Template what;
    what.spki = key->spki();
    const auto asked = crmf::encode_cert_request(0, what);
    const auto request = crmf::parse_requests(crmf::encode_requests({crmf::encode_request(
                                                  asked, key->kind(), crypto::Hash::sha256,
                                                  key->sign(crypto::Hash::sha256, asked).value())}))
                             .value();

    EXPECT_EQ(crmf::verify_possession(request.front()).error().fault, Fault::unverified);
}

TEST(Crmf, DoesNotTakeTheWordOfARegistrationAuthority) {
    const auto key = sample::make_key();
    crmf::Template what;
    what.subject = {0x30, 0x00};
    what.spki = key->spki();
    const auto asked = crmf::encode_cert_request(0, what);
    const auto message =
        der::sequence({der::sequence({asked, der::wrap(der::tag::context(0), BytesView{})})});

    const auto request = crmf::parse_requests(message);

    ASSERT_TRUE(request);
    EXPECT_EQ(request->front().proof, crmf::Proof::ra_verified);
    EXPECT_FALSE(crmf::verify_possession(request->front()));
}

}  // namespace
}  // namespace mitome::pki::cmp
