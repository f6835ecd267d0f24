// SPDX-License-Identifier: Apache-2.0
#include "certification.hpp"

#include <mitome/base/log.hpp>
#include <mitome/pki/attestation.hpp>
#include <mitome/pki/profile.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace mitome::registration {

namespace cmp = pki::cmp;
using cmp::Failure;
using cmp::RequestKind;
using store::ExchangeState;
using store::OrderState;

/// One message and what it is judged by.
struct Certification::Message {
    Profile profile;
    std::string element;  ///< HEX of the device that brought it over mutual TLS; else empty
    Bytes digest;
    cmp::Request request;
    std::shared_ptr<const Credentials> credentials;
    cmp::Identity identity;
    crypto::Random& random;
    Time now;

    [[nodiscard]] const cmp::Header& header() const { return request.header(); }
    [[nodiscard]] cmp::Answering answering() const { return {header(), identity, random, now}; }
};

/// Whose card speaks.
struct Certification::Asker {
    pki::Certificate certificate;
    store::Card card;
    store::Resident resident;
};

namespace {

constexpr int least_age = 15;
/// Whose certificates may protect a request.
constexpr std::array protecting_cas{pki::Ca::card_sign, pki::Ca::phone_sign, pki::Ca::card_auth};
constexpr std::chrono::minutes clock_tolerance{10};  // RFC 9483 §3.5: a local matter
constexpr std::chrono::seconds check_after{5};
constexpr std::string_view key_usage_oid = "2.5.29.15";
constexpr auto digital_signature_alone = "03020780"_hex;  // BIT STRING of an authentication key

std::unexpected<cmp::Refusal> no(Failure failure, Literal what) {
    return std::unexpected{cmp::Refusal{failure, what}};
}

/// A failure of ours, in words for the wire.
cmp::Refusal refusal_of(const Error& error) {
    log(Level::warning, "cmp failed", {{"because", error}});
    if (error.fault == Fault::unavailable) return {Failure::system_unavail, "try again later"};
    return {Failure::system_failure, "our own fault"};
}

http::Response http_answer(Bytes der) {
    http::Response response;
    response.headers.push_back({"Content-Type", std::string{cmp::media_type}});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.body = std::move(der);
    return response;
}

bool is_cmp(std::string_view type) {
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return std::ranges::equal(type, cmp::media_type, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

/// What a waiting answer was an answer to.
RequestKind kind_behind(BytesView stored_answer) {
    const auto message = cmp::parse(stored_answer);
    return message && message->type == cmp::BodyType::cp ? RequestKind::further
                                                         : RequestKind::initial;
}

bool takes_key(pki::Ca ca, const crypto::PublicKey& key) {
    const auto settings = pki::sandbox_settings(ca, "");
    return std::ranges::find(settings.subject_keys, key.kind()) != settings.subject_keys.end();
}

/// The public key that is asked for, of a kind that the CA certifies.
cmp::Judged<void> check_key(pki::Ca ca, BytesView spki) {
    if (spki.empty()) return no(Failure::bad_cert_template, "the template has no public key");
    const auto key = crypto::PublicKey::from_spki(spki);
    if (!key || !takes_key(ca, *key))
        return no(Failure::bad_alg, "keys of this kind are not certified");
    return {};
}

}  // namespace

http::Response Certification::answer(Profile profile, const http::Call& call) {
    if (!is_cmp(call.request.header("Content-Type")))
        return http::problem(415, "request_refused", "only application/pkixcmp is taken here");
    auto credentials = office_.credentials.get();
    if (!credentials)
        return http::problem(503, "service_unavailable", "the authority has not answered yet");
    std::vector<Bytes> others;
    for (std::size_t i = 1; i < credentials->own.size(); ++i)
        others.push_back(credentials->own[i].der());
    auto identity = cmp::Identity::of(signer_, credentials->own.front(), std::move(others));
    const Time now = office_.clock.now();

    auto request = cmp::parse_request(call.request.body);
    if (!request) {
        const cmp::Header nobody;
        const auto said = cmp::error_message({nobody, identity, office_.random, now},
                                             {Failure::bad_data_format, "not a CMP message"});
        if (!said) return http::problem(500, "broken", "our own fault");
        return http_answer(said->der);
    }
    Message message{.profile = profile,
                    .element = call.caller.element,
                    .digest = crypto::digest(crypto::Hash::sha256, call.request.body),
                    .request = *std::move(request),
                    .credentials = std::move(credentials),
                    .identity = std::move(identity),
                    .random = office_.random,
                    .now = now};
    auto der = reply(message);
    if (!der) der = refuse(message, refusal_of(der.error()));
    if (!der) return http::problem(500, "broken", "our own fault");
    return http_answer(*std::move(der));
}

Result<Bytes> Certification::refuse(const Message& message, const Refusal& refusal) const {
    log(Level::info, "cmp refused",
        {{"failure", cmp::name_of(refusal.failure)}, {"what", refusal.what.text}});
    MITOME_TRY(said, cmp::error_message(message.answering(), refusal));
    return said.der;
}

Result<Bytes> Certification::reply(Message& message) {
    const Bytes& transaction = message.header().transaction_id;
    const Turns::Turn turn{office_.turns, Thing::transaction, transaction};
    if (!transaction.empty()) {
        MITOME_TRY(before, office_.people.exchange(transaction));
        if (before && before->request_digest == message.digest && !before->answer.empty())
            return before->answer;  // RFC 9483 §3.5: the same octets, the same answer
    }
    if (const auto header = cmp::check_header(message.request); !header)
        return refuse(message, header.error());
    if (const auto time = message.header().message_time;
        time && (*time > message.now + clock_tolerance || *time < message.now - clock_tolerance))
        return refuse(message, {Failure::bad_time, "messageTime is far from our clock"});
    switch (message.request.kind) {
        case RequestKind::initial:
        case RequestKind::further: return enrol(message);
        case RequestKind::confirm:
        case RequestKind::poll:
        case RequestKind::error: return follow_up(message);
        case RequestKind::revoke: return withdraw(message);
        case RequestKind::general: return reset(message);
        case RequestKind::unserved: break;
    }
    return refuse(message, {Failure::bad_request, "this kind of message is not served"});
}

cmp::Judged<cmp::Protector> Certification::protector(const Message& message) const {
    std::shared_ptr<const cmp::Protectors> protectors;
    {
        const std::lock_guard guard{mutex_};
        if (!protectors_) {
            std::vector<pki::Certificate> anchors;
            for (const pki::Ca ca : protecting_cas)
                anchors.push_back(message.credentials->authority(ca));
            auto made = cmp::Protectors::create(anchors);
            if (!made) return std::unexpected{refusal_of(made.error())};
            protectors_ = std::make_shared<const cmp::Protectors>(*std::move(made));
        }
        protectors = protectors_;
    }
    return protectors->judge(message.request, message.now);
}

cmp::Judged<Certification::Asker> Certification::asker(const Message& message) const {
    auto by = protector(message);
    if (!by) return std::unexpected{by.error()};
    if (protecting_cas.at(by->anchor) != pki::Ca::card_sign)
        return no(Failure::signer_not_trusted, "not the signature certificate of a card");
    return asker(std::move(by->certificate), message.now);
}

cmp::Judged<void> Certification::check_alive(pki::Ca ca, const pki::Certificate& certificate,
                                             Held held) const {
    const auto standing = office_.authority.standing(ca, certificate.serial());
    if (!standing) return std::unexpected{refusal_of(standing.error())};
    switch (*standing) {
        case Standing::alive: return {};
        case Standing::unknown:
            return no(Failure::not_authorized, "the authority does not know the certificate");
        case Standing::held:
            if (held == Held::taken) return {};
            break;
        case Standing::revoked: break;
    }
    return no(Failure::cert_revoked, "the protecting certificate is revoked or on hold");
}

cmp::Judged<Certification::Asker> Certification::asker(pki::Certificate certificate,
                                                       Time now) const {
    const auto card = office_.people.card_of(pki::Kind::sign, certificate.serial());
    if (!card) return std::unexpected{refusal_of(card.error())};
    if (!*card) return no(Failure::not_authorized, "the card is not in the register");
    if ((*card)->state == store::CardState::revoked)
        return no(Failure::cert_revoked, "the protecting certificate is revoked");
    if (auto alive = check_alive(pki::Ca::card_sign, certificate); !alive)
        return std::unexpected{alive.error()};
    auto resident = office_.people.resident((*card)->resident);
    if (!resident) return std::unexpected{refusal_of(resident.error())};
    if (!*resident || (*resident)->state == store::ResidentState::deceased)
        return no(Failure::not_authorized, "the holder is not in the register");
    const auto birth = (*resident)->items.birth.day;
    if (!birth.ok() || pki::age_on(birth, day_in_japan(now)) < least_age)
        return no(Failure::not_authorized, "the holder is under 15");
    return Asker{
        .certificate = std::move(certificate), .card = **card, .resident = **std::move(resident)};
}

cmp::Judged<Speaker> Certification::phone_that_speaks(const pki::Certificate& certificate,
                                                      Held held) const {
    const auto order = office_.people.order_with_serial(pki::Kind::sign, certificate.serial());
    if (!order) return std::unexpected{refusal_of(order.error())};
    if (!*order) return no(Failure::not_authorized, "not the certificate of a phone");
    const auto phone = office_.people.phone_of((*order)->element);
    if (!phone) return std::unexpected{refusal_of(phone.error())};
    if (auto alive = check_alive(pki::Ca::phone_sign, certificate, held); !alive)
        return std::unexpected{alive.error()};
    if (!*phone || !same((*phone)->sign_serial, certificate.serial()))
        return no(Failure::not_authorized, "the phone counts for nobody");
    return Speaker{.by = issuance::life::Actor::phone,
                   .resident = (*phone)->resident,
                   .serial = copy(certificate.serial()),
                   .element = (*phone)->element};
}

cmp::Judged<Speaker> Certification::login_that_speaks(const pki::Certificate& certificate) const {
    const auto card = office_.people.card_of(pki::Kind::auth, certificate.serial());
    if (!card) return std::unexpected{refusal_of(card.error())};
    if (!*card) return no(Failure::not_authorized, "the card is not in the register");
    if (auto alive = check_alive(pki::Ca::card_auth, certificate); !alive)
        return std::unexpected{alive.error()};
    return Speaker{.by = issuance::life::Actor::card_login,
                   .resident = (*card)->resident,
                   .serial = copy(certificate.serial()),
                   .element = {}};
}

cmp::Judged<Speaker> Certification::speaker(const Message& message) const {
    auto by = protector(message);
    if (!by) return std::unexpected{by.error()};
    const pki::Ca ca = protecting_cas.at(by->anchor);
    if (ca == pki::Ca::phone_sign) {
        // On hold it may say one thing: that it is to end.
        const auto wanted = cmp::revocations_wanted(message.request);
        const bool ends = wanted && std::ranges::all_of(*wanted, [](const auto& one) {
                              return one.reason != pki::Reason::certificate_hold &&
                                     one.reason != pki::Reason::remove_from_crl;
                          });
        return phone_that_speaks(by->certificate, ends ? Held::taken : Held::refused);
    }
    if (ca == pki::Ca::card_auth) return login_that_speaks(by->certificate);
    const auto who = asker(std::move(by->certificate), message.now);
    if (!who) return std::unexpected{who.error()};
    return Speaker{.by = issuance::life::Actor::card,
                   .resident = who->resident.id,
                   .serial = copy(who->certificate.serial()),
                   .element = {}};
}

/// A renewal names what it takes the place of, in a cr.
cmp::Judged<void> Certification::check_former(const store::Order& order, std::uint64_t resident,
                                              pki::Kind kind,
                                              const pki::crmf::CertRequest& wanted) const {
    const auto phone = office_.people.phone_of(order.element);
    if (!phone) return std::unexpected{refusal_of(phone.error())};
    const bool of_another = *phone && (*phone)->resident != resident;
    // With one kind alone, keys of two people would lie in one element.
    if (of_another && (order.renewal || order.keys.size() < 2))
        return no(Failure::not_authorized, "the phone is another person's");
    if (!order.renewal || !*phone) return {};
    const Bytes& former = kind == pki::Kind::sign ? (*phone)->sign_serial : (*phone)->auth_serial;
    if (former.empty()) return {};
    const auto credentials = office_.credentials.get();
    if (!credentials) return no(Failure::system_unavail, "try again later");
    if (!wanted.replaces || !same(wanted.replaces->serial, former) ||
        !same(wanted.replaces->issuer, credentials->authority(phone_ca(kind)).subject()))
        return no(Failure::bad_cert_id, "oldCertID does not name the present certificate");
    return {};
}

cmp::Judged<store::CmpExchange> Certification::approve_phone(
    const Message& message, const Asker& asker, const pki::crmf::Request& wanted) const {
    const Bytes& spki = wanted.request.wanted.spki;
    const auto bundle = pki::attestation_in(wanted.request.wanted);
    if (!bundle || !*bundle)
        return no(Failure::bad_cert_template, "a phone's key needs its attestation");
    if (auto key = check_key(pki::Ca::phone_sign, spki); !key) return std::unexpected{key.error()};
    const auto order = office_.people.open_order_with_key(spki);
    if (!order) return std::unexpected{refusal_of(order.error())};
    if (!*order) return no(Failure::bad_cert_template, "the key is not that of an open order");

    const Bytes challenge = crypto::digest(crypto::Hash::sha256, join({(*order)->id, spki}));
    const auto attested =
        pki::verify_attestation(**bundle, spki, challenge, maker_root_, message.now);
    if (!attested) return no(Failure::bad_cert_template, "the attestation does not hold");
    if (http::caller_of(attested->element).element != to_hex((*order)->element))
        return no(Failure::bad_cert_template, "the attestation is another element's");
    if (!message.element.empty() && message.element != to_hex((*order)->element))
        return no(Failure::not_authorized, "the order is another device's");
    if ((*order)->deadline <= message.now) return no(Failure::bad_request, "the order has run out");
    if ((*order)->resident && *(*order)->resident != asker.resident.id)
        return no(Failure::not_authorized, "the order is another person's");

    const auto key = std::ranges::find((*order)->keys, spki, &store::OrderKey::spki);
    if (key == (*order)->keys.end() || !key->serial.empty())
        return no(Failure::bad_request, "the key has its certificate");
    if ((*order)->renewal && message.request.kind != RequestKind::further)
        return no(Failure::bad_request, "a renewal is asked for with cr");
    if (auto former = check_former(**order, asker.resident.id, key->kind, wanted.request); !former)
        return std::unexpected{former.error()};
    const auto device = office_.people.device((*order)->element);
    if (!device) return std::unexpected{refusal_of(device.error())};
    if (*device && (*device)->state == store::DeviceState::rolled_back)
        return no(Failure::not_authorized, "element_rolled_back: an older copy was put back");
    store::CmpExchange exchange;
    exchange.order = (*order)->id;
    exchange.ca = phone_ca(key->kind);
    return exchange;
}

cmp::Judged<store::CmpExchange> Certification::approve_file(
    const Message&, const Asker&, const pki::crmf::Request& wanted) const {
    const auto* usage = wanted.request.wanted.extension(key_usage_oid);
    const bool auth = usage != nullptr && same(usage->value, digital_signature_alone);
    store::CmpExchange exchange;
    exchange.ca = phone_ca(auth ? pki::Kind::auth : pki::Kind::sign);
    if (auto key = check_key(exchange.ca, wanted.request.wanted.spki); !key)
        return std::unexpected{key.error()};
    return exchange;
}

Result<Bytes> Certification::enrol(Message& message) {
    const RequestKind kind = message.request.kind;
    const Bytes& transaction = message.header().transaction_id;
    MITOME_TRY(before, office_.people.exchange(transaction));
    const bool is_approved = before && before->request_digest == message.digest &&
                             before->answer.empty() && before->state == ExchangeState::answered;
    if (before && !is_approved)
        return refuse(message, {Failure::transaction_id_in_use, "the transaction exists"});

    const auto who = asker(message);
    if (!who) return refuse(message, who.error());
    if (is_approved) return issue(message, *std::move(before), kind);  // a crash came between
    const auto& requests = message.request.wanted();
    if (requests.size() != 1)
        return refuse(message, {Failure::bad_request, "one certificate in a transaction"});
    const pki::crmf::Request& wanted = requests.front();
    const auto turn_down = [&](const Refusal& refusal) -> Result<Bytes> {
        log(Level::info, "cmp refused",
            {{"failure", cmp::name_of(refusal.failure)}, {"what", refusal.what.text}});
        MITOME_TRY(said,
                   cmp::refusal_response(message.answering(), kind, wanted.request.id, refusal));
        return said.der;
    };
    auto exchange = message.profile == Profile::phone ? approve_phone(message, *who, wanted)
                                                      : approve_file(message, *who, wanted);
    if (!exchange) return turn_down(exchange.error());
    if (const auto proof = cmp::check_possession(wanted); !proof) return turn_down(proof.error());

    exchange->transaction = transaction;
    // Open ones are not looked for when time is up, so an approved request counts as answered
    // from here on; its empty answer says that the certificate is still to come.
    exchange->state = ExchangeState::answered;
    exchange->request_id = wanted.request.id;
    exchange->their_nonce = message.header().sender_nonce;
    exchange->request_digest = message.digest;
    exchange->spki = wanted.request.wanted.spki;
    exchange->signer = copy(who->certificate.serial());
    exchange->created = message.now;
    exchange->deadline = message.now + office_.confirm_wait;
    const Done recorded = record(*exchange, who->resident.id);
    if (!recorded && recorded.error().fault == Fault::conflict)
        return turn_down({Failure::duplicate_cert_req,
                          "order_open: another phone of this person has an open order"});
    if (!recorded) return std::unexpected{recorded.error()};
    office_.interruption.reached(Step::exchange_recorded);
    return issue(message, *std::move(exchange), kind);
}

Done Certification::record(const store::CmpExchange& exchange,
                           std::optional<std::uint64_t> resident) {
    MITOME_TRY(change, office_.database.begin());
    if (!exchange.order.empty()) {
        MITOME_TRY(order, office_.people.order(exchange.order, change));
        if (!order || !is_open(order->state) || (order->resident && order->resident != resident))
            return fail(Fault::conflict, "certification: the order is closed");
        order->resident = resident;
        MITOME_CHECK(office_.people.change(change, *order));
    }
    MITOME_CHECK(office_.people.add(change, exchange));
    MITOME_CHECK(office_.note(change, "card", "request.approve",
                              exchange.order.empty() ? "file" : order_reference(exchange.order),
                              pki::name_of(exchange.ca)));
    return change.commit();
}

Result<Bytes> Certification::issue(Message& message, store::CmpExchange exchange,
                                   RequestKind kind) {
    const auto id = static_cast<std::int32_t>(exchange.request_id);
    MITOME_TRY(as, approved(office_.people, exchange));
    const auto issued = office_.authority.issue(as.approval, as.resident);
    if (!issued && issued.error().fault == Fault::unavailable) {
        if (message.request.kind == RequestKind::poll) {
            MITOME_TRY(wait, cmp::poll_response(message.answering(), id, check_after));
            // The waiting answer stays: it says whether ip or cp comes in the end.
            exchange.their_nonce = message.header().sender_nonce;
            exchange.our_nonce = wait.sender_nonce;
            MITOME_TRY(change, office_.database.begin());
            MITOME_CHECK(office_.people.change(change, exchange));
            MITOME_CHECK(change.commit());
            return wait.der;
        }
        MITOME_TRY(wait, cmp::waiting_response(message.answering(), kind, id));
        return keep(std::move(exchange), message, std::move(wait));
    }
    if (!issued) {
        log(Level::warning, "not issued", {{"because", issued.error()}});
        exchange.state = ExchangeState::failed;
        MITOME_TRY(said, cmp::refusal_response(
                             message.answering(), kind, id,
                             {Failure::bad_cert_template, "the authority does not certify this"}));
        return keep(std::move(exchange), message, std::move(said));
    }
    office_.interruption.reached(Step::certificate_issued);

    cmp::Status status = cmp::Status::accepted;
    if (!message.request.wanted().empty()) {
        const Bytes& subject = message.request.wanted().front().request.wanted.subject;
        if (subject.size() > 2 && !same(subject, issued->subject()))
            status = cmp::Status::granted_with_mods;
    }
    exchange.deadline = message.now + office_.confirm_wait;
    exchange.serial = copy(issued->serial());
    exchange.certificate = issued->der();
    MITOME_TRY(hash, cmp::confirmation_hash(*issued));
    exchange.certificate_hash = std::move(hash);
    MITOME_TRY(said, cmp::certificate_response(message.answering(), kind, id, *issued, status,
                                               exchange.deadline));
    log(Level::info, "certificate issued",
        {{"ca", pki::name_of(exchange.ca)}, {"serial", to_hex(exchange.serial)}});
    return keep(std::move(exchange), message, std::move(said));
}

/// Writes where the transaction stands, and into its order, before the answer is said.
Result<Bytes> Certification::keep(store::CmpExchange exchange, const Message& message,
                                  cmp::Answer answer) {
    exchange.their_nonce = message.header().sender_nonce;
    exchange.our_nonce = answer.sender_nonce;
    exchange.request_digest = message.digest;
    exchange.answer = answer.der;

    MITOME_TRY(change, office_.database.begin());
    MITOME_TRY(present, office_.people.exchange(exchange.transaction, change));
    if (!present || present->state == ExchangeState::failed)
        // Given up meanwhile, and revoked by that.
        return refuse(message, {Failure::bad_request, "the order is closed"});
    MITOME_CHECK(office_.people.change(change, exchange));
    if (!exchange.order.empty() && !exchange.certificate.empty()) {
        MITOME_TRY(order, office_.people.order(exchange.order, change));
        if (!order) return fail(Fault::broken, "certification: a transaction without its order");
        bool whole = true;
        for (auto& key : order->keys) {
            if (key.spki == exchange.spki) {
                key.serial = exchange.serial;
                key.certificate = exchange.certificate;
                key.confirmed = exchange.state == ExchangeState::confirmed;
            }
            whole = whole && !key.certificate.empty();
        }
        if (order->state == OrderState::open) order->deadline = exchange.deadline;
        if (whole && order->state == OrderState::open) order->state = OrderState::answered;
        MITOME_CHECK(office_.people.change(change, *order));
    }
    MITOME_CHECK(change.commit());
    office_.interruption.reached(exchange.state == ExchangeState::confirmed
                                     ? Step::confirmation_stored
                                     : Step::answer_stored);
    return std::move(answer.der);
}

Result<Bytes> Certification::follow_up(Message& message) {
    MITOME_TRY(exchange, office_.people.exchange(message.header().transaction_id));
    if (!exchange) return refuse(message, {Failure::bad_request, "no such transaction"});
    const auto who = asker(message);
    if (!who) return refuse(message, who.error());
    if (!same(who->certificate.serial(), exchange->signer))
        return refuse(message, {Failure::not_authorized, "another card began this transaction"});
    const bool again = message.request.kind == RequestKind::poll &&
                       same(message.header().sender_nonce, exchange->their_nonce);
    const auto known =
        cmp::check_follow_up(message.request, exchange->transaction, exchange->our_nonce);
    if (!known && !again) return refuse(message, known.error());
    switch (message.request.kind) {
        case RequestKind::confirm: return confirm(message, *std::move(exchange));
        case RequestKind::poll: return poll(message, *exchange);
        case RequestKind::error: return give_up(message, *std::move(exchange));
        case RequestKind::initial:
        case RequestKind::further:
        case RequestKind::revoke:
        case RequestKind::general:
        case RequestKind::unserved: break;
    }
    return refuse(message, {Failure::bad_request, "this kind of message is not served"});
}

Result<Bytes> Certification::confirm(Message& message, store::CmpExchange exchange) {
    if (exchange.state == ExchangeState::confirmed)
        return refuse(message, {Failure::cert_confirmed, "the certificate was confirmed before"});
    if (exchange.state != ExchangeState::answered || exchange.certificate.empty())
        return refuse(message, {Failure::bad_request, "there is no certificate to confirm"});
    if (exchange.deadline < message.now)
        return refuse(message, {Failure::bad_request, "the confirmation comes too late"});
    MITOME_TRY(issued, pki::Certificate::from_der(exchange.certificate));
    const auto taken = cmp::check_confirmation(
        message.request, static_cast<std::int32_t>(exchange.request_id), issued);
    if (!taken) return refuse(message, taken.error());
    if (*taken == cmp::Taken::rejected) return give_up(message, std::move(exchange));

    exchange.state = ExchangeState::confirmed;
    MITOME_TRY(said, cmp::pki_confirm(message.answering()));
    const Bytes order = exchange.order;
    MITOME_TRY(der, keep(std::move(exchange), message, std::move(said)));
    if (!order.empty())
        if (const auto done = orders_.settle(order); !done)
            log(Level::warning, "not settled yet", {{"because", done.error()}});
    return der;
}

Result<Bytes> Certification::poll(Message& message, const store::CmpExchange& exchange) {
    if (exchange.state != ExchangeState::answered || !exchange.certificate.empty())
        return refuse(message, {Failure::bad_request, "nothing is waited for"});
    return issue(message, exchange, kind_behind(exchange.answer));
}

/// The holder's side does not want the certificate, or gave up: it is revoked, with all of its
/// order.
Result<Bytes> Certification::give_up(Message& message, store::CmpExchange exchange) {
    if (exchange.state == ExchangeState::confirmed)
        return refuse(message, {Failure::cert_confirmed, "the certificate was confirmed before"});
    if (!exchange.order.empty()) {
        const Done done = orders_.abandon(exchange.order);
        if (!done && done.error().fault != Fault::conflict) return std::unexpected{done.error()};
    } else if (!exchange.serial.empty() && exchange.state == ExchangeState::answered) {
        MITOME_CHECK(office_.authority.revoke(exchange.ca, exchange.serial,
                                              pki::Reason::cessation_of_operation, "rejected"));
    }
    MITOME_TRY(said, cmp::pki_confirm(message.answering()));
    exchange.state = ExchangeState::failed;
    exchange.their_nonce = message.header().sender_nonce;
    exchange.our_nonce = said.sender_nonce;
    exchange.request_digest = message.digest;
    exchange.answer = said.der;
    MITOME_TRY(change, office_.database.begin());
    MITOME_CHECK(office_.people.change(change, exchange));
    MITOME_CHECK(change.commit());
    return std::move(said.der);
}

/// What one rr asks for: all or none. It is on disk before the authority hears of it, so that no
/// crash makes half of it.
Result<Bytes> Certification::withdraw(Message& message) {
    const Bytes& transaction = message.header().transaction_id;
    MITOME_TRY(before, office_.people.exchange(transaction));
    if (before && before->request_digest == message.digest && before->answer.empty())
        return withdraw_recorded(message, *std::move(before));  // a crash came between
    if (before) return refuse(message, {Failure::transaction_id_in_use, "the transaction exists"});

    const auto who = speaker(message);
    if (!who) return refuse(message, who.error());
    const auto wanted = cmp::revocations_wanted(message.request);
    if (!wanted) return refuse(message, wanted.error());
    MITOME_TRY(judgement, revocations_.judge(*who, *wanted));
    if (judgement.withdrawals.empty()) {
        for (const auto& verdict : judgement.verdicts)
            if (verdict)
                log(Level::info, "cmp refused",
                    {{"failure", cmp::name_of(verdict->failure)}, {"what", verdict->what.text}});
        MITOME_TRY(said,
                   cmp::revocation_response(message.answering(),
                                            cmp::revocation_answer(*wanted, judgement.verdicts)));
        return said.der;
    }
    store::CmpExchange exchange;
    exchange.transaction = transaction;
    exchange.ca = judgement.withdrawals.front().ca;
    exchange.their_nonce = message.header().sender_nonce;
    exchange.request_digest = message.digest;
    exchange.signer = who->serial;
    exchange.created = message.now;
    exchange.deadline = message.now;
    MITOME_TRY(change, office_.database.begin());
    MITOME_CHECK(office_.people.add(change, exchange));
    MITOME_CHECK(revocations_.record(change, *who, transaction, judgement.withdrawals));
    MITOME_CHECK(change.commit());
    office_.interruption.reached(Step::revocation_recorded);
    return withdraw_recorded(message, std::move(exchange));
}

Result<Bytes> Certification::withdraw_recorded(Message& message, store::CmpExchange exchange) {
    const auto wanted = cmp::revocations_wanted(message.request);
    if (!wanted) return refuse(message, wanted.error());
    MITOME_TRY(verdicts, revocations_.carry_out(exchange.transaction));
    if (verdicts.size() != wanted->size())
        return fail(Fault::broken, "certification: an rr without its withdrawals");
    // The authority may still have said no to one of them: then each has what became of it.
    cmp::RevocationAnswer answer =
        cmp::revocation_answer(*wanted, std::vector<cmp::Verdict>(wanted->size()));
    for (std::size_t i = 0; i < verdicts.size(); ++i)
        if (verdicts[i]) answer.statuses.at(i) = cmp::rejection(*verdicts[i]);
    MITOME_TRY(said, cmp::revocation_response(message.answering(), std::move(answer)));
    exchange.state = ExchangeState::confirmed;
    return keep(std::move(exchange), message, std::move(said));
}

Result<Bytes> Certification::reset(Message& message) {
    const Bytes& transaction = message.header().transaction_id;
    MITOME_TRY(before, office_.people.exchange(transaction));
    if (before) return refuse(message, {Failure::transaction_id_in_use, "the transaction exists"});
    const auto wish = cmp::pin_reset_wanted(message.request);
    if (!wish) return refuse(message, wish.error());
    const auto who = asker(message);
    if (!who) return refuse(message, who.error());
    const auto grant = resets_.judge(*wish, who->resident.id, message.element);
    if (!grant) return refuse(message, grant.error());

    MITOME_TRY(said, cmp::pin_reset_response(message.answering(), {grant->order}));
    store::CmpExchange exchange;
    exchange.transaction = transaction;
    exchange.state = ExchangeState::confirmed;
    exchange.their_nonce = message.header().sender_nonce;
    exchange.our_nonce = said.sender_nonce;
    exchange.request_digest = message.digest;
    exchange.answer = said.der;
    exchange.signer = copy(who->certificate.serial());
    exchange.created = message.now;
    exchange.deadline = message.now;
    MITOME_TRY(change, office_.database.begin());
    MITOME_CHECK(office_.people.add(change, exchange));
    MITOME_CHECK(office_.people.add(change, *grant));
    MITOME_CHECK(office_.note(change, "card", "pin.grant", order_reference(grant->order)));
    MITOME_CHECK(change.commit());
    office_.interruption.reached(Step::reset_granted);
    return std::move(said.der);
}

}  // namespace mitome::registration
