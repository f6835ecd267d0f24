// SPDX-License-Identifier: Apache-2.0
#include "test_sandbox.hpp"

#include <mitome/pki/four_items.hpp>

#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

using test::ask;

/// One sandbox for all tests of this file; its first resident has a card in files.
class RegistrationProcess : public testing::Test {
protected:
    static void SetUpTestSuite() {
        sandbox_ = new_sandbox(600);
        ASSERT_TRUE(sandbox_->works);
        ASSERT_TRUE(sandbox_->new_card("first", 1));
    }
    static void TearDownTestSuite() { sandbox_.reset(); }
    static Sandbox& at() { return *sandbox_; }

private:
    static std::unique_ptr<Sandbox> sandbox_;
};
std::unique_ptr<Sandbox> RegistrationProcess::sandbox_;

TEST_F(RegistrationProcess, ListsTheInventedResidents) {
    const auto response = at().desk("GET", "/desk/residents");

    ASSERT_EQ(response.status, 200U);
    const auto rows = json::parse(text(response.body)).as_array();
    ASSERT_GE(rows.size(), 12U);
    EXPECT_EQ(rows[0].at("id").as_int64(), 1);
    EXPECT_EQ(rows[0].at("name").as_string(), "吉田　太郎");
    EXPECT_EQ(rows[0].at("birth_date").as_string(), "1980-02-17");
    EXPECT_EQ(rows[0].at("case").as_string(), "none");
    EXPECT_EQ(rows[7].at("state").as_string(), "moved");
}

TEST_F(RegistrationProcess, TakesANewResident) {
    const auto response =
        at().desk("POST", "/desk/residents", json::object{{"name", "新田　一"}, {"sex", 1}});

    ASSERT_EQ(response.status, 200U);
    const auto row = json::parse(text(response.body)).as_object();
    const auto shown =
        at().desk("GET", "/desk/residents/" + std::to_string(row.at("id").as_int64()));
    EXPECT_EQ(shown.status, 200U);
    EXPECT_EQ(json::parse(text(shown.body)).at("name").as_string(), "新田　一");
}

TEST_F(RegistrationProcess, KnowsNoResidentOfAnotherNumber) {
    const auto response = at().desk("GET", "/desk/residents/999");

    EXPECT_EQ(response.status, 404U);
    EXPECT_EQ(json::parse(text(response.body)).at("code").as_string(), "resident_absent");
}

TEST_F(RegistrationProcess, IssuesACardThatEndsOnTheFifthBirthday) {
    const auto card = at().new_card("ends", 1);

    ASSERT_TRUE(card);
    const auto items = pki::basic_four_items(*card);
    ASSERT_TRUE(items);
    EXPECT_EQ(items->name, "吉田　太郎");
    EXPECT_EQ(items->name_substitutes, "10000");
    const auto end = day_in_japan(card->not_after());
    EXPECT_EQ(to_text(end).substr(5), "02-17");
    EXPECT_EQ(card->not_after(), end_of_day_in_japan(end));
}

TEST_F(RegistrationProcess, GivesAMinorNoSignatureCertificate) {
    for (const int resident : {6, 7}) {
        const auto response = at().desk("POST", "/desk/cards",
                                        json::object{{"resident", resident},
                                                     {"sign_spki", at().new_key("m1", false)},
                                                     {"auth_spki", at().new_key("m2", false)}});

        ASSERT_EQ(response.status, 200U);
        EXPECT_TRUE(json::parse(text(response.body)).at("sign").is_null());
        EXPECT_TRUE(json::parse(text(response.body)).at("auth").is_string());
    }
}

TEST_F(RegistrationProcess, MakesEveryBirthCard) {
    for (int resident = 2; resident <= 5; ++resident)
        EXPECT_TRUE(at().new_card("birth", resident)) << resident;
}

TEST_F(RegistrationProcess, RevokesWhatTheCaseSays) {
    const auto revoked = at().new_card("revoked", 11, "revoked");
    const auto moved = at().new_card("moved", 8, "moved");
    const auto deceased = at().new_card("deceased", 9, "deceased");

    ASSERT_TRUE(revoked && moved && deceased);
    EXPECT_EQ(at().state_of(*revoked, "card-sign"), "revoked keyCompromise");
    EXPECT_EQ(at().state_of(*moved, "card-sign"), "revoked affiliationChanged");
    EXPECT_EQ(at().state_of(*deceased, "card-sign"), "revoked affiliationChanged");
}

TEST_F(RegistrationProcess, KeepsTheDeskForTheDesk) {
    EXPECT_EQ(ask(at().home, at().port(), "operator", "GET", "/desk/residents").status, 403U);
    EXPECT_EQ(ask(at().home, at().port(), "maker", "POST", "/desk/cards", "{}").status, 403U);
    EXPECT_EQ(ask(at().home, at().port(), "desk", "POST", "/orders", "{}").status, 403U);
}

TEST_F(RegistrationProcess, WritesNothingPersonalIntoItsLog) {
    const auto log = at().home.read("log/registration.log");

    EXPECT_EQ(log.find("123456789018"), std::string::npos);
    EXPECT_EQ(log.find("吉田"), std::string::npos);
    EXPECT_EQ(log.find("清瀬"), std::string::npos);
}

TEST_F(RegistrationProcess, EnrolsAKeyFileForOpenssl) {
    ASSERT_EQ(at().enrol("file", "first", "ir"), 0) << at().said;

    const auto issued = at().certificate("ir.pem");
    ASSERT_TRUE(issued);
    EXPECT_EQ(at().state_of(*issued, "phone-sign"), "issued");
    EXPECT_EQ(issued->not_after(), at().certificate("first.pem")->not_after());
    EXPECT_TRUE(pki::basic_four_items(*issued));
}

