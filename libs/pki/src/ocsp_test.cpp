// SPDX-License-Identifier: Apache-2.0
#include "judges.hpp"
#include "sample_world.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/pki/ocsp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mitome::pki {
namespace {

using testing::HasSubstr;
using testing::Not;

const Time now = sample::time_of("2025-12-01T00:00:00Z");
const Bytes nonce(usual_ocsp_nonce, 0x4E);

/// A responder of the card's authentication CA and its key.
struct Responder {
    std::unique_ptr<crypto::SoftwareKey> key;
    OcspResponder responder;
};

Certificate responder_certificate(const sample::World& by, const crypto::Signer& key,
                                  std::string_view wanted_purpose = purpose::ocsp_signing) {
    Template what =
        ocsp_responder_template(by.issuer, make_name({{attribute::common_name, "Mitome OCSP"}}),
                                key.spki(), Bytes{0x11, 0x22},
                                {now - std::chrono::days{1}, now + std::chrono::days{30}})
            .value();
    for (NewExtension& extension : what.extensions) {
        if (extension.oid == "2.5.29.37")
            extension = extension::extended_key_usage({wanted_purpose});
    }
    return sample::sign(by, certificate_tbs(what));
}

Responder make_responder(Ca ca) {
    auto key = sample::new_key(crypto::KeyKind::ec_p256);
    Certificate certificate = responder_certificate(sample::world(ca), *key);
    auto responder = OcspResponder::create(*key, std::move(certificate)).value();
    return {std::move(key), std::move(responder)};
}

const Responder& responder() {
    static const Responder made = make_responder(Ca::card_auth);
    return made;
}

const Certificate& subject() {
    static const Certificate made = sample::person(Ca::card_auth);
    return made;
}

const Certificate& issuer() { return sample::world(Ca::card_auth).ca; }

Bytes request(crypto::Hash hash = crypto::Hash::sha1) {
    return make_ocsp_request(subject(), issuer(), nonce, hash).value();
}

Bytes answer(const OcspResponder& from, BytesView der_request, const CertStatus& status) {
    const OcspRequest parsed = parse_ocsp_request(der_request).value();
    std::vector<SingleAnswer> answers;
    for (const CertId& id : parsed.ids) {
        answers.push_back({id.whole, status, now, now + std::chrono::minutes{15}});
    }
    return from.answer(answers, now, parsed.nonce).value();
}

OcspExpectation expectation() {
    OcspExpectation expected;
    expected.subject = &subject();
    expected.issuer = &issuer();
    expected.nonce = nonce;
    expected.now = now;
    return expected;
}

/// What openssl makes of an answer.
judges::Answer openssl_reads(const Bytes& response, std::string_view more) {
    const judges::Folder folder;
    const std::string file = folder.put("response.der", response);
    const std::string ca = folder.put_certificate("ca.pem", issuer().der());
    const std::string person = folder.put_certificate("person.pem", subject().der());
    return judges::run(
        "openssl ocsp -respin " + file + " -CAfile " + ca + " -issuer " + ca + " -cert " + person +
        " -no_nonce -attime 1764547200 -validity_period 100000000 " + std::string{more});
}

TEST(OcspRequest, IsReadByItsOwnParser) {
    const Bytes made = request(crypto::Hash::sha256);
    const auto parsed = parse_ocsp_request(made);

    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->ids.size(), 1U);
    EXPECT_TRUE(same(parsed->nonce, nonce));
    EXPECT_TRUE(same(parsed->ids[0].serial, subject().serial()));
    EXPECT_TRUE(CaDigests::of(issuer())->match(parsed->ids[0]));
    EXPECT_FALSE(CaDigests::of(sample::world(Ca::phone_auth).ca)->match(parsed->ids[0]));
}

