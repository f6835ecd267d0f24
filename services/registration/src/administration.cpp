// SPDX-License-Identifier: Apache-2.0
#include "administration.hpp"

#include <mitome/apdu/ram.hpp>
#include <mitome/base/log.hpp>

#include <algorithm>
#include <utility>

namespace mitome::registration {

using apdu::Command;
using apdu::administration::Generated;
using apdu::administration::Operation;
using apdu::administration::State;
using catalogue::Code;
namespace adm = apdu::administration;
namespace scp03 = apdu::scp03;

/// What a session is for. The state of the order decides, nothing that the carrier says.
enum class Administration::Purpose : std::uint8_t {
    make_keys,
    examine_then_make_keys,  ///< the first try met an element that has something else pending
    store_certificates,
    recover,
    open_pins,
    erase,
    lend,  ///< a lease, and word that a receipt was taken
};

/// What is to be done next for an element.
struct Administration::Plan {
    Purpose purpose{};
    Bytes order;  ///< of keys, or of new PINs
    std::uint64_t erasure = 0;
};

struct Administration::Session {
    Purpose purpose{};
    Bytes element;
    Bytes order;
    std::uint64_t erasure = 0;
    Bytes device;  ///< digest of the TLS certificate that it was begun with
    scp03::Host host;
    std::uint32_t step = 0;  ///< 0: greeting sent, 1: operations sent, 2: those after examining
    std::vector<Operation> sent;
    Time touched{};
};

/// What goes back: the next script, or the end. Kept with the request that it answers.
struct Administration::Answer {
    Bytes next;  ///< token; empty: the end
    Bytes script;
    bool more = false;  ///< at the end: another dialog has something to do
    std::unique_ptr<Session> session = {};

