// SPDX-License-Identifier: Apache-2.0
#include "change.hpp"

#include <mitome/base/log.hpp>

#include <algorithm>
#include <type_traits>

namespace mitome::element {

namespace {

namespace administration = apdu::administration;
using administration::Erase;
using administration::Generate;
using administration::ReceiptTaken;
using administration::ResetPin;
using administration::Unblock;

constexpr std::uint32_t room_for_public_key = 1024;

}  // namespace

Change carry_out(const Contents&, const administration::AskState&) { return nothing(); }

Change carry_out(const Contents& now, const Unblock& unblock) {
    const FileName name = jpki_file(files_of(unblock.kind).pin);
    if (!now.pins.contains(name)) return refused(sw::reference_not_found);
    Contents next = now;
    next.pins.at(name).tries = tries_of(unblock.kind);
    Change change = becomes(std::move(next));
    change.ends_pins = true;
    return change;
}

Change carry_out(const Contents& now, const administration::Lease& lease) {
    if (now.lease && (lease == *now.lease || lease.signed_time < now.lease->signed_time))
        return nothing();
    Contents next = now;
    next.lease = lease;
    return becomes(std::move(next));
}

Change carry_out(const Contents& now, const ReceiptTaken& taken) {
    if (!now.local_receipt ||
        !same(crypto::digest(crypto::Hash::sha256, *now.local_receipt), taken.receipt))
        return refused(sw::reference_not_found);
    if (!now.local_receipt_waits) return nothing();
    Contents next = now;
    next.local_receipt_waits = false;
    return becomes(std::move(next));
}

Response Element::State::administer(Conversation& talk, BytesView data_group,
                                    const Command& command) {
    const auto operation = administration::decode_operation(data_group);
    if (!operation) return status(sw::wrong_data);
    const auto* generate = std::get_if<Generate>(&*operation);
    const bool erases = std::holds_alternative<Erase>(*operation);
    // Clients that send extended commands without Le (yubikit does) can read any answer.
    const std::uint32_t room = command.expected.value_or(command.extended ? 65536 : 256);
    if ((generate != nullptr && room < room_for_public_key) || (erases && room < room_for_receipt))
        return status(sw::wrong_length);

    Change change = std::visit(
        [&]<class Which>(const Which& which) {
            if constexpr (std::is_same_v<Which, ResetPin>) {
                Change opened = nothing();
                opened.word = open_new_pin(talk, which);
                return opened;
            } else if constexpr (std::is_same_v<Which, Erase>) {
                return element::carry_out(contents, which, store.sequence() + 1);
            } else {
                return element::carry_out(contents, which);
            }
        },
        *operation);
    if (change.word != sw::ok) {
        log(Level::warning, "administration.refused",
            {{"operation", to_hex(data_group.first(2))}, {"word", std::int64_t{change.word}}});
        return status(change.word);
    }
    if (change.next) {
        // Raised first: a failed scrub answers an error behind a change that stands.
        if (change.ends_pins) ++generation;
        const Done done = change.scrubs ? commit_and_scrub(*std::move(change.next))
                                        : commit(*std::move(change.next));
        if (!done) return status(word_of(done.error()));
    }
    if (erases) return answered(encode(administration::Erased{*contents.order_receipt}));
    if (generate == nullptr) return present_state();
    return answered(administration::encode(administration::Generated{
        generate->kind, contents.pending->kinds.at(generate->kind).key->key->spki()}));
}

std::uint16_t Element::State::open_new_pin(Conversation& talk, const ResetPin& reset) const {
    if (!contents.pins.contains(jpki_file(files_of(reset.kind).pin)))
        return sw::reference_not_found;
    if (const auto used = contents.resets.find(reset.kind);
        used != contents.resets.end() && used->second == reset.order)
        return sw::conditions_of_use;
    talk.new_pins[reset.kind] = {.order = reset.order, .generation = generation};
    return sw::ok;
}

bool Element::State::lease_is_over(Application application) const {
    if (application != Application::jpki || !contents.lease) return false;
    return std::max(wall(), contents.lease->signed_time) > contents.lease->until;
}

Response Element::State::present_state() const {
    administration::State state;
    state.element = contents.id;
    state.record = store.sequence();
    state.swapped = contents.swapped;
    state.erased = contents.erased;
    for (const auto& [kind, order] : contents.resets) state.resets.push_back({kind, order});
    state.erase_number = contents.erase_number;
    state.lease = contents.lease;
    state.local_receipt = contents.local_receipt_waits;
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
