// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/apdu/administration.hpp>
#include <mitome/apdu/scp03.hpp>
#include <mitome/crypto/key.hpp>
#include <mitome/element/element.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace mitome::element {

using apdu::administration::Kinds;
using apdu::administration::Order;

/// A private key and its stored form.
struct KeyPair {
    std::unique_ptr<crypto::SoftwareKey> key;
    SecretBytes pkcs8;

    [[nodiscard]] static Result<std::shared_ptr<KeyPair>> generate(crypto::KeyKind kind);
    [[nodiscard]] static Result<std::shared_ptr<KeyPair>> from_pkcs8(BytesView der);
};
// Shared: `Contents` is copied for every change, and the copy that is not kept dies.
using KeyReference = std::shared_ptr<KeyPair>;
using FileContent = std::shared_ptr<const Bytes>;

struct FileName {
    Application application{};
    std::uint16_t id = 0;
    auto operator<=>(const FileName&) const = default;
};

/// What is kept of a PIN: never the PIN. Its verifier is not stretched: whoever can read it holds
/// the device key, and with it the private keys that the PIN guards.
struct PinRecord {
    std::uint8_t tries = 0;
    Bytes salt;      ///< 16 octets; empty: no PIN was ever set
    Bytes verifier;  ///< HMAC-SHA-256 of the PIN under the salt

    [[nodiscard]] bool is_set() const { return !salt.empty(); }
    [[nodiscard]] bool matches(BytesView pin) const;
    [[nodiscard]] static PinRecord of(BytesView pin, std::uint8_t tries);
};

struct HeldKeyset {
    std::shared_ptr<const apdu::scp03::Keyset> keys;  // shared as `KeyReference` is
    std::uint32_t failures = 0;                       ///< of EXTERNAL AUTHENTICATE in a row
};

/// What a swap will make present.
struct PendingKind {
    KeyReference key;
    FileContent attestation;
    FileContent holder;
    FileContent issuer;
    PinRecord pin;
    bool proved = false;
};

struct Pending {
    Order order{};
    Kinds wanted = 0;
    apdu::administration::Algorithm algorithm{};
    std::map<Kind, PendingKind> kinds;
};

/// Everything durable of an element. Cheap to copy.
struct Contents {
    PersonaName persona{};
    Id id{};
    std::uint8_t life_cycle = 0;  ///< of the card, GlobalPlatform 2.3.1 table 11-6
    bool sealed = false;
    std::set<Application> locked;

    std::map<FileName, KeyReference> keys;
    std::map<FileName, PinRecord> pins;
    std::map<FileName, FileContent> files;
    std::map<std::uint16_t, FileContent> objects;
    std::map<std::uint8_t, HeldKeyset> keysets;

    KeyReference attestation_key;
    std::vector<FileContent> attestation_chain;
    std::map<Kind, FileContent> attestations;  ///< of the present keys

    std::optional<Order> swapped;
    std::optional<Pending> pending;
    std::map<Kind, Order> resets;  ///< the last order whose new PIN was set

    std::optional<Order> erased;
    std::uint64_t erase_number = 0;
    FileContent order_receipt;  ///< of `erased`; absent when it was carried out before layout 2
    FileContent local_receipt;
    bool local_receipt_waits = false;  ///< registration has not taken it
    std::optional<apdu::administration::Lease> lease;

    /// Written where something was given up: the other slot may still hold it.
    bool unscrubbed = false;

    [[nodiscard]] SecretBytes encode() const;
    /// Takes the records of every layout that ever was; the next one written is of the newest.
    [[nodiscard]] static Result<Contents> decode(BytesView record);
};

/// The files of a kind in the JPKI application.
struct KindFiles {
    std::uint16_t key, pin, holder, issuer;
};
[[nodiscard]] constexpr KindFiles files_of(Kind kind) {
    return kind == Kind::sign ? KindFiles{0x1A, 0x1B, 0x01, 0x02}
                              : KindFiles{0x17, 0x18, 0x0A, 0x0B};
}
[[nodiscard]] constexpr FileName jpki_file(std::uint16_t id) { return {Application::jpki, id}; }

}  // namespace mitome::element
