// SPDX-License-Identifier: Apache-2.0

// Enrols again and again with a CMP server of this machine, without the pauses that the client of
// `openssl cmp` makes (it writes head and body apart, and the kernel holds its acknowledgement
// back for 40 ms each time). Usage: cmp_load_bench FOLDER PORT COUNT
// FOLDER is what cmp_server_bench has made.
#include "world.hpp"

#include <mitome/base/file.hpp>
#include <mitome/http/client.hpp>
#include <mitome/pki/cmp_client.hpp>

#include <filesystem>

namespace mitome::bench {
namespace {

namespace cmp = pki::cmp;
namespace fs = std::filesystem;

pki::Certificate read_certificate(const fs::path& file) {
    return must(pki::Certificate::from_pem(text(must(read_file(file)))));
}

Key read_key(const fs::path& file) {
    const auto blocks = must(from_pem(text(must(read_file(file))), "PRIVATE KEY"));
    return must(crypto::SoftwareKey::from_pkcs8(blocks.front()));
}

class Holder {
public:
    Holder(const fs::path& folder, const std::string& port)
        : anchor_(read_certificate(folder / "ca.pem")),
          certificate_(read_certificate(folder / "person.pem")),
          key_(read_key(folder / "person.key")),
          new_key_(read_key(folder / "new.key")),
          client_(must(http::Client::create(must(http::Url::parse("http://127.0.0.1:" + port)),
                                            http::Client::Options{}))) {}

    void enrol() {
        const auto identity = cmp::Identity::of(*key_, certificate_);
        pki::crmf::Template wanted;
        wanted.subject = {0x30, 0x00};
        wanted.spki = new_key_->spki();
        const Bytes request = pki::crmf::encode_cert_request(0, wanted);
        const Bytes proven =
            pki::crmf::encode_request(request, new_key_->kind(), crypto::Hash::sha256,
                                      must(new_key_->sign(crypto::Hash::sha256, request)));
        auto sent = must(cmp::request_certificates(cmp::BodyType::ir, {proven}, identity,
                                                   copy(anchor_.subject()), random_, now()));
        auto answer = ask(sent);
        const auto outcome = must(cmp::outcome(answer.message, 0, new_key_->spki()));
        must_hold(std::holds_alternative<cmp::Granted>(outcome), "a certificate");
        sent = must(cmp::confirm(answer.exchange, 0, std::get<cmp::Granted>(outcome).certificate,
                                 identity, random_, now()));
        must_hold(cmp::is_confirmed(ask(sent).message), "a confirmation");
    }

private:
    cmp::Received ask(const cmp::Outgoing& sent) {
        http::Request request;
        request.method = "POST";
        request.path = "/pkix/";
        request.headers = {{"Content-Type", std::string{cmp::media_type}}};
        request.body = sent.der;
        const auto response = must(client_->send(request, true));
        must_hold(response.status == 200, "an answer");
        return must(cmp::receive(response.content(), sent.exchange, {{&anchor_, 1}, now()}));
    }

    crypto::SystemRandom random_;
    pki::Certificate anchor_, certificate_;
    Key key_, new_key_;
    std::unique_ptr<http::Client> client_;
};

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    using namespace mitome::bench;
    if (count != 4) return 64;
    Holder holder{words[1], words[2]};
    const int transactions = std::atoi(words[3]);
    for (int i = 0; i < transactions; ++i) holder.enrol();
    return 0;
}
