// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include <algorithm>

namespace mitome::element {

namespace {

namespace administration = apdu::administration;
using administration::Begin;
using administration::Drop;
using administration::Erase;
using administration::Generate;
using administration::Role;
using administration::StoreCertificate;
using administration::Swap;
using administration::Unblock;

constexpr std::uint32_t room_for_public_key = 1024;

/// What an operation wants to become durable, or the word that refuses it.
struct Change {
    std::uint16_t word = sw::ok;
    std::optional<Contents> next;
    bool ends_pins = false;  ///< PINs verified before speak of others than those after
    bool scrubs = false;     ///< keys were given up: no slot may still hold them
};

Change refused(std::uint16_t word) { return {word, std::nullopt, false, false}; }
Change nothing() { return {}; }
/// A repetition makes sure again that nothing is left of what was given up.
Change nothing_but_scrub(const Contents& now) { return {sw::ok, now, false, true}; }
Change becomes(Contents&& next) { return {sw::ok, std::move(next), false, false}; }

std::uint8_t tries_of(Kind kind) { return pin_rule(Application::jpki, files_of(kind).pin)->limit; }

Change carry_out(const Contents& now, const Begin& begin) {
    if (now.pending) {
        const bool again = now.pending->order == begin.order &&
                           now.pending->wanted == begin.kinds &&
                           now.pending->algorithm == begin.algorithm;
        return again ? nothing() : refused(sw::conditions_of_use);
    }
    if (now.swapped == begin.order) return nothing();
    if (now.attestation_chain.empty()) return refused(sw::conditions_of_use);
    Contents next = now;
    next.pending = Pending{
        .order = begin.order, .wanted = begin.kinds, .algorithm = begin.algorithm, .kinds = {}};
    for (const Kind kind : administration::kinds)
        if (administration::holds(begin.kinds, kind)) next.pending->kinds[kind];
    return becomes(std::move(next));
}

Change carry_out(const Contents& now, const Generate& generate) {
    if (!now.pending || !administration::holds(now.pending->wanted, generate.kind))
        return refused(sw::conditions_of_use);
    if (now.pending->kinds.at(generate.kind).key) return nothing();
    auto key = KeyPair::generate(now.pending->algorithm == administration::Algorithm::ec_p256
                                     ? crypto::KeyKind::ec_p256
                                     : crypto::KeyKind::rsa_2048);
    if (!key) return refused(sw::no_precise_diagnosis);
    auto certificate =
        attestation_certificate(now, generate.kind, (*key)->key->spki(), now.pending->order);
    if (!certificate) return refused(sw::conditions_of_use);
    Contents next = now;
    PendingKind& pending = next.pending->kinds.at(generate.kind);
    pending.key = *std::move(key);
    pending.attestation = std::make_shared<const Bytes>(*std::move(certificate));
    return becomes(std::move(next));
}

Change carry_out(const Contents& now, const StoreCertificate& store) {
    if (!now.pending || !administration::holds(now.pending->wanted, store.kind))
        return refused(sw::conditions_of_use);
    const PendingKind& pending = now.pending->kinds.at(store.kind);
    const Bytes& der = store.certificate;
    const KindFiles files = files_of(store.kind);
    const bool holders = store.role == Role::holder;
    std::size_t room = 0;
    for (const File& file : persona(now.persona).jpki)
        if (file.id == (holders ? files.holder : files.issuer)) room = file.size;
    // Readers take the length from octets 2 and 3, as My Number cards write it.
    if (der.size() > room || der.size() < 256 || der[0] != 0x30 || der[1] != 0x82 ||
        der.size() != 4U + (static_cast<std::size_t>(der[2]) << 8 | der[3]))
        return refused(sw::wrong_data);
    if (holders) {
        if (!pending.key) return refused(sw::conditions_of_use);
        const Bytes& spki = pending.key->key->spki();
        if (std::search(der.begin(), der.end(), spki.begin(), spki.end()) == der.end())
            return refused(sw::wrong_data);
    }
    Contents next = now;
    PendingKind& to = next.pending->kinds.at(store.kind);
    (holders ? to.holder : to.issuer) = std::make_shared<const Bytes>(der);
    return becomes(std::move(next));
}

Change carry_out(const Contents& now, const Swap& swap) {
    if (!now.pending)
        return now.swapped == swap.order ? nothing_but_scrub(now) : refused(sw::conditions_of_use);
    if (now.pending->order != swap.order) return refused(sw::conditions_of_use);
    for (const auto& [kind, each] : now.pending->kinds) {
        const bool has_pin = each.pin.is_set() || now.pins.contains(jpki_file(files_of(kind).pin));
        if (!each.key || !each.holder || !has_pin) return refused(sw::conditions_of_use);
    }
    Contents next = now;
    for (const auto& [kind, each] : now.pending->kinds) {
        const KindFiles files = files_of(kind);
        next.keys[jpki_file(files.key)] = each.key;
        next.files[jpki_file(files.holder)] = each.holder;
        if (each.issuer) next.files[jpki_file(files.issuer)] = each.issuer;
        if (each.pin.is_set()) next.pins[jpki_file(files.pin)] = each.pin;
        next.attestations[kind] = each.attestation;
    }
    next.swapped = swap.order;
    next.pending.reset();
    Change change = becomes(std::move(next));
    change.ends_pins = change.scrubs = true;
    return change;
}

Change carry_out(const Contents& now, const Drop& drop) {
    if (!now.pending) return nothing();
    if (now.pending->order != drop.order) return refused(sw::conditions_of_use);
    Contents next = now;
    next.pending.reset();
    Change change = becomes(std::move(next));
    change.scrubs = true;
    return change;
}

Change carry_out(const Contents& now, const Unblock& unblock) {
    const FileName name = jpki_file(files_of(unblock.kind).pin);
    if (!now.pins.contains(name)) return refused(sw::reference_not_found);
    Contents next = now;
    next.pins.at(name).tries = tries_of(unblock.kind);
    Change change = becomes(std::move(next));
    change.ends_pins = true;
    return change;
}

Change carry_out(const Contents& now, const Erase& erase) {
    if (now.erased == erase.order) return nothing_but_scrub(now);
    Contents next = now;
    next.pending.reset();
    next.swapped.reset();
    next.attestations.clear();
    for (const Kind kind : administration::kinds) {
        const KindFiles files = files_of(kind);
        next.keys.erase(jpki_file(files.key));
        next.pins.erase(jpki_file(files.pin));
        next.files.erase(jpki_file(files.holder));
        next.files.erase(jpki_file(files.issuer));
    }
    next.erased = erase.order;
    Change change = becomes(std::move(next));
    change.ends_pins = change.scrubs = true;
    return change;
}

Change carry_out(const Contents&, const administration::AskState&) { return nothing(); }
Change carry_out(const Contents&, const administration::ResetPin&) {
    return refused(sw::conditions_of_use);
}
Change carry_out(const Contents&, const administration::Lease&) { return nothing(); }
Change carry_out(const Contents&, const administration::ReceiptTaken&) {
    return refused(sw::reference_not_found);
}

}  // namespace

Response Element::State::administer(BytesView data_group, const Command& command) {
    const auto operation = administration::decode_operation(data_group);
    if (!operation) return status(sw::wrong_data);
    const auto* generate = std::get_if<Generate>(&*operation);
    // Clients that send extended commands without Le (yubikit does) can read any answer.
    const std::uint32_t room = command.expected.value_or(command.extended ? 65536 : 256);
    if (generate != nullptr && room < room_for_public_key) return status(sw::wrong_length);

    Change change = std::visit(
        [this](const auto& which) { return element::carry_out(contents, which); }, *operation);
    if (change.word != sw::ok) return status(change.word);
    if (change.next) {
        // Raised first: a failed scrub answers an error behind a change that stands.
        if (change.ends_pins) ++generation;
        const Done done = change.scrubs ? commit_and_scrub(*std::move(change.next))
                                        : commit(*std::move(change.next));
        if (!done) return status(word_of(done.error()));
    }
    if (generate == nullptr) return present_state();
    return answered(administration::encode(administration::Generated{
        generate->kind, contents.pending->kinds.at(generate->kind).key->key->spki()}));
}

Response Element::State::present_state() const {
    administration::State state;
    state.element = contents.id;
    state.record = store.sequence();
    state.swapped = contents.swapped;
    state.erased = contents.erased;
    for (const Kind kind : administration::kinds) {
        const KindFiles files = files_of(kind);
        const auto key = contents.keys.find(jpki_file(files.key));
        if (key == contents.keys.end()) continue;
        administration::State::Present present;
        present.kind = kind;
        if (const auto pin = contents.pins.find(jpki_file(files.pin)); pin != contents.pins.end())
            present.tries = pin->second.tries;
        const Bytes hash = crypto::digest(crypto::Hash::sha256, key->second->key->spki());
        std::copy(hash.begin(), hash.end(), present.key.begin());
        present.certificate = contents.files.contains(jpki_file(files.holder));
        state.present.push_back(present);
    }
    if (contents.pending) {
        administration::State::Pending pending;
        pending.order = contents.pending->order;
        pending.wanted = contents.pending->wanted;
        for (const auto& [kind, each] : contents.pending->kinds) {
            if (each.key) pending.generated = administration::with(pending.generated, kind);
            if (each.holder)
                pending.certificates = administration::with(pending.certificates, kind);
            if (each.pin.is_set()) pending.pins = administration::with(pending.pins, kind);
            if (each.proved) pending.proved = administration::with(pending.proved, kind);
        }
        state.pending = pending;
    }
    return answered(administration::encode(state));
}

}  // namespace mitome::element