    [[nodiscard]] Bytes encode() const {
        if (next.empty()) return Bytes{static_cast<std::uint8_t>(more ? 1 : 0)};
        return join({next, script});
    }
};

namespace {

constexpr std::size_t token_octets = 16;
constexpr std::size_t challenge_octets = 8;
constexpr std::chrono::minutes uri_life{30};
constexpr std::size_t most_sessions = 10'000;

constexpr std::string_view protocol = "globalplatform-remote-admin/1.1.1";
constexpr std::string_view script_type =
    "application/vnd.globalplatform.card-content-mgt;version=1.0";
constexpr std::string_view answers_type =
    "application/vnd.globalplatform.card-content-mgt-response;version=1.0";
constexpr std::string_view path = "/administration/";
constexpr std::string_view targeted_application = "//aid/A000000151/000000";

constexpr std::string_view master_label = "element-master";

Command select_security_domain() {
    return {
        .cla = 0x00, .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = copy(adm::security_domain_aid)};
}

pki::Kind kind_of(adm::Kind kind) {
    return kind == adm::Kind::sign ? pki::Kind::sign : pki::Kind::auth;
}
adm::Kind kind_of(pki::Kind kind) {
    return kind == pki::Kind::sign ? adm::Kind::sign : adm::Kind::auth;
}

bool is_of(const std::optional<adm::Order>& order, BytesView id) {
    return order && same(*order, id);
}

Bytes device_of(const http::Call& call) {
    return crypto::digest(crypto::Hash::sha256, call.request.peer_certificate);
}

std::unexpected<Refused> administration_refused(Literal why) {
    return refuse(Code::administration_refused, why);
}

std::string upper(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return out;
}

}  // namespace

Result<scp03::Keyset> HsmKeysets::of(BytesView element) {
    const auto master = [this](BytesView content) {
        return administration_->cmac(master_label, content);
    };
    return scp03::diversify(master, key_size_, element);
}

Administration::Administration(Office& office, Orders& orders, Resets& resets, Erasures& erasures,
                               Keysets& keysets)
    : office_(office), orders_(orders), resets_(resets), erasures_(erasures), keysets_(keysets) {}
Administration::~Administration() = default;

http::Response Administration::said(const Answer& answer, BytesView element) const {
    http::Response response;
    response.headers.push_back({"X-Admin-Protocol", std::string{protocol}});
    if (answer.next.empty()) {
        response.status = 204;
        if (answer.more) response.headers.push_back({"X-Admin-More", "1"});
        return response;
    }
    response.headers.push_back({"X-Admin-Next-URI", std::string{path} + to_hex(answer.next)});
    response.headers.push_back({"X-Admin-Targeted-SE", "//se-id/CUD/" + to_hex(element)});
    response.headers.push_back({"X-Admin-Targeted-Application", std::string{targeted_application}});
    response.headers.push_back({"Content-Type", std::string{script_type}});
    response.body = answer.script;
    return response;
}

void Administration::forget_old_sessions() {
    const Time now = office_.clock.now();
    std::erase_if(sessions_,
                  [&](const auto& entry) { return entry.second->touched + uri_life < now; });
    if (sessions_.size() >= most_sessions) sessions_.clear();  // each begins anew by itself
}

http::Response Administration::begin(const http::Call& call) {
    const auto element = from_hex(call.caller.element);
    if (!element || element->size() != scp03::diversification_size)
        return problem_of({Code::not_authorized, "not a device certificate"});
    const std::string from = upper(call.request.header("X-Admin-From"));
    if (!call.request.body.empty() || from.find(call.caller.element) == std::string::npos)
        return problem_of({Code::not_authorized, "the element is not that of the device"});
    const Turns::Turn turn{office_.turns, Thing::element, *element};
    auto answer = open(device_of(call), *element);
    if (!answer) return problem_of(answer.error());
    if (!answer->next.empty()) {
        // The dialog is known by its next token alone; nothing was asked under an earlier one.
        const std::lock_guard guard{mutex_};
        forget_old_sessions();
        sessions_[answer->next] = std::move(answer->session);
    }
    return said(*answer, *element);
}

Judged<std::optional<Administration::Plan>> Administration::plan_of_order(
    const store::Order& order) const {
    const auto lacks = [&](const Bytes store::OrderKey::* field) {
        return std::ranges::any_of(order.keys,
                                   [&](const auto& key) { return (key.*field).empty(); });
    };
    REGISTRATION_TRY(recovering, orders_.asks_for_recovery(order));
    if (recovering) return Plan{.purpose = Purpose::recover, .order = order.id};
    if (lacks(&store::OrderKey::spki)) {
        // An erasure that waits is for what the order replaces; later it would hit the new keys.
        REGISTRATION_TRY(erasure, erasures_.waiting(order.element));
        if (erasure)
            return Plan{.purpose = Purpose::erase, .order = {}, .erasure = erasure->number};
        return Plan{.purpose = Purpose::make_keys, .order = order.id};
    }
    if (order.state == store::OrderState::answered && !lacks(&store::OrderKey::certificate))
        return Plan{.purpose = Purpose::store_certificates, .order = order.id};
    return std::nullopt;
}

Judged<bool> Administration::needs_lease(BytesView element) const {
    REGISTRATION_TRY(phone, office_.people.phone_of(element));
    if (!phone) return false;
    REGISTRATION_TRY(lease, office_.people.lease_of(element));
    if (lease && office_.clock.now() < lease->signed_at + (lease->until - lease->signed_at) / 2)
        return false;
    // No lease on what is dead or on hold. Whoever cannot be asked gives none.
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        const Bytes& serial = kind == pki::Kind::sign ? phone->sign_serial : phone->auth_serial;
        if (serial.empty()) continue;
        const auto standing = office_.authority.standing(phone_ca(kind), serial);
        if (standing && *standing == Standing::alive) return true;
    }
    return false;
}

Judged<std::optional<Administration::Plan>> Administration::plan(BytesView element) const {
    REGISTRATION_TRY(device, office_.people.device(element));
    const bool rolled_back = device && device->state == store::DeviceState::rolled_back;
    REGISTRATION_TRY(order, orders_.current(element));
    if (order && !rolled_back) return plan_of_order(*order);
    if (!rolled_back) {
        REGISTRATION_TRY(grant, resets_.waiting(element));
        if (grant) return Plan{.purpose = Purpose::open_pins, .order = grant->order};
    }
    REGISTRATION_TRY(erasure, erasures_.waiting(element));
    if (erasure) return Plan{.purpose = Purpose::erase, .order = {}, .erasure = erasure->number};
    if (rolled_back) return std::nullopt;
    REGISTRATION_TRY(receipt, erasures_.local_receipt(element));
    if (receipt) return Plan{.purpose = Purpose::lend, .order = {}};
    REGISTRATION_TRY(lease, needs_lease(element));
    if (lease) return Plan{.purpose = Purpose::lend, .order = {}};
    return std::nullopt;
}

