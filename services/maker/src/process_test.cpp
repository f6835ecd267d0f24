// SPDX-License-Identifier: Apache-2.0
#include "test_process.hpp"

#include <mitome/crypto/key.hpp>
#include <mitome/http/json.hpp>
#include <mitome/http/peer.hpp>
#include <mitome/pki/certificate.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <memory>

namespace mitome::maker {
namespace {

namespace json = boost::json;
using test::ask;

/// One factory for all tests of this file: its keys take a second.
class MakerProcess : public testing::Test {
protected:
    struct Running {
        test::ServiceHome home;
        std::uint16_t port = test::free_ports(1).front();
        test::Program program;
    };

    static void SetUpTestSuite() {
        running_ = std::make_unique<Running>();
        const auto& home = running_->home;
        home.write("config/maker.toml", "port = " + std::to_string(running_->port) +
                                            "\nfolder = '" + home.at("maker") +
                                            "'\nsandbox = true\n" + home.tls_table("maker") +
                                            home.hsm_table("hsm", "administration"));
        ASSERT_EQ(initialise(), 0);
        running_->program = test::Program{
            {MITOME_PROGRAM, "--config", home.at("config/maker.toml")}, home.at("log/maker.log")};
        ASSERT_TRUE(test::becomes_ready(home, running_->port));
    }
    static void TearDownTestSuite() { running_.reset(); }

