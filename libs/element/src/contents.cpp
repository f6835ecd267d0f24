// SPDX-License-Identifier: Apache-2.0
#include "contents.hpp"

#include <mitome/crypto/cipher.hpp>
#include <mitome/crypto/random.hpp>

#include <algorithm>

namespace mitome::element {

namespace {

// 1: no receipts, no lease, no resets. What came with 2 stands behind what 1 has.
constexpr std::uint8_t first_layout = 1;
constexpr std::uint8_t layout = 2;
constexpr std::size_t salt_size = 16;

class Writer {
public:
    void octet(std::uint8_t value) { out_.push_back(value); }
    void number(std::uint64_t value, int octets) {
        for (int i = octets - 1; i >= 0; --i)
            out_.push_back(static_cast<std::uint8_t>(value >> (8 * i) & 0xFF));
    }
    void fixed(BytesView value) { append(out_, value); }
    void string(BytesView value) {
        number(value.size(), 4);
        append(out_, value);
    }
    void string(const FileContent& value) { string(value ? BytesView{*value} : BytesView{}); }
    void count(std::size_t value) { number(value, 2); }
    void name(const FileName& file) {
        octet(static_cast<std::uint8_t>(file.application));
        number(file.id, 2);
    }
    void key(const KeyReference& key) {
        if (!key) return string(BytesView{});
        key->pkcs8.reveal([this](BytesView octets) { string(octets); });
    }
    void pin(const PinRecord& pin) {
        octet(pin.tries);
        string(pin.salt);
        string(pin.verifier);
    }
    void lease(const std::optional<apdu::administration::Lease>& lease) {
        octet(lease ? 1 : 0);
        if (!lease) return;
        for (const Time each : {lease->signed_time, lease->until})
            number(static_cast<std::uint64_t>(each.time_since_epoch().count()), 8);
    }
    void order(const std::optional<Order>& order) {
        octet(order ? 1 : 0);
        if (order) fixed(*order);
    }
    // Growing would leave copies of key octets behind in freed memory.
    explicit Writer(std::size_t room) { out_.reserve(room); }
    [[nodiscard]] SecretBytes finish() { return SecretBytes{std::move(out_)}; }

private:
    Bytes out_;
};

/// After the first shortage everything reads as empty; `finish` tells.
class Reader {
public:
    explicit Reader(BytesView octets) : left_(octets) {}

