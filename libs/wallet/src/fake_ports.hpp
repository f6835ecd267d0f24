// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: the world around the wallet. Registration is a fake that can be told to say no at
// each step; phone and card are real elements, and everything between them is octets.

#include "../../element/src/sample.hpp"
#include "../../pki/src/cmp_sample.hpp"

#include <mitome/apdu/ram.hpp>
#include <mitome/apdu/scp03.hpp>
#include <mitome/wallet/ports.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace mitome::wallet::fake {

namespace administration = apdu::administration;
namespace scp03 = apdu::scp03;
namespace cmp = pki::cmp;
namespace people = pki::sample;

using catalogue::Code;
using element::sample::World;

inline constexpr Order the_order{0x4D, 0x01};

/// What registration is asked, in the order in which an issue asks it.
enum class Call : std::uint8_t {
    current,
    recover,
    order,
    keys,
    request,
    store,
    confirm,
    change,  ///< rr
    reset,   ///< genm
    open_pins,
    erase,
};

/// An open administration session, each of its commands a script of one.
class Dialog {
public:
    explicit Dialog(const RunScript& run)
        : run_(run), host_(element::sample::keyset(), crypto::SystemRandom{}.octets(8)) {}

    [[nodiscard]] Done open() {
        MITOME_CHECK(send({.cla = 0x00,
                           .ins = 0xA4,
                           .p1 = 0x04,
                           .data = copy(administration::security_domain_aid),
                           .expected = 256}));
        MITOME_TRY(greeting, send(host_.initialize_update()));
        MITOME_TRY(opening, host_.external_authenticate(greeting, scp03::Level::all));
        MITOME_TRY(answer, send(opening));
        MITOME_CHECK(host_.authenticated(answer));
        MITOME_CHECK(ask(administration::install_for_personalization()));
        return {};
    }
    [[nodiscard]] Result<Bytes> ask(const administration::Operation& operation) {
        return ask(administration::store(operation));
    }

private:
    [[nodiscard]] Result<Bytes> ask(const apdu::Command& command) {
        MITOME_TRY(wrapped, host_.wrap(command));
        MITOME_TRY(answer, send(wrapped));
        MITOME_TRY(response, host_.unwrap(answer));
        return std::move(response.data);
    }
    [[nodiscard]] Result<apdu::Response> send(const apdu::Command& command) {
        MITOME_TRY(script, run_(apdu::ram::encode_commands({command.encode()})));
        MITOME_TRY(answers, apdu::ram::decode_answers(script));
        if (answers.responses.empty()) return fail(Fault::malformed, "fake: no answer");
        return apdu::Response::decode(answers.responses.front());
    }

    const RunScript& run_;
    scp03::Host host_;
};

class FakeRegistration final : public Registration {
public:
    std::map<Call, Code> refuses;            ///< said before anything is done
    std::optional<cmp::Failure> turns_down;  ///< an ir, in a protected answer
    bool mixes_transactions = false;         ///< answers with another transaction's id
    const people::Holder* issuer = &people::ca();
    pki::Validity grants = people::some_years();
    std::function<void()> on_request = [] {};  ///< while the wallet waits for an ip

    bool has_open_order = false;
    Recovered recovered = Recovered::dropped;

    std::optional<cmp::Failure> turns_change_down;  ///< an rr
    std::optional<cmp::Failure> turns_asker_down;   ///< whoever sends an rr
    bool forgets_resets = false;
    bool erases = false;             ///< the next dialog is an erasure
    bool cut_after_erasure = false;  ///< its answer never arrives

    std::vector<Call> calls;
    int confirmed = 0;
    OrderFor purpose = OrderFor::first_set;
    cmp::BodyType last_type = cmp::BodyType::ir;

    /// What was issued so far belongs to the past.
    void begin_anew() {
        calls.clear();
        keys_.clear();
        issued_.clear();
        asked_.clear();
        wanted_ = 0;
        order_.back() = static_cast<std::uint8_t>(order_.back() + 1);
    }

