// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: a phone with a real element, and a holder with a card in files, who do what the
// wallet does.

#include "test_sandbox.hpp"

#include <mitome/apdu/administration.hpp>
#include <mitome/apdu/ram.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/element/element.hpp>
#include <mitome/pki/cmp_client.hpp>

#include <map>

namespace mitome::registration {

namespace adm = apdu::administration;
namespace cmp = pki::cmp;

/// The holder's card as two files, speaking CMP.
class CardInFiles {
public:
    CardInFiles(const test::ServiceHome& home, const std::string& name)
        : certificate_(*pki::Certificate::from_pem(home.read(name + ".pem"))) {
        const auto blocks = from_pem(home.read(name + ".key"), "PRIVATE KEY");
        key_ = *crypto::SoftwareKey::from_pkcs8(blocks->front());
    }
    [[nodiscard]] cmp::Identity identity() const { return cmp::Identity::of(*key_, certificate_); }

private:
    pki::Certificate certificate_;
    std::unique_ptr<crypto::SoftwareKey> key_;
};

/// A phone's signature key, which signs for whoever gave its PIN over the connection.
class ElementSigner final : public crypto::Signer {
public:
    ElementSigner(element::Element& element, element::Connection& connection, Bytes spki)
        : element_(element), connection_(connection), spki_(std::move(spki)) {}
    [[nodiscard]] crypto::KeyKind kind() const override { return crypto::KeyKind::rsa_2048; }
    [[nodiscard]] const Bytes& spki() const override { return spki_; }
    [[nodiscard]] Result<Bytes> sign_digest(crypto::Hash hash, BytesView digest) override {
        const apdu::Command sign{.cla = 0x80,
                                 .ins = 0x2A,
                                 .p1 = 0x00,
                                 .p2 = 0x9A,
                                 .data = crypto::digest_info(hash, digest),
                                 .expected = 256};
        const auto answer = apdu::Response::decode(element_.answer(connection_, sign.encode()));
        if (!answer || !answer->ok()) return fail(Fault::denied, "test: not signed");
        return answer->data;
    }

private:
    element::Element& element_;
    element::Connection& connection_;
    Bytes spki_;
};

class Phone {
public:
    /// Born at the maker. Its device identity goes to `tls/NAME.pem` and `.key`.
    Phone(Sandbox& sandbox, std::string name) : at_(sandbox), name_(std::move(name)) {
        auto medium = element::FileMedium::create(at_.home.path() / (name_ + ".store"));
        crypto::AesKey device_key;
        static_cast<void>(device_key.assign(Bytes(32, 0x42)));
        element_ = *element::Element::create(
            *std::move(medium), device_key,
            {.persona = element::PersonaName::phone, .key = crypto::KeyKind::rsa_2048, .id = {}});
        const auto device = crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256);
        const auto pkcs8 = (*device)->to_pkcs8();
        at_.home.write("tls/" + name_ + ".key",
                       pkcs8->reveal([](BytesView der) { return to_pem("PRIVATE KEY", der); }));
        const auto given =
            at_.maker("/elements", {{"attestation_spki", to_base64(element_->attestation_spki())},
                                    {"device_spki", to_base64((*device)->spki())}});
        auto body = http::JsonObject::parse(given.body);
        if (!body) return;
        at_.home.write("tls/" + name_ + ".pem", *body->text("device_certificate_pem"));
        id_ = *body->text("id");
        element::Personalisation own;
        element::Id id{};
        std::ranges::copy(*from_hex(id_), id.begin());
        own.id = id;
        apdu::scp03::Keyset keyset;
        const auto keys = *body->texts("keys");
        static_cast<void>(keyset.enc.assign(*from_base64(keys[0])));
        static_cast<void>(keyset.mac.assign(*from_base64(keys[1])));
        static_cast<void>(keyset.dek.assign(*from_base64(keys[2])));
        own.keyset = std::move(keyset);
        own.attestation_chain = {*body->base64("attestation_certificate"),
                                 *body->base64("maker_root")};
        works = element_->personalise(std::move(own)).has_value();
        for (const auto* ca : {"phone-sign"})
            anchors_.push_back(*pki::Certificate::from_pem(
                at_.home.read("authority/ca/" + std::string{ca} + ".pem")));
    }

    [[nodiscard]] const std::string& id() const { return id_; }