/// The end of a dialog, which says whether another one would find something to do.
Administration::Answer Administration::end(BytesView element) const {
    Answer answer;
    const auto next = plan(element);
    answer.more = next && next->has_value();
    return answer;
}

Judged<Administration::Answer> Administration::open(const Bytes& device, const Bytes& element) {
    {
        // A session that is begun anew ends the one before, here as in the element: an answer out
        // of the past would look as if the element had been put back.
        const std::lock_guard guard{mutex_};
        std::erase_if(sessions_,
                      [&](const auto& entry) { return entry.second->element == element; });
    }
    REGISTRATION_TRY(next, plan(element));
    if (!next) return Answer{};
    REGISTRATION_TRY(keyset, keysets_.of(element));
    return greet({.purpose = next->purpose,
                  .element = element,
                  .order = next->order,
                  .erasure = next->erasure,
                  .device = device,
                  .host = scp03::Host{std::move(keyset), office_.random.octets(challenge_octets)},
                  .step = 0,
                  .sent = {},
                  .touched = {}});
}

Judged<Administration::Answer> Administration::greet(Session session) {
    session.step = 0;
    std::vector<Bytes> script{select_security_domain().encode(),
                              session.host.initialize_update().encode()};
    return send(std::move(session), std::move(script), {});
}

Judged<Administration::Answer> Administration::send(Session session, std::vector<Bytes> script,
                                                    std::vector<Operation> operations) {
    session.sent = std::move(operations);
    session.touched = office_.clock.now();
    Answer answer{.next = office_.random.octets(token_octets),
                  .script = apdu::ram::encode_commands(script)};
    REGISTRATION_TRY(change, office_.database.begin());
    REGISTRATION_CHECK(office_.people.put(change, {.id = answer.next,
                                                   .element = session.element,
                                                   .order = session.order,
                                                   .step = session.step,
                                                   .request_digest = {},
                                                   .answer = {},
                                                   .at = session.touched}));
    REGISTRATION_CHECK(change.commit());
    answer.session = std::make_unique<Session>(std::move(session));
    return answer;
}

http::Response Administration::go_on(const http::Call& call) {
    const auto element = from_hex(call.caller.element);
    const auto token = from_hex(call.rest);
    if (!element || !token || token->size() != token_octets)
        return problem_of({Code::order_expired, "no such dialog"});
    const Turns::Turn turn{office_.turns, Thing::dialog, *token};
    const Turns::Turn of_element{office_.turns, Thing::element, *element};
    auto dialog = office_.people.dialog(*token);
    if (!dialog) return problem_of(refused(dialog.error()));
    const Time now = office_.clock.now();
    if (!*dialog || (*dialog)->at + uri_life < now)
        return problem_of({Code::order_expired, "no such dialog"});
    if ((*dialog)->element != *element)
        return problem_of({Code::not_authorized, "the dialog of another element"});

    const std::string_view status = call.request.header("X-Admin-Script-Status");
    const Bytes digest = crypto::digest(
        crypto::Hash::sha256, join({view(status), BytesView{"00"_hex}, call.request.body}));
    if (!(*dialog)->request_digest.empty()) {
        if ((*dialog)->request_digest != digest)
            return problem_of({Code::administration_refused, "this step was answered already"});
        const BytesView kept{(*dialog)->answer};
        if (kept.size() < token_octets)
            return said({.next = {}, .script = {}, .more = !kept.empty() && kept[0] != 0},
                        *element);
        return said(
            {.next = copy(kept.first(token_octets)), .script = copy(kept.subspan(token_octets))},
            *element);
    }

    std::unique_ptr<Session> session;
    {
        const std::lock_guard guard{mutex_};
        if (const auto found = sessions_.find(*token); found != sessions_.end()) {
            session = std::move(found->second);
            sessions_.erase(found);
        }
    }
    auto answer = [&]() -> Judged<Answer> {
        // Session keys do not survive us: after a restart the dialog begins anew.
        if (!session) return open(device_of(call), *element);
        if (session->device != device_of(call))
            return refuse(Code::not_authorized, "the dialog of another device");
        if (status != "ok" || call.request.header("Content-Type") != answers_type)
            return failed(std::move(*session));
        return take(std::move(*session), call.request.body);
    }();
    if (!answer) return problem_of(answer.error());

    auto change = office_.database.begin();
    if (!change) return problem_of(refused(change.error()));
    (*dialog)->request_digest = digest;
    (*dialog)->answer = answer->encode();
    if (auto done = office_.people.put(*change, **dialog); !done)
        return problem_of(refused(done.error()));
    if (auto done = change->commit(); !done) return problem_of(refused(done.error()));
    if (!answer->next.empty()) {
        const std::lock_guard guard{mutex_};
        forget_old_sessions();
        sessions_[answer->next] = std::move(answer->session);
    }
    return said(*answer, *element);
}

