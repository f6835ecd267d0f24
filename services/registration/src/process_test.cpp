// SPDX-License-Identifier: Apache-2.0
#include "../../maker/src/test_process.hpp"

#include <mitome/crypto/key.hpp>
#include <mitome/http/json.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/pki/four_items.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace mitome::registration {
namespace {

namespace json = boost::json;
using test::ask;

std::string program(std::string_view name) {
    return std::string{MITOME_PROGRAM_DIR} + "/mitome-" + std::string{name};
}

/// Maker, authority, status and registration in one home, each a process of its own.
class Sandbox {
public:
    explicit Sandbox(int confirm_wait) {
        const auto ports = test::free_ports(6);
        maker_ = ports[0];
        authority_ = ports[1];
        status_ = ports[2];
        status_public_ = ports[3];
        registration_ = ports[4];
        registration_public_ = ports[5];
        const auto url = [](std::uint16_t port) {
            return "https://127.0.0.1:" + std::to_string(port) + "'\n";
        };
        const std::string base =
            "base_url = 'http://127.0.0.1:" + std::to_string(status_public_) + "'\n";
        const auto common = [&](const std::string& name, std::uint16_t port) {
            return "port = " + std::to_string(port) + "\nfolder = '" + home.at(name) +
                   "'\nsandbox = true\n";
        };
        home.write("config/maker.toml", common("maker", maker_) + home.tls_table("maker") +
                                            home.hsm_table("hsm", "administration"));
        home.write("config/authority.toml",
                   common("authority", authority_) + base + "status_url = '" + url(status_) +
                       home.tls_table("authority") + home.hsm_table("hsm", "authority"));
        home.write("config/status.toml",
                   common("status", status_) +
                       "public_port = " + std::to_string(status_public_) + "\n" +
                       home.tls_table("status"));
        home.write("config/registration.toml",
                   common("registration", registration_) +
                       "public_port = " + std::to_string(registration_public_) + "\n" + base +
                       "authority_url = '" + url(authority_) + "maker_url = '" + url(maker_) +
                       "maker_root = '" + home.at("maker/root.pem") +
                       "'\nconfirm_wait_seconds = " + std::to_string(confirm_wait) + "\n" +
                       home.tls_table("registration") + home.hsm_table("hsm", "registration") +
                       home.hsm_table("administration_hsm", "administration"));
        std::filesystem::create_directory(home.path() / "status");
        for (const std::string name : {"maker", "authority", "registration"})
            if (test::run({program(name), "--config", home.at("config/" + name + ".toml"),
                           "--initialise"},
                          home.at("log/" + name + ".log")) != 0)
                return;
        maker_process_ = start("maker");
        status_process_ = start("status");
        authority_process_ = start("authority");
        registration_process_ = start("registration");
        works = test::becomes_ready(home, authority_) && test::becomes_ready(home, registration_);
    }

    test::Program start(const std::string& name,
                        const std::vector<std::pair<std::string, std::string>>& environment = {}) {
        return {{program(name), "--config", home.at("config/" + name + ".toml")},
                home.at("log/" + name + ".log"),
                environment};
    }
    void restart_registration(
        const std::vector<std::pair<std::string, std::string>>& environment = {}) {
        registration_process_.stop(SIGKILL);
        registration_process_ = start("registration", environment);
        static_cast<void>(test::becomes_ready(home, registration_));
    }
    int registration_ends() { return registration_process_.wait(); }

    http::Response desk(const std::string& method, std::string path, const json::value& body = {}) {
        return ask(home, registration_, "desk", method, std::move(path),
                   body.is_null() ? "" : json::serialize(body));
    }
    [[nodiscard]] std::string state_of(const pki::Certificate& certificate, std::string_view ca) {
        const auto response =
            ask(home, authority_, "operator", "GET",
                "/certificates?ca=" + std::string{ca} + "&serial=" + to_hex(certificate.serial()));
        auto body = http::JsonObject::parse(response.body);
        if (!body) return "no answer";
        auto state = body->text("state").value_or("absent");
        if (state == "revoked") state += " " + body->text("reason").value_or("");
        return state;
    }
    [[nodiscard]] std::string cmp_url(std::string_view profile) const {
        return "http://127.0.0.1:" + std::to_string(registration_public_) + "/cmp/" +
               std::string{profile};
    }
    [[nodiscard]] std::uint16_t public_port() const { return registration_public_; }
    [[nodiscard]] std::uint16_t port() const { return registration_; }

