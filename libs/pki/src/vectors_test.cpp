// SPDX-License-Identifier: Apache-2.0
// Certificates, CRLs and OCSP answers that the openssl command made: tests/vectors/pki/generate.sh.
#include "judges.hpp"
#include "sample_world.hpp"

#include <mitome/pki/crl.hpp>
#include <mitome/pki/lint.hpp>
#include <mitome/pki/ocsp.hpp>
#include <mitome/pki/trusted_issuers.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace mitome::pki {
namespace {

using testing::ElementsAreArray;

const std::filesystem::path folder = std::filesystem::path{MITOME_SOURCE_DIR} / "tests/vectors/pki";

Certificate certificate_in(std::string_view name) {
    return Certificate::from_der(judges::read_vector(name)).value();
}

Certificate ca_of(Kind kind) {
    return certificate_in(kind == Kind::sign ? "ca-sign.der" : "ca-auth.der");
}

Profile profile_of(Kind kind) {
    return Profile{sandbox_settings(kind == Kind::sign ? Ca::card_sign : Ca::card_auth,
                                    "http://127.0.0.1:8080")};
}

struct Expectation {
    Kind kind{};
    std::vector<std::string> lints;
};

Expectation expectation_of(const std::string& name) {
    std::istringstream lines{
        std::string{text(judges::read_vector("certificates/" + name + ".expect"))}};
    Expectation expected;
    std::string line;
    std::getline(lines, line);
    expected.kind = line == "sign" ? Kind::sign : Kind::auth;
    while (std::getline(lines, line)) expected.lints.push_back(line);
    return expected;
}

std::vector<std::string> vector_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{folder / "certificates"}) {
        if (entry.path().extension() == ".der") names.push_back(entry.path().stem());
    }
    std::ranges::sort(names);
    return names;
}

class CertificateOfOpenssl : public testing::TestWithParam<std::string> {};

TEST_P(CertificateOfOpenssl, HasTheFindingsThatItWasMadeFor) {
    const Expectation expected = expectation_of(GetParam());
    const Certificate certificate = certificate_in("certificates/" + GetParam() + ".der");
    const Certificate ca = ca_of(expected.kind);
    const Profile profile = profile_of(expected.kind);

    const LintReport report =
        lint(certificate.tbs(),
             {.shape = Shape::end_entity, .profile = &profile, .ca = &ca, .latest_not_after = {}});

    EXPECT_THAT(report.failed, ElementsAreArray(expected.lints));
}

