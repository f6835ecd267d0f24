// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include <mitome/apdu/tlv.hpp>
#include <mitome/base/log.hpp>

#include <algorithm>

namespace mitome::element {

namespace {

namespace scp03 = apdu::scp03;
using apdu::make_tlv;

constexpr std::uint8_t secure_messaging = 0x04;
constexpr std::size_t challenge_size = 8;
constexpr std::size_t most_keysets = 4;
constexpr std::size_t longest_store = 8 * 1024;

// A carrier can make EXTERNAL AUTHENTICATE fail at will, so it must never lock: from the fourth
// failure in a row each one only costs time, doubling up to a minute.
constexpr std::uint32_t free_failures = 3;
constexpr std::chrono::milliseconds first_delay{250};
constexpr std::chrono::milliseconds longest_delay{60'000};

std::chrono::milliseconds delay_after(std::uint32_t failures) {
    if (failures <= free_failures) return {};
    const std::uint32_t doublings = std::min(failures - free_failures - 1, 16U);
    return std::min(first_delay * (1U << doublings), longest_delay);
}

// The one load file that our applications "came from", GET STATUS 20 and 10: gpshell3 stops at
// an empty list.
constexpr auto load_file_aid = "D392F00026010000"_hex;
// Privileges, GlobalPlatform 2.3.1 table 11-7: security domain, card lock, terminate, reset.
constexpr auto domain_privileges = "9EFE80"_hex;
constexpr auto no_privileges = "000000"_hex;

constexpr std::uint8_t application_selectable = 0x07;  // table 11-4
constexpr std::uint8_t application_locked = 0x87;
constexpr std::uint8_t file_loaded = 0x01;

constexpr Application applications[]{Application::jpki, Application::text, Application::common};

std::optional<Application> application_named(const Persona& persona, BytesView aid) {
    for (const Application each : applications)
        if (persona.has(each) && same(aid, aid_of(each))) return each;
    return std::nullopt;
}

bool begins(BytesView aid, BytesView prefix) {
    return prefix.size() <= aid.size() && same(aid.first(prefix.size()), prefix);
}

Bytes entry(BytesView aid, std::uint8_t life_cycle, BytesView tail) {
    return make_tlv(0xE3, join({make_tlv(0x4F, aid), make_tlv(0x9F70, Bytes{life_cycle}), tail}));
}

}  // namespace

Response Element::State::carry_out_in_domain(Conversation& talk, const Command& command) {
    const auto plain_class = static_cast<std::uint8_t>(command.cla & ~secure_messaging);
    const bool is_secured = plain_class != command.cla;
    if (command.cla == 0x80 && command.ins == 0x50) return initialize_update(talk, command);
    if (talk.aborted) return status(sw::security_status);
    if (plain_class == 0x80 && command.ins == 0x82 && !(talk.channel && talk.channel->open()))
        return external_authenticate(talk, command);

    if (!talk.channel || !talk.channel->open())
        return is_secured ? status(sw::conditions_of_use) : in_domain(talk, command);

    auto plain = talk.channel->unwrap(command);
    if (!plain) {
        talk.end_channel();
        talk.new_pins.clear();
        talk.aborted = true;
        log(Level::warning, "scp03.aborted", {{"instruction", std::int64_t{command.ins}}});
        return status(sw::security_status);
    }
    if (plain->cla == 0x00 && plain->ins == 0xA4) return select(talk, *plain);
    const Response response = in_domain(talk, *plain);
    wipe(plain->data);
    if (!talk.channel) return response;
    auto wrapped = talk.channel->wrap(response);
    return wrapped ? *std::move(wrapped) : status(sw::no_precise_diagnosis);
}

Response Element::State::in_domain(Conversation& talk, const Command& command) {
    const bool has_session = talk.channel && talk.channel->open();
    if (command.ins == 0xCA) return get_data(talk, command);
    if (command.cla == 0x00)
        return command.ins == 0x84 ? get_challenge(command) : status(sw::unknown_instruction);

    constexpr std::uint8_t administrative[]{0xD8, 0xF0, 0xE4, 0xE6, 0xE2};
    if (command.ins == 0xF2) return has_session ? get_status(command) : status(sw::security_status);
    if (std::find(std::begin(administrative), std::end(administrative), command.ins) ==
        std::end(administrative))
        return status(command.ins == 0x82 ? sw::conditions_of_use : sw::unknown_instruction);
    // Lower levels may read only: an answer without MAC could be anybody's.
    if (!has_session || talk.channel->level() != scp03::Level::all)
        return status(sw::security_status);
    switch (command.ins) {
        case 0xD8: return put_key(talk, command);
        case 0xF0: return set_status(command);
        case 0xE4: return remove(talk, command);
        case 0xE6: return install(talk, command);
        default: return store_data(talk, command);
    }
}

Response Element::State::initialize_update(Conversation& talk, const Command& command) {
    talk.end_channel();
    talk.new_pins.clear();
    if (command.p2 != 0) return status(sw::wrong_p1_p2);
    const auto held =
        command.p1 == 0 ? contents.keysets.begin() : contents.keysets.find(command.p1);
    if (held == contents.keysets.end()) return status(sw::reference_not_found);
    if (command.data.size() != challenge_size) return status(sw::wrong_length);
    if (clock() - last_failure < delay_after(held->second.failures))
        return status(sw::conditions_of_use);

    auto card = scp03::Card::greet(held->second.keys->duplicate(), scp03::i_ours, contents.id,
                                   command.data, crypto::SystemRandom{}.octets(challenge_size));
    if (!card) return status(sw::no_precise_diagnosis);
    Bytes greeting = card->greeting().encode();
    talk.channel = *std::move(card);
    return answered(std::move(greeting));
}

Response Element::State::external_authenticate(Conversation& talk, const Command& command) {
    if (!talk.channel || command.cla != 0x84) return status(sw::conditions_of_use);
    if (command.p2 != 0 || !scp03::level_of(command.p1)) {
        talk.end_channel();
        return status(sw::wrong_p1_p2);
    }
    if (command.data.size() != 2 * challenge_size) {
        talk.end_channel();
        return status(sw::wrong_length);
    }
    // Counted on disk before the comparison, like a PIN.
    const std::uint8_t version = talk.channel->version();
    const auto held = contents.keysets.find(version);
    if (held == contents.keysets.end()) return status(sw::conditions_of_use);
    Contents counted = contents;
    ++counted.keysets.at(version).failures;
    if (auto done = commit(std::move(counted)); !done) return status(word_of(done.error()));

    if (!talk.channel->external_authenticate(command)) {
        talk.end_channel();
        last_failure = clock();
        log(Level::warning, "scp03.refused",
            {{"failures", std::int64_t{contents.keysets.at(version).failures}}});
        return status(sw::authentication_failed);
    }
    Contents cleared = contents;
    cleared.keysets.at(version).failures = 0;
    if (auto done = commit(std::move(cleared)); !done) {
        talk.end_channel();
        return status(word_of(done.error()));
    }
    return status(sw::ok);
}

Response Element::State::get_status(const Command& command) const {
    constexpr std::uint8_t tagged = 0x02;  // P2, GlobalPlatform 2.3.1 table 11-34
    if ((command.p2 & tagged) == 0) return status(sw::wrong_p1_p2);
    if ((command.p2 & 0x01) != 0) return status(sw::reference_not_found);  // nothing was left over
    const auto criteria = apdu::all_tlv(command.data);
    if (!criteria) return status(sw::wrong_data);
    const auto named = apdu::find_tlv(*criteria, 0x4F);
    const BytesView prefix = named ? named->value : BytesView{};
    const BytesView domain = aid_of(Application::security_domain);

    Bytes out;
    switch (command.p1) {
        case 0x80:
            if (begins(domain, prefix))
                out = entry(domain, contents.life_cycle, make_tlv(0xC5, domain_privileges));
            break;
        case 0x40:
            for (const Application each : applications)
                if (persona().has(each) && begins(aid_of(each), prefix))
                    append(out,
                           entry(aid_of(each),
                                 contents.locked.contains(each) ? application_locked
                                                                : application_selectable,
                                 join({make_tlv(0xC5, no_privileges), make_tlv(0xC4, load_file_aid),
                                       make_tlv(0xCC, domain)})));
            break;
        case 0x20:
        case 0x10:
            if (begins(load_file_aid, prefix)) {
                Bytes tail;
                if (command.p1 == 0x10)
                    for (const Application each : applications)
                        if (persona().has(each)) append(tail, make_tlv(0x84, aid_of(each)));
                append(tail, make_tlv(0xCC, domain));
                out = entry(load_file_aid, file_loaded, tail);
            }
            break;
        default: return status(sw::wrong_p1_p2);
    }
    return out.empty() ? status(sw::reference_not_found) : answered(std::move(out));
}

Response Element::State::put_key(Conversation& talk, const Command& command) {
    constexpr std::uint8_t three_keys_from_one = 0x81;  // P2: several keys, the first has id 1
    if (command.p2 != three_keys_from_one) return status(sw::wrong_p1_p2);
    auto keys = scp03::unwrap_keys(command.data, talk.channel->dek());
    if (!keys)
        return status(keys.error().fault == Fault::unverified ? sw::security_status
                                                              : sw::wrong_data);
    if (keys->version == 0 || keys->version > 0x7F) return status(sw::wrong_data);
    const bool replaces = command.p1 != 0;
    if (replaces && !contents.keysets.contains(command.p1)) return status(sw::reference_not_found);
    if (keys->version != command.p1 && contents.keysets.contains(keys->version))
        return status(sw::wrong_data);
    if (!replaces && contents.keysets.size() >= most_keysets) return status(sw::memory_full);

    Bytes out{keys->version};
    for (const auto* key : {&keys->enc, &keys->mac, &keys->dek}) {
        const auto check = scp03::key_check_value(*key);
        if (!check) return status(sw::no_precise_diagnosis);
        append(out, *check);
    }
    Contents next = contents;
    if (replaces) next.keysets.erase(command.p1);
    const std::uint8_t version = keys->version;
    next.keysets[version] = {std::make_shared<const scp03::Keyset>(*std::move(keys)), 0};
    if (auto done = commit_and_scrub(std::move(next)); !done) return status(word_of(done.error()));
    return answered(std::move(out));
}

Response Element::State::set_status(const Command& command) {
    constexpr std::uint8_t of_card = 0x80;  // P1, GlobalPlatform 2.3.1 table 11-85
    constexpr std::uint8_t of_application = 0x40;
    Contents next = contents;
    if (command.p1 == of_card) {
        const std::uint8_t from = contents.life_cycle;
        const std::uint8_t to = command.p2;
        const bool goes_on =
            (to == life::secured && (from == life::ready || from == life::locked)) ||
            (to == life::locked && from == life::secured) || to == life::terminated;
        if (!goes_on) return status(sw::conditions_of_use);
        next.life_cycle = to;
        if (to == life::terminated) {
            next.keys.clear();
            next.pins.clear();
            next.files.clear();
            next.pending.reset();
            next.lease.reset();
            ++generation;
        }
    } else if (command.p1 == of_application) {
        const auto application = application_named(persona(), command.data);
        if (!application) return status(sw::reference_not_found);
        const bool locks = (command.p2 & 0x80) != 0;
        if (locks == contents.locked.contains(*application)) return status(sw::conditions_of_use);
        if (locks)
            next.locked.insert(*application);
        else
            next.locked.erase(*application);
    } else {
        return status(sw::wrong_p1_p2);
    }
    if (auto done = commit_and_scrub(std::move(next)); !done) return status(word_of(done.error()));
    return status(sw::ok);
}

Response Element::State::remove(Conversation& talk, const Command& command) {
    if (command.p1 != 0 || (command.p2 & 0x7F) != 0) return status(sw::wrong_p1_p2);
    const auto objects = apdu::all_tlv(command.data);
    if (!objects || objects->empty()) return status(sw::wrong_data);
    if (const auto name = apdu::find_tlv(*objects, 0x4F)) {
        const bool ours = application_named(persona(), name->value) ||
                          same(name->value, load_file_aid) ||
                          same(name->value, aid_of(Application::security_domain));
        return status(ours ? sw::conditions_of_use : sw::reference_not_found);
    }
    const auto version = apdu::find_tlv(*objects, 0xD2);
    if (!version || version->value.size() != 1) return status(sw::wrong_data);
    const std::uint8_t number = version->value[0];
    if (!contents.keysets.contains(number)) return status(sw::reference_not_found);
    // The keys of this session, or the last ones, would leave nobody to administer the element.
    if (number == talk.channel->version() || contents.keysets.size() == 1)
        return status(sw::conditions_of_use);
    Contents next = contents;
    next.keysets.erase(number);
    if (auto done = commit_and_scrub(std::move(next)); !done) return status(word_of(done.error()));
    return answered({0x00});
}

Response Element::State::install(Conversation& talk, const Command& command) {
    constexpr std::uint8_t for_personalization = 0x20;
    if (command.p1 != for_personalization || command.p2 != 0) return status(sw::wrong_p1_p2);
    const BytesView aid = aid_of(Application::jpki);
    const Command expected = apdu::administration::install_for_personalization(aid);
    talk.personalising = false;
    if (command.data != expected.data) return status(sw::reference_not_found);
    talk.personalising = true;
    talk.blocks.clear();
    talk.next_block = 0;
    return answered({0x00});
}

Response Element::State::store_data(Conversation& talk, const Command& command) {
    constexpr std::uint8_t last_block = 0x80;  // P1, GlobalPlatform 2.3.1 table 11-89
    constexpr std::uint8_t format_bits = 0x78;
    constexpr std::uint8_t data_groups = 0x08;
    if (!talk.personalising) return status(sw::conditions_of_use);
    if ((command.p1 & format_bits) != data_groups) return status(sw::wrong_p1_p2);
    if (command.p2 == 0) {
        talk.blocks.clear();
        talk.next_block = 0;
    }
    if (command.p2 != talk.next_block) return status(sw::wrong_p1_p2);
    if (command.data.empty() || talk.blocks.size() + command.data.size() > longest_store)
        return status(sw::wrong_length);
    append(talk.blocks, command.data);
    ++talk.next_block;
    if ((command.p1 & last_block) == 0) return status(sw::ok);

    const Bytes data_group = std::move(talk.blocks);
    talk.blocks.clear();
    talk.next_block = 0;
    return administer(talk, data_group, command);
}

}  // namespace mitome::element