    http::Response ask(std::string method, std::string path, std::string body = {}) {
        return test::ask(at_.home, at_.port(), name_, std::move(method), std::move(path),
                         std::move(body));
    }
    http::Response open_order() { return open_order({adm::Kind::sign, adm::Kind::auth}, false); }
    http::Response open_order(const std::vector<adm::Kind>& kinds, bool renewal) {
        json::array words;
        for (const auto kind : kinds) words.emplace_back(kind == adm::Kind::sign ? "sign" : "auth");
        json::object body{{"kinds", std::move(words)}};
        if (renewal) body["renewal"] = true;
        auto response = ask("POST", "/orders", json::serialize(body));
        if (response.status == 200) take_order(response);
        ordered_ = kinds;
        type_ = renewal ? cmp::BodyType::cr : cmp::BodyType::ir;
        return response;
    }

    /// Instead of what the order is for.
    void ask_with(cmp::BodyType type) { type_ = type; }

    /// Dialogs until nothing is left to do; the status of the last.
    unsigned sync() {
        for (int i = 0; i < 8; ++i)
            if (const auto status = administer(); status != 204 || !more) return status;
        return 2;
    }
    /// One dialog; the status of what ended it, 204 when all went well.
    unsigned administer() {
        more = false;
        http::Client::Options options;
        options.tls = at_.home.identity(name_);
        auto client =
            http::Client::create({true, "127.0.0.1", at_.port(), "/"}, std::move(options));
        http::Request request;
        request.method = "POST";
        request.path = "/administration";
        request.headers = {{"X-Admin-From", "//se-id/CUD/" + id_ + ";//aa-id/test"}};
        for (int i = 0; i < 12; ++i) {
            const auto response = (*client)->send(request);
            if (!response) return 0;
            if (response->status != 200) {
                more = response->header("X-Admin-More") == "1";
                return response->status;
            }
            request.path = response->header("X-Admin-Next-URI");
            request.headers = {
                {"X-Admin-Script-Status", "ok"},
                {"Content-Type",
                 "application/vnd.globalplatform.card-content-mgt-response;version=1.0"}};
            request.body = run_script(response->body);
            if (i == lost_answer) return 999;
        }
        return 1;
    }
    Bytes run_script(BytesView script) {
        const auto answers = apdu::ram::run(script, [this](BytesView command) -> Result<Bytes> {
            return element_->answer(connection_, command);
        });
        return apdu::ram::encode_answers(*answers);
    }

    enum class Pins : std::uint8_t { chosen, kept };
    bool prepare(Pins pins = Pins::chosen) {
        select_jpki();
        if (pins == Pins::chosen)
            for (const auto kind : ordered_)
                if (!send(adm::set_pending_pin(kind,
                                               view(kind == adm::Kind::auth ? "5678" : "PHONE9")))
                         .ok())
                    return false;
        transactions_.clear();
        for (const auto kind : ordered_) {
            const auto proof = adm::decode_proof(send(adm::prove(kind, order_)).data);
            if (!proof) return false;
            const auto wanted = pki::crmf::parse_cert_request(proof->cert_request);
            const auto key = crypto::PublicKey::from_spki(wanted->wanted.spki);
            transactions_.push_back(
                {kind,
                 wanted->wanted.spki,
                 pki::crmf::encode_request(proof->cert_request, key->kind(),
                                           crypto::usual_hash(key->kind()), proof->signature),
                 {},
                 {}});
        }
        return true;
    }
    /// ir, or cr of a renewal, for each kind; empty when both were granted, else what was said.
    std::string request(const CardInFiles& card) {
        for (auto& one : transactions_) {
            const auto now = SystemClock{}.now();
            const auto identity = card.identity();
            const auto out = cmp::request_certificates(
                type_, {one.request}, identity, copy(anchors_.front().subject()), random_, now);
            const auto answer = at_.post_cmp("phone", out->der);
            if (!answer) return "no answer";
            const auto received = cmp::receive(*answer, out->exchange, {anchors_, now});
            if (!received) return received.error().what.text;
            const auto outcome = cmp::outcome(received->message, 0, one.spki);
            if (!outcome) return outcome.error().what.text;
            if (const auto* no = std::get_if<cmp::TurnedDown>(&*outcome))
                return std::string{cmp::name_of(*no->status.failure())};
            const auto* granted = std::get_if<cmp::Granted>(&*outcome);
            if (granted == nullptr) return "waiting";
            one.exchange = received->exchange;
            one.granted = granted->certificate;
        }
        return {};
    }
    std::string confirm(const CardInFiles& card) {
        for (auto& one : transactions_) {
            const auto now = SystemClock{}.now();
            const auto identity = card.identity();
            const auto out = cmp::confirm(one.exchange, 0, *one.granted, identity, random_, now);
            const auto answer = at_.post_cmp("phone", out->der);
            if (!answer) return "no answer";
            const auto received = cmp::receive(*answer, out->exchange, {anchors_, now});
            if (!received) return received.error().what.text;
            if (!cmp::is_confirmed(received->message)) return "not confirmed";
        }
        return {};
    }

