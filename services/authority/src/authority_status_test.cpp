// SPDX-License-Identifier: Apache-2.0
#include "test_home.hpp"

#include <mitome/crypto/key.hpp>
#include <mitome/http/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mitome::authority {
namespace {

using namespace test;
using testing::HasSubstr;

std::string order(std::string_view ca, const std::string& request, BytesView spki) {
    std::string body = R"({"request":")" + request + R"(","ca":")" + std::string{ca} +
                       R"(","spki":")" + to_base64(spki) +
                       R"(","not_after":"2030-02-17T14:59:59Z","municipality":"13221",)"
                       R"("prefecture":"Tokyo-to","city":"Kiyose-shi")";
    if (ca.ends_with("sign")) {
        body += R"(,"four":{"name":"吉田　太郎","address":"東京都清瀬市中里","birth":"1980-02-17",)"
                R"("sex":1,"name_substitutes":"10000","address_substitutes":"00000000"})";
    }
    return body + "}";
}

struct Certified {
    std::string serial;
    bool published = false;
};

/// Issues and leaves the certificate in `NAME.pem`.
Result<Certified> issue(const Home& home, std::string_view ca, const std::string& request,
                        BytesView spki, const std::string& name) {
    MITOME_TRY(response, home.ask("registration", "POST", "/issue", "", order(ca, request, spki)));
    if (response.status != 200) return fail(Fault::denied, "issue", response.status);
    MITOME_TRY(object, http::JsonObject::parse(response.content()));
    MITOME_TRY(serial, object.text("serial"));
    MITOME_TRY(der, object.base64("certificate"));
    MITOME_TRY(published, object.flag("published"));
    home.write(name + ".pem", to_pem("CERTIFICATE", der));
    return Certified{.serial = serial, .published = published};
}

std::string revocation(std::string_view ca, const std::string& serial) {
    return R"({"ca":")" + std::string{ca} + R"(","serial":")" + serial +
           R"(","reason":"keyCompromise"})";
}

std::string ask_openssl(const Home& home, const std::string& ca, const std::string& what) {
    return run(home.folder(), "openssl ocsp -issuer authority/ca/" + ca + ".pem " + what +
                                  " -CAfile authority/ca/" + ca + ".pem -url " + home.base_url() +
                                  "/ocsp")
        .output;
}

TEST(AuthorityAndStatus, AreBelievedByOpenSslAndGnuTls) {
    const Home home;
    ASSERT_EQ(home.initialise().status, 0) << home.initialise().output;
    const Program status = home.status();
    const Program authority = home.authority();
    ASSERT_TRUE(home.ready()) << authority.log() << status.log();
    const auto key = crypto::SoftwareKey::generate(crypto::KeyKind::rsa_2048).value();
    const auto certified = issue(home, "card-sign", "0102030405060708", key->spki(), "ee");
    ASSERT_TRUE(certified) << authority.log();
    EXPECT_TRUE(certified->published);

    EXPECT_THAT(run(home.folder(),
                    "openssl verify -x509_strict -policy_check "
                    "-CAfile authority/ca/card-sign.pem ee.pem")
                    .output,
                HasSubstr("ee.pem: OK"));
    const std::string good = ask_openssl(home, "card-sign", "-cert ee.pem");
    EXPECT_THAT(good, HasSubstr("Response verify OK"));
    EXPECT_THAT(good, HasSubstr("ee.pem: good"));
    EXPECT_THAT(good, testing::Not(HasSubstr("no nonce")));
    EXPECT_THAT(ask_openssl(home, "card-sign", "-no_nonce -cert ee.pem"),
                HasSubstr("ee.pem: good"));
    EXPECT_THAT(ask_openssl(home, "card-sign", "-serial 0x4142434445"),
                HasSubstr("0x4142434445: unknown"));
    EXPECT_THAT(ask_openssl(home, "card-sign", "-cert ee.pem -serial 0x41"),
                testing::AllOf(HasSubstr("ee.pem: good"), HasSubstr("0x41: unknown")));
    EXPECT_THAT(ask_openssl(home, "card-auth", "-serial 0x" + certified->serial),
                HasSubstr(": unknown"));
    const std::string ocsptool =
        "ocsptool --ask=" + home.base_url() +
        "/ocsp --load-cert ee.pem --load-issuer authority/ca/card-sign.pem "
        "--load-trust authority/ca/card-sign.pem --nonce";
    EXPECT_THAT(run(home.folder(), ocsptool).output,
                testing::AllOf(HasSubstr("Certificate Status: good"), HasSubstr("Success")));

    const auto response =
        home.ask("operator", "POST", "/revoke", "", revocation("card-sign", certified->serial));

    ASSERT_TRUE(response);
    EXPECT_THAT(std::string{text(response->content())}, HasSubstr(R"("published":true)"));
    EXPECT_THAT(ask_openssl(home, "card-sign", "-no_nonce -cert ee.pem"),
                testing::AllOf(HasSubstr("ee.pem: revoked"), HasSubstr("keyCompromise")));
    EXPECT_THAT(run(home.folder(), ocsptool).output, HasSubstr("Certificate Status: revoked"));
    EXPECT_THAT(run(home.folder(), "curl -sf " + home.base_url() +
                                       "/crl/card-sign.crl -o c.crl && openssl crl -inform DER "
                                       "-in c.crl -CAfile authority/ca/card-sign.pem -noout -text")
                    .output,
                testing::AllOf(HasSubstr("verify OK"), HasSubstr(certified->serial),
                               HasSubstr("Key Compromise")));
    EXPECT_THAT(run(home.folder(),
                    "openssl verify -crl_check -crl_download "
                    "-CAfile authority/ca/card-sign.pem ee.pem")
                    .output,
                HasSubstr("certificate revoked"));
    EXPECT_THAT(run(home.folder(),
                    "certtool --verify-crl --load-ca-certificate "
                    "authority/ca/card-sign.cer --inder --infile c.crl")
                    .output,
                HasSubstr("Verified"));
    const auto again =
        home.ask("operator", "POST", "/revoke", "", revocation("card-sign", certified->serial));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->status, 409U);
    EXPECT_THAT(std::string{text(again->content())}, HasSubstr("already_revoked"));
}

