// SPDX-License-Identifier: Apache-2.0
#include "test_phone.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mitome::registration {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// One sandbox for all tests of this file; each test has a resident, card and phone of its own.
class CaseworkProcess : public testing::Test {
protected:
    static void SetUpTestSuite() {
        sandbox_ = new_sandbox(600);
        ASSERT_TRUE(sandbox_->works);
    }
    static void TearDownTestSuite() { sandbox_.reset(); }
    static Sandbox& at() { return *sandbox_; }

    static http::Response as(const std::string& role, const std::string& method, std::string path,
                             const json::value& body = {}) {
        return test::ask(at().home, at().port(), role, method, std::move(path),
                         body.is_null() ? "" : json::serialize(body));
    }
    static std::string code_of(const http::Response& response) {
        auto body = http::JsonObject::parse(response.body);
        return body ? body->text("code").value_or("") : "";
    }
    static json::object object_of(const http::Response& response) {
        boost::system::error_code error;
        auto value = json::parse(text(response.body), error);
        return !error && value.is_object() ? value.as_object() : json::object{};
    }
    /// A phone with its pair; the certificates go to `NAME-sign.pem` and `NAME-auth.pem`.
    static std::unique_ptr<Phone> phone_of(int resident, const std::string& name) {
        EXPECT_TRUE(at().new_card("card-" + name, resident));
        auto phone = std::make_unique<Phone>(at(), name);
        EXPECT_TRUE(phone->works);
        EXPECT_EQ(phone->issue({at().home, "card-" + name}), "done");
        for (const auto kind : adm::kinds)
            at().home.write(name + (kind == adm::Kind::sign ? "-sign.pem" : "-auth.pem"),
                            to_pem("CERTIFICATE", phone->granted(kind)->der()));
        return phone;
    }
    static std::string state(const Phone& phone, adm::Kind kind) {
        return at().state_of(*phone.granted(kind),
                             kind == adm::Kind::sign ? "phone-sign" : "phone-auth");
    }
    static std::string ran(const std::vector<std::string>& words) {
        std::filesystem::remove(at().home.path() / "judge.log");
        test::run(words, at().home.at("judge.log"));
        return at().home.read("judge.log");
    }
    static std::string ca(const std::string& name) {
        return at().home.at("authority/ca/" + name + ".pem");
    }
    static std::string ocsp(const std::string& name, const std::string& certificate) {
        return ran({"/usr/bin/openssl", "ocsp", "-issuer", ca(name), "-cert",
                    at().home.at(certificate), "-CAfile", ca(name), "-no_nonce", "-url",
                    at().status_url() + "/ocsp"});
    }
    static std::string crl(const std::string& name) {
        return ran({"/usr/bin/openssl", "crl", "-in", at().status_url() + "/crl/" + name + ".crl",
                    "-inform", "DER", "-CAfile", ca(name), "-noout", "-text"});
    }
    /// What the phone is told, once it is told that much.
    static std::vector<std::string> notices(Phone& phone, std::size_t least) {
        std::vector<std::string> codes;
        for (int i = 0; i < 100; ++i) {
            codes.clear();
            const auto response = phone.ask("GET", "/notices?after=0");
            const auto rows = json::parse(text(response.body)).as_array();
            for (const auto& row : rows)
                codes.push_back(std::string{row.at("code").as_string()} + " " +
                                std::string{row.at("detail").as_string()});
            if (codes.size() >= least) break;
            std::this_thread::sleep_for(100ms);
        }
        return codes;
    }
    static bool becomes(const std::string& wanted, const std::function<std::string()>& seen) {
        for (int i = 0; i < 100; ++i) {
            if (seen() == wanted) return true;
            std::this_thread::sleep_for(100ms);
        }
        return false;
    }

private:
    static std::unique_ptr<Sandbox> sandbox_;
};
std::unique_ptr<Sandbox> CaseworkProcess::sandbox_;

TEST_F(CaseworkProcess, ShowsAHoldByTheCallDeskInOcspAndCrlAndTakesItOutAgain) {
    const auto phone = phone_of(1, "held");
    const auto serial = to_hex(phone->granted(adm::Kind::auth)->serial());
    ASSERT_THAT(ocsp("phone-auth", "held-auth.pem"), HasSubstr("held-auth.pem: good"));

    const auto held = as("call-desk", "POST", "/desk/hold", json::object{{"resident", 1}});

    ASSERT_EQ(held.status, 200U) << text(held.body);
    for (const std::string kind : {"sign", "auth"}) {
        EXPECT_THAT(ocsp("phone-" + kind, "held-" + kind + ".pem"),
                    AllOf(HasSubstr("Response verify OK"), HasSubstr(".pem: revoked"),
                          HasSubstr("Reason: certificateHold")));
    }
    EXPECT_THAT(crl("phone-auth"),
                AllOf(HasSubstr("verify OK"), HasSubstr(serial), HasSubstr("Certificate Hold")));
    EXPECT_EQ(notices(*phone, 1), std::vector<std::string>{"notice_held sign,auth"});

    const auto released = at().authority(
        "operator", "POST", "/revoke",
        json::object{{"ca", "phone-auth"}, {"serial", serial}, {"reason", "removeFromCRL"}});

    ASSERT_EQ(released.status, 200U) << text(released.body);
    EXPECT_THAT(ocsp("phone-auth", "held-auth.pem"), HasSubstr("held-auth.pem: good"));
    EXPECT_THAT(crl("phone-auth"), AllOf(HasSubstr("verify OK"), Not(HasSubstr(serial))));
    EXPECT_EQ(notices(*phone, 2).back(), "notice_released auth");
}

