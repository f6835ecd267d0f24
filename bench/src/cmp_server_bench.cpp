// SPDX-License-Identifier: Apache-2.0

// A registration that grants everything, over HTTP: what our CMP functions cost a server, beside
// the mock server of `openssl cmp`. Makes the identities of both and of the client.
// Usage: cmp_server_bench FOLDER PORT
#include "world.hpp"

#include <mitome/base/file.hpp>
#include <mitome/http/server.hpp>
#include <mitome/pki/cmp_server.hpp>

#include <csignal>
#include <filesystem>
#include <map>
#include <mutex>

namespace mitome::bench {
namespace {

namespace cmp = pki::cmp;
namespace fs = std::filesystem;

struct Holder {
    Key key;
    pki::Certificate certificate;
};

void write(const fs::path& folder, const std::string& name, const Holder& holder) {
    must(write_file(folder / (name + ".pem"),
                    view(to_pem("CERTIFICATE", holder.certificate.der()))));
    must(holder.key->to_pkcs8()).reveal([&](BytesView der) {
        must(write_file(folder / (name + ".key"), view(to_pem("PRIVATE KEY", der)), Access::owner));
    });
}

Holder new_person(const Authority& by, std::uint64_t number) {
    Key key = new_key();
    auto certificate = sign(person_tbs(by, key->spki(), serial(number)), *by.key);
    return {std::move(key), std::move(certificate)};
}

Holder new_registration(const Authority& by) {
    Key key = new_key();
    const auto what = must(pki::registration_template(
        by.issuer, pki::make_name({{pki::attribute::common_name, "Bench registration"}}),
        key->spki(), serial(2), years(1)));
    auto certificate = sign(pki::certificate_tbs(what), *by.key);
    return {std::move(key), std::move(certificate)};
}

class Registration {
public:
    explicit Registration(const fs::path& folder)
        : ca_(new_authority(pki::Ca::phone_sign)),
          own_(new_registration(ca_)),
          protectors_(must(cmp::Protectors::create({&ca_.certificate, 1}))) {
        write(folder, "registration", own_);
        write_people(folder);
        write(folder, "new", new_person(ca_, 4));  // new.pem: what the mock always answers
        must(write_file(folder / "ca.pem", view(to_pem("CERTIFICATE", ca_.certificate.der()))));
    }

    http::Response answer(const http::Request& request) {
        const std::scoped_lock lock{mutex_};
        http::Response response;
        response.headers = {{"Content-Type", std::string{cmp::media_type}}};
        response.body = must(answer_to(must(cmp::parse_request(request.body)))).der;
        return response;
    }

private:
    // So many that the server cannot know each of them from the last time.
    void write_people(const fs::path& folder) {
        constexpr std::uint64_t count = 300, first_serial = 1'000'000;
        std::string certificates, keys;
        for (std::uint64_t i = 0; i < count; ++i) {
            const Holder person = new_person(ca_, first_serial + i);
            certificates += to_pem("CERTIFICATE", person.certificate.der());
            must(person.key->to_pkcs8()).reveal([&](BytesView der) {
                keys += to_pem("PRIVATE KEY", der);
            });
        }
        must(write_file(folder / "people.pem", view(certificates)));
        must(write_file(folder / "people.key", view(keys), Access::owner));
    }

    struct Transaction {
        Bytes our_nonce;
        pki::Certificate issued;
    };

    Result<cmp::Answer> answer_to(const cmp::Request& request) {
        const cmp::Identity identity = cmp::Identity::of(*own_.key, own_.certificate);
        const cmp::Answering to{request.header(), identity, random_, now()};
        if (const auto judged = cmp::check_header(request); !judged) {
            return cmp::error_message(to, judged.error());
        }
        const auto by = protectors_.judge(request, now());
        if (!by) return cmp::error_message(to, by.error());
        const Bytes& id = request.header().transaction_id;
        if (request.kind == cmp::RequestKind::confirm) {
            const Transaction& open = transactions_.at(id);
            must_hold(cmp::check_follow_up(request, id, open.our_nonce).has_value() &&
                          cmp::check_confirmation(request, 0, open.issued) == cmp::Taken::accepted,
                      "a confirmation");
            transactions_.erase(id);
            return cmp::pki_confirm(to);
        }
        const auto& wanted = request.wanted().front();
        if (const auto judged = cmp::check_possession(wanted); !judged) {
            return cmp::error_message(to, judged.error());
        }
        pki::Certificate issued =
            sign(person_tbs(ca_, wanted.request.wanted.spki, serial(++count_)), *ca_.key);
        auto made = cmp::certificate_response(to, request.kind, wanted.request.id, issued);
        if (made) transactions_.insert_or_assign(id, Transaction{made->sender_nonce, issued});
        return made;
    }

    std::mutex mutex_;
    crypto::SystemRandom random_;
    Authority ca_;
    Holder own_;
    cmp::Protectors protectors_;
    std::map<Bytes, Transaction> transactions_;
    std::uint64_t count_ = 100;
};

int run(const fs::path& folder, std::uint16_t port) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, nullptr);
    Registration registration{folder};
    http::Server::Options options;
    options.port = port;
    options.threads = 1;
    auto server = must(http::Server::start(std::move(options), [&](const http::Request& request) {
        return registration.answer(request);
    }));
    std::puts("ready");
    std::fflush(stdout);
    int received = 0;
    sigwait(&stop, &received);
    return 0;
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    if (count != 3) return 64;
    return mitome::bench::run(words[1], static_cast<std::uint16_t>(std::atoi(words[2])));
}
