// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/scp03.hpp>

#include <algorithm>
#include <utility>

namespace mitome::apdu::scp03 {

namespace {

constexpr std::size_t block_size = 16;
constexpr std::uint8_t secure_messaging = 0x04;  // of CLA, ISO/IEC 7816-4 §5.1.1 as GP uses it
constexpr std::uint8_t channel_bits = 0x03;

constexpr std::uint8_t constant_s_enc = 0x04;  // Amendment D table 4-1
constexpr std::uint8_t constant_s_mac = 0x06;
constexpr std::uint8_t constant_s_rmac = 0x07;

constexpr std::uint8_t key_type_aes = 0x88;  // GlobalPlatform 2.3.1 table 11-16
constexpr std::uint8_t check_value_size = 3;

bool has(Level level, std::uint8_t bits) {
    return (static_cast<std::uint8_t>(level) & bits) == bits;
}
constexpr std::uint8_t bit_mac = 0x01;
constexpr std::uint8_t bit_encryption = 0x02;
constexpr std::uint8_t bit_response_mac = 0x10;
constexpr std::uint8_t bit_response_encryption = 0x20;

Result<AesKey> key_from(BytesView octets) {
    AesKey key;
    if (!key.assign(octets)) return fail(Fault::broken, "scp03: key is too long");
    return key;
}

Bytes padded(BytesView content) {
    Bytes out = copy(content);
    out.push_back(0x80);
    while (out.size() % block_size != 0) out.push_back(0);
    return out;
}

Result<Bytes> unpadded(Bytes content) {
    while (!content.empty() && content.back() == 0) content.pop_back();
    if (content.empty() || content.back() != 0x80) return fail(Fault::unverified, "scp03: padding");
    content.pop_back();
    return content;
}

/// Status words whose answers carry a MAC. Amendment D §6.2.5.
bool is_protected(std::uint16_t word) {
    const auto first = static_cast<std::uint8_t>(word >> 8);
    return word == sw::ok || first == 0x62 || first == 0x63;
}

bool is_aes_size(std::size_t size) { return size == 16 || size == 24 || size == 32; }

}  // namespace

std::optional<Level> level_of(std::uint8_t p1) {
    for (const Level level :
         {Level::none, Level::mac, Level::mac_encryption, Level::mac_response_mac,
          Level::mac_encryption_response_mac, Level::all})
        if (static_cast<std::uint8_t>(level) == p1) return level;
    return std::nullopt;
}

Keyset Keyset::duplicate() const {
    return {
        .version = version, .enc = enc.duplicate(), .mac = mac.duplicate(), .dek = dek.duplicate()};
}

Result<Bytes> derive(const AesKey& key, std::uint8_t constant, std::size_t octets,
                     BytesView context) {
    Bytes out;
    const std::size_t bits = octets * 8;
    for (std::uint8_t i = 1; out.size() < octets; ++i) {
        Bytes block(11, 0);
        block.push_back(constant);
        block.push_back(0);
        block.push_back(static_cast<std::uint8_t>(bits >> 8));
        block.push_back(static_cast<std::uint8_t>(bits & 0xFF));
        block.push_back(i);
        append(block, context);
        MITOME_TRY(part, crypto::aes_cmac(key, block));
        append(out, part);
        wipe(part);
    }
    wipe(std::span{out}.subspan(octets));
    out.resize(octets);
    return out;
}

Result<SessionKeys> session_keys(const Keyset& keyset, BytesView host_challenge,
                                 BytesView card_challenge) {
    const Bytes context = join({host_challenge, card_challenge});
    const std::size_t size = keyset.enc.size();
    MITOME_TRY(enc, derive(keyset.enc, constant_s_enc, size, context));
    const SecretBytes enc_wiped{std::move(enc)};
    MITOME_TRY(mac, derive(keyset.mac, constant_s_mac, size, context));
    const SecretBytes mac_wiped{std::move(mac)};
    MITOME_TRY(rmac, derive(keyset.mac, constant_s_rmac, size, context));
    const SecretBytes rmac_wiped{std::move(rmac)};
    MITOME_TRY(enc_key, enc_wiped.reveal(key_from));
    MITOME_TRY(mac_key, mac_wiped.reveal(key_from));
    MITOME_TRY(rmac_key, rmac_wiped.reveal(key_from));
    return SessionKeys{std::move(enc_key), std::move(mac_key), std::move(rmac_key)};
}

Result<Bytes> pseudo_random_challenge(const AesKey& key_enc, BytesView counter, BytesView aid,
                                      Width width) {
    return derive(key_enc, constant_card_challenge, static_cast<std::size_t>(width),
                  join({counter, aid}));
}

Result<Bytes> key_check_value(const AesKey& key) {
    const Bytes ones(block_size, 0x01);
    MITOME_TRY(block, crypto::aes_block(key, ones));
    block.resize(check_value_size);
    return block;
}

Bytes diversification_block(std::uint8_t i, std::uint8_t purpose, BytesView diversification) {
    Bytes block{i, 0, 0, 0, purpose, 0};
    append(block, diversification);
    return block;
}

Result<Keyset> diversify(const MasterMac& master, std::size_t key_size, BytesView diversification,
                         std::uint8_t version) {
    if (!is_aes_size(key_size) || diversification.size() != diversification_size)
        return fail(Fault::malformed, "scp03: diversification");
    Keyset keys{.version = version, .enc = {}, .mac = {}, .dek = {}};
    std::uint8_t purpose = 1;
    for (AesKey* key : {&keys.enc, &keys.mac, &keys.dek}) {
        Bytes derived;
        for (std::uint8_t i = 1; derived.size() < key_size; ++i) {
            MITOME_TRY(part, master(diversification_block(i, purpose, diversification)));
            if (part.size() != block_size) return fail(Fault::broken, "scp03: master MAC size");
            append(derived, part);
            wipe(part);
        }
        const bool kept = key->assign(BytesView{derived}.first(key_size));
        wipe(derived);
        if (!kept) return fail(Fault::broken, "scp03: key is too long");
        ++purpose;
    }
    return keys;
}

Result<Bytes> wrap_key(const AesKey& dek, const AesKey& key) {
    Bytes plain = key.reveal([](BytesView octets) { return copy(octets); });
    const auto size = static_cast<std::uint8_t>(plain.size());
    while (plain.size() % block_size != 0) plain.push_back(0);
    const Bytes iv(block_size, 0);
    auto wrapped = crypto::aes_cbc_encrypt(dek, iv, plain);
    wipe(plain);
    if (!wrapped) return std::unexpected{wrapped.error()};
    MITOME_TRY(check, key_check_value(key));
    Bytes out{key_type_aes, static_cast<std::uint8_t>(wrapped->size() + 1), size};
    append(out, *wrapped);
    out.push_back(check_value_size);
    append(out, check);
    return out;
}

Result<Command> put_key(std::uint8_t old_version, const Keyset& keys, const AesKey& dek) {
    Command command{.cla = 0x80,
                    .ins = 0xD8,
                    .p1 = old_version,
                    .p2 = 0x81,
                    .data = {keys.version},
                    .expected = 256,
                    .extended = false};
    for (const AesKey* key : {&keys.enc, &keys.mac, &keys.dek}) {
        MITOME_TRY(field, wrap_key(dek, *key));
        append(command.data, field);
    }
    return command;
}

Result<Keyset> unwrap_keys(BytesView value, const AesKey& dek) {
    if (value.empty()) return fail(Fault::malformed, "put key: empty");
    Keyset keys{.version = value[0], .enc = {}, .mac = {}, .dek = {}};
    value = value.subspan(1);
    for (AesKey* key : {&keys.enc, &keys.mac, &keys.dek}) {
        if (value.size() < 2 || value[0] != key_type_aes)
            return fail(Fault::malformed, "put key: key type");
        std::size_t length = value[1];
        value = value.subspan(2);
        if (value.size() < length || length == 0) return fail(Fault::malformed, "put key: length");
        BytesView field = value.first(length);
        value = value.subspan(length);
        // Amendment D puts the key's length before the blocks; gpshell3 and others leave it out.
        std::size_t size = length;
        if (length % 2 == 1) {
            size = field[0];
            field = field.subspan(1);
        }
        if (!is_aes_size(size) || field.size() < size || field.size() % block_size != 0 ||
            field.size() > 2 * block_size)
            return fail(Fault::malformed, "put key: key length");
        const Bytes iv(block_size, 0);
        MITOME_TRY(plain, crypto::aes_cbc_decrypt(dek, iv, field));
        const bool kept = key->assign(BytesView{plain}.first(size));
        wipe(plain);
        if (!kept) return fail(Fault::broken, "put key: key is too long");
        if (value.empty() || value[0] > value.size() - 1)
            return fail(Fault::malformed, "put key: check value");
        const BytesView check = value.subspan(1, value[0]);
        value = value.subspan(1 + check.size());
        if (check.empty()) continue;
        MITOME_TRY(expected, key_check_value(*key));
        if (!same_in_constant_time(check, expected))
            return fail(Fault::unverified, "put key: check value differs");
    }
    if (!value.empty()) return fail(Fault::malformed, "put key: octets behind the keys");
    if (keys.enc.size() != keys.mac.size() || keys.mac.size() != keys.dek.size())
        return fail(Fault::malformed, "put key: keys of different length");
    return keys;
}

Result<Greeting> Greeting::decode(BytesView answer) {
    constexpr std::size_t fixed = diversification_size + 3;
    if (answer.size() < fixed) return fail(Fault::malformed, "scp03: greeting is short");
    Greeting greeting;
    greeting.diversification = copy(answer.first(diversification_size));
    greeting.version = answer[10];
    if (answer[11] != 0x03) return fail(Fault::malformed, "scp03: another protocol");
    greeting.i = answer[12];
    const auto width = static_cast<std::size_t>(greeting.width());
    const std::size_t counter = (greeting.i & i_pseudo_random) != 0 ? 3 : 0;
    if (answer.size() != fixed + 2 * width + counter)
        return fail(Fault::malformed, "scp03: greeting length");
    greeting.card_challenge = copy(answer.subspan(fixed, width));
    greeting.card_cryptogram = copy(answer.subspan(fixed + width, width));
    greeting.counter = copy(answer.subspan(fixed + 2 * width));
    return greeting;
}

Bytes Greeting::encode() const {
    const Bytes keys{version, 0x03, i};
    return join({diversification, keys, card_challenge, card_cryptogram, counter});
}

Chain::Chain(SessionKeys&& keys, Level level, Width width)
    : keys_(std::move(keys)), level_(level), width_(width), chaining_(block_size, 0) {}

Result<Bytes> Chain::iv(std::uint32_t counter, std::uint8_t first) const {
    Bytes block(block_size, 0);
    block[0] = first;
    for (std::size_t i = 0; i < 4; ++i)
        block[15 - i] = static_cast<std::uint8_t>(counter >> (8 * i) & 0xFF);
    return crypto::aes_block(keys_.enc, block);
}

/// What the MAC of a command covers. Amendment D §6.2.4: Lc already counts the MAC, in the form in
/// which it is sent.
static Bytes covered(const Command& command, BytesView content, bool extended) {
    const std::size_t count = command.data.size();
    Bytes out{static_cast<std::uint8_t>(command.cla & ~channel_bits), command.ins, command.p1,
              command.p2};
    if (extended) {
        out.push_back(0);
        out.push_back(static_cast<std::uint8_t>(count >> 8 & 0xFF));
    }
    out.push_back(static_cast<std::uint8_t>(count & 0xFF));
    append(out, content);
    return out;
}

Result<Command> Chain::add_mac(Command command) {
    command.cla |= secure_messaging;
    const Bytes content = command.data;
    if (content.size() + mac_size() > 65535) return fail(Fault::malformed, "scp03: too long");
    command.data.resize(content.size() + mac_size());
    MITOME_TRY(
        mac, crypto::aes_cmac(keys_.mac,
                              join({chaining_, covered(command, content, command.is_extended())})));
    std::copy_n(mac.begin(), mac_size(),
                command.data.end() - static_cast<std::ptrdiff_t>(mac_size()));
    chaining_ = std::move(mac);
    return command;
}

Result<Command> Chain::take_mac(const Command& wrapped) {
    if ((wrapped.cla & secure_messaging) == 0 || wrapped.data.size() < mac_size())
        return fail(Fault::unverified, "scp03: command without MAC");
    Command command = wrapped;
    command.data.resize(wrapped.data.size() - mac_size());
    MITOME_TRY(mac, crypto::aes_cmac(keys_.mac, join({chaining_, covered(wrapped, command.data,
                                                                         wrapped.is_extended())})));
    if (!same_in_constant_time(BytesView{mac}.first(mac_size()),
                               BytesView{wrapped.data}.last(mac_size())))
        return fail(Fault::unverified, "scp03: MAC of the command");
    chaining_ = std::move(mac);
    command.cla = static_cast<std::uint8_t>(command.cla & ~secure_messaging);
    return command;
}

Result<Command> Chain::wrap_first(const Command& plain) { return add_mac(plain); }

Result<Command> Chain::unwrap_first(const Command& wrapped) { return take_mac(wrapped); }

Result<Command> Chain::wrap_command(const Command& plain, Turn& turn) {
    if (!has(level_, bit_mac)) {
        turn = {};
        return plain;
    }
    Command command = plain;
    ++counter_;
    if (has(level_, bit_encryption) && !plain.data.empty()) {
        MITOME_TRY(start, iv(counter_, 0));
        MITOME_TRY(sealed, crypto::aes_cbc_encrypt(keys_.enc, start, padded(plain.data)));
        command.data = std::move(sealed);
    }
    MITOME_TRY(sent, add_mac(std::move(command)));
    turn = {chaining_, counter_};
    return sent;
}

Result<Command> Chain::unwrap_command(const Command& wrapped, Turn& turn) {
    if (!has(level_, bit_mac)) {
        if ((wrapped.cla & secure_messaging) != 0)
            return fail(Fault::unverified, "scp03: MAC in a session without");
        turn = {};
        return wrapped;
    }
    MITOME_TRY(command, take_mac(wrapped));
    ++counter_;
    if (has(level_, bit_encryption) && !command.data.empty()) {
        if (command.data.size() % block_size != 0)
            return fail(Fault::unverified, "scp03: cipher text");
        MITOME_TRY(start, iv(counter_, 0));
        MITOME_TRY(opened, crypto::aes_cbc_decrypt(keys_.enc, start, command.data));
        MITOME_TRY(plain, unpadded(std::move(opened)));
        command.data = std::move(plain);
    }
    turn = {chaining_, counter_};
    return command;
}

Result<Response> Chain::wrap_response(const Response& plain, const Turn& turn) const {
    if (!has(level_, bit_response_mac) || !is_protected(plain.sw)) return plain;
    Response response = plain;
    if (has(level_, bit_response_encryption) && !plain.data.empty()) {
        MITOME_TRY(start, iv(turn.counter, 0x80));
        MITOME_TRY(sealed, crypto::aes_cbc_encrypt(keys_.enc, start, padded(plain.data)));
        response.data = std::move(sealed);
    }
    MITOME_TRY(mac, crypto::aes_cmac(keys_.response_mac, join({turn.chaining, response.encode()})));
    append(response.data, BytesView{mac}.first(mac_size()));
    return response;
}

Result<Response> Chain::unwrap_response(const Response& wrapped, const Turn& turn) const {
    if (!has(level_, bit_response_mac)) return wrapped;
    if (!is_protected(wrapped.sw)) return fail(Fault::denied, "scp03: bare error", wrapped.sw);
    if (wrapped.data.size() < mac_size())
        return fail(Fault::unverified, "scp03: answer without MAC");
    Response response{.data = copy(BytesView{wrapped.data}.first(wrapped.data.size() - mac_size())),
                      .sw = wrapped.sw};
    MITOME_TRY(mac, crypto::aes_cmac(keys_.response_mac, join({turn.chaining, response.encode()})));
    if (!same_in_constant_time(BytesView{mac}.first(mac_size()),
                               BytesView{wrapped.data}.last(mac_size())))
        return fail(Fault::unverified, "scp03: MAC of the answer");
    if (has(level_, bit_response_encryption) && !response.data.empty()) {
        if (response.data.size() % block_size != 0)
            return fail(Fault::unverified, "scp03: cipher text");
        MITOME_TRY(start, iv(turn.counter, 0x80));
        MITOME_TRY(opened, crypto::aes_cbc_decrypt(keys_.enc, start, response.data));
        MITOME_TRY(plain, unpadded(std::move(opened)));
        response.data = std::move(plain);
    }
    return response;
}

namespace {

Result<Bytes> cryptogram(const SessionKeys& keys, std::uint8_t constant, BytesView host_challenge,
                         BytesView card_challenge) {
    return derive(keys.mac, constant, card_challenge.size(),
                  join({host_challenge, card_challenge}));
}

}  // namespace

Host::Host(Keyset keyset, Bytes host_challenge)
    : keyset_(std::move(keyset)), host_challenge_(std::move(host_challenge)) {}

Command Host::initialize_update() const {
    return {.cla = 0x80,
            .ins = 0x50,
            .p1 = keyset_.version,
            .p2 = 0,
            .data = host_challenge_,
            .expected = 256,
            .extended = false};
}

Result<Command> Host::external_authenticate(const Response& answer, Level level) {
    if (chain_ || over_) return fail(Fault::conflict, "scp03: session is in use");
    if (!answer.ok()) return fail(Fault::denied, "scp03: INITIALIZE UPDATE refused", answer.sw);
    MITOME_TRY(greeting, Greeting::decode(answer.data));
    if (greeting.card_challenge.size() != host_challenge_.size())
        return fail(Fault::malformed, "scp03: challenges of different length");
    if (keyset_.version != 0 && greeting.version != keyset_.version)
        return fail(Fault::unverified, "scp03: another keyset");
    MITOME_TRY(keys, session_keys(keyset_, host_challenge_, greeting.card_challenge));
    MITOME_TRY(expected, cryptogram(keys, constant_card_cryptogram, host_challenge_,
                                    greeting.card_challenge));
    if (!same_in_constant_time(expected, greeting.card_cryptogram)) {
        over_ = true;
        return fail(Fault::unverified, "scp03: cryptogram of the card");
    }
    MITOME_TRY(
        ours, cryptogram(keys, constant_host_cryptogram, host_challenge_, greeting.card_challenge));
    chain_.emplace(std::move(keys), level, greeting.width());
    greeting_ = std::move(greeting);
    return chain_->wrap_first({.cla = 0x80,
                               .ins = 0x82,
                               .p1 = static_cast<std::uint8_t>(level),
                               .p2 = 0,
                               .data = std::move(ours),
                               .expected = {},
                               .extended = false});
}

Done Host::authenticated(const Response& answer) {
    if (!answer.ok()) {
        over_ = true;
        return fail(Fault::unverified, "scp03: EXTERNAL AUTHENTICATE refused", answer.sw);
    }
    return {};
}

Result<Command> Host::wrap(const Command& plain) {
    if (!chain_ || over_) return fail(Fault::conflict, "scp03: no session");
    Chain::Turn turn;
    MITOME_TRY(command, chain_->wrap_command(plain, turn));
    open_.push_back(std::move(turn));
    return command;
}

Result<Response> Host::unwrap(const Response& wrapped) {
    if (!chain_ || over_ || open_.empty()) return fail(Fault::conflict, "scp03: nothing asked");
    const Chain::Turn turn = std::move(open_.front());
    open_.pop_front();
    auto response = chain_->unwrap_response(wrapped, turn);
    if (!response && response.error().fault == Fault::unverified) over_ = true;
    return response;
}

Result<Card> Card::greet(Keyset keyset, std::uint8_t i, BytesView diversification,
                         BytesView host_challenge, Bytes card_challenge, BytesView counter) {
    Card card;
    card.greeting_ = {.diversification = copy(diversification),
                      .version = keyset.version,
                      .i = i,
                      .card_challenge = std::move(card_challenge),
                      .card_cryptogram = {},
                      .counter = copy(counter)};
    const auto width = static_cast<std::size_t>(card.greeting_.width());
    if (host_challenge.size() != width || card.greeting_.card_challenge.size() != width)
        return fail(Fault::malformed, "scp03: length of a challenge");
    card.host_challenge_ = copy(host_challenge);
    MITOME_TRY(keys, session_keys(keyset, host_challenge, card.greeting_.card_challenge));
    MITOME_TRY(own, cryptogram(keys, constant_card_cryptogram, host_challenge,
                               card.greeting_.card_challenge));
    card.greeting_.card_cryptogram = std::move(own);
    card.keyset_ = std::move(keyset);
    card.keys_ = std::move(keys);
    card.greeted_ = true;
    return card;
}

Done Card::external_authenticate(const Command& command) {
    if (!std::exchange(greeted_, false))
        return fail(Fault::conflict, "scp03: EXTERNAL AUTHENTICATE out of order");
    const std::size_t width = greeting_.card_challenge.size();
    if (command.data.size() != 2 * width) return fail(Fault::malformed, "scp03: length");
    const auto level = level_of(command.p1);
    if (!level) return fail(Fault::absent, "scp03: level");
    MITOME_TRY(expected, cryptogram(keys_, constant_host_cryptogram, host_challenge_,
                                    greeting_.card_challenge));
    Chain chain{std::move(keys_), *level, greeting_.width()};
    MITOME_TRY(plain, chain.unwrap_first(command));
    if (!same_in_constant_time(expected, plain.data))
        return fail(Fault::unverified, "scp03: cryptogram of the host");
    chain_ = std::move(chain);
    open_ = true;
    return {};
}

Result<Command> Card::unwrap(const Command& wrapped) {
    if (!open_) return fail(Fault::conflict, "scp03: no session");
    auto plain = chain_.unwrap_command(wrapped, turn_);
    if (!plain) open_ = false;
    return plain;
}

Result<Response> Card::wrap(const Response& plain) const {
    return chain_.wrap_response(plain, turn_);
}

}  // namespace mitome::apdu::scp03