INSTANTIATE_TEST_SUITE_P(Vectors, CertificateOfOpenssl, testing::ValuesIn(vector_names()),
                         [](const auto& instance) {
                             std::string name = instance.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

/// Our builder, given what openssl was given.
Bytes rebuilt(Kind kind) {
    const Certificate theirs = certificate_in(kind == Kind::sign ? "certificates/good-sign.der"
                                                                 : "certificates/good-auth.der");
    const Issuer issuer = issuer_of(ca_of(kind)).value();
    const BasicFourItems items = sample::items();
    const EndEntityFields fields{
        .serial = theirs.serial(),
        .validity = {sample::time_of("2025-10-27T05:30:45Z"),
                     sample::time_of("2030-02-17T14:59:59Z")},
        .place = sample::place(),
        .common_name = kind == Kind::sign ? "2025102714304513221001S" : "0123456789ABCD13221001A",
        .spki = theirs.spki(),
        .items = kind == Kind::sign ? &items : nullptr};
    return end_entity_tbs(profile_of(kind), issuer, fields).value();
}

TEST(Builder, WritesSignCertificatesAsOpensslDoes) {
    EXPECT_EQ(to_hex(rebuilt(Kind::sign)),
              to_hex(certificate_in("certificates/good-sign.der").tbs()));
}

TEST(Builder, WritesAuthCertificatesAsOpensslDoes) {
    EXPECT_EQ(to_hex(rebuilt(Kind::auth)),
              to_hex(certificate_in("certificates/good-auth.der").tbs()));
}

TEST(Builder, WritesCaCertificatesAsOpensslDoes) {
    const Certificate theirs = ca_of(Kind::sign);
    const CaFields fields{.serial = copy(theirs.serial()),
                          .validity = ca_validity(sample::time_of("2025-07-16T01:00:00Z")),
                          .spki = theirs.spki(),
                          .key = crypto::KeyKind::ec_p256};

    EXPECT_EQ(to_hex(ca_certificate_tbs(profile_of(Kind::sign), fields).value()),
              to_hex(theirs.tbs()));
}

TEST(PathOfOpenssl, IsValid) {
    const std::array cas{ca_of(Kind::sign), ca_of(Kind::auth)};
    const auto issuers = TrustedIssuers::create(cas).value();
    const Time now = sample::time_of("2025-12-01T00:00:00Z");

    EXPECT_EQ(
        issuers.judge(certificate_in("certificates/good-sign.der"), now, key_usage::non_repudiation)
            .verdict,
        PathVerdict::valid);
    EXPECT_EQ(issuers.judge(certificate_in("certificates/sha1.der"), now, 0).verdict,
              PathVerdict::signature_wrong);
}

TEST(CrlOfOpenssl, GivesTimesAndReasons) {
    const auto crl = Crl::from_der(judges::read_vector("crl/reasons.der"));
    const Certificate person = certificate_in("certificates/good-auth.der");

    ASSERT_TRUE(crl) << crl.error().what.text;
    EXPECT_EQ(crl->size(), 5U);
    EXPECT_EQ(to_hex(crl->number()), "02");
    EXPECT_TRUE(
        crl->verify_signature(crypto::PublicKey::from_spki(ca_of(Kind::auth).spki()).value()));
    EXPECT_EQ(crl->find(Bytes{0x05})->reason, Reason::key_compromise);
    EXPECT_EQ(crl->find(Bytes{0x00, 0x85})->reason, Reason::superseded);
    EXPECT_EQ(crl->find(Bytes{0x01, 0x23, 0x45, 0x67, 0x89})->reason, Reason::unspecified);
    EXPECT_EQ(to_rfc3339(crl->find(Bytes{0x01, 0x23, 0x45, 0x67, 0x89})->at),
              "2025-11-27T01:02:03Z");
    const auto of_person = crl->find(person.serial());
    ASSERT_TRUE(of_person);
    EXPECT_EQ(of_person->reason, Reason::key_compromise);
    EXPECT_EQ(to_rfc3339(of_person->invalidity.value()), "2025-11-20T11:22:33Z");
}

TEST(CrlOfOpenssl, WithoutEntriesIsRead) {
    const auto crl = Crl::from_der(judges::read_vector("crl/empty.der"));

    ASSERT_TRUE(crl);
    EXPECT_EQ(crl->size(), 0U);
}

TEST(OcspOfOpenssl, IsBelieved) {
    const Certificate person = certificate_in("certificates/good-auth.der");
    const Certificate ca = ca_of(Kind::auth);
    const Bytes asked = judges::read_vector("ocsp/request.der");
    const Bytes answered = judges::read_vector("ocsp/response.der");
    OcspExpectation expected;
    expected.subject = &person;
    expected.issuer = &ca;
    expected.nonce = parse_ocsp_request(asked)->nonce;
    expected.now = sample::time_of("2027-01-01T00:00:00Z");

    const auto answer = check_ocsp_response(answered, expected);

    ASSERT_TRUE(answer) << answer.error().what.text;
    ASSERT_TRUE(std::holds_alternative<Revoked>(answer->status));
    EXPECT_EQ(std::get<Revoked>(answer->status).reason, Reason::key_compromise);
}

TEST(OcspOfOpenssl, MayAskForTwo) {
    const Bytes asked = judges::read_vector("ocsp/request-of-two.der");
    const auto request = parse_ocsp_request(asked);

    ASSERT_TRUE(request);
    ASSERT_EQ(request->ids.size(), 2U);
    EXPECT_EQ(to_hex(request->ids[1].serial), "1234567890");
    EXPECT_TRUE(request->nonce.empty());
    EXPECT_TRUE(CaDigests::of(ca_of(Kind::auth))->match(request->ids[1]));
}

}  // namespace
}  // namespace mitome::pki
