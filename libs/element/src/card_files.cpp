// SPDX-License-Identifier: Apache-2.0
#include "state.hpp"

#include <mitome/apdu/tlv.hpp>
#include <mitome/crypto/cipher.hpp>

#include <algorithm>

namespace mitome::element {

namespace {

constexpr std::uint8_t filler = 0xFF;
constexpr std::size_t longest_pin = 16;
constexpr std::uint8_t short_id_bits = 0x1F;
constexpr std::size_t hash_size = 32;
constexpr std::size_t largest_proof = 8192;  // request, attestation chain and signature

/// P2 of VERIFY, CHANGE and PERFORM SECURITY OPERATION: 80 is the current file, 80 | id a short
/// one. Absent for every other value.
std::optional<std::uint8_t> short_id_of(std::uint8_t p2) {
    if ((p2 & 0xE0) != 0x80) return std::nullopt;
    return static_cast<std::uint8_t>(p2 & short_id_bits);
}

bool has_form(PinForm form, BytesView pin) {
    switch (form) {
        case PinForm::four_digits: return apdu::administration::is_pin_form(Kind::auth, pin);
        case PinForm::password: return apdu::administration::is_pin_form(Kind::sign, pin);
        case PinForm::fixed: return false;
    }
    return false;
}

std::optional<Kind> kind_of(std::uint8_t p2) {
    for (const Kind kind : apdu::administration::kinds)
        if (static_cast<std::uint8_t>(kind) == p2) return kind;
    return std::nullopt;
}

/// What refuses a PIN that is to be chosen, or 9000.
std::uint16_t word_for_pin(Kind kind, BytesView pin) {
    if (pin.empty() || pin.size() > longest_pin) return sw::wrong_length;
    return apdu::administration::is_pin_form(kind, pin) ? sw::ok : sw::wrong_data;
}

/// CK_TOKEN_INFO of PKCS#11 with big-endian words: EF 0006.
Bytes token_information(std::string_view label) {
    const auto text_field = [](std::string_view content, std::size_t size) {
        Bytes out = copy(view(content));
        out.resize(size, ' ');
        return out;
    };
    Bytes out = text_field(label, 32);
    append(out, view("0000000000000000000000000000000"
                     "1"));
    append(out, text_field("E16R01NJ", 16));
    append(out, text_field("0000000020500003", 16));
    // RNG, LOGIN_REQUIRED, USER_PIN_INITIALIZED, TOKEN_INITIALIZED, then one session and so on
    for (const std::uint32_t word :
         {0x040DU, 1U, 0U, 1U, 0U, 16U, 6U, 0xFFFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFFU})
        for (int shift = 24; shift >= 0; shift -= 8)
            out.push_back(static_cast<std::uint8_t>(word >> shift & 0xFF));
    append(out, view("0301"));
    append(out, Bytes(16, '9'));
    return out;
}

/// Digest and content of DigestInfo, or of a bare hash: what an EC key is given to sign.
std::optional<std::pair<crypto::Hash, BytesView>> digest_in(BytesView given) {
    for (const crypto::Hash hash :
         {crypto::Hash::sha256, crypto::Hash::sha384, crypto::Hash::sha512}) {
        const std::size_t size = crypto::size_of(hash);
        if (given.size() == size) return std::pair{hash, given};
        if (given.size() < size) continue;
        const BytesView digest = given.last(size);
        if (same(crypto::digest_info(hash, digest), given)) return std::pair{hash, digest};
    }
    return std::nullopt;
}

}  // namespace

std::uint8_t tries_of(Kind kind) { return pin_rule(Application::jpki, files_of(kind).pin)->limit; }

const File* Element::State::find(Application application, std::uint16_t id) const {
    for (const File& file : persona().files(application))
        if (file.id == id) return &file;
    return nullptr;
}

Element::State::Located Element::State::locate(Conversation& talk, std::uint8_t short_id) const {
    if (short_id == 0) {
        if (!talk.current) return {nullptr, sw::no_current_file};
        return {find(talk.selected, *talk.current), sw::ok};
    }
    const File* file = find(talk.selected, short_id);
    if (file == nullptr) return {nullptr, sw::file_not_found};
    talk.current = file->id;
    return {file, sw::ok};
}

bool Element::State::is_verified(const Conversation& talk, std::uint16_t pin) const {
    if (talk.generation != generation || !talk.verified.contains(pin)) return false;
    if (lease_is_over(talk.selected)) return false;
    const auto record = contents.pins.find({talk.selected, pin});
    return record != contents.pins.end() && record->second.tries > 0;
}

bool Element::State::is_open(const Conversation& talk, const File& file) const {
    return std::any_of(std::begin(file.pins), std::end(file.pins),
                       [&](std::uint16_t pin) { return pin != 0 && is_verified(talk, pin); });
}

Bytes Element::State::physical(Application application, const File& file) const {
    Bytes out;
    if (application == Application::jpki && file.id == 0x06) {
        out = token_information(persona().label);
    } else if (application == Application::jpki && file.id == 0x08) {
        const auto mark = [this](Kind kind) -> std::uint8_t {
            return contents.files.contains(jpki_file(files_of(kind).holder)) ? 0x8F : 0x00;
        };
        out = {mark(Kind::sign), mark(Kind::auth), 0x00};
    } else if (const auto found = contents.files.find({application, file.id});
               found != contents.files.end() && found->second) {
        out = *found->second;
    }
    if (file.kind == FileKind::transparent) out.resize(file.size, filler);
    return out;
}

Response Element::State::read_binary(Conversation& talk, const Command& command) {
    const bool by_short_id = (command.p1 & 0x80) != 0;
    if (by_short_id && ((command.p1 & 0x60) != 0 || (command.p1 & short_id_bits) == 0))
        return status(sw::wrong_p1_p2);
    const std::size_t offset =
        by_short_id ? std::size_t{command.p2} : std::size_t{command.p1} << 8 | command.p2;

    const auto [file, error] =
        locate(talk, by_short_id ? static_cast<std::uint8_t>(command.p1 & short_id_bits)
                                 : std::uint8_t{0});
    if (file == nullptr) return status(error);
    if (file->kind != FileKind::transparent) return status(sw::incompatible_file);
    if (file->reading == Reading::never ||
        (file->reading == Reading::behind_pin && !is_open(talk, *file)))
        return status(sw::security_status);
    if (!command.data.empty() || !command.expected) return status(sw::wrong_length);

    const Bytes content = physical(talk.selected, *file);
    if (offset >= content.size()) return status(sw::wrong_offset);
    // Beyond the end: fewer octets and 9000, as measured; ISO would say 6282.
    const std::size_t count = std::min<std::size_t>(*command.expected, content.size() - offset);
    return answered(copy(BytesView{content}.subspan(offset, count)));
}

Response Element::State::read_record(Conversation& talk, const Command& command) {
    constexpr std::uint8_t one_record = 0x04;   // low bits of P2, ISO/IEC 7816-4:2005 table 49
    constexpr std::uint8_t all_from = 0x05;
    const auto mode = static_cast<std::uint8_t>(command.p2 & 0x07);
    const auto short_id = static_cast<std::uint8_t>(command.p2 >> 3);
    if (mode != one_record && mode != all_from) return status(sw::wrong_p1_p2);

    const auto [file, error] = locate(talk, short_id);
    if (file == nullptr) return status(error);
    if (file->kind != FileKind::record) return status(sw::incompatible_file);
    if (file->reading != Reading::free) return status(sw::security_status);
    if (!command.data.empty() || !command.expected) return status(sw::wrong_length);
    Bytes record = physical(talk.selected, *file);
    if (command.p1 != 1 || record.empty()) return status(sw::record_not_found);
    if (record.size() > *command.expected) return status(sw::wrong_length);
    return answered(std::move(record));
}

Response Element::State::verify(Conversation& talk, const Command& command) {
    const auto short_id = short_id_of(command.p2);
    if (command.p1 != 0 || !short_id) return status(sw::wrong_p1_p2);
    const auto [file, error] = locate(talk, *short_id);
    if (file == nullptr) return status(error);
    const PinRule* rule = pin_rule(talk.selected, file->id);
    if (file->kind != FileKind::pin || rule == nullptr) return status(sw::incompatible_file);

    const FileName name{talk.selected, file->id};
    const auto found = contents.pins.find(name);
    if (found == contents.pins.end()) return status(sw::reference_not_found);
    const std::uint8_t tries = found->second.tries;
    // Without a PIN: how many tries are left, also once verified, never 9000.
    if (command.data.empty()) return status(static_cast<std::uint16_t>(sw::tries_left | tries));
    if (lease_is_over(talk.selected)) return status(sw::lease_over);
    if (tries == 0) return status(sw::reference_unusable);
    if (command.data.size() > longest_pin) return status(sw::wrong_length);

    // The try is on disk before the comparison: a power cut at any point never gives a free one.
    Contents spent = contents;
    spent.pins.at(name).tries = static_cast<std::uint8_t>(tries - 1);
    if (auto done = commit(std::move(spent)); !done) return status(word_of(done.error()));

    talk.verified.erase(file->id);
    if (!contents.pins.at(name).matches(command.data))
        return status(static_cast<std::uint16_t>(sw::tries_left | (tries - 1)));

    Contents restored = contents;
    restored.pins.at(name).tries = rule->limit;
    if (auto done = commit(std::move(restored)); !done) return status(word_of(done.error()));
    if (talk.generation != generation) {
        talk.verified.clear();
        talk.generation = generation;
    }
    talk.verified.insert(file->id);
    return status(sw::ok);
}

Response Element::State::change_pin(Conversation& talk, const Command& command, std::uint8_t p1) {
    const auto short_id = short_id_of(command.p2);
    if (command.p1 != p1 || !short_id) return status(sw::wrong_p1_p2);
    const auto [file, error] = locate(talk, *short_id);
    if (file == nullptr) return status(error);
    const PinRule* rule = pin_rule(talk.selected, file->id);
    if (file->kind != FileKind::pin || rule == nullptr || rule->form == PinForm::fixed)
        return status(sw::incompatible_file);
    if (lease_is_over(talk.selected)) return status(sw::lease_over);
    if (!is_verified(talk, file->id)) return status(sw::security_status);
    if (command.data.empty() || command.data.size() > longest_pin) return status(sw::wrong_length);
    if (!has_form(rule->form, command.data)) return status(sw::wrong_data);

    Contents changed = contents;
    PinRecord& record = changed.pins.at({talk.selected, file->id});
    record = PinRecord::of(command.data, record.tries);
    if (auto done = commit_and_scrub(std::move(changed)); !done)
        return status(word_of(done.error()));
    return status(sw::ok);
}

Response Element::State::sign(Conversation& talk, const Command& command) {
    if (command.p1 > 0x05) return status(sw::wrong_p1_p2);
    std::optional<std::uint8_t> short_id = short_id_of(command.p2);
    if (command.p2 == 0x00) {  // the application's own key
        if (talk.selected != Application::text) return status(sw::reference_not_found);
        short_id = 0x13;
    }
    if (!short_id) return status(sw::wrong_p1_p2);
    const auto [file, error] = locate(talk, *short_id);
    if (file == nullptr) return status(error);
    if (file->kind != FileKind::key) return status(sw::incompatible_file);
    const auto found = contents.keys.find({talk.selected, file->id});
    if (found == contents.keys.end()) return status(sw::reference_not_found);
    if (lease_is_over(talk.selected)) return status(sw::lease_over);
    if (file->pins[0] != 0 && !is_open(talk, *file)) return status(sw::security_status);

    const BytesView given = command.data;
    const bool ready_hash = command.p1 == 0x02 || command.p1 == 0x04;
    if (given.empty() || given.size() > 255 || (ready_hash && given.size() != hash_size) ||
        !command.expected)
        return status(sw::wrong_length);

    crypto::SoftwareKey& key = *found->second->key;
    const auto hashed = [&] { return crypto::digest(crypto::Hash::sha256, given); };
    Result<Bytes> signature = fail(Fault::malformed, "element: not signed");
    switch (command.p1) {
        case 0x00:
            if (crypto::is_rsa(key.kind())) {
                signature = key.sign_padded(given);
            } else if (const auto digest = digest_in(given)) {
                signature = key.sign_digest(digest->first, digest->second);
            }
            break;
        case 0x01:
            signature = crypto::is_rsa(key.kind())
                            ? key.sign_padded(hashed())
                            : key.sign_digest(crypto::Hash::sha256, hashed());
            break;
        case 0x02: signature = key.sign_digest(crypto::Hash::sha256, given); break;
        case 0x03: signature = key.sign_digest(crypto::Hash::sha256, hashed()); break;
        case 0x04: signature = key.sign_pss(crypto::Hash::sha256, given); break;
        case 0x05: signature = key.sign_pss(crypto::Hash::sha256, hashed()); break;
        default: break;
    }
    if (!signature)
        return status(signature.error().fault == Fault::malformed ? sw::conditions_of_use
                                                                  : sw::no_precise_diagnosis);
    if (signature->size() > *command.expected) return status(sw::wrong_length);
    return answered(*std::move(signature));
}

Response Element::State::set_pin(Conversation& talk, const Command& command) {
    const auto kind = kind_of(command.p2);
    if (!kind) return status(sw::wrong_p1_p2);
    switch (command.p1) {
        case apdu::administration::p1_pending_pin: return set_pending_pin(*kind, command);
        case apdu::administration::p1_new_pin: return set_new_pin(talk, *kind, command);
        default: return status(sw::wrong_p1_p2);
    }
}

Response Element::State::set_pending_pin(Kind kind, const Command& command) {
    if (!contents.pending || !apdu::administration::holds(contents.pending->wanted, kind))
        return status(sw::conditions_of_use);
    if (const auto word = word_for_pin(kind, command.data); word != sw::ok) return status(word);

    Contents next = contents;
    next.pending->kinds[kind].pin = PinRecord::of(command.data, tries_of(kind));
    if (auto done = commit(std::move(next)); !done) return status(word_of(done.error()));
    return status(sw::ok);
}

Response Element::State::set_new_pin(Conversation& talk, Kind kind, const Command& command) {
    const FileName name = jpki_file(files_of(kind).pin);
    const auto window = talk.new_pins.find(kind);
    if (window == talk.new_pins.end() || window->second.generation != generation ||
        !contents.pins.contains(name))
        return status(sw::conditions_of_use);
    if (const auto word = word_for_pin(kind, command.data); word != sw::ok) return status(word);

    Contents next = contents;
    next.pins.at(name) = PinRecord::of(command.data, tries_of(kind));
    next.resets[kind] = window->second.order;
    // Raised first: a failed scrub answers an error behind a PIN that stands. It ends the windows
    // of every other connection; this one's other kind goes on.
    ++generation;
    for (auto& [each, open] : talk.new_pins) open.generation = generation;
    const Done done = commit_and_scrub(std::move(next));
    const auto used = contents.resets.find(kind);
    if (used != contents.resets.end() && used->second == window->second.order)
        talk.new_pins.erase(window);
    if (!done) return status(word_of(done.error()));
    return status(sw::ok);
}

Response Element::State::prove(const Command& command) {
    const auto kind = kind_of(command.p2);
    if (command.p1 != 0 || !kind) return status(sw::wrong_p1_p2);
    if (command.data.size() != sizeof(Order)) return status(sw::wrong_length);
    if (!contents.pending || !same(contents.pending->order, command.data))
        return status(sw::conditions_of_use);
    const auto found = contents.pending->kinds.find(*kind);
    if (found == contents.pending->kinds.end() || !found->second.key || found->second.proved)
        return status(sw::conditions_of_use);
    if (command.expected.value_or(0) < largest_proof) return status(sw::wrong_length);

    // Once, also when the power goes between record and signature: recorded first.
    Contents next = contents;
    next.pending->kinds.at(*kind).proved = true;
    if (auto done = commit(std::move(next)); !done) return status(word_of(done.error()));

    const PendingKind& pending = contents.pending->kinds.at(*kind);
    apdu::administration::Proof proof;
    proof.cert_request = certificate_request(contents, *kind, pending);
    auto signature =
        pending.key->key->sign(crypto::usual_hash(pending.key->key->kind()), proof.cert_request);
    if (!signature) return status(sw::no_precise_diagnosis);
    proof.signature = *std::move(signature);
    return answered(encode(proof));
}

Response Element::State::attest(const Command& command) {
    const auto kind = kind_of(command.p2);
    if (command.p1 != 0 || !kind) return status(sw::wrong_p1_p2);
    if (!command.data.empty() || !command.expected) return status(sw::wrong_length);
    FileContent certificate;
    if (contents.pending)
        if (const auto found = contents.pending->kinds.find(*kind);
            found != contents.pending->kinds.end())
            certificate = found->second.attestation;
    if (!certificate)
        if (const auto found = contents.attestations.find(*kind);
            found != contents.attestations.end())
            certificate = found->second;
    if (!certificate) return status(sw::reference_not_found);
    if (certificate->size() > *command.expected) return status(sw::wrong_length);
    return answered(*certificate);
}

}  // namespace mitome::element