    Reply<std::optional<Order>> open_order_of_this_phone() override {
        if (const auto no = said(Call::current)) return std::unexpected{*no};
        return has_open_order ? std::optional{order_} : std::nullopt;
    }
    Reply<Recovered> recover(const RunScript&) override {
        if (const auto no = said(Call::recover)) return std::unexpected{*no};
        return recovered;
    }
    Reply<Order> open_order(Kinds kinds, OrderFor wanted) override {
        if (const auto no = said(Call::order)) return std::unexpected{*no};
        wanted_ = kinds;
        purpose = wanted;
        return order_;
    }
    Reply<More> administer(const RunScript& run) override {
        const Call call = erases            ? Call::erase
                          : opens_          ? Call::open_pins
                          : issued_.empty() ? Call::keys
                                            : Call::store;
        if (const auto no = said(call)) return std::unexpected{*no};
        const Done done = [&]() -> Done {
            if (call == Call::erase) return erase(run);
            if (call == Call::open_pins) return open_pins(run);
            if (call == Call::store) return store(run);
            return wanted_ == 0 ? Done{} : make_keys(run);
        }();
        if (done && call == Call::erase && cut_after_erasure)
            return std::unexpected{Refusal{Code::service_unavailable}};
        if (!done) return std::unexpected{Trouble{done.error()}};
        return More::no;
    }
    Reply<Bytes> certification(BytesView octets) override {
        const auto request = cmp::parse_request(octets);
        if (!request) return std::unexpected{Trouble{request.error()}};
        const Call call = call_of(request->kind);
        if (call == Call::request) last_type = cmp::parse(octets)->type;
        if (const auto no = said(call)) return std::unexpected{*no};
        const auto answer = call == Call::request  ? answer_request(*request)
                            : call == Call::change ? answer_change(*request)
                            : call == Call::reset  ? answer_reset(*request)
                                                   : answer_confirmation(*request);
        if (!answer) return std::unexpected{Trouble{answer.error()}};
        return answer->der;
    }

private:
    std::optional<Trouble> said(Call call) {
        calls.push_back(call);
        const auto found = refuses.find(call);
        if (found == refuses.end()) return std::nullopt;
        return Refusal{found->second};
    }

    static Call call_of(cmp::RequestKind kind) {
        switch (kind) {
            case cmp::RequestKind::initial:
            case cmp::RequestKind::further: return Call::request;
            case cmp::RequestKind::revoke: return Call::change;
            case cmp::RequestKind::general: return Call::reset;
            case cmp::RequestKind::confirm:
            case cmp::RequestKind::poll:
            case cmp::RequestKind::error:
            case cmp::RequestKind::unserved: break;
        }
        return Call::confirm;
    }

    Done erase(const RunScript& run) {
        Dialog dialog{run};
        MITOME_CHECK(dialog.open());
        MITOME_CHECK(dialog.ask(administration::Erase{order_, 1, {}, {}}));
        return {};
    }
    Done open_pins(const RunScript& run) {
        Dialog dialog{run};
        MITOME_CHECK(dialog.open());
        for (const Kind kind : administration::kinds)
            if (administration::holds(*opens_, kind))
                MITOME_CHECK(dialog.ask(administration::ResetPin{order_, kind}));
        opens_.reset();
        return {};
    }
    Done make_keys(const RunScript& run) {
        Dialog dialog{run};
        MITOME_CHECK(dialog.open());
        MITOME_CHECK(
            dialog.ask(administration::Begin{order_, wanted_, administration::Algorithm::ec_p256}));
        for (const Kind kind : administration::kinds) {
            if (!administration::holds(wanted_, kind)) continue;
            MITOME_TRY(answer, dialog.ask(administration::Generate{kind}));
            MITOME_TRY(generated, administration::decode_generated(answer));
            keys_[kind] = generated.spki;
        }
        return {};
    }
    Done store(const RunScript& run) {
        Dialog dialog{run};
        MITOME_CHECK(dialog.open());
        for (const auto& [kind, spki] : keys_)
            MITOME_CHECK(dialog.ask(administration::StoreCertificate{
                kind, administration::Role::holder, issued_.at(spki).der()}));
        MITOME_CHECK(dialog.ask(administration::Swap{order_}));
        return {};
    }

    Result<cmp::Answer> answer_request(const cmp::Request& request) {
        cmp::Header header = request.header();
        if (mixes_transactions) header.transaction_id.back() ^= 0x01;
        const auto as = people::registration().identity();
        const cmp::Answering to{header, as, random_, people::now};
        const auto& wanted = request.wanted().front();
        const auto refuse = [&](const cmp::Refusal& refusal) {
            return cmp::refusal_response(to, request.kind, wanted.request.id, refusal);
        };
        if (turns_down) return refuse({*turns_down, "the fake was told to"});
        const auto card = cmp::protected_by(request, {&people::ca().certificate, 1}, people::now);
        if (!card) return refuse(card.error());
        if (const auto proof = cmp::check_possession(wanted); !proof) return refuse(proof.error());
        const Bytes& spki = wanted.request.wanted.spki;
        const auto certificate = people::issue(*issuer, spki, "Sample person", grants);
        on_request();
        issued_.emplace(spki, certificate);
        asked_.emplace(header.transaction_id, certificate);
        return cmp::certificate_response(to, request.kind, wanted.request.id, certificate);
    }
    Result<cmp::Answer> answer_change(const cmp::Request& request) {
        const auto as = people::registration().identity();
        const cmp::Answering to{request.header(), as, random_, people::now};
        const auto wanted = cmp::revocations_wanted(request);
        if (!wanted) return cmp::error_message(to, wanted.error());
        if (turns_asker_down)
            return cmp::error_message(to, {*turns_asker_down, "the fake was told to"});
        cmp::Verdict verdict;
        if (turns_change_down) verdict = cmp::Refusal{*turns_change_down, "the fake was told to"};
        const std::vector<cmp::Verdict> verdicts(wanted->size(), verdict);
        return cmp::revocation_response(to, cmp::revocation_answer(*wanted, verdicts));
    }
    Result<cmp::Answer> answer_reset(const cmp::Request& request) {
        const auto as = people::registration().identity();
        const cmp::Answering to{request.header(), as, random_, people::now};
        const auto wish = cmp::pin_reset_wanted(request);
        if (!wish) return cmp::error_message(to, wish.error());
        if (!forgets_resets) opens_ = static_cast<Kinds>(wish->kinds);
        return cmp::pin_reset_response(to, {.order = copy(order_)});
    }
    Result<cmp::Answer> answer_confirmation(const cmp::Request& request) {
        const auto as = people::registration().identity();
        const cmp::Answering to{request.header(), as, random_, people::now};
        const auto known = asked_.find(request.header().transaction_id);
        if (known == asked_.end())
            return cmp::error_message(to, {cmp::Failure::bad_request, "no such transaction"});
        if (!cmp::protected_by(request, {&people::ca().certificate, 1}, people::now))
            return cmp::error_message(to, {cmp::Failure::signer_not_trusted, "not this card"});
        if (const auto taken = cmp::check_confirmation(request, 0, known->second); !taken)
            return cmp::error_message(to, taken.error());
        ++confirmed;
        return cmp::pki_confirm(to);
    }

