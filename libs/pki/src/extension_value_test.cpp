// SPDX-License-Identifier: Apache-2.0
#include "judges.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/pki/extension_value.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mitome::pki {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = GeneralName::Kind;

Certificate vector_named(const std::string& file) {
    return Certificate::from_der(judges::read_vector("certificates/" + file)).value();
}

BytesView value_of(const Certificate& certificate, std::string_view oid) {
    return certificate.extension(oid)->value;
}

TEST(DistributionPoints, SayTheirDirectoryNameAndTheirUrl) {
    const auto certificate = vector_named("good-sign.der");

    const auto points = read_distribution_points(value_of(certificate, "2.5.29.31"));

    ASSERT_TRUE(points);
    ASSERT_EQ(points->size(), 1U);
    EXPECT_THAT(points->front().full_name,
                ElementsAre(GeneralName{Kind::directory,
                                        "CN=Kiyose-shi,OU=Tokyo-to,OU=CRL Distribution Points,"
                                        "OU=JPKI for digital signature,O=JPKI-TEST,C=JP"},
                            GeneralName{Kind::url, "http://127.0.0.1:8080/crl/card-sign.crl"}));
}

TEST(DistributionPoints, SayANameThatIsRelativeToTheIssuer) {
    const auto rdn = der::sequence({der::oid("2.5.4.3"), der::utf8_string("list 1")});
    const auto value = der::sequence({der::sequence(
        {der::wrap(der::tag::constructed(0), der::wrap(der::tag::constructed(1), rdn))})});

    const auto points = read_distribution_points(value);

    ASSERT_TRUE(points);
    EXPECT_EQ(points->front().relative_text, "CN=list 1");
}

TEST(AlternativeNames, OfTheIssuerAreReadInJapanese) {
    const auto certificate = vector_named("good-sign.der");

    const auto names = read_alternative_names(value_of(certificate, "2.5.29.18"));

    ASSERT_TRUE(names);
    ASSERT_EQ(names->size(), 1U);
    EXPECT_EQ(names->front().kind, Kind::directory);
    EXPECT_THAT(names->front().text, testing::HasSubstr("公的個人認証サービス署名用"));
}

TEST(AlternativeNames, AreReadOfEveryKind) {
    const auto value =
        der::sequence({der::wrap(der::tag::context(1), view("a@example.jp")),
                       der::wrap(der::tag::context(2), view("example.jp")),
                       der::wrap(der::tag::context(7), "C0000201"_hex),
                       der::wrap(der::tag::context(7), "20010DB8000000000000000000000001"_hex),
                       der::wrap(der::tag::constructed(0),
                                 {der::oid("1.2.3"),
                                  der::wrap(der::tag::constructed(0), der::utf8_string("x"))})});

    const auto names = read_alternative_names(value);

    ASSERT_TRUE(names);
    EXPECT_THAT(
        *names,
        ElementsAre(GeneralName{Kind::mail, "a@example.jp"}, GeneralName{Kind::host, "example.jp"},
                    GeneralName{Kind::address, "192.0.2.1"},
                    GeneralName{Kind::address, "2001:0DB8:0000:0000:0000:0000:0000:0001"},
                    GeneralName{Kind::other, "1.2.3=x"}));
}

TEST(Accesses, SayWhereOcspAndTheIssuerAre) {
    const auto certificate = vector_named("good-sign.der");

    const auto accesses = read_accesses(value_of(certificate, "1.3.6.1.5.5.7.1.1"));

    ASSERT_TRUE(accesses);
    ASSERT_EQ(accesses->size(), 2U);
    EXPECT_EQ((*accesses)[0].method, "1.3.6.1.5.5.7.48.1");
    EXPECT_EQ((*accesses)[1].location.text, "http://127.0.0.1:8080/ca/card-sign.cer");
}

TEST(PolicyTexts, SayWhereThePracticeStatementIs) {
    const auto certificate = vector_named("good-sign.der");

    const auto policies = read_policy_texts(value_of(certificate, "2.5.29.32"));

    ASSERT_TRUE(policies);
    ASSERT_EQ(policies->size(), 1U);
    EXPECT_THAT(policies->front().practice_texts, ElementsAre("http://www.jpki.go.jp/cps.html"));
    EXPECT_THAT(policies->front().notice_texts, IsEmpty());
}

TEST(PolicyTexts, SayANotice) {
    const auto notice = der::sequence(
        {der::oid("1.3.6.1.5.5.7.2.2"), der::sequence({der::utf8_string("for tests")})});
    const auto value = der::sequence({der::sequence({der::oid("1.2.3"), der::sequence({notice})})});

    const auto policies = read_policy_texts(value);

    ASSERT_TRUE(policies);
    EXPECT_THAT(policies->front().notice_texts, ElementsAre("for tests"));
}

TEST(AuthorityCertificate, SaysIssuerAndSerial) {
    const auto certificate = vector_named("authority-key-identifier-with-issuer.der");

    const auto authority = read_authority_certificate(value_of(certificate, "2.5.29.35"));

    ASSERT_TRUE(authority);
    EXPECT_EQ(authority->issuers.size(), 1U);
    EXPECT_FALSE(authority->serial.empty());
}

TEST(Printable, LeavesTextAlone) { EXPECT_EQ(printable("吉田　太郎 \\ ok"), "吉田　太郎 \\ ok"); }

TEST(Printable, KeepsATerminalFromBeingSteered) {
    EXPECT_EQ(printable("\x1B[2J\x7F"), "\\1B[2J\\7F");
    EXPECT_EQ(printable("a\xC2\x9B"
                        "b"),
              "a\\C2\\9Bb");       // CSI of C1
    EXPECT_EQ(printable("\xE2\x80\xAE"
                        "x"),
              "\\E2\\80\\AEx");  // right to left
    EXPECT_EQ(printable("\xFF\xC3"), "\\FF\\C3");
}

TEST(ExtensionName, IsThatOfTheStandard) {
    EXPECT_EQ(name_of_extension("2.5.29.31"), "cRLDistributionPoints");
    EXPECT_EQ(name_of_extension("1.2.3.4"), "");
}

}  // namespace
}  // namespace mitome::pki
