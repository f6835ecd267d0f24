// SPDX-License-Identifier: Apache-2.0
#pragma once

// A software secure element: what a My Number card, or the secure element of a phone, answers.
// JICSAP 1.1 / JIS X 6306 on ISO/IEC 7816-4, GlobalPlatform 2.3.1 with SCP03 for administration.
//
// Deviations: logical channels, command chaining and GET RESPONSE are not offered (T=1); secure
// messaging exists in the issuer security domain only; applications cannot be loaded.
// Duties of the caller: one `Connection` per conversation; the octets of a command are the
// caller's to wipe; a key file beside the store protects nothing against who copies both.

#include <mitome/apdu/administration.hpp>
#include <mitome/apdu/scp03.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/base/secret.hpp>
#include <mitome/crypto/key.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/element/medium.hpp>
#include <mitome/element/persona.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace mitome::element {

using apdu::administration::Kind;
using Id = std::array<std::uint8_t, 10>;

/// The volatile state of one conversation: selected application, current file, verified PINs,
/// secure channel. A PIN given over one opens nothing over another. Used by one thread.
class Connection {
public:
    Connection();
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    /// Cold state: security domain selected, nothing verified.
    void power_on();
    void power_off() { power_on(); }

private:
    friend class Element;
    struct State;
    std::unique_ptr<State> state_;
};

/// How an element comes into being.
struct Birth {
    PersonaName persona = PersonaName::card;
    crypto::KeyKind key = crypto::KeyKind::rsa_2048;  ///< of a card's two pairs; phones have none
    std::optional<Id> id;  ///< drawn at random when absent
};

/// What the maker puts in before the element is sealed. Everything may be missing.
struct Personalisation {
    struct Certificates {
        Bytes sign, auth, sign_ca, auth_ca;
    } certificates;
    std::map<std::uint16_t, Bytes> text_files;  ///< EFs of 券面事項入力補助AP by id
    std::map<std::uint16_t, Bytes> common_files;  ///< records of 共通カードAP by id
    std::map<std::uint16_t, Bytes> objects;  ///< GET DATA of the security domain by tag
    struct Pins {
        Pin authentication, signature, input_assistance, common, number_a, number_b;
    } pins;
    std::optional<Id> id;  ///< in the place of the one drawn at birth
    std::optional<apdu::scp03::Keyset> keyset;
    std::vector<Bytes> attestation_chain;  ///< the element's certificate first, DER
};

using SteadyClock = std::function<std::chrono::steady_clock::time_point()>;
/// The host's clock. A lease looks at it, and at no earlier time than the last signed one.
using WallClock = std::function<Time()>;
[[nodiscard]] Time host_time();

/// Safe to use from several threads; one command is carried out at a time.
class Element {
public:
    /// Makes the keys (RSA takes a moment) and the first record.
    [[nodiscard]] static Result<std::unique_ptr<Element>> create(std::unique_ptr<Medium> medium,
                                                                 const crypto::AesKey& device_key,
                                                                 const Birth& birth);
    /// When no slot holds a record of this device key the element opens as terminated: it
    /// never starts afresh. `broken` for a record that we ourselves wrote and cannot read.
    [[nodiscard]] static Result<std::unique_ptr<Element>> open(
        std::unique_ptr<Medium> medium, const crypto::AesKey& device_key,
        SteadyClock clock = &std::chrono::steady_clock::now, WallClock wall = &host_time);
    ~Element();

    /// `conflict` once sealed, `malformed` for what does not fit. Seals.
    [[nodiscard]] Done personalise(Personalisation&& given);

    /// Response APDU to a command APDU, whatever the command is.
    [[nodiscard]] Bytes answer(Connection& connection, BytesView command);
    /// Warm reset.
    void reset(Connection& connection);
    [[nodiscard]] Bytes atr() const;

    [[nodiscard]] bool terminated() const;
    [[nodiscard]] PersonaName persona_name() const;
    [[nodiscard]] Id id() const;
    /// DER SubjectPublicKeyInfo; empty where there is no such key.
    [[nodiscard]] Bytes spki(Kind kind) const;
    [[nodiscard]] Bytes attestation_spki() const;
    /// Of the internal key of 券面事項入力補助AP, whose certificate is EF 0007.
    [[nodiscard]] Bytes text_spki() const;

    /// PKCS#8 of a card's key, for the sandbox that wants one outside: `conflict` once sealed.
    [[nodiscard]] Result<SecretBytes> key_before_sealing(Kind kind) const;

private:
    struct State;
    explicit Element(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace mitome::element
