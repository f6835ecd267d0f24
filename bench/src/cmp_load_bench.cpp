// SPDX-License-Identifier: Apache-2.0

// Enrols again and again with a CMP server of this machine, without the pauses that the client of
// `openssl cmp` makes (it writes head and body apart, and the kernel holds its acknowledgement
// back for 40 ms each time). Usage: cmp_load_bench FOLDER PORT COUNT
// FOLDER is what cmp_server_bench has made. Each person enrols twice in a row, as a phone does for
// its two certificates, and then the next one's turn comes.
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

std::vector<Key> read_keys(const fs::path& file) {
    std::vector<Key> keys;
    for (const Bytes& block : must(from_pem(text(must(read_file(file))), "PRIVATE KEY"))) {
        keys.push_back(must(crypto::SoftwareKey::from_pkcs8(block)));
    }
    return keys;
}

struct Person {
    pki::Certificate certificate;
    Key key;
};

std::vector<Person> read_people(const fs::path& folder) {
    std::vector<Key> keys = read_keys(folder / "people.key");
    const auto blocks = must(from_pem(text(must(read_file(folder / "people.pem"))), "CERTIFICATE"));
    must_hold(blocks.size() == keys.size(), "a key for each person");
    std::vector<Person> people;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        people.push_back({must(pki::Certificate::from_der(blocks[i])), std::move(keys[i])});
    }
    return people;
}

class Holders {
public:
    Holders(const fs::path& folder, const std::string& port)
        : anchor_(read_certificate(folder / "ca.pem")),
          people_(read_people(folder)),
          new_key_(std::move(read_keys(folder / "new.key").front())),
          client_(must(http::Client::create(must(http::Url::parse("http://127.0.0.1:" + port)),
                                            http::Client::Options{}))) {}

    void enrol() {
        const Person& person = people_[count_++ / 2 % people_.size()];
        const auto identity = cmp::Identity::of(*person.key, person.certificate);
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
    pki::Certificate anchor_;
    std::vector<Person> people_;
    Key new_key_;
    std::unique_ptr<http::Client> client_;
    std::size_t count_ = 0;
};

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    using namespace mitome::bench;
    if (count != 4) return 64;
    Holders holders{words[1], words[2]};
    const int transactions = std::atoi(words[3]);
    for (int i = 0; i < transactions; ++i) holders.enrol();
    return 0;
}
