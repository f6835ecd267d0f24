// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include <mitome/apdu/tlv.hpp>

#include <algorithm>

namespace mitome::element {

namespace {

constexpr std::uint8_t channel_bits = 0x03;
constexpr std::size_t least_domain_aid = 7;  // a real card's domain answers its first seven octets

constexpr std::uint8_t by_name = 0x04;  // P1 of SELECT, ISO/IEC 7816-4:2005 table 39
constexpr std::uint8_t by_file = 0x02;
constexpr std::uint8_t no_answer = 0x0C;

}  // namespace

Done Element::State::commit(Contents&& next) {
    const SecretBytes record = next.encode();
    MITOME_CHECK(record.reveal([this](BytesView octets) { return store.write(octets); }));
    contents = std::move(next);
    return {};
}

Done Element::State::commit_and_scrub(Contents&& next) {
    next.unscrubbed = true;
    MITOME_CHECK(commit(std::move(next)));
    return scrub();
}

Done Element::State::scrub() {
    Contents again = contents;
    again.unscrubbed = false;
    return commit(std::move(again));
}

std::uint16_t word_of(const Error& error) {
    return error.fault == Fault::broken ? sw::memory_full : sw::memory_failure;
}

Response Element::State::carry_out(Conversation& talk, const Command& command) {
    const auto base = static_cast<std::uint8_t>(command.cla & ~channel_bits);
    switch (base) {
        case 0x00:
        case 0x80: break;
        case 0x04:
        case 0x84:
            if (talk.selected != Application::security_domain) return status(sw::unknown_class);
            break;
        case 0x08:
        case 0x0C:
            // Secure messaging of ISO is not offered; other commands than SELECT answer as a card
            // does.
            return status(command.ins == 0xA4 ? sw::secure_messaging_not_supported
                                              : std::uint16_t{0x69FC});
        default: return status(sw::unknown_class);
    }
    if ((command.cla & channel_bits) != 0) return status(sw::channel_not_supported);

    if (contents.life_cycle == life::terminated)
        return status(command.cla == 0x00 && command.ins == 0xA4 ? sw::file_not_found
                                                                 : sw::unknown_instruction);
    if (command.cla == 0x00 && command.ins == 0xA4) return select(talk, command);
    if (talk.selected == Application::security_domain) return carry_out_in_domain(talk, command);
    return carry_out_in_application(talk, command);
}

Response Element::State::carry_out_in_application(Conversation& talk, const Command& command) {
    const bool jpki = talk.selected == Application::jpki;
    if (command.cla == 0x00) {
        switch (command.ins) {
            case 0xB0: return read_binary(talk, command);
            case 0xB2: return read_record(talk, command);
            case 0x20: return verify(talk, command);
            case 0x24: return change_pin(talk, command, 0x01);
            case 0x2C: return status(sw::security_status);  // RESET RETRY COUNTER: desks only
            case 0x84: return get_challenge(command);
            case 0x88: return status(sw::conditions_of_use);  // no key here answers it
            case 0xCA: return get_data(talk, command);
            default: return status(sw::unknown_instruction);
        }
    }
    switch (command.ins) {
        case 0x2A: return sign(talk, command);
        case 0x32:
            if (talk.selected != Application::common) break;
            return change_pin(talk, command, 0x00);
        case 0xAE: return status(jpki ? sw::security_status : std::uint16_t{0x66F1});
        case 0xCA: return get_data(talk, command);
        case 0xFC: return status(sw::wrong_length);  // belongs to another phone's token
        default: break;
    }
    if (jpki && persona().enrols) {
        switch (command.ins) {
            case apdu::administration::ins_set_pin: return set_pin(talk, command);
            case apdu::administration::ins_erase_locally: return erase_locally(command);
            case apdu::administration::ins_read_receipt: return read_receipt(command);
            case apdu::administration::ins_prove: return prove(command);
            case apdu::administration::ins_attest: return attest(command);
            default: break;
        }
    }
    return status(sw::unknown_instruction);
}

Response Element::State::select(Conversation& talk, const Command& command) {
    if (command.p1 == 0x00 && command.p2 == 0x00) {  // the MF, which does not exist
        if (!command.data.empty()) return status(sw::file_not_found);
        return status(talk.selected == Application::security_domain ? sw::wrong_p1_p2 : sw::ok);
    }
    if (command.p2 != 0x00 && command.p2 != no_answer) return status(sw::wrong_p1_p2);

    if (command.p1 == by_file) {
        if (command.data.size() != 2) return status(sw::wrong_length);
        const auto id = static_cast<std::uint16_t>(command.data[0] << 8 | command.data[1]);
        if (find(talk.selected, id) == nullptr) return status(sw::file_not_found);
        talk.current = id;
        return status(sw::ok);
    }
    if (command.p1 != by_name) return status(sw::wrong_p1_p2);
    if (command.data.empty())
        return select_application(talk, Application::security_domain, command);
    if (command.data.size() > 16) return status(sw::wrong_length);
    for (const Application application :
         {Application::jpki, Application::text, Application::common})
        if (persona().has(application) && same(command.data, aid_of(application)))
            return select_application(talk, application, command);
    const BytesView domain = aid_of(Application::security_domain);
    if (command.data.size() >= least_domain_aid && command.data.size() <= domain.size() &&
        same(command.data, domain.first(command.data.size())))
        return select_application(talk, Application::security_domain, command);
    return status(sw::file_not_found);
}

Response Element::State::select_application(Conversation& talk, Application application,
                                            const Command& command) {
    const bool domain = application == Application::security_domain;
    if (!domain && (contents.life_cycle == life::locked || contents.locked.contains(application)))
        return status(sw::file_not_found);
    talk.end_channel();
    talk.current.reset();
    // A new PIN is set in the JPKI application; on the way to any other its window ends.
    if (application != Application::jpki) talk.new_pins.clear();
    // A second SELECT of the same application keeps what was verified; JICSAP 5.1.3.
    if (talk.selected != application) talk.verified.clear();
    talk.selected = application;

    Response response = status(domain && contents.life_cycle == life::locked
                                   ? std::uint16_t{0x6283}  // GlobalPlatform 2.3.1 §11.9.3.2
                                   : sw::ok);
    if (command.p2 == 0x00 && command.expected) response.data = selection_answer(application);
    return response;
}

Bytes selection_answer(Application application) {
    Bytes inside = apdu::make_tlv(0x84, aid_of(application));
    if (application == Application::security_domain) {
        // GlobalPlatform 2.3.1 table 11-83: recognition data and the longest command.
        const Bytes whole = recognition();
        append(inside, apdu::make_tlv(0xA5, join({apdu::first_tlv(whole).value().value,
                                                  apdu::make_tlv(0x9F65, Bytes{0xFF})})));
    }
    return apdu::make_tlv(0x6F, inside);
}

Response Element::State::get_challenge(const Command& command) {
    if (command.p1 != 0 || command.p2 != 0) return status(sw::wrong_p1_p2);
    if (!command.data.empty() || !command.expected) return status(sw::wrong_length);
    if (command.extended) return status(sw::conditions_of_use);
    return answered(crypto::SystemRandom{}.octets(*command.expected));
}

Response Element::State::get_data(const Conversation& talk, const Command& command) {
    constexpr std::uint16_t tag_card_number = 0x0045;
    constexpr std::uint16_t tag_atr = 0x5F51;
    const auto tag = static_cast<std::uint16_t>(command.p1 << 8 | command.p2);
    const bool domain = talk.selected == Application::security_domain;
    if (!command.data.empty()) return status(sw::wrong_length);

    Bytes value;
    if (tag == tag_card_number && (domain || persona().enrols)) {
        value.assign(contents.id.begin(), contents.id.end());
    } else if (tag == tag_atr) {
        value = copy(persona().atr.subspan(1));
    } else if (!domain) {
        return status(sw::reference_not_found);
    } else if (tag == 0x0066) {
        const Bytes whole = recognition();
        value = copy(apdu::first_tlv(whole).value().value);
    } else if (const auto found = contents.objects.find(tag);
               found != contents.objects.end() && found->second) {
        value = *found->second;
    } else if (tag == 0x0042) {
        value.assign(contents.id.begin(), contents.id.begin() + 2);
        value.insert(value.begin(), {'M', 'I', 'T', 'O', 'M', 'E'});
    } else if (tag == 0x00E0) {  // key information template, GlobalPlatform 2.3.1 §11.3.3.1
        for (const auto& [version, held] : contents.keysets)
            for (std::uint8_t id = 1; id <= 3; ++id)
                append(value, apdu::make_tlv(
                                  0xC0, Bytes{id, version, 0x88,
                                              static_cast<std::uint8_t>(held.keys->enc.size())}));
    } else if (tag == 0x9F7F) {  // CPLC, 42 octets; tools ask for it first
        value.assign(42, 0);
    } else {
        return status(sw::reference_not_found);
    }
    if (command.cla != 0x00) value = apdu::make_tlv(tag, value);
    if (value.size() > command.expected.value_or(256)) return status(sw::wrong_length);
    return answered(std::move(value));
}

Bytes recognition() {
    using apdu::make_tlv;
    constexpr auto global_platform = "2A864886FC6B01"_hex;
    constexpr auto version = "2A864886FC6B02020301"_hex;  // Card Specification 2.3.1
    constexpr auto identification = "2A864886FC6B03"_hex;
    constexpr auto protocol = "2A864886FC6B0403"_hex;  // SCP03, and then its i
    Bytes channel = copy(protocol);
    channel.push_back(apdu::scp03::i_ours);
    return make_tlv(0x66, make_tlv(0x73, join({make_tlv(0x06, global_platform),
                                               make_tlv(0x60, make_tlv(0x06, version)),
                                               make_tlv(0x63, make_tlv(0x06, identification)),
                                               make_tlv(0x64, make_tlv(0x06, channel))})));
}

}  // namespace mitome::element