std::string change(const std::string& serial, const std::string& reason, const std::string& more) {
    return R"({"ca":"phone-auth","serial":")" + serial + R"(","reason":")" + reason + R"(")" +
           more + "}";
}

TEST(AuthorityAndStatus, HoldAndReleaseByTheTableAlone) {
    const Home home;
    ASSERT_EQ(home.initialise().status, 0);
    const Program status = home.status();
    const Program authority = home.authority();
    ASSERT_TRUE(home.ready()) << authority.log() << status.log();
    const auto key = crypto::SoftwareKey::generate(crypto::KeyKind::rsa_2048).value();
    const auto certified = issue(home, "phone-auth", "0102030405060708", key->spki(), "ee");
    ASSERT_TRUE(certified) << authority.log();
    const auto ask = [&](const std::string& reason, const std::string& more) {
        const auto answer = home.ask("registration", "POST", "/revoke", "",
                                     change(certified->serial, reason, more));
        return std::to_string(answer->status) + " " + std::string{text(answer->content())};
    };

    EXPECT_THAT(ask("removeFromCRL", R"(,"actor":"card")"),
                testing::AllOf(HasSubstr("409"), HasSubstr("release_refused")));
    EXPECT_THAT(ask("certificateHold", R"(,"actor":"resident_desk")"),
                testing::AllOf(HasSubstr("403"), HasSubstr("not_authorized")));
    EXPECT_THAT(ask("certificateHold", R"(,"actor":"stop_code")"), HasSubstr("200"));
    EXPECT_THAT(ask_openssl(home, "phone-auth", "-no_nonce -cert ee.pem"),
                testing::AllOf(HasSubstr("ee.pem: revoked"), HasSubstr("certificateHold")));
    EXPECT_THAT(ask("certificateHold", ""), HasSubstr("hold_refused"));
    EXPECT_THAT(ask("removeFromCRL", R"(,"actor":"phone")"), HasSubstr("not_authorized"));
    EXPECT_THAT(ask("removeFromCRL", R"(,"actor":"card","invalidity":"2026-01-01T00:00:00Z")"),
                HasSubstr("release_refused"));
    EXPECT_THAT(ask("removeFromCRL", R"(,"actor":"card")"), HasSubstr("200"));
    EXPECT_THAT(ask_openssl(home, "phone-auth", "-no_nonce -cert ee.pem"),
                HasSubstr("ee.pem: good"));
}

