// SPDX-License-Identifier: Apache-2.0
#include "change.hpp"

#include <algorithm>

namespace mitome::element {

namespace administration = apdu::administration;
using administration::Begin;
using administration::Drop;
using administration::Generate;
using administration::Role;
using administration::StoreCertificate;
using administration::Swap;

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

}  // namespace mitome::element