    static int initialise() {
        return test::run(
            {MITOME_PROGRAM, "--config", home().at("config/maker.toml"), "--initialise"},
            home().at("log/maker.log"));
    }
    static const test::ServiceHome& home() { return running_->home; }
    static http::Response post(const std::string& role, std::string path,
                               const json::object& body) {
        return ask(home(), running_->port, role, "POST", std::move(path), json::serialize(body));
    }
    static std::string new_spki(crypto::KeyKind kind) {
        return to_base64((*crypto::SoftwareKey::generate(kind))->spki());
    }
    static json::object card_of(const std::string& my_number) {
        return {{"my_number", my_number},
                {"name", "吉田　太郎"},
                {"address", "東京都清瀬市中里"},
                {"birth", "1980-02-17"},
                {"sex", 1},
                {"municipality", "13221"},
                {"card_expiry", "2035-02-17"},
                {"security_code", "2285"}};
    }

private:
    static std::unique_ptr<Running> running_;
};
std::unique_ptr<MakerProcess::Running> MakerProcess::running_;

TEST_F(MakerProcess, LeavesWhatIsThereWhenInitialisedAgain) {
    const std::string before = home().read("tls/desk.key") + home().read("maker/root.pem");

    ASSERT_EQ(initialise(), 0);

    EXPECT_EQ(home().read("tls/desk.key") + home().read("maker/root.pem"), before);
}

TEST_F(MakerProcess, GivesAnElementItsIdentity) {
    const auto response = post("desk", "/elements",
                               {{"attestation_spki", new_spki(crypto::KeyKind::ec_p256)},
                                {"device_spki", new_spki(crypto::KeyKind::ec_p256)}});

    ASSERT_EQ(response.status, 200U);
    auto body = http::JsonObject::parse(response.body);
    ASSERT_TRUE(body);
    const auto id = body->text("id");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->size(), 20U);
    EXPECT_EQ(body->texts("keys")->size(), 3U);
    EXPECT_EQ(from_base64(body->texts("keys")->front())->size(), 16U);
    const auto attestation = pki::Certificate::from_der(*body->base64("attestation_certificate"));
    const auto root = pki::Certificate::from_der(*body->base64("maker_root"));
    ASSERT_TRUE(attestation && root);
    EXPECT_TRUE(attestation->is_ca());
    EXPECT_EQ(attestation->path_length(), 0U);
    EXPECT_TRUE(attestation->verify_signature(*crypto::PublicKey::from_spki(root->spki())));
    const auto device = pki::Certificate::from_pem(*body->text("device_certificate_pem"));
    ASSERT_TRUE(device);
    EXPECT_EQ(http::role_of(device->der()), "element " + *id);
}

TEST_F(MakerProcess, VouchesForElementsSoThatOpensslAgrees) {
    const auto response = post("desk", "/elements",
                               {{"attestation_spki", new_spki(crypto::KeyKind::ec_p256)},
                                {"device_spki", new_spki(crypto::KeyKind::ec_p256)}});
    auto body = http::JsonObject::parse(response.body);
    ASSERT_TRUE(body);
    home().write("attestation.pem",
                 to_pem("CERTIFICATE", *body->base64("attestation_certificate")));
    home().write("device.pem", *body->text("device_certificate_pem"));
    const std::string log = home().at("log/openssl.log");

    EXPECT_EQ(test::run({"/usr/bin/openssl", "verify", "-x509_strict", "-CAfile",
                         home().at("maker/root.pem"), home().at("attestation.pem")},
                        log),
              0);
    EXPECT_EQ(test::run({"/usr/bin/openssl", "verify", "-x509_strict", "-purpose", "sslclient",
                         "-CAfile", home().at("tls/ca.pem"), home().at("device.pem")},
                        log),
              0);
}

TEST_F(MakerProcess, SignsTheTextsOfACard) {
    auto order = card_of("123456789018");
    order["text_spki"] = new_spki(crypto::KeyKind::rsa_2048);

    const auto response = post("desk", "/cards", order);

    ASSERT_EQ(response.status, 200U);
    auto body = http::JsonObject::parse(response.body);
    ASSERT_TRUE(body);
    EXPECT_EQ(body->text("pin_b"), "55021720352285");
    auto files = body->object("files");
    ASSERT_TRUE(files);
    EXPECT_EQ(files->base64("0001")->size(), 17U);
    EXPECT_EQ(files->base64("0003")->size(), 336U);
    EXPECT_EQ(files->base64("0004")->size(), 568U);
    EXPECT_EQ(files->base64("0007")->size(), 536U);
    // The signer's certificate is the card root's, whose public key is published.
    const auto root_pem = from_pem(home().read("maker/cv-root.pem"), "PUBLIC KEY");
    ASSERT_TRUE(root_pem);
    const auto root = crypto::PublicKey::from_spki(root_pem->front());
    const auto certificate = files->base64("0004");
    EXPECT_TRUE(root->verify(crypto::Hash::sha256, BytesView{*certificate}.subspan(10, 297),
                             BytesView{*certificate}.last(256)));
}

TEST_F(MakerProcess, NeverWritesAMyNumberIntoItsLog) {
    ASSERT_EQ(post("desk", "/cards", card_of("123456789018")).status, 200U);
    ASSERT_EQ(post("desk", "/cards", card_of("123456789019")).status, 400U);

    EXPECT_EQ(home().read("log/maker.log").find("12345678901"), std::string::npos);
}

TEST_F(MakerProcess, IsForTheDeskAlone) {
    EXPECT_EQ(post("operator", "/cards", card_of("123456789018")).status, 403U);
    EXPECT_EQ(post("registration", "/elements", {}).status, 403U);
    EXPECT_EQ(post("desk", "/registration-certificate", {}).status, 403U);
}

TEST_F(MakerProcess, RefusesAMemberItDoesNotKnow) {
    auto order = card_of("123456789018");
    order["colour"] = "red";

    EXPECT_EQ(post("desk", "/cards", order).status, 400U);
}

TEST_F(MakerProcess, CertifiesRegistrationForCmpAndNotForTls) {
    const auto response = post("registration", "/registration-certificate",
                               {{"spki", new_spki(crypto::KeyKind::ec_p256)}});

    ASSERT_EQ(response.status, 200U);
    auto body = http::JsonObject::parse(response.body);
    const auto certificate = pki::Certificate::from_der(*body->base64("certificate"));
    ASSERT_TRUE(certificate);
    EXPECT_EQ(certificate->extended_key_usages(), std::vector<std::string>{"1.3.6.1.5.5.7.3.28"});
}

TEST(MakerProgram, NamesTheKeyThatItDoesNotKnow) {
    const test::ServiceHome home;
    home.write("maker.toml", "port = 1\nfolder = '/tmp'\nsandbox = true\ncolour = 'red'\n" +
                                 home.tls_table("maker") + home.hsm_table("hsm", "administration"));

    EXPECT_EQ(test::run({MITOME_PROGRAM, "--config", home.at("maker.toml")}, home.at("log.txt")),
              70);

    EXPECT_NE(home.read("log.txt").find("colour"), std::string::npos);
}

TEST(MakerProgram, RefusesToServeOutsideASandbox) {
    const test::ServiceHome home;
    home.write("maker.toml", "port = 1\nfolder = '/tmp'\nsandbox = false\n" +
                                 home.tls_table("maker") + home.hsm_table("hsm", "administration"));

    EXPECT_EQ(test::run({MITOME_PROGRAM, "--config", home.at("maker.toml")}, home.at("log.txt")),
              70);
}

}  // namespace
}  // namespace mitome::maker