TEST_F(CaseworkProcess, GivesEachDeskItsOwnAndNoMore) {
    const json::object person{{"resident", 2}};
    EXPECT_EQ(as("desk", "POST", "/desk/hold", person).status, 403U);
    EXPECT_EQ(as("call-desk", "POST", "/desk/revoke", person).status, 403U);
    EXPECT_EQ(as("call-desk", "POST", "/desk/residents/2/move").status, 403U);
    EXPECT_EQ(as("call-desk", "GET", "/desk/residents").status, 403U);
    EXPECT_EQ(as("call-desk", "POST", "/desk/erase", person).status, 403U);
    EXPECT_EQ(as("supervisor", "POST", "/desk/erase", person).status, 403U);
    EXPECT_EQ(as("supervisor", "POST", "/desk/residents/2/decease").status, 403U);
    EXPECT_EQ(as("desk", "POST", "/desk/approvals/00").status, 403U);
    EXPECT_EQ(as("operator", "POST", "/desk/hold", person).status, 403U);
    EXPECT_EQ(as("supervisor", "POST", "/stop-code").status, 403U);
    EXPECT_EQ(at().authority("call-desk", "POST", "/revoke-batch").status, 403U);
    EXPECT_EQ(at().authority("desk", "POST", "/revoke").status, 403U);
    EXPECT_EQ(as("call-desk", "GET", "/desk/status?resident=2").status, 200U);
}

TEST_F(CaseworkProcess, TakesSignatureCertificatesFromWhoMoves) {
    const auto phone = phone_of(2, "moves");

    const auto moved = as("desk", "POST", "/desk/residents/2/move",
                          json::object{{"address", "東京都清瀬市別町二丁目"}});

    ASSERT_EQ(moved.status, 200U) << text(moved.body);
    EXPECT_EQ(object_of(moved).at("revoked").as_array().size(), 2U);
    EXPECT_EQ(at().state_of(*at().certificate("card-moves.pem"), "card-sign"),
              "revoked affiliationChanged");
    EXPECT_EQ(state(*phone, adm::Kind::sign), "revoked affiliationChanged");
    EXPECT_EQ(state(*phone, adm::Kind::auth), "issued");
    EXPECT_EQ(notices(*phone, 1),
              std::vector<std::string>{"notice_revoked sign affiliationChanged"});
    const auto status = object_of(as("call-desk", "GET", "/desk/status?resident=2"));
    EXPECT_EQ(status.at("state").as_string(), "moved");
    EXPECT_EQ(status.at("phone").at("auth").at("state").as_string(), "issued");
    EXPECT_THAT(json::serialize(status), Not(HasSubstr("清瀬")));
    EXPECT_EQ(as("desk", "POST", "/desk/residents/2/fly").status, 404U);
}

TEST_F(CaseworkProcess, AsksTwoPersonsForADeath) {
    const auto phone = phone_of(3, "dies");

    const auto proposed = as("desk", "POST", "/desk/residents/3/decease");
    ASSERT_EQ(proposed.status, 202U) << text(proposed.body);
    const std::string id{object_of(proposed).at("approval").as_string()};
    EXPECT_EQ(state(*phone, adm::Kind::sign), "issued");
    EXPECT_THAT(std::string{text(as("supervisor", "GET", "/desk/approvals").body)}, HasSubstr(id));
    const auto agreed = as("supervisor", "POST", "/desk/approvals/" + id);

    ASSERT_EQ(agreed.status, 200U) << text(agreed.body);
    EXPECT_EQ(object_of(agreed).at("revoked").as_array().size(), 4U);
    EXPECT_EQ(state(*phone, adm::Kind::sign), "revoked cessationOfOperation");
    EXPECT_EQ(state(*phone, adm::Kind::auth), "revoked cessationOfOperation");
    EXPECT_EQ(at().state_of(*at().certificate("card-dies.pem"), "card-sign"),
              "revoked cessationOfOperation");
    EXPECT_EQ(code_of(as("desk", "POST", "/desk/residents/3/decease")), "resident_not_eligible");
}