    /// The whole of it; what stopped it, or `done`.
    std::string issue(const CardInFiles& card) {
        if (const auto opened = open_order(); opened.status != 200)
            return "order " + std::to_string(opened.status) + " " + std::string{text(opened.body)};
        if (const auto status = administer(); status != 204)
            return "keys " + std::to_string(status);
        if (!prepare()) return "prepare";
        if (const auto said = request(card); !said.empty()) return "request " + said;
        if (const auto status = administer(); status != 204)
            return "store " + std::to_string(status);
        if (const auto said = confirm(card); !said.empty()) return "confirm " + said;
        return "done";
    }
    /// The whole of a renewal: PIN and password stay as they are.
    std::string renew(const CardInFiles& card,
                      const std::vector<adm::Kind>& kinds = {adm::Kind::sign, adm::Kind::auth}) {
        if (const auto opened = open_order(kinds, true); opened.status != 200)
            return "order " + std::to_string(opened.status) + " " + std::string{text(opened.body)};
        if (const auto status = administer(); status != 204)
            return "keys " + std::to_string(status);
        if (!prepare(Pins::kept)) return "prepare";
        if (const auto said = request(card); !said.empty()) return "request " + said;
        if (const auto status = administer(); status != 204)
            return "store " + std::to_string(status);
        if (const auto said = confirm(card); !said.empty()) return "confirm " + said;
        return "done";
    }

    /// genm for new PINs of both kinds; empty when granted.
    std::string ask_reset(const CardInFiles& card) {
        const auto now = SystemClock{}.now();
        const auto identity = card.identity();
        const auto out =
            cmp::ask_pin_reset({.element = *from_hex(id_), .kinds = cmp::ResetKinds::both},
                               identity, copy(anchors_.front().subject()), random_, now);
        last_reset_ = out->der;
        const auto answer = at_.post_cmp("phone", out->der);
        if (!answer) return "no answer";
        const auto received = cmp::receive(*answer, out->exchange, {anchors_, now});
        if (!received) return received.error().what.text;
        const auto outcome = cmp::pin_reset_outcome(received->message);
        if (!outcome) return outcome.error().what.text;
        if (const auto* no = std::get_if<cmp::TurnedDown>(&*outcome))
            return std::string{cmp::name_of(*no->status.failure())};
        return {};
    }
    [[nodiscard]] const Bytes& last_reset() const { return last_reset_; }
    bool choose_pin(adm::Kind kind, std::string_view pin) {
        select_jpki();
        return send(adm::set_new_pin(kind, view(pin))).ok();
    }
    bool verifies(adm::Kind kind, std::string_view pin) {
        select_jpki();
        const std::uint8_t p2 = kind == adm::Kind::sign ? 0x9B : 0x98;
        return send({.cla = 0, .ins = 0x20, .p1 = 0, .p2 = p2, .data = copy(view(pin))}).ok();
    }

    /// rr by the phone's own signature certificate; empty when done.
    std::string revoke_itself(pki::Reason reason) {
        if (!holds_a_set()) return "pin";
        const auto& own = *granted(adm::Kind::sign);
        ElementSigner signer{*element_, connection_, copy(own.spki())};
        const auto identity = cmp::Identity::of(signer, own);
        const std::vector wanted{cmp::WantedRevocation::of(own, reason),
                                 cmp::WantedRevocation::of(*granted(adm::Kind::auth), reason)};
        const auto now = SystemClock{}.now();
        const auto out = cmp::request_revocations(wanted, identity,
                                                  copy(anchors_.front().subject()), random_, now);
        if (!out) return out.error().what.text;
        const auto answer = at_.post_cmp("phone", out->der);
        if (!answer) return "no answer";
        const auto received = cmp::receive(*answer, out->exchange, {anchors_, now});
        if (!received) return received.error().what.text;
        const auto outcomes = cmp::revocation_outcomes(received->message, wanted);
        if (!outcomes) return outcomes.error().what.text;
        for (const auto& outcome : *outcomes)
            if (const auto* no = std::get_if<cmp::TurnedDown>(&outcome))
                return no->status.failure() ? std::string{cmp::name_of(*no->status.failure())}
                                            : "turned down";
        return {};
    }