TEST_F(RegistrationProcess, EnrolsByCrToo) {
    ASSERT_EQ(at().enrol("file", "first", "cr", {"-cmd", "cr"}), 0) << at().said;

    EXPECT_TRUE(at().certificate("cr.pem"));
}

TEST_F(RegistrationProcess, IssuesForAuthenticationWhenOnlyThatIsAsked) {
    at().home.write("auth.cnf", "[req]\n[ext]\nkeyUsage = critical,digitalSignature\n");

    ASSERT_EQ(at().enrol("file", "first", "auth",
                         {"-config", at().home.at("auth.cnf"), "-reqexts", "ext"}),
              0)
        << at().said;

    const auto issued = at().certificate("auth.pem");
    ASSERT_TRUE(issued);
    EXPECT_EQ(issued->key_usage(), pki::key_usage::digital_signature);
    EXPECT_EQ(at().state_of(*issued, "phone-auth"), "issued");
}

TEST_F(RegistrationProcess, IsBelievedThroughThePhonesCaAsWell) {
    EXPECT_EQ(at().enrol("file", "first", "bundle",
                         {"-trusted", at().home.at("authority/ca/phone-sign.pem")}),
              0)
        << at().said;
}

TEST_F(RegistrationProcess, DoesNotGrantImplicitConfirmation) {
    ASSERT_EQ(at().enrol("file", "first", "implicit", {"-implicit_confirm"}), 0) << at().said;

    EXPECT_NE(at().said.find("sending CERTCONF"), std::string::npos) << at().said;
}

TEST_F(RegistrationProcess, RefusesAPhonesKeyWithoutAttestation) {
    EXPECT_NE(at().enrol("phone", "first", "bare"), 0);

    EXPECT_NE(at().said.find("badCertTemplate"), std::string::npos) << at().said;
}

TEST_F(RegistrationProcess, RefusesAForeignCertificate) {
    at().new_key("foreign", false);
    test::run({"/usr/bin/openssl", "req", "-new", "-x509", "-config", "/etc/ssl/openssl.cnf",
               "-key", at().home.at("foreign.key"), "-subj", "/CN=foreign", "-days", "2", "-out",
               at().home.at("foreign.pem")},
              at().home.at("log/openssl.log"));

    EXPECT_NE(at().enrol("file", "foreign", "of-foreign"), 0);

    EXPECT_NE(at().said.find("signerNotTrusted"), std::string::npos) << at().said;
}

TEST_F(RegistrationProcess, RefusesARevokedCard) {
    ASSERT_TRUE(at().new_card("dead", 11, "revoked"));

    EXPECT_NE(at().enrol("file", "dead", "of-dead"), 0);

    EXPECT_NE(at().said.find("certRevoked"), std::string::npos) << at().said;
}

TEST_F(RegistrationProcess, RefusesAnExpiredCard) {
    ASSERT_TRUE(at().new_card("old", 10, "expired"));

    EXPECT_NE(at().enrol("file", "old", "of-old"), 0);

    EXPECT_NE(at().said.find("notAuthorized"), std::string::npos) << at().said;
}

TEST_F(RegistrationProcess, RefusesAProofThatIsMissing) {
    EXPECT_NE(at().enrol("file", "first", "unproven", {"-popo", "-1"}), 0);

    EXPECT_NE(at().said.find("badPOP"), std::string::npos) << at().said;
}

TEST_F(RegistrationProcess, RevokesWhatTheClientRejects) {
    // The client cannot lead the certificate to what it trusts, and says no to it.
    EXPECT_NE(at().enrol("file", "first", "rejected", {"-out_trusted", at().home.at("tls/ca.pem")}),
              0);

    const auto serial = at().serial_said();
    ASSERT_FALSE(serial.empty()) << at().said;
    EXPECT_EQ(at().state_of(serial, "phone-sign"), "revoked cessationOfOperation");
}

TEST_F(RegistrationProcess, SaysWhatItTakesOnTheCmpPath) {
    const auto plain = [&](std::string method, std::string type, std::string body) {
        auto client = http::Client::create({false, "127.0.0.1", at().public_port(), "/"}, {});
        http::Request request;
        request.method = std::move(method);
        request.path = "/cmp/file";
        request.headers.push_back({"Content-Type", std::move(type)});
        request.body = copy(view(body));
        const auto response = (*client)->send(request);
        return response ? response->status : 0;
    };

    EXPECT_EQ(plain("GET", "application/pkixcmp", ""), 405U);
    EXPECT_EQ(plain("POST", "application/json", "{}"), 415U);
    EXPECT_EQ(plain("POST", "application/pkixcmp", std::string(300'000, 'x')), 413U);
    EXPECT_EQ(plain("POST", "application/pkixcmp", "rubbish"), 200U);  // a CMP error message
}

TEST_F(RegistrationProcess, EndsCleanlyOnTerm) {
    EXPECT_EQ(at().end_registration(), 0);
    at().restart_registration();

    EXPECT_EQ(ask(at().home, at().port(), "desk", "GET", "/ready").status, 200U);
}

TEST_F(RegistrationProcess, RefusesToCrashAtAStepThatIsNone) {
    EXPECT_EQ(at().end_registration(), 0);

    EXPECT_NE(at().run_registration({{"MITOME_CRASH_AT", "after-lunch"}}), 0);

    EXPECT_NE(at().home.read("log/registration.log").find("no such step"), std::string::npos);
    at().restart_registration();
}

}  // namespace
}  // namespace mitome::registration