    BytesView fixed(std::size_t size) {
        if (left_.size() < size) {
            short_ = true;
            left_ = {};
            return {};
        }
        const BytesView value = left_.first(size);
        left_ = left_.subspan(size);
        return value;
    }
    std::uint64_t number(std::size_t octets) {
        std::uint64_t value = 0;
        for (const std::uint8_t octet : fixed(octets)) value = value << 8 | octet;
        return value;
    }
    std::uint8_t octet() { return static_cast<std::uint8_t>(number(1)); }
    BytesView string() { return fixed(number(4)); }
    FileContent content() {
        const BytesView value = string();
        return value.empty() ? nullptr : std::make_shared<const Bytes>(copy(value));
    }
    std::size_t count() { return number(2); }
    FileName name() {
        const auto application = static_cast<Application>(octet());
        return {application, static_cast<std::uint16_t>(number(2))};
    }
    Result<KeyReference> key() {
        const BytesView der = string();
        if (der.empty()) return KeyReference{};
        return KeyPair::from_pkcs8(der);
    }
    PinRecord pin() {
        PinRecord pin;
        pin.tries = octet();
        pin.salt = copy(string());
        pin.verifier = copy(string());
        return pin;
    }
    Order whole_order() {
        Order order{};
        const BytesView value = fixed(order.size());
        std::copy(value.begin(), value.end(), order.begin());
        return order;
    }
    std::optional<Order> order() {
        if (octet() == 0) return std::nullopt;
        return whole_order();
    }
    Time time() { return Time{std::chrono::seconds{static_cast<std::int64_t>(number(8))}}; }
    std::optional<apdu::administration::Lease> lease() {
        if (octet() == 0) return std::nullopt;
        const Time signed_time = time();
        return apdu::administration::Lease{signed_time, time()};
    }
    [[nodiscard]] Done finish() const {
        if (short_ || !left_.empty()) return fail(Fault::broken, "element: record layout");
        return {};
    }
    [[nodiscard]] bool ran_short() const { return short_; }

private:
    BytesView left_;
    bool short_ = false;
};

Bytes verifier_of(BytesView salt, BytesView pin) { return crypto::hmac_sha256(salt, pin); }

void write_pending(Writer& out, const Pending& pending) {
    out.fixed(pending.order);
    out.octet(pending.wanted);
    out.octet(static_cast<std::uint8_t>(pending.algorithm));
    out.count(pending.kinds.size());
    for (const auto& [kind, each] : pending.kinds) {
        out.octet(static_cast<std::uint8_t>(kind));
        out.key(each.key);
        out.string(each.attestation);
        out.string(each.holder);
        out.string(each.issuer);
        out.pin(each.pin);
        out.octet(each.proved ? 1 : 0);
    }
}

void write_since_layout_2(Writer& out, const Contents& contents) {
    out.count(contents.resets.size());
    for (const auto& [kind, order] : contents.resets) {
        out.octet(static_cast<std::uint8_t>(kind));
        out.fixed(order);
    }
    out.number(contents.erase_number, 8);
    out.string(contents.order_receipt);
    out.string(contents.local_receipt);
    out.octet(contents.local_receipt_waits ? 1 : 0);
    out.lease(contents.lease);
    out.octet(contents.unscrubbed ? 1 : 0);
}

void read_since_layout_2(Reader& in, Contents& contents) {
    for (std::size_t left = in.count(); left > 0 && !in.ran_short(); --left) {
        const auto kind = static_cast<Kind>(in.octet());
        contents.resets[kind] = in.whole_order();
    }
    contents.erase_number = in.number(8);
    contents.order_receipt = in.content();
    contents.local_receipt = in.content();
    contents.local_receipt_waits = in.octet() != 0;
    contents.lease = in.lease();
    contents.unscrubbed = in.octet() != 0;
}

Result<Pending> read_pending(Reader& in) {
    Pending pending;
    pending.order = in.whole_order();
    pending.wanted = in.octet();
    pending.algorithm = static_cast<apdu::administration::Algorithm>(in.octet());
    for (std::size_t left = in.count(); left > 0 && !in.ran_short(); --left) {
        const auto kind = static_cast<Kind>(in.octet());
        PendingKind& each = pending.kinds[kind];
        MITOME_TRY(key, in.key());
        each.key = std::move(key);
        each.attestation = in.content();
        each.holder = in.content();
        each.issuer = in.content();
        each.pin = in.pin();
        each.proved = in.octet() != 0;
    }
    return pending;
}

}  // namespace

Result<std::shared_ptr<KeyPair>> KeyPair::generate(crypto::KeyKind kind) {
    MITOME_TRY(key, crypto::SoftwareKey::generate(kind));
    MITOME_TRY(pkcs8, key->to_pkcs8());
    return std::make_shared<KeyPair>(std::move(key), std::move(pkcs8));
}

Result<std::shared_ptr<KeyPair>> KeyPair::from_pkcs8(BytesView der) {
    MITOME_TRY(key, crypto::SoftwareKey::from_pkcs8(der));
    return std::make_shared<KeyPair>(std::move(key), SecretBytes{copy(der)});
}

bool PinRecord::matches(BytesView pin) const {
    return same_in_constant_time(verifier_of(salt, pin), verifier);
}

PinRecord PinRecord::of(BytesView pin, std::uint8_t tries) {
    PinRecord record;
    record.tries = tries;
    record.salt = crypto::SystemRandom{}.octets(salt_size);
    record.verifier = verifier_of(record.salt, pin);
    return record;
}

SecretBytes Contents::encode() const {
    Writer out{48 * 1024};
    out.octet(layout);
    out.octet(static_cast<std::uint8_t>(persona));
    out.fixed(id);
    out.octet(life_cycle);
    out.octet(sealed ? 1 : 0);
    out.count(locked.size());
    for (const Application each : locked) out.octet(static_cast<std::uint8_t>(each));
    out.count(keys.size());
    for (const auto& [name, key] : keys) {
        out.name(name);
        out.key(key);
    }
    out.count(pins.size());
    for (const auto& [name, pin] : pins) {
        out.name(name);
        out.pin(pin);
    }
    out.count(files.size());
    for (const auto& [name, content] : files) {
        out.name(name);
        out.string(content);
    }
    out.count(objects.size());
    for (const auto& [tag, content] : objects) {
        out.number(tag, 2);
        out.string(content);
    }
    out.count(keysets.size());
    for (const auto& [version, held] : keysets) {
        out.octet(version);
        out.number(held.failures, 4);
        for (const auto* key : {&held.keys->enc, &held.keys->mac, &held.keys->dek})
            key->reveal([&out](BytesView octets) { out.string(octets); });
    }
    out.key(attestation_key);
    out.count(attestation_chain.size());
    for (const FileContent& each : attestation_chain) out.string(each);
    out.count(attestations.size());
    for (const auto& [kind, content] : attestations) {
        out.octet(static_cast<std::uint8_t>(kind));
        out.string(content);
    }
    out.order(swapped);
    out.order(erased);
    out.octet(pending ? 1 : 0);
    if (pending) write_pending(out, *pending);
    write_since_layout_2(out, *this);
    return out.finish();
}

Result<Contents> Contents::decode(BytesView record) {
    Reader in{record};
    Contents out;
    const std::uint8_t written_as = in.octet();
    if (written_as < first_layout || written_as > layout)
        return fail(Fault::broken, "element: record of another layout");
    out.persona = static_cast<PersonaName>(in.octet());
    const BytesView own = in.fixed(out.id.size());
    std::copy(own.begin(), own.end(), out.id.begin());
    out.life_cycle = in.octet();
    out.sealed = in.octet() != 0;
    for (std::size_t left = in.count(); left > 0; --left)
        out.locked.insert(static_cast<Application>(in.octet()));
    for (std::size_t left = in.count(); left > 0 && !in.ran_short(); --left) {
        const FileName name = in.name();
        MITOME_TRY(key, in.key());
        out.keys[name] = std::move(key);
    }
    for (std::size_t left = in.count(); left > 0; --left) {
        const FileName name = in.name();
        out.pins[name] = in.pin();
    }
    for (std::size_t left = in.count(); left > 0; --left) {
        const FileName name = in.name();
        out.files[name] = in.content();
    }
    for (std::size_t left = in.count(); left > 0; --left) {
        const auto tag = static_cast<std::uint16_t>(in.number(2));
        out.objects[tag] = in.content();
    }
    for (std::size_t left = in.count(); left > 0 && !in.ran_short(); --left) {
        auto keys = std::make_shared<apdu::scp03::Keyset>();
        keys->version = in.octet();
        HeldKeyset held;
        held.failures = static_cast<std::uint32_t>(in.number(4));
        for (auto* key : {&keys->enc, &keys->mac, &keys->dek})
            if (!key->assign(in.string())) return fail(Fault::broken, "element: keyset");
        held.keys = keys;
        out.keysets[keys->version] = held;
    }
    MITOME_TRY(attestation_key, in.key());
    out.attestation_key = std::move(attestation_key);
    for (std::size_t left = in.count(); left > 0; --left)
        out.attestation_chain.push_back(in.content());
    for (std::size_t left = in.count(); left > 0; --left) {
        const auto kind = static_cast<Kind>(in.octet());
        out.attestations[kind] = in.content();
    }
    out.swapped = in.order();
    out.erased = in.order();
    if (in.octet() != 0) {
        MITOME_TRY(pending, read_pending(in));
        out.pending = std::move(pending);
    }
    if (written_as > first_layout) read_since_layout_2(in, out);
    MITOME_CHECK(in.finish());
    return out;
}

}  // namespace mitome::element