    json::value show() { return json::parse(text(ask("GET", "/phone").body)); }
    json::value former() { return json::parse(text(ask("GET", "/former").body)); }
    /// The receipt of an erasure without an order.
    std::optional<Bytes> erase_locally() {
        select_jpki();
        const auto erased = adm::decode_erased(send(adm::erase_locally()).data);
        if (!erased) return std::nullopt;
        return erased->receipt;
    }
    http::Response hand_over(const Bytes& receipt) {
        return ask("POST", "/receipts",
                   json::serialize(json::object{{"receipt", to_base64(receipt)}}));
    }

    [[nodiscard]] std::filesystem::path store() const {
        return at_.home.path() / (name_ + ".store");
    }
    /// Takes the file as it is now, be it another one than before.
    bool reopen() {
        element_.reset();
        connection_ = {};
        crypto::AesKey device_key;
        static_cast<void>(device_key.assign(Bytes(32, 0x42)));
        auto medium = element::FileMedium::open(store());
        if (!medium) return false;
        auto opened = element::Element::open(*std::move(medium), device_key);
        if (!opened) return false;
        element_ = *std::move(opened);
        return true;
    }
    void close() { element_.reset(); }

    /// What the next run does first: `nothing`, `completed` or `dropped`.
    std::string recover() {
        const auto current = ask("GET", "/orders/current");
        if (current.status == 404) return "nothing";
        if (current.status != 200) return "current " + std::to_string(current.status);
        const auto begun = ask("POST", "/orders/current/recover", "{}");
        // `tend` may have settled it by itself since.
        if (begun.status == 404) return last_state() == "completed" ? "completed" : "dropped";
        if (begun.status != 200) return "recover " + std::to_string(begun.status);
        if (const auto status = administer(); status != 204)
            return "dialog " + std::to_string(status);
        return last_state() == "completed" ? "completed" : "dropped";
    }
    std::string last_state() {
        auto body = http::JsonObject::parse(ask("GET", "/orders/last").body);
        return body ? body->text("state").value_or("none") : "none";
    }
    [[nodiscard]] const std::optional<pki::Certificate>& granted(adm::Kind kind) const {
        const auto found = std::ranges::find(transactions_, kind, &Transaction::kind);
        return found->granted;
    }
    /// Whether JPKI signs with the phone's signature key and PIN.
    bool holds_a_set() { return verifies(adm::Kind::sign, "PHONE9"); }
    apdu::Response send(const apdu::Command& command) {
        return *apdu::Response::decode(element_->answer(connection_, command.encode()));
    }

    bool works = false;
    bool more = false;  ///< the last dialog said that another one has something to do
    int lost_answer = -1;  ///< of a dialog: the element has answered, and nobody hears it

private:
    struct Transaction {
        adm::Kind kind;
        Bytes spki;
        Bytes request;
        cmp::Exchange exchange;
        std::optional<pki::Certificate> granted;
    };
    void select_jpki() {
        send({.cla = 0, .ins = 0xA4, .p1 = 4, .p2 = 0x0C, .data = copy(adm::jpki_aid)});
    }
    void take_order(const http::Response& response) {
        auto body = http::JsonObject::parse(response.body);
        order_ = *adm::order_of(*body->hex("order"));
    }

    Sandbox& at_;
    std::string name_;
    std::string id_;
    std::unique_ptr<element::Element> element_;
    element::Connection connection_;
    crypto::SystemRandom random_;
    adm::Order order_{};
    std::vector<adm::Kind> ordered_;
    cmp::BodyType type_ = cmp::BodyType::ir;
    Bytes last_reset_;
    std::vector<Transaction> transactions_;
    std::vector<pki::Certificate> anchors_;
};

}  // namespace mitome::registration