TEST(OcspRequest, OfOpensslIsRead) {
    const judges::Folder folder;
    const std::string ca = folder.put_certificate("ca.pem", issuer().der());
    const std::string person = folder.put_certificate("person.pem", subject().der());
    const auto made =
        judges::run("openssl ocsp -issuer " + ca + " -cert " + person + " -sha256 -cert " + person +
                    " -nonce -reqout " + folder.path("request.der"));
    std::ifstream file{folder.path("request.der"), std::ios::binary};
    const std::string octets{std::istreambuf_iterator<char>{file}, {}};

    const auto parsed = parse_ocsp_request(view(octets));

    ASSERT_TRUE(parsed) << made.output;
    ASSERT_EQ(parsed->ids.size(), 2U);
    EXPECT_EQ(parsed->ids[0].hash, crypto::Hash::sha1);
    EXPECT_EQ(parsed->ids[1].hash, crypto::Hash::sha256);
    EXPECT_TRUE(CaDigests::of(issuer())->match(parsed->ids[0]));
    EXPECT_TRUE(CaDigests::of(issuer())->match(parsed->ids[1]));
    EXPECT_EQ(parsed->nonce.size(), 16U);
}

TEST(OcspRequest, TravelsInAPath) {
    const Bytes made = request();

    EXPECT_EQ(ocsp_request_of_path("/" + to_ocsp_path(made)).value(), made);
    EXPECT_EQ(ocsp_request_of_path(to_base64(made)).value(), made);
    EXPECT_THAT(to_ocsp_path(made), Not(HasSubstr("/")));
    EXPECT_FALSE(ocsp_request_of_path("%4"));
    EXPECT_FALSE(ocsp_request_of_path("%ZZ"));
    EXPECT_FALSE(ocsp_request_of_path("MI~~"));
}

TEST(OcspRequest, RefusesANonceOfNoneOrTooManyOctets) {
    EXPECT_TRUE(parse_ocsp_request(
        make_ocsp_request(subject(), issuer(), Bytes(max_ocsp_nonce, 1)).value()));
    EXPECT_FALSE(parse_ocsp_request(
        make_ocsp_request(subject(), issuer(), Bytes(max_ocsp_nonce + 1, 1)).value()));
}

TEST(OcspRequest, RefusesMoreCertificatesThanTheLimit) {
    const Bytes one = request();
    const OcspRequest parsed = parse_ocsp_request(one).value();
    const auto many = [&](std::size_t count) {
        Bytes list;
        for (std::size_t i = 0; i < count; ++i) append(list, der::sequence({parsed.ids[0].whole}));
        return der::sequence({der::sequence({der::sequence({list})})});
    };

    EXPECT_TRUE(parse_ocsp_request(many(max_ocsp_requests)));
    EXPECT_FALSE(parse_ocsp_request(many(max_ocsp_requests + 1)));
    EXPECT_FALSE(parse_ocsp_request(many(0)));
}

TEST(OcspAnswerOfOurs, IsGoodToOpenssl) {
    const auto read = openssl_reads(answer(responder().responder, request(), Good{}), "");

    EXPECT_THAT(read.output, HasSubstr("Response verify OK"));
    EXPECT_THAT(read.output, HasSubstr("person.pem: good"));
}

TEST(OcspAnswerOfOurs, IsRevokedToOpenssl) {
    const Revoked revoked{now - std::chrono::hours{1}, Reason::key_compromise};
    const auto read = openssl_reads(answer(responder().responder, request(), revoked), "");

    EXPECT_THAT(read.output, HasSubstr("Response verify OK"));
    EXPECT_THAT(read.output, HasSubstr("person.pem: revoked"));
    EXPECT_THAT(read.output, HasSubstr("Reason: keyCompromise"));
    EXPECT_THAT(read.output, HasSubstr("Revocation Time: Nov 30 23:00:00 2025 GMT"));
}

TEST(OcspAnswerOfOurs, IsUnknownToOpensslAndNamesItsResponderByKey) {
    const auto read =
        openssl_reads(answer(responder().responder, request(), Unknown{}), "-resp_text");

    EXPECT_THAT(read.output, HasSubstr("person.pem: unknown"));
    EXPECT_THAT(read.output, HasSubstr("Responder Id: " +
                                       to_hex(key_identifier(responder().key->spki()).value())));
    EXPECT_THAT(read.output, HasSubstr("OCSP Nonce"));
}