    /// Writes `NAME.key` and gives its public key.
    std::string new_key(const std::string& name, bool rsa) {
        if (rsa)
            test::run({"/usr/bin/openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                       "rsa_keygen_bits:2048", "-out", home.at(name + ".key")},
                      home.at("log/openssl.log"));
        else
            test::run({"/usr/bin/openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                       "ec_paramgen_curve:P-256", "-out", home.at(name + ".key")},
                      home.at("log/openssl.log"));
        test::run({"/usr/bin/openssl", "pkey", "-in", home.at(name + ".key"), "-pubout", "-out",
                   home.at(name + ".pub")},
                  home.at("log/openssl.log"));
        const auto blocks = from_pem(home.read(name + ".pub"), "PUBLIC KEY");
        return blocks && !blocks->empty() ? to_base64(blocks->front()) : "";
    }

    /// A card whose keys lie in files: `NAME.key`, `NAME.pem`. The CAs go to `card-sign.pem` ….
    std::optional<pki::Certificate> new_card(const std::string& name, int resident,
                                             const std::string& flaw = "none") {
        const auto response = desk("POST", "/desk/cards",
                                   json::object{{"resident", resident},
                                                {"sign_spki", new_key(name, false)},
                                                {"auth_spki", new_key(name + "-auth", false)},
                                                {"case", flaw}});
        if (response.status != 200) return std::nullopt;
        const auto body = json::parse(text(response.body)).as_object();
        if (!body.at("sign").is_string()) return std::nullopt;
        auto der = from_base64(body.at("sign").as_string());
        home.write(name + ".pem", to_pem("CERTIFICATE", *der));
        return *pki::Certificate::from_der(*std::move(der));
    }
    [[nodiscard]] std::optional<pki::Certificate> certificate(const std::string& file) const {
        auto found = pki::Certificate::from_pem(home.read(file));
        return found ? std::optional{*std::move(found)} : std::nullopt;
    }

    /// `openssl cmp` with these words beside the usual ones: its exit code. What it said is in
    /// `said`.
    int cmp(const std::string& profile, const std::string& card,
            const std::vector<std::string>& more) {
        std::filesystem::remove(home.path() / "cmp.log");
        std::vector<std::string> words{"/usr/bin/openssl",
                                       "cmp",
                                       "-config",
                                       "",
                                       "-server",
                                       "127.0.0.1:" + std::to_string(registration_public_),
                                       "-path",
                                       "/cmp/" + profile,
                                       "-trusted",
                                       home.at("tls/ca.pem"),
                                       "-no_proxy",
                                       "127.0.0.1",
                                       "-cert",
                                       home.at(card + ".pem"),
                                       "-key",
                                       home.at(card + ".key"),
                                       "-msg_timeout",
                                       "20"};
        words.insert(words.end(), more.begin(), more.end());
        const int code = test::run(words, home.at("cmp.log"));
        said = home.read("cmp.log");
        return code;
    }
    int enrol(const std::string& profile, const std::string& card, const std::string& name,
              std::vector<std::string> more = {}) {
        new_key(name, false);
        more.insert(more.end(), {"-newkey", home.at(name + ".key"), "-certout",
                                 home.at(name + ".pem"), "-subject", "/CN=wish"});
        if (std::ranges::find(more, "-cmd") == more.end())
            more.insert(more.begin(), {"-cmd", "ir"});
        return cmp(profile, card, more);
    }

    test::ServiceHome home;
    bool works = false;
    std::string said;

private:
    std::uint16_t maker_ = 0, authority_ = 0, status_ = 0, status_public_ = 0, registration_ = 0,
                  registration_public_ = 0;
    test::Program maker_process_, status_process_, authority_process_, registration_process_;
};

/// One sandbox for all tests of this file; its first resident has a card in files.
class RegistrationProcess : public testing::Test {
protected:
    static void SetUpTestSuite() {
        sandbox_ = std::make_unique<Sandbox>(600);
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
    const auto cas =
        ask(at().home, at().port(), "desk", "GET", "/health").status;  // the service lives
    ASSERT_EQ(cas, 200U);

    EXPECT_EQ(at().enrol("file", "first", "bundle",
                         {"-trusted", at().home.at("authority/ca/phone-sign.pem")}),
              0)
        << at().said;
}

TEST_F(RegistrationProcess, DoesNotGrantImplicitConfirmation) {
    at().enrol("file", "first", "implicit",
               {"-implicit_confirm", "-rspout", at().home.at("ip.der") + " " + at().home.at("c.der")});

    // openssl says so when it must confirm all the same: the confirmation is sent.
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
    at().enrol("file", "first", "rejected",
               {"-out_trusted", at().home.at("tls/ca.pem"), "-rspout",
                at().home.at("rip.der") + " " + at().home.at("rc.der")});

    // The client cannot lead the certificate to what it trusts, and rejects it.
    const auto ledger = at().home.read("log/authority.log");
    EXPECT_NE(at().said.find("pkiconf"), std::string::npos) << at().said;
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
    Sandbox& sandbox = at();
    sandbox.restart_registration();

    EXPECT_EQ(ask(sandbox.home, sandbox.port(), "desk", "GET", "/ready").status, 200U);
}

}  // namespace
}  // namespace mitome::registration