Judged<Administration::Answer> Administration::take(Session session, BytesView script) {
    const auto answers = apdu::ram::decode_answers(script);
    if (!answers || answers->trouble != apdu::ram::Trouble::none) return failed(std::move(session));
    if (session.step == 0) return greeted(std::move(session), answers->responses);
    return operated(std::move(session), answers->responses);
}

/// An error of the element comes bare, so whoever carries it may have made it up. A first try at
/// making keys is followed by a session that asks for the state; all else ends here, and the
/// carrier may begin anew.
Judged<Administration::Answer> Administration::failed(Session session) {
    log(Level::warning, "administration failed",
        {{"purpose", static_cast<std::int64_t>(session.purpose)},
         {"step", static_cast<std::int64_t>(session.step)}});
    if (session.purpose != Purpose::make_keys || session.step == 0)
        return administration_refused("the element did not do as asked");
    REGISTRATION_TRY(keyset, keysets_.of(session.element));
    session.purpose = Purpose::examine_then_make_keys;
    session.host = scp03::Host{std::move(keyset), office_.random.octets(challenge_octets)};
    return greet(std::move(session));
}

Result<std::vector<Operation>> Administration::operations(const Session& session) const {
    std::vector<Operation> out;
    out.emplace_back(adm::AskState{});
    if (session.purpose != Purpose::make_keys && session.purpose != Purpose::store_certificates)
        return out;
    MITOME_TRY(order, office_.people.order(session.order));
    if (!order || !is_open(order->state))
        return fail(Fault::conflict, "administration: the order is closed");
    MITOME_TRY(id, adm::order_of(order->id));
    switch (session.purpose) {
        case Purpose::make_keys: {
            adm::Kinds kinds = 0;
            for (const auto& key : order->keys) kinds = adm::with(kinds, kind_of(key.kind));
            out.emplace_back(adm::Begin{.order = id, .kinds = kinds});
            for (const auto& key : order->keys)
                out.emplace_back(adm::Generate{.kind = kind_of(key.kind)});
            break;
        }
        case Purpose::store_certificates: {
            const auto credentials = office_.credentials.get();
            if (!credentials) return fail(Fault::unavailable, "administration: not ready");
            for (const auto& key : order->keys) {
                const auto& ca = credentials->authority(phone_ca(key.kind));
                out.emplace_back(adm::StoreCertificate{
                    .kind = kind_of(key.kind), .role = adm::Role::issuer, .certificate = ca.der()});
                out.emplace_back(adm::StoreCertificate{.kind = kind_of(key.kind),
                                                       .role = adm::Role::holder,
                                                       .certificate = key.certificate});
            }
            out.emplace_back(adm::Swap{.order = id});
            break;
        }
        case Purpose::examine_then_make_keys:
        case Purpose::recover:
        case Purpose::open_pins:
        case Purpose::erase:
        case Purpose::lend: break;
    }
    return out;
}