TEST_F(CaseworkProcess, TakesThePhoneWithACardThatTheOperatorRevokes) {
    const auto phone = phone_of(4, "pulled");
    const auto serial = to_hex(at().certificate("card-pulled.pem")->serial());

    ASSERT_EQ(
        at().authority(
                "operator", "POST", "/revoke",
                json::object{{"ca", "card-sign"}, {"serial", serial}, {"reason", "keyCompromise"}})
            .status,
        200U);

    EXPECT_TRUE(
        becomes("revoked cessationOfOperation", [&] { return state(*phone, adm::Kind::auth); }));
    EXPECT_EQ(state(*phone, adm::Kind::sign), "revoked cessationOfOperation");
    EXPECT_EQ(notices(*phone, 1),
              std::vector<std::string>{"notice_revoked sign,auth cessationOfOperation"});
}

TEST_F(CaseworkProcess, LeavesThePhoneOfALostCard) {
    const auto phone = phone_of(5, "lost");

    const auto held =
        as("call-desk", "POST", "/desk/hold", json::object{{"resident", 5}, {"whose", "card"}});

    ASSERT_EQ(held.status, 200U);
    EXPECT_EQ(at().state_of(*at().certificate("card-lost.pem"), "card-sign"), "held");
    EXPECT_EQ(state(*phone, adm::Kind::sign), "issued");
}

TEST_F(CaseworkProcess, HoldsOneCertificateThatIsShown) {
    const auto phone = phone_of(12, "shown");
    const json::object subject{{"certificate", to_base64(phone->granted(adm::Kind::sign)->der())}};

    ASSERT_EQ(as("call-desk", "POST", "/desk/hold", subject).status, 200U);

    EXPECT_EQ(state(*phone, adm::Kind::sign), "held");
    EXPECT_EQ(state(*phone, adm::Kind::auth), "issued");
    ASSERT_EQ(as("desk", "POST", "/desk/revoke", subject).status, 200U);
    EXPECT_EQ(state(*phone, adm::Kind::sign), "revoked unspecified");
    EXPECT_EQ(code_of(as("desk", "POST", "/desk/revoke", subject)), "already_revoked");
    EXPECT_EQ(code_of(as("call-desk", "POST", "/desk/hold", subject)), "hold_refused");
}

TEST_F(CaseworkProcess, StopsAPhoneWithTheCodeThatItWasShown) {
    const auto phone = phone_of(13, "stopped");
    const auto made = phone->ask("POST", "/stop-code", "{}");
    ASSERT_EQ(made.status, 200U) << text(made.body);
    const std::string code{object_of(made).at("code").as_string()};
    const auto stop = [&](std::string digits) {
        auto client = http::Client::create({false, "127.0.0.1", at().public_port(), "/"}, {});
        http::Request request;
        request.method = "POST";
        request.path = "/stop";
        request.body = copy(view(
            json::serialize(json::object{{"phone", phone->id()}, {"code", std::move(digits)}})));
        return *(*client)->send(request);
    };
    std::string other = code;
    other.front() = other.front() == '0' ? '1' : '0';

    const auto wrong = stop(other);
    EXPECT_EQ(wrong.status, 403U);
    EXPECT_EQ(code_of(wrong), "stop_code_wrong");
    EXPECT_EQ(object_of(wrong).at("tries_left").as_int64(), 4);
    EXPECT_EQ(stop("123").status, 400U);
    const auto right = stop(code);

    ASSERT_EQ(right.status, 200U) << text(right.body);
    EXPECT_EQ(state(*phone, adm::Kind::sign), "held");
    EXPECT_EQ(state(*phone, adm::Kind::auth), "held");
    EXPECT_THAT(ocsp("phone-auth", "stopped-auth.pem"), HasSubstr("Reason: certificateHold"));
    for (int i = 0; i < 5; ++i) static_cast<void>(stop(other));
    EXPECT_EQ(code_of(stop(code)), "stop_code_locked");
    EXPECT_THAT(at().home.read("log/registration.log"), Not(HasSubstr(code)));
}

class CaseworkCrash : public CaseworkProcess, public testing::WithParamInterface<const char*> {};

TEST_P(CaseworkCrash, LosesNothingThatWasDecided) {
    const std::string step = GetParam();
    const int resident = step == "event-recorded" ? 1 : 10;
    const auto phone = phone_of(resident, "crash-" + step);
    at().restart_registration({{"MITOME_CRASH_AT", step}});

    static_cast<void>(as("desk", "POST", "/desk/residents/" + std::to_string(resident) + "/rename",
                         json::object{{"name", "改名　" + step}}));
    ASSERT_EQ(at().registration_ends(), 128 + SIGKILL);
    at().restart_registration();

    EXPECT_TRUE(
        becomes("revoked affiliationChanged", [&] { return state(*phone, adm::Kind::sign); }));
    EXPECT_EQ(state(*phone, adm::Kind::auth), "issued");
    EXPECT_EQ(notices(*phone, 1),
              std::vector<std::string>{"notice_revoked sign affiliationChanged"});
}

INSTANTIATE_TEST_SUITE_P(EachStep, CaseworkCrash,
                         testing::Values("event-recorded", "batch-revoked"), [](const auto& test) {
                             std::string name{test.param};
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace mitome::registration
