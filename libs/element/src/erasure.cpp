// SPDX-License-Identifier: Apache-2.0
#include "change.hpp"

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/receipt.hpp>

#include <algorithm>

namespace mitome::element {

namespace {

namespace administration = apdu::administration;

/// Whether there is anything that an erasure would destroy.
bool holds_something(const Contents& now) {
    return !now.keys.empty() || !now.pins.empty() || !now.files.empty() || now.pending || now.lease;
}

/// What is left of `now`: who the element is, who administers it, and what refuses replays.
Contents emptied(const Contents& now) {
    Contents next = now;
    next.keys.clear();
    next.pins.clear();
    next.files.clear();
    next.attestations.clear();
    next.pending.reset();
    next.swapped.reset();
    next.lease.reset();
    return next;
}

/// Of the present keys, then of the pending ones.
std::vector<administration::Sha256> keys_of(const Contents& now) {
    std::vector<administration::Sha256> out;
    const auto add = [&out](const KeyReference& key) {
        if (!key) return;
        const Bytes digest = crypto::digest(crypto::Hash::sha256, key->key->spki());
        std::copy(digest.begin(), digest.end(), out.emplace_back().begin());
    };
    for (const auto& [name, key] : now.keys) add(key);
    if (now.pending)
        for (const auto& [kind, pending] : now.pending->kinds) add(pending.key);
    return out;
}

/// `conflict` without an attestation chain: nobody could check it.
Result<FileContent> signed_receipt(const Contents& now, pki::ErasureReceipt&& receipt) {
    if (now.attestation_chain.empty() || !now.attestation_key)
        return fail(Fault::conflict, "element: no attestation chain");
    MITOME_TRY(element, pki::Certificate::from_der(*now.attestation_chain.front()));
    std::vector<Bytes> others;
    for (std::size_t i = 1; i < now.attestation_chain.size(); ++i) {
        MITOME_TRY(issuer, pki::Certificate::from_der(*now.attestation_chain[i]));
        // A root proves nothing by being carried.
        if (!same(issuer.subject(), issuer.issuer())) others.push_back(issuer.der());
    }
    receipt.element = now.id;
    receipt.keys = keys_of(now);
    MITOME_TRY(octets, pki::sign_receipt(receipt, *now.attestation_key->key, element, others));
    return std::make_shared<const Bytes>(std::move(octets));
}

std::uint16_t word_without_receipt(const Error& error) {
    return error.fault == Fault::conflict ? sw::conditions_of_use : sw::no_precise_diagnosis;
}

Change destroys(Contents&& next) {
    Change change = becomes(std::move(next));
    change.ends_pins = change.scrubs = true;
    return change;
}

}  // namespace

Change carry_out(const Contents& now, const administration::Erase& erase, std::uint64_t record) {
    if (erase.order == Order{}) return refused(sw::wrong_data);  // it would read as a local one
    if (now.erased == erase.order && now.order_receipt) return nothing_but_scrub(now);
    if (erase.number <= now.erase_number) return refused(sw::conditions_of_use);

    pki::ErasureReceipt receipt;
    receipt.order = erase.order;
    receipt.number = erase.number;
    receipt.signed_order = erase.signed_order;
    receipt.challenge = erase.challenge;
    receipt.record = record;
    auto octets = signed_receipt(now, std::move(receipt));
    if (!octets) return refused(word_without_receipt(octets.error()));

    Contents next = emptied(now);
    next.erased = erase.order;
    next.erase_number = erase.number;
    next.order_receipt = *std::move(octets);
    return destroys(std::move(next));
}

Response Element::State::erase_locally(const Command& command) {
    if (command.p1 != 0 || command.p2 != 0) return status(sw::wrong_p1_p2);
    if (!command.data.empty() || command.expected.value_or(0) < room_for_receipt)
        return status(sw::wrong_length);

    Contents next = contents;  // nothing left: what was given up is scrubbed once more
    if (holds_something(contents)) {
        pki::ErasureReceipt receipt;
        receipt.record = store.sequence() + 1;
        auto octets = signed_receipt(contents, std::move(receipt));
        if (!octets) return status(word_without_receipt(octets.error()));
        next = emptied(contents);
        next.local_receipt = *std::move(octets);
        next.local_receipt_waits = true;
        ++generation;
    } else if (!contents.local_receipt) {
        return status(sw::reference_not_found);
    }
    if (auto done = commit_and_scrub(std::move(next)); !done) return status(word_of(done.error()));
    return answered(encode(administration::Erased{*contents.local_receipt}));
}

Response Element::State::read_receipt(const Command& command) const {
    const auto which = static_cast<administration::ReceiptOf>(command.p2);
    if (command.p1 != 0 ||
        (which != administration::ReceiptOf::local && which != administration::ReceiptOf::order))
        return status(sw::wrong_p1_p2);
    if (!command.data.empty() || command.expected.value_or(0) < room_for_receipt)
        return status(sw::wrong_length);
    const FileContent& receipt =
        which == administration::ReceiptOf::local ? contents.local_receipt : contents.order_receipt;
    if (!receipt) return status(sw::reference_not_found);
    return answered(encode(administration::Erased{*receipt}));
}

}  // namespace mitome::element