Judged<Administration::Answer> Administration::greeted(Session session,
                                                       const std::vector<Bytes>& answers) {
    if (answers.size() != 2) return failed(std::move(session));
    const auto selected = apdu::Response::decode(answers[0]);
    const auto greeting = apdu::Response::decode(answers[1]);
    if (!selected || !selected->ok() || !greeting) return failed(std::move(session));
    auto opening = session.host.external_authenticate(*greeting, scp03::Level::all);
    if (!opening || !same(session.host.greeting().diversification, session.element))
        return administration_refused("the element does not hold its keys");
    office_.interruption.reached(Step::session_opened);

    REGISTRATION_TRY(wanted, operations(session));
    std::vector<Bytes> script{opening->encode()};
    REGISTRATION_TRY(personalise, session.host.wrap(adm::install_for_personalization()));
    script.push_back(personalise.encode());
    for (const Operation& operation : wanted) {
        REGISTRATION_TRY(command, session.host.wrap(adm::store(operation)));
        script.push_back(command.encode());
    }
    session.step = 1;
    return send(std::move(session), std::move(script), std::move(wanted));
}

Judged<Administration::Answer> Administration::operated(Session session,
                                                        const std::vector<Bytes>& answers) {
    const std::size_t before = session.step == 1 ? 2 : 0;  // EXTERNAL AUTHENTICATE and INSTALL
    if (answers.size() != before + session.sent.size()) return failed(std::move(session));
    std::vector<apdu::Response> plain;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto response = apdu::Response::decode(answers[i]);
        if (!response) return failed(std::move(session));
        if (session.step == 1 && i == 0) {
            if (!session.host.authenticated(*response)) return failed(std::move(session));
            continue;
        }
        auto opened = session.host.unwrap(*response);
        if (!opened || !opened->ok()) return failed(std::move(session));
        if (i >= before) plain.push_back(*std::move(opened));
    }

    // Everything below came MACed.
    std::vector<Generated> keys;
    std::optional<State> first;
    std::optional<State> state;
    std::optional<adm::Erased> receipt;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (const auto* generate = std::get_if<adm::Generate>(&session.sent[i])) {
            const auto key = adm::decode_generated(plain[i].data);
            if (!key || key->kind != generate->kind)
                return administration_refused("the element answered with another key");
            keys.push_back(*key);
            continue;
        }
        if (std::holds_alternative<adm::Erase>(session.sent[i])) {
            const auto told = adm::decode_erased(plain[i].data);
            if (!told) return administration_refused("the element's receipt cannot be read");
            receipt = *told;
            continue;
        }
        const auto told = adm::decode_state(plain[i].data);
        if (!told || !same(told->element, session.element))
            return administration_refused("the element's state cannot be read");
        if (!first) first = *told;
        state = *told;
    }
    if (first && state) {
        REGISTRATION_TRY(rolled_back, is_rolled_back(session, *first, *state));
        if (rolled_back && session.purpose != Purpose::erase)
            return refuse(Code::element_rolled_back, "an older copy of the element was put back");
    }
    const bool examining =
        session.sent.size() == 1 && std::holds_alternative<adm::AskState>(session.sent.front());
    switch (session.purpose) {
        case Purpose::examine_then_make_keys:
            if (examining && state) return examined(std::move(session), *state);
            [[fallthrough]];
        case Purpose::make_keys:
            REGISTRATION_CHECK(store_keys(session, keys));
            office_.interruption.reached(Step::keys_stored);
            return Answer{};
        case Purpose::store_certificates:
            if (!state || !is_of(state->swapped, session.order))
                return administration_refused("the element did not take the new set");
            office_.interruption.reached(Step::swap_proven);
            REGISTRATION_CHECK(store_swap(session));
            office_.interruption.reached(Step::swap_stored);
            REGISTRATION_CHECK(orders_.settle(session.order));
            return end(session.element);
        case Purpose::recover:
            if (examining && state) return recovered(std::move(session), *state);
            REGISTRATION_CHECK(orders_.abandon(session.order));  // the pending set is dropped
            return end(session.element);
        case Purpose::open_pins:
            if (examining && state) return open_pins(std::move(session), *state);
            return pins_opened(session);
        case Purpose::erase:
            if (examining && state) return erase(std::move(session), *state);
            if (!receipt || !state) return administration_refused("the element gave no receipt");
            return erased(session, receipt->receipt, *state);
        case Purpose::lend:
            if (!state) break;
            if (examining) return lend(std::move(session), *state);
            return lent(session, *state);
    }
    return administration_refused("no such session");
}

