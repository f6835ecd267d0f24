// SPDX-License-Identifier: Apache-2.0
#pragma once

// Elements for tests: made once, then copied, since RSA keys take their time.

#include <mitome/apdu/tlv.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/crypto/digest.hpp>
#include <mitome/element/element.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/pki/der.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>

namespace mitome::element::sample {

/// Two slots in memory that outlive the element, with faults to be had.
struct Slots {
    Bytes slot[2];
    bool full = false;                       ///< every write fails and changes nothing
    std::optional<std::size_t> torn_at;      ///< the next write stops there, and power goes
    int whole_before = 0;                    ///< so many writes are whole before the torn one
    int writes = 0;
};

class MemoryMedium final : public Medium {
public:
    explicit MemoryMedium(std::shared_ptr<Slots> slots) : slots_(std::move(slots)) {}
    Result<Bytes> read(unsigned slot) override { return slots_->slot[slot]; }
    Done write(unsigned slot, BytesView content) override {
        if (slots_->full) return fail(Fault::unavailable, "sample: disk is full");
        ++slots_->writes;
        Bytes& to = slots_->slot[slot];
        const bool tears = slots_->torn_at && slots_->whole_before-- <= 0;
        const std::size_t count =
            tears ? std::min(content.size(), *slots_->torn_at) : content.size();
        if (to.size() < content.size()) to.resize(content.size());
        std::copy_n(content.begin(), count, to.begin());
        if (tears) return fail(Fault::unavailable, "sample: power is gone");
        return {};
    }

private:
    std::shared_ptr<Slots> slots_;  // the test holds it too
};

inline crypto::AesKey device_key(std::uint8_t octet = 0x44) {
    crypto::AesKey key;
    (void)key.assign(Bytes(32, octet));
    return key;
}

inline constexpr std::size_t certificate_size = 976;  // 30 82 03 CC …

/// Not a certificate, but it has the shape that a reader of the file sees.
inline Bytes certificate_shape(BytesView inside = {}, std::size_t size = certificate_size) {
    Bytes out{0x30, 0x82, static_cast<std::uint8_t>((size - 4) >> 8),
              static_cast<std::uint8_t>((size - 4) & 0xFF)};
    append(out, inside);
    out.resize(size, 0x5A);
    return out;
}

inline apdu::scp03::Keyset keyset(std::uint8_t first = 0x40, std::uint8_t version = 0x30) {
    apdu::scp03::Keyset keys;
    keys.version = version;
    for (auto* each : {&keys.enc, &keys.mac, &keys.dek}) (void)each->assign(Bytes(32, first++));
    return keys;
}

inline constexpr Id id{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x10};

inline void set(Pin& pin, std::string_view text) { (void)pin.assign(view(text)); }

// ── A maker in a few lines: root and element certificate ────────────────────────────────────

struct Maker {
    std::unique_ptr<crypto::SoftwareKey> key =
        crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256).value();
    Bytes root = certificate(name("Sample Maker"), key->spki(), std::nullopt);

    static Bytes name(std::string_view common_name) {
        namespace der = pki::der;
        return der::sequence({der::wrap(
            der::tag::set, der::sequence({der::oid("2.5.4.3"), der::utf8_string(common_name)}))});
    }

    [[nodiscard]] Bytes certificate(const Bytes& subject, BytesView spki,
                                    std::optional<std::uint64_t> path_length) const {
        namespace der = pki::der;
        using namespace std::chrono_literals;
        const Bytes algorithm =
            pki::signature_algorithm(crypto::KeyKind::ec_p256, crypto::Hash::sha256);
        const Time from = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
        const Bytes limits = path_length
                                 ? der::sequence({der::boolean(true), der::integer(*path_length)})
                                 : der::sequence({der::boolean(true)});
        const Bytes extensions = der::sequence(
            {der::sequence({der::oid("2.5.29.19"), der::boolean(true), der::octet_string(limits)}),
             der::sequence({der::oid("2.5.29.15"), der::boolean(true),
                            der::octet_string(der::bit_string(Bytes{0x04}, 2))})});
        const Bytes tbs =
            der::sequence({der::wrap(der::tag::constructed(0), der::integer(2)),
                           der::integer(path_length ? 2U : 1U), algorithm, name("Sample Maker"),
                           der::sequence({der::time(from), der::time(from + 24h * 3650)}), subject,
                           spki, der::wrap(der::tag::constructed(3), extensions)});
        return der::sequence(
            {tbs, algorithm, der::bit_string(key->sign(crypto::Hash::sha256, tbs).value())});
    }
};

