// SPDX-License-Identifier: Apache-2.0

// Stands for the authority beside a mitome-status that is measured: makes its settings, its TLS
// identities and what it serves, feeds it, and writes what `openssl ocsp` needs to answer the same.
// Usage: status_world_bench FOLDER FEED_PORT PUBLIC_PORT
// Prints `prepared` when mitome-status may start and `fed` when it answers; runs until killed.
#include "ocsp_world.hpp"

#include <mitome/base/file.hpp>
#include <mitome/http/client.hpp>
#include <mitome/http/json.hpp>
#include <mitome/http/tls_files.hpp>

#include <filesystem>
#include <thread>

namespace mitome::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

void write(const fs::path& path, std::string_view content) {
    must(write_file(path, view(content), Access::owner));
}

void write_key(const fs::path& path, const crypto::SoftwareKey& key) {
    must(key.to_pkcs8()).reveal([&](BytesView der) { write(path, to_pem("PRIVATE KEY", der)); });
}

void write_certificate(const fs::path& path, const pki::Certificate& certificate) {
    write(path, to_pem("CERTIFICATE", certificate.der()));
}

void make_identities(const fs::path& folder) {
    const Key key = new_key();
    const Bytes name = pki::make_name({{pki::attribute::common_name, "Bench TLS CA"}});
    const auto root =
        sign(pki::certificate_tbs(must(pki::root_template(name, *key, Bytes{1}, years(1)))), *key);
    write_certificate(folder / "ca.pem", root);
    const std::string address[]{"127.0.0.1"};
    std::uint8_t number = 1;
    for (const char* role : {"authority", "status"}) {
        const Key own = new_key();
        const auto what = must(pki::tls_template(
            must(pki::issuer_of(root)), pki::make_name({{pki::attribute::common_name, role}}),
            own->spki(), Bytes{++number}, years(1), pki::TlsSide::both, {}, address));
        write_certificate(folder / (std::string{role} + ".pem"),
                          sign(pki::certificate_tbs(what), *key));
        write_key(folder / (std::string{role} + ".key"), *own);
    }
}

/// The same CA and certificates for `openssl ocsp -index`.
void make_peer(const fs::path& folder, const Authority& by) {
    const Key key = new_key();
    write_certificate(folder / "ca.pem", by.certificate);
    write_certificate(folder / "responder.pem", responder_certificate(by, key->spki()));
    write_key(folder / "responder.key", *key);
    std::string index;
    for (std::size_t n = 0; n < issued; ++n) {
        index += "V\t350101000000Z\t\t" + to_hex(serial(n)) + "\tunknown\t/CN=n" +
                 std::to_string(n) + "\n";
    }
    write(folder / "index.txt", index);
    write(folder / "index.txt.attr", "unique_subject = no\n");
}

std::string member(const Authority& of, BytesView der) {
    return '"' + std::string{pki::name_of(of.profile.ca())} + "\":\"" + to_base64(der) + '"';
}

/// One call of `POST /feed`; nothing when status is not there.
std::optional<Bytes> feed(http::Client& client, const std::string& json) {
    http::Request request;
    request.method = "POST";
    request.path = "/feed";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = copy(view(json));
    auto response = client.send(request, true);
    if (!response) return std::nullopt;
    must_hold(response->status == 200, "status takes the feed");
    return std::move(response->body);
}

std::string heartbeat() {
    const std::string head = std::to_string(issued);
    return R"({"first":)" + std::to_string(issued + 1) + R"(,"entries":[],"head":)" + head + "}";
}

int run(const fs::path& folder, const std::string& feed_port, const std::string& public_port) {
    for (const char* each : {"tls", "peer", "status"}) fs::create_directories(folder / each);
    const std::vector<Authority> authorities = four_authorities();
    const Authority& first = authorities.front();
    make_identities(folder / "tls");
    make_peer(folder / "peer", first);
    must(write_file(folder / "fresh.req",
                    ocsp_request(first, 7, crypto::SystemRandom{}.octets(pki::usual_ocsp_nonce))));
    must(write_file(folder / "kept.req", ocsp_request(first, 7, {})));
    const std::string tls = (folder / "tls").string();
    write(folder / "status.toml",
          "port = " + feed_port + "\npublic_port = " + public_port + "\nfolder = '" +
              (folder / "status").string() + "'\nsandbox = true\n[tls]\ncertificate = '" + tls +
              "/status.pem'\nkey = '" + tls + "/status.key'\ntrusted = '" + tls + "/ca.pem'\n");
    std::puts("prepared");
    std::fflush(stdout);

    http::Client::Options options;
    options.tls = must(http::read_tls(
        {folder / "tls/authority.pem", folder / "tls/authority.key", folder / "tls/ca.pem"}));
    auto client = must(http::Client::create(
        must(http::Url::parse("https://127.0.0.1:" + feed_port)), std::move(options)));
    std::string entries, cas, crls;
    for (std::size_t n = 0; n < issued; ++n) {
        entries += std::string{n == 0 ? "" : ","} + R"({"ca":"card-sign","serial":")" +
                   to_hex(serial(n)) + R"(","happening":"issued","at":")" + to_rfc3339(now()) +
                   R"(","not_after":")" + to_rfc3339(years(4).not_after) + R"("})";
    }
    for (const Authority& by : authorities) {
        cas += (cas.empty() ? "" : ",") + member(by, by.certificate.der());
        crls += (crls.empty() ? "" : ",") + member(by, empty_crl(by));
    }
    const std::string whole = R"({"first":1,"entries":[)" + entries + R"(],"head":)" +
                              std::to_string(issued) + R"(,"cas":{)" + cas + R"(},"crls":{)" +
                              crls + "}}";
    std::optional<Bytes> answer;
    for (int tries = 0; !answer && tries < 100; ++tries) {
        std::this_thread::sleep_for(100ms);
        answer = feed(*client, whole);
    }
    must_hold(answer.has_value(), "status is there");

    auto shown = must(must(http::JsonObject::parse(*answer)).object("responders"));
    std::string responders;
    for (const Authority& by : authorities) {
        auto one = must(shown.object(pki::name_of(by.profile.ca())));
        const Bytes spki = must(one.base64("spki"));
        responders +=
            (responders.empty() ? "" : ",") + member(by, responder_certificate(by, spki).der());
    }
    std::string with_responders = heartbeat();
    with_responders.back() = ',';
    feed(*client, with_responders + R"("responders":{)" + responders + "}}");
    std::puts("fed");
    std::fflush(stdout);
    while (true) {
        std::this_thread::sleep_for(5s);
        feed(*client, heartbeat());
    }
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    if (count != 4) return 64;
    return mitome::bench::run(words[1], words[2], words[3]);
}