/// Remembers the highest record number. In a session it never falls; a lower one than before means
/// that everything since is undone in the element: wrong PINs, swaps, erasures.
Judged<bool> Administration::is_rolled_back(const Session& session, const State& first,
                                            const State& last) const {
    REGISTRATION_TRY(change, office_.database.begin());
    REGISTRATION_TRY(witness, office_.people.witness_of(session.element, change));
    REGISTRATION_TRY(device, office_.people.device(session.element, change));
    const bool known = device && device->state == store::DeviceState::rolled_back;
    if (known) return true;
    const Time now = office_.clock.now();
    if (witness && first.record < witness->record) {
        log(Level::warning, "element rolled back", {{"element", to_hex(session.element)}});
        store::Device marked =
            device.value_or(store::Device{.element = session.element,
                                          .common_name = "element " + to_hex(session.element),
                                          .since = now});
        marked.state = store::DeviceState::rolled_back;
        if (device) {
            REGISTRATION_CHECK(office_.people.change(change, marked));
        } else {
            REGISTRATION_CHECK(office_.people.add(change, marked));
        }
        REGISTRATION_CHECK(office_.note(
            change, "element", "element.rolled_back", "element/" + to_hex(session.element),
            std::to_string(first.record) + " below " + std::to_string(witness->record)));
        REGISTRATION_CHECK(change.commit());
        return true;
    }
    const bool reminds = witness && witness->local_receipt && last.local_receipt;
    REGISTRATION_CHECK(office_.people.put(change, store::Witness{.element = session.element,
                                                                 .record = last.record,
                                                                 .local_receipt = reminds,
                                                                 .at = now}));
    REGISTRATION_CHECK(change.commit());
    return false;
}

/// The next operations of a session that knows the element's state.
Judged<Administration::Answer> Administration::follow(Session session,
                                                      std::vector<Operation> operations) {
    std::vector<Bytes> script;
    for (const Operation& operation : operations) {
        REGISTRATION_TRY(command, session.host.wrap(adm::store(operation)));
        script.push_back(command.encode());
    }
    session.step = 2;
    return send(std::move(session), std::move(script), std::move(operations));
}

Judged<Administration::Answer> Administration::open_pins(Session session, const State& state) {
    REGISTRATION_TRY(grant, resets_.waiting(session.element));
    if (!grant || grant->order != session.order)
        return refuse(Code::order_expired, "the leave for new PINs is over");
    REGISTRATION_TRY(order, adm::order_of(grant->order));
    std::vector<Operation> wanted;
    for (const adm::Kind kind : adm::kinds) {
        const bool is_there =
            std::ranges::find(state.present, kind, &State::Present::kind) != state.present.end();
        // Used up for that kind, and the answer that said so was lost.
        const bool used = std::ranges::any_of(state.resets, [&](const State::Reset& reset) {
            return reset.kind == kind && reset.order == order;
        });
        if (adm::holds(grant->kinds, kind) && is_there && !used)
            wanted.emplace_back(adm::ResetPin{.order = order, .kind = kind});
    }
    if (wanted.empty()) return pins_opened(session);
    return follow(std::move(session), std::move(wanted));
}

Judged<Administration::Answer> Administration::pins_opened(const Session& session) const {
    office_.interruption.reached(Step::reset_opened);
    REGISTRATION_TRY(grant, office_.people.waiting_reset(session.element));
    if (grant && grant->order == session.order) REGISTRATION_CHECK(resets_.delivered(*grant));
    office_.interruption.reached(Step::reset_stored);
    return Answer{};
}

Judged<Administration::Answer> Administration::erase(Session session, const State& state) {
    REGISTRATION_TRY(order, erasures_.deliver(session.erasure, state));
    session.erasure = order.number;
    return follow(std::move(session), {order, adm::AskState{}});
}

Judged<Administration::Answer> Administration::erased(const Session& session, BytesView receipt,
                                                      const State& state) {
    if (auto taken = erasures_.take(session.erasure, receipt, state.record); !taken)
        return std::unexpected{taken.error()};
    REGISTRATION_TRY(order, orders_.current(session.element));
    if (order) return open(session.device, session.element);  // which this erasure made room for
    return end(session.element);
}