TEST(AuthorityAndStatus, LetInWhomTheRoutesName) {
    const Home home;
    ASSERT_EQ(home.initialise().status, 0);
    const Program authority = home.authority();
    ASSERT_TRUE(authority.says("\"ready\"")) << authority.log();

    EXPECT_EQ(home.ask("operator", "POST", "/issue", "", "{}")->status, 403U);
    EXPECT_EQ(home.ask("status", "POST", "/revoke", "", "{}")->status, 403U);
    EXPECT_EQ(home.ask("registration", "POST", "/issue", "", "{}")->status, 400U);
    EXPECT_EQ(home.ask("status", "GET", "/health", "", "")->status, 200U);
    EXPECT_THAT(std::string{text(home.ask("registration", "GET", "/authorities", "", "")->body)},
                HasSubstr("\"phone-auth\":\"MII"));
    EXPECT_EQ(home.ask("registration", "GET", "/nothing", "", "")->status, 404U);
}

TEST(AuthorityAndStatus, SayWhenTheChangeIsNotPublished) {
    const Home home;
    ASSERT_EQ(home.initialise().status, 0);
    const Program authority = home.authority();
    ASSERT_TRUE(authority.says("\"ready\"")) << authority.log();
    const auto key = crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256).value();

    const auto alone = issue(home, "phone-auth", "0102030405060708", key->spki(), "ee");
    ASSERT_TRUE(alone) << authority.log();
    const Program status = home.status();
    ASSERT_TRUE(home.ready()) << authority.log() << status.log();

    EXPECT_FALSE(alone->published);
    EXPECT_THAT(ask_openssl(home, "phone-auth", "-cert ee.pem"), HasSubstr("ee.pem: good"));
}

TEST(AuthorityAndStatus, EndCleanlyOnASignal) {
    const Home home;
    ASSERT_EQ(home.initialise().status, 0);
    Program status = home.status();
    Program authority = home.authority();
    ASSERT_TRUE(home.ready());

    EXPECT_EQ(authority.end(SIGTERM), 0) << authority.log();
    EXPECT_EQ(status.end(SIGINT), 0) << status.log();
}

class Crash : public testing::TestWithParam<const char*> {};

TEST_P(Crash, LeavesALedgerThatExplainsEverySerial) {
    const Home home;
    ASSERT_EQ(home.initialise().status, 0);
    const Program status = home.status();
    {
        Program authority = home.authority();  // certifies the responders
        ASSERT_TRUE(home.ready()) << authority.log() << status.log();
        ASSERT_EQ(authority.end(SIGTERM), 0);
    }
    const auto key = crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256).value();
    const auto attempt = [&] {
        return issue(home, "phone-auth", "0102030405060708", key->spki(), "ee");
    };
    {
        Program doomed = home.authority(GetParam());
        ASSERT_TRUE(home.ready()) << doomed.log();
        static_cast<void>(attempt());
        const int how = doomed.ended();
        ASSERT_TRUE(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL) << doomed.log();
    }
    const Program authority = home.authority();
    ASSERT_TRUE(home.ready()) << authority.log();

    const auto certified = attempt();

    ASSERT_TRUE(certified) << authority.log();
    EXPECT_TRUE(certified->published);
    EXPECT_THAT(ask_openssl(home, "phone-auth", "-cert ee.pem"), HasSubstr("ee.pem: good"));
    const auto ledger = home.ask("operator", "GET", "/ledger", "", "");
    ASSERT_TRUE(ledger);
    auto page = http::JsonObject::parse(ledger->content()).value();
    auto entries = page.objects("entries").value();
    EXPECT_EQ(entries.size(), 5U);  // four responders and this one
    for (auto& entry : entries) EXPECT_EQ(entry.text("state"), "issued");
    EXPECT_EQ(entries.back().text("serial"), certified->serial);
}

INSTANTIATE_TEST_SUITE_P(Steps, Crash,
                         testing::Values("serial-drawn", "intent-recorded", "signed", "stored",
                                         "fed"),
                         [](const auto& named) {
                             std::string name = named.param;
                             std::erase(name, '-');
                             return name;
                         });

}  // namespace
}  // namespace mitome::authority