    crypto::SystemRandom random_;
    Kinds wanted_ = 0;
    Order order_ = the_order;
    std::optional<Kinds> opens_;
    std::map<Kind, Bytes> keys_;
    std::map<Bytes, pki::Certificate> issued_;                ///< by SPKI
    std::map<Bytes, pki::Certificate> asked_;  ///< by transaction
};

/// Registration outside of an order.
class FakeContact final : public Contact {
public:
    std::optional<Code> refuses;  ///< a receipt
    PhoneStanding says;
    std::vector<Bytes> handed_over;

    Reply<PhoneStanding> standing() override { return says; }
    Reply<std::vector<Notice>> notices(std::uint64_t) override { return std::vector<Notice>{}; }
    Reply<std::vector<FormerPhone>> former() override { return std::vector<FormerPhone>{}; }
    Reply<void> hand_over(BytesView receipt) override {
        if (refuses) return std::unexpected{Refusal{*refuses}};
        handed_over.push_back(copy(receipt));
        return {};
    }
};

/// A card whose signature certificate the sample CA issued; password ABC123, five tries.
inline element::sample::Slots card_showing(BytesView authentication_certificate) {
    const auto made = std::make_shared<element::sample::Slots>();
    auto born = element::Element::create(std::make_unique<element::sample::MemoryMedium>(made),
                                         element::sample::device_key(),
                                         {element::PersonaName::card, crypto::KeyKind::ec_p256, {}})
                    .value();
    auto given = element::sample::personalisation(*born);
    given.certificates.sign =
        people::issue(people::ca(), born->spki(Kind::sign), "Sample person").der();
    given.certificates.sign_ca = people::ca().certificate.der();
    given.certificates.auth = copy(authentication_certificate);
    if (!born->personalise(std::move(given))) std::abort();
    return *made;
}

inline World card_of_the_holder() {
    static const auto slots = card_showing(element::sample::certificate_shape());
    return World{slots};
}

/// Wrong signature passwords, presented elsewhere.
inline void spend_tries(World& card, int tries) {
    (void)card.ask({.ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = copy(administration::jpki_aid)});
    for (int n = 0; n < tries; ++n)
        (void)card.ask({.ins = 0x20, .p2 = 0x9B, .data = copy(view("WRONG0"))});
}

/// Elsewhere, by someone who knows it.
inline void change_password(World& card, std::string_view chosen) {
    (void)card.ask({.ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = copy(administration::jpki_aid)});
    (void)card.ask({.ins = 0x20, .p2 = 0x9B, .data = copy(view("ABC123"))});
    (void)card.ask({.ins = 0x24, .p1 = 0x01, .p2 = 0x9B, .data = copy(view(chosen))});
}

/// Where the card lies until it is told to leave.
class FakeCardPlace final : public CardPlace {
public:
    explicit FakeCardPlace(World& card) : card_(card) {}

    bool empty = false;
    World* second = nullptr;  ///< comes in the second hold instead
    /// Asked before each command, with the number of the hold: true, and the card has left.
    std::function<bool(int hold, BytesView command)> leaves = [](int, BytesView) { return false; };

    int holds = 0;
    std::vector<Bytes> commands;

    Reply<std::unique_ptr<reader::Channel>> wait_for_card() override {
        if (empty) return std::unexpected{Refusal{Code::card_absent}};
        auto connection = std::make_shared<element::Connection>();  // the channel's, and no other
        ++holds;
        World& card = holds > 1 && second != nullptr ? *second : card_;
        return reader::in_process(
            [this, connection, &card, hold = holds](BytesView command) -> Bytes {
                if (leaves(hold, command)) return {};
                commands.push_back(copy(command));
                return card.element->answer(*connection, command);
            });
    }
    [[nodiscard]] long passwords_presented() const {
        return std::ranges::count_if(commands, [](const Bytes& one) { return one[1] == 0x20; });
    }

private:
    World& card_;
};

}  // namespace mitome::wallet::fake