Judged<Administration::Answer> Administration::lend(Session session, const State& state) {
    std::vector<Operation> wanted;
    REGISTRATION_TRY(receipt, erasures_.local_receipt(session.element));
    if (receipt && state.local_receipt) wanted.emplace_back(adm::ReceiptTaken{.receipt = *receipt});
    REGISTRATION_TRY(lease, needs_lease(session.element));
    const Time now = office_.clock.now();
    if (lease) wanted.emplace_back(adm::Lease{.signed_time = now, .until = now + office_.lease});
    if (wanted.empty()) return end(session.element);
    return follow(std::move(session), std::move(wanted));
}

Judged<Administration::Answer> Administration::lent(const Session& session,
                                                    const State& state) const {
    const auto sent = std::ranges::find_if(
        session.sent, [](const Operation& one) { return std::holds_alternative<adm::Lease>(one); });
    if (sent != session.sent.end()) {
        if (!state.lease) return administration_refused("the element did not take the lease");
        REGISTRATION_TRY(change, office_.database.begin());
        REGISTRATION_CHECK(
            office_.people.put(change, store::GrantedLease{.element = session.element,
                                                           .signed_at = state.lease->signed_time,
                                                           .until = state.lease->until}));
        REGISTRATION_CHECK(change.commit());
    }
    return end(session.element);
}

Judged<Administration::Answer> Administration::examined(Session session, const State& state) {
    REGISTRATION_TRY(order, office_.people.order(session.order));
    if (!order || !is_open(order->state)) return refuse(Code::order_expired, "the order is closed");
    std::vector<Operation> wanted;
    if (state.pending && !same(state.pending->order, session.order))
        wanted.emplace_back(adm::Drop{.order = state.pending->order});
    session.purpose = Purpose::make_keys;
    REGISTRATION_TRY(rest, operations(session));
    session.purpose = Purpose::examine_then_make_keys;
    wanted.insert(wanted.end(), rest.begin(), rest.end());
    return follow(std::move(session), std::move(wanted));
}

Judged<Administration::Answer> Administration::recovered(Session session, const State& state) {
    if (is_of(state.swapped, session.order)) {
        office_.interruption.reached(Step::swap_proven);
        REGISTRATION_CHECK(store_swap(session));
        office_.interruption.reached(Step::swap_stored);
        REGISTRATION_CHECK(orders_.complete(session.order));
        return end(session.element);
    }
    if (!state.pending || !same(state.pending->order, session.order)) {
        REGISTRATION_CHECK(orders_.abandon(session.order));
        return end(session.element);
    }
    // The answer closes the order; without it the next dialog finds nothing pending and does.
    const adm::Drop drop{.order = state.pending->order};
    return follow(std::move(session), {drop});
}

Done Administration::store_keys(const Session& session, const std::vector<Generated>& keys) const {
    const Turns::Turn turn{office_.turns, Thing::order, session.order};
    MITOME_TRY(change, office_.database.begin());
    MITOME_TRY(order, office_.people.order(session.order, change));
    if (!order || !is_open(order->state))
        return fail(Fault::conflict, "administration: the order is closed");
    for (const Generated& made : keys)
        for (auto& key : order->keys) {
            if (key.kind != kind_of(made.kind)) continue;
            if (!key.spki.empty() && key.spki != made.spki)
                return fail(Fault::conflict, "administration: the key is another one now");
            key.spki = made.spki;
        }
    MITOME_CHECK(office_.people.change(change, *order));
    MITOME_CHECK(office_.note(change, "element", "order.keys", order_reference(order->id)));
    return change.commit();
}

Done Administration::store_swap(const Session& session) const {
    const Turns::Turn turn{office_.turns, Thing::order, session.order};
    MITOME_TRY(change, office_.database.begin());
    MITOME_TRY(order, office_.people.order(session.order, change));
    if (!order) return fail(Fault::absent, "administration: no such order");
    if (order->state == store::OrderState::swapped || !is_open(order->state)) return {};
    order->state = store::OrderState::swapped;
    MITOME_CHECK(office_.people.change(change, *order));
    MITOME_CHECK(office_.note(change, "element", "order.swap", order_reference(order->id)));
    return change.commit();
}

}  // namespace mitome::registration