inline const Maker& maker() {
    static const Maker one;
    return one;
}

inline Personalisation personalisation(Element& element) {
    Personalisation given;
    given.keyset = keyset();
    given.attestation_chain = {maker().certificate(Maker::name("element " + to_hex(element.id())),
                                                   element.attestation_spki(), 0),
                               maker().root};
    if (element.persona_name() == PersonaName::phone) return given;
    given.certificates = {certificate_shape(), certificate_shape(), certificate_shape(),
                          certificate_shape()};
    set(given.pins.authentication, "1234");
    set(given.pins.signature, "ABC123");
    set(given.pins.input_assistance, "1234");
    set(given.pins.common, "1234");
    set(given.pins.number_a, "123456789018");
    set(given.pins.number_b, "55021720352285");
    given.text_files[0x01] = copy("FF100C313233343536373839303138"_hex);
    given.text_files[0x02] = apdu::make_card_tlv(0xFF20, Bytes(200, 0x31));
    given.text_files[0x03] = Bytes(336, 0xFF);
    given.text_files[0x04] = apdu::make_card_tlv(0x7F21, Bytes(563, 0x01));
    given.text_files[0x05] = apdu::make_card_tlv(0xFF40, Bytes(100, 0x01));
    Bytes record{0x01, 0x1C};
    record.resize(30, '0');
    given.common_files[0x01] = record;
    given.objects[0x00F2] = copy(view("20350217"));
    return given;
}

inline Slots slots_of(const Birth& birth) {
    auto slots = std::make_shared<Slots>();
    auto made = Element::create(std::make_unique<MemoryMedium>(slots), device_key(), birth).value();
    if (!made->personalise(personalisation(*made))) std::abort();
    slots->writes = 0;
    return *slots;
}

/// A fresh personalised element on slots of its own.
struct World {
    explicit World(const Slots& from) : slots(std::make_shared<Slots>(from)) { restart(); }

    void restart() {
        element.reset();
        element = Element::open(
                      std::make_unique<MemoryMedium>(slots), device_key(),
                      [now = now] { return std::chrono::steady_clock::time_point{} + *now; },
                      [host = host] { return *host; })
                      .value();
        first = Connection{};
        second = Connection{};
    }

    Bytes ask(BytesView command) { return element->answer(first, command); }
    apdu::Response ask(const apdu::Command& command) {
        return apdu::Response::decode(ask(command.encode())).value();
    }

    std::shared_ptr<Slots> slots;  // so does the medium
    std::shared_ptr<std::chrono::milliseconds> now =
        std::make_shared<std::chrono::milliseconds>(1'000'000);  // so does the element's clock
    std::shared_ptr<Time> host = std::make_shared<Time>(
        std::chrono::sys_days{std::chrono::year{2026} / 11 / 24});  // and the element's wall clock
    std::unique_ptr<Element> element;
    Connection first;
    Connection second;
};

inline World card(crypto::KeyKind kind = crypto::KeyKind::ec_p256) {
    static const Slots ec = slots_of({PersonaName::card, crypto::KeyKind::ec_p256, id});
    if (kind == crypto::KeyKind::ec_p256) return World{ec};
    static const Slots rsa = slots_of({PersonaName::card, crypto::KeyKind::rsa_2048, id});
    return World{rsa};
}

inline World phone() {
    static const Slots made = slots_of({PersonaName::phone, crypto::KeyKind::ec_p256, id});
    return World{made};
}

}  // namespace mitome::element::sample
