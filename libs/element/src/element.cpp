// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include <mitome/base/log.hpp>

#include <algorithm>

namespace mitome::element {

namespace {

constexpr FileName text_key{Application::text, 0x13};
constexpr FileName blocked_text_pin{Application::text, 0x12};

Done keep_file(Contents& next, FileName name, const Bytes& content) {
    if (content.empty()) return {};
    for (const File& file : persona(next.persona).files(name.application)) {
        if (file.id != name.id) continue;
        if ((file.kind != FileKind::transparent && file.kind != FileKind::record) ||
            content.size() > file.size)
            break;
        next.files[name] = std::make_shared<const Bytes>(content);
        return {};
    }
    return fail(Fault::malformed, "element: no such file, or it is too small");
}

Done keep_pin(Contents& next, FileName name, const Pin& pin) {
    if (pin.empty() || !persona(next.persona).has(name.application)) return {};
    const PinRule* rule = pin_rule(name.application, name.id);
    if (rule == nullptr) return fail(Fault::broken, "element: no such PIN");
    next.pins[name] =
        pin.reveal([rule](BytesView octets) { return PinRecord::of(octets, rule->limit); });
    return {};
}

Bytes spki_of(const KeyReference& key) { return key ? key->key->spki() : Bytes{}; }

}  // namespace

Time host_time() { return SystemClock{}.now(); }

Connection::Connection() : state_(std::make_unique<State>()) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

void Connection::power_on() { *state_ = {}; }

Element::Element(std::unique_ptr<State> state) : state_(std::move(state)) {}
Element::~Element() = default;

Result<std::unique_ptr<Element>> Element::create(std::unique_ptr<Medium> medium,
                                                 const crypto::AesKey& device_key,
                                                 const Birth& birth) {
    MITOME_TRY(store, Store::create(std::move(medium), device_key));
    auto state =
        std::make_unique<State>(std::move(store), &std::chrono::steady_clock::now, &host_time);
    Contents first;
    first.persona = birth.persona;
    first.life_cycle = life::ready;
    if (birth.id) {
        first.id = *birth.id;
    } else {
        const Bytes drawn = crypto::SystemRandom{}.octets(first.id.size());
        std::copy(drawn.begin(), drawn.end(), first.id.begin());
    }
    MITOME_TRY(attestation_key, KeyPair::generate(crypto::KeyKind::ec_p256));
    first.attestation_key = std::move(attestation_key);
    if (birth.persona == PersonaName::card) {
        for (const Kind kind : apdu::administration::kinds) {
            MITOME_TRY(key, KeyPair::generate(birth.key));
            first.keys[jpki_file(files_of(kind).key)] = std::move(key);
        }
        // The maker signs it in the fixed form of EF 0007, which is RSA-2048.
        MITOME_TRY(key, KeyPair::generate(crypto::KeyKind::rsa_2048));
        first.keys[text_key] = std::move(key);
        first.pins[blocked_text_pin] = PinRecord::of(crypto::SystemRandom{}.octets(16), 0);
    }
    // Both slots: an element that lost one of them still has the other.
    MITOME_CHECK(state->commit_and_scrub(std::move(first)));
    return std::unique_ptr<Element>{new Element{std::move(state)}};
}

Result<std::unique_ptr<Element>> Element::open(std::unique_ptr<Medium> medium,
                                               const crypto::AesKey& device_key, SteadyClock clock,
                                               WallClock wall) {
    MITOME_TRY(opened, Store::open(std::move(medium), device_key));
    auto state =
        std::make_unique<State>(std::move(opened.store), std::move(clock), std::move(wall));
    if (opened.record) {
        MITOME_TRY(contents, opened.record->reveal(Contents::decode));
        state->contents = std::move(contents);
        // Power went between the two writes of a scrub. A store that cannot be written still
        // answers what it may, and the next start tries again.
        if (state->contents.unscrubbed) {
            if (auto done = state->scrub(); !done)
                log(Level::warning, "element.unscrubbed", {{"error", done.error()}});
        }
    } else {
        state->contents.persona = PersonaName::card;
        state->contents.life_cycle = life::terminated;
    }
    return std::unique_ptr<Element>{new Element{std::move(state)}};
}

Done Element::personalise(Personalisation&& given) {
    const std::scoped_lock guard{state_->lock};
    if (state_->contents.sealed || state_->contents.life_cycle == life::terminated)
        return fail(Fault::conflict, "element: sealed");
    Contents next = state_->contents;
    const auto& certificates = given.certificates;
    MITOME_CHECK(keep_file(next, jpki_file(files_of(Kind::sign).holder), certificates.sign));
    MITOME_CHECK(keep_file(next, jpki_file(files_of(Kind::auth).holder), certificates.auth));
    MITOME_CHECK(keep_file(next, jpki_file(files_of(Kind::sign).issuer), certificates.sign_ca));
    MITOME_CHECK(keep_file(next, jpki_file(files_of(Kind::auth).issuer), certificates.auth_ca));
    for (const auto& [id, content] : given.text_files)
        MITOME_CHECK(keep_file(next, {Application::text, id}, content));
    for (const auto& [id, content] : given.common_files)
        MITOME_CHECK(keep_file(next, {Application::common, id}, content));
    for (const auto& [tag, content] : given.objects)
        next.objects[tag] = std::make_shared<const Bytes>(content);

    MITOME_CHECK(keep_pin(next, jpki_file(files_of(Kind::auth).pin), given.pins.authentication));
    MITOME_CHECK(keep_pin(next, jpki_file(files_of(Kind::sign).pin), given.pins.signature));
    MITOME_CHECK(keep_pin(next, {Application::text, 0x11}, given.pins.input_assistance));
    MITOME_CHECK(keep_pin(next, {Application::text, 0x14}, given.pins.number_a));
    MITOME_CHECK(keep_pin(next, {Application::text, 0x15}, given.pins.number_b));
    MITOME_CHECK(keep_pin(next, {Application::common, 0x1C}, given.pins.common));

    if (given.id) next.id = *given.id;
    if (given.keyset) {
        const std::uint8_t version = given.keyset->version;
        if (version == 0 || version > 0x7F || given.keyset->enc.empty())
            return fail(Fault::malformed, "element: keyset");
        next.keysets[version] = {
            std::make_shared<const apdu::scp03::Keyset>(*std::move(given.keyset)), 0};
    }
    next.attestation_chain.clear();
    for (Bytes& each : given.attestation_chain)
        next.attestation_chain.push_back(std::make_shared<const Bytes>(std::move(each)));
    next.sealed = true;
    next.life_cycle = life::secured;
    return state_->commit_and_scrub(std::move(next));
}

Bytes Element::answer(Connection& connection, BytesView octets) {
    auto command = Command::decode(octets);
    if (!command) return status(sw::wrong_length).encode();
    const std::scoped_lock guard{state_->lock};
    const Response response = state_->carry_out(*connection.state_, *command);
    wipe(command->data);
    return response.encode();
}

void Element::reset(Connection& connection) {
    const std::scoped_lock guard{state_->lock};
    Conversation& talk = *connection.state_;
    if (!state_->persona().reset_keeps_pin) {
        connection.power_on();
        return;
    }
    talk.end_channel();
    talk.new_pins.clear();
    talk.current.reset();
}

Bytes Element::atr() const {
    const std::scoped_lock guard{state_->lock};
    return copy(state_->persona().atr);
}

bool Element::terminated() const {
    const std::scoped_lock guard{state_->lock};
    return state_->contents.life_cycle == life::terminated;
}

PersonaName Element::persona_name() const {
    const std::scoped_lock guard{state_->lock};
    return state_->contents.persona;
}

Id Element::id() const {
    const std::scoped_lock guard{state_->lock};
    return state_->contents.id;
}

Bytes Element::spki(Kind kind) const {
    const std::scoped_lock guard{state_->lock};
    const auto found = state_->contents.keys.find(jpki_file(files_of(kind).key));
    return found == state_->contents.keys.end() ? Bytes{} : spki_of(found->second);
}

Bytes Element::attestation_spki() const {
    const std::scoped_lock guard{state_->lock};
    return spki_of(state_->contents.attestation_key);
}

Bytes Element::text_spki() const {
    const std::scoped_lock guard{state_->lock};
    const auto found = state_->contents.keys.find(text_key);
    return found == state_->contents.keys.end() ? Bytes{} : spki_of(found->second);
}

Result<SecretBytes> Element::key_before_sealing(Kind kind) const {
    const std::scoped_lock guard{state_->lock};
    if (state_->contents.sealed) return fail(Fault::conflict, "element: sealed");
    const auto found = state_->contents.keys.find(jpki_file(files_of(kind).key));
    if (found == state_->contents.keys.end()) return fail(Fault::absent, "element: no such key");
    return found->second->key->to_pkcs8();
}

}  // namespace mitome::element