TEST(OcspAnswerOfOurs, IsReadByOcsptool) {
    ASSERT_TRUE(judges::is_present("ocsptool")) << "packaging/install test";
    const judges::Folder folder;
    const std::string file =
        folder.put("response.der", answer(responder().responder, request(), Good{}));

    const auto read = judges::run("ocsptool --response-info --infile " + file);

    EXPECT_THAT(read.output, HasSubstr("Response Status: Successful"));
    EXPECT_THAT(read.output, HasSubstr("Certificate Status: good"));
}

TEST(OcspAnswerOfOurs, WithAnRsaKeyIsGoodToo) {
    auto& key = *sample::world(Ca::card_sign).key;  // an RSA key at hand
    auto by_rsa =
        OcspResponder::create(key, responder_certificate(sample::world(Ca::card_auth), key));

    ASSERT_TRUE(by_rsa);
    EXPECT_THAT(openssl_reads(answer(*by_rsa, request(), Good{}), "").output,
                HasSubstr("Response verify OK"));
}

TEST(OcspAnswerOfOurs, AnswersSeveralInOneMessage) {
    const Bytes sha1 = request();
    const Bytes sha256 = request(crypto::Hash::sha256);
    const std::array answers{
        SingleAnswer{parse_ocsp_request(sha1)->ids[0].whole, Unknown{}, now, {}},
        SingleAnswer{parse_ocsp_request(sha256)->ids[0].whole, Good{}, now, {}}};
    const Bytes response = responder().responder.answer(answers, now, nonce).value();

    const auto read = openssl_reads(response, "-resp_text");

    EXPECT_THAT(read.output, HasSubstr("Hash Algorithm: sha256"));
    EXPECT_THAT(read.output, HasSubstr("Response verify OK"));
}

TEST(OcspResponder, RefusesACertificateOfAnotherKey) {
    const auto made =
        OcspResponder::create(sample::person_key(), responder().responder.certificate());

    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::conflict);
}

TEST(OcspRefusal, IsReadByOpenssl) {
    const auto says = [](OcspRefusal refusal) {
        return openssl_reads(ocsp_refusal(refusal), "").output;
    };

    EXPECT_THAT(says(OcspRefusal::malformed_request), HasSubstr("malformedrequest (1)"));
    EXPECT_THAT(says(OcspRefusal::internal_error), HasSubstr("internalerror (2)"));
    EXPECT_THAT(says(OcspRefusal::try_later), HasSubstr("trylater (3)"));
    EXPECT_THAT(says(OcspRefusal::unauthorized), HasSubstr("unauthorized (6)"));
}

TEST(OcspClient, BelievesADelegatedResponder) {
    const Revoked revoked{now - std::chrono::hours{1}, Reason::certificate_hold};
    const auto read =
        check_ocsp_response(answer(responder().responder, request(), revoked), expectation());

    ASSERT_TRUE(read) << read.error().what.text;
    ASSERT_TRUE(std::holds_alternative<Revoked>(read->status));
    EXPECT_EQ(std::get<Revoked>(read->status).reason, Reason::certificate_hold);
    EXPECT_EQ(std::get<Revoked>(read->status).at, revoked.at);
    EXPECT_EQ(read->this_update, now);
}

TEST(OcspClient, BelievesTheResponderOfOpenssl) {
    const judges::Folder folder;
    const sample::World world = sample::make_world(
        Ca::card_auth,
        {sample::time_of("2020-01-01T00:00:00Z"), sample::time_of("2049-01-01T00:00:00Z")});
    const Certificate person =
        sample::sign(world, sample::person_tbs(world, sample::fields(Ca::card_auth)));
    const std::string ca = folder.put_certificate("ca.pem", world.ca.der());
    const std::string key =
        folder.put("ca.key", world.key->to_pkcs8().value().reveal(
                                 [](BytesView der) { return to_pem("PRIVATE KEY", der); }));
    const std::string index =
        folder.put("index.txt", "R\t491231000000Z\t251127000000Z,superseded\t" +
                                    to_hex(person.serial()) + "\tunknown\t/CN=x\n");
    const std::string asked =
        folder.put("request.der", make_ocsp_request(person, world.ca, nonce).value());
    const auto made =
        judges::run("openssl ocsp -index " + index + " -CA " + ca + " -rsigner " + ca + " -rkey " +
                    key + " -ndays 1 -reqin " + asked + " -respout " + folder.path("response.der"));
    std::ifstream file{folder.path("response.der"), std::ios::binary};
    const std::string octets{std::istreambuf_iterator<char>{file}, {}};
    OcspExpectation expected = expectation();
    expected.subject = &person;
    expected.issuer = &world.ca;
    expected.now = SystemClock{}.now();

    const auto read = check_ocsp_response(view(octets), expected);

    ASSERT_TRUE(read) << read.error().what.text << made.output;
    EXPECT_EQ(std::get<Revoked>(read->status).reason, Reason::superseded);
}

