// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: the four services of a sandbox, each a process of its own, and who uses them.

#include "../../maker/src/test_process.hpp"

#include <mitome/crypto/key.hpp>
#include <mitome/http/json.hpp>
#include <mitome/pki/certificate.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <memory>
#include <optional>

namespace mitome::registration {

namespace json = boost::json;

inline std::string program(std::string_view name) {
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
        home.write("config/status.toml", common("status", status_) +
                                             "public_port = " + std::to_string(status_public_) +
                                             "\n" + home.tls_table("status"));
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
    /// Starts it and waits for its end.
    int run_registration(const std::vector<std::pair<std::string, std::string>>& environment) {
        return start("registration", environment).wait();
    }
    int end_registration() { return registration_process_.stop(SIGTERM); }
    int registration_ends() { return registration_process_.wait(); }
    /// How many certificates of that CA live.
    [[nodiscard]] std::size_t living(std::string_view ca) {
        std::size_t count = 0;
        const auto response = test::ask(home, authority_, "operator", "GET", "/ledger?after=0");
        const auto ledger = json::parse(text(response.body));
        for (const auto& entry : ledger.at("entries").as_array())
            if (entry.at("ca").as_string() == ca && entry.at("state").as_string() == "issued")
                ++count;
        return count;
    }
    /// The serial number that openssl printed, as hex.
    [[nodiscard]] std::string serial_said() const {
        const auto at = said.find("Serial Number:");
        if (at == std::string::npos) return {};
        std::string hex;
        for (std::size_t i = said.find_first_of("0123456789abcdef", at + 14);
             i < said.size() && said[i] != '\n'; ++i)
            if (said[i] != ':') hex.push_back(said[i]);
        return hex;
    }

    http::Response desk(const std::string& method, std::string path, const json::value& body = {}) {
        return test::ask(home, registration_, "desk", method, std::move(path),
                         body.is_null() ? "" : json::serialize(body));
    }
    http::Response authority(const std::string& role, const std::string& method, std::string path,
                             const json::value& body = {}) {
        return test::ask(home, authority_, role, method, std::move(path),
                         body.is_null() ? "" : json::serialize(body));
    }
    [[nodiscard]] std::string status_url() const {
        return "http://127.0.0.1:" + std::to_string(status_public_);
    }
    http::Response maker(std::string path, const json::object& body) {
        return test::ask(home, maker_, "desk", "POST", std::move(path), json::serialize(body));
    }
    /// One CMP message over plain HTTP, and its answer.
    std::optional<Bytes> post_cmp(std::string_view profile, const Bytes& message) {
        auto client = http::Client::create({false, "127.0.0.1", registration_public_, "/"}, {});
        http::Request request;
        request.method = "POST";
        request.path = "/cmp/" + std::string{profile};
        request.headers.push_back({"Content-Type", "application/pkixcmp"});
        request.body = message;
        auto response = (*client)->send(request);
        if (!response || response->status != 200) return std::nullopt;
        return std::move(response->body);
    }
    [[nodiscard]] std::string state_of(const pki::Certificate& certificate, std::string_view ca) {
        return state_of(to_hex(certificate.serial()), ca);
    }
    /// `issued`, `revoked superseded`, …
    [[nodiscard]] std::string state_of(const std::string& serial, std::string_view ca) {
        const auto response =
            test::ask(home, authority_, "operator", "GET",
                      "/certificates?ca=" + std::string{ca} + "&serial=" + serial);
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

    /// A card whose keys lie in files: `NAME.key`, `NAME.pem`, and `NAME-auth.…` of its login.
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
        const auto login = from_base64(body.at("auth").as_string());
        home.write(name + "-auth.pem", to_pem("CERTIFICATE", *login));
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

/// A sandbox that works; a port that somebody else took meanwhile costs one more try.
inline std::unique_ptr<Sandbox> new_sandbox(int confirm_wait) {
    auto made = std::make_unique<Sandbox>(confirm_wait);
    if (!made->works) made = std::make_unique<Sandbox>(confirm_wait);
    return made;
}

}  // namespace mitome::registration