TEST(OcspClient, RefusesAnotherNonceAndNone) {
    OcspExpectation expected = expectation();
    const Bytes without =
        answer(responder().responder, make_ocsp_request(subject(), issuer(), {}).value(), Good{});
    const Bytes with = answer(responder().responder, request(), Good{});
    const Bytes other(usual_ocsp_nonce, 0x4F);

    EXPECT_FALSE(check_ocsp_response(without, expected));
    expected.nonce_rule = NonceRule::when_answered;
    EXPECT_TRUE(check_ocsp_response(without, expected));
    expected.nonce = other;
    EXPECT_FALSE(check_ocsp_response(with, expected));
}

TEST(OcspClient, RefusesOldAnswersAndAnswersOfTheFuture) {
    const Bytes response = answer(responder().responder, request(), Good{});
    const auto at = [&](Time time) {
        OcspExpectation expected = expectation();
        expected.now = time;
        return check_ocsp_response(response, expected).has_value();
    };

    EXPECT_TRUE(at(now + std::chrono::minutes{19}));
    EXPECT_FALSE(at(now + std::chrono::minutes{21}));
    EXPECT_TRUE(at(now - std::chrono::minutes{4}));
    EXPECT_FALSE(at(now - std::chrono::minutes{6}));
}

TEST(OcspClient, RefusesAResponderOfAnotherCa) {
    const Responder stranger = make_responder(Ca::phone_auth);

    const auto read =
        check_ocsp_response(answer(stranger.responder, request(), Good{}), expectation());

    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().fault, Fault::unverified);
}

TEST(OcspClient, RefusesAResponderThatIsNone) {
    const auto key = sample::new_key(crypto::KeyKind::ec_p256);
    const auto no_responder = OcspResponder::create(
        *key, responder_certificate(sample::world(Ca::card_auth), *key, purpose::client_auth));

    EXPECT_FALSE(check_ocsp_response(answer(*no_responder, request(), Good{}), expectation()));
}

TEST(OcspClient, RefusesAChangedAnswer) {
    Bytes response = answer(responder().responder, request(), Good{});
    const std::string whole = to_hex(response);
    const auto at = whole.find(to_hex(der::generalized_time(now)));
    ASSERT_NE(at, std::string::npos);
    response[at / 2 + 5] ^= 1;  // a digit of producedAt

    EXPECT_FALSE(check_ocsp_response(response, expectation()));
}

TEST(OcspClient, RefusesAnAnswerAboutAnother) {
    const Certificate other = sample::with_subject_alt_name(to_subject_alt_name(sample::items()));
    const Bytes asked = make_ocsp_request(other, issuer(), nonce).value();

    EXPECT_FALSE(check_ocsp_response(answer(responder().responder, asked, Good{}), expectation()));
}

TEST(OcspClient, MapsRefusalsToWhatTheCallerCanDo) {
    const auto fault = [](OcspRefusal refusal) {
        return check_ocsp_response(ocsp_refusal(refusal), expectation()).error().fault;
    };

    EXPECT_EQ(fault(OcspRefusal::try_later), Fault::unavailable);
    EXPECT_EQ(fault(OcspRefusal::internal_error), Fault::unavailable);
    EXPECT_EQ(fault(OcspRefusal::unauthorized), Fault::denied);
    EXPECT_EQ(fault(OcspRefusal::malformed_request), Fault::broken);
}

}  // namespace
}  // namespace mitome::pki
