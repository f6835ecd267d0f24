// SPDX-License-Identifier: Apache-2.0
#pragma once

// Administration of an element by registration: GlobalPlatform STORE DATA with one data group
// (DGI) per operation, inside SCP03 level 33 (GlobalPlatform Card Specification 2.3.1 §11.11).
// Order of a session: INITIALIZE UPDATE, EXTERNAL AUTHENTICATE, INSTALL [for personalization] of
// the JPKI application, then operations. Both ends build and read them here.
//
// Every operation may come again and then answers as before: BEGIN and SWAP and TERMINATE of the
// same order, GENERATE of the same kind, the same certificate.

#include <mitome/apdu/apdu.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace mitome::apdu::administration {

inline constexpr auto jpki_aid = "D392F000260100000001"_hex;
inline constexpr auto security_domain_aid = "A000000151000000"_hex;

/// 16 octets, drawn by registration.
using Order = std::array<std::uint8_t, 16>;
[[nodiscard]] Result<Order> order_of(BytesView octets);

/// A key pair with its certificate and its PIN.
enum class Kind : std::uint8_t { sign = 1, auth = 2 };
inline constexpr std::array kinds{Kind::sign, Kind::auth};

/// A set of kinds: the sum of their values.
using Kinds = std::uint8_t;
[[nodiscard]] constexpr bool holds(Kinds set, Kind kind) {
    return (set & static_cast<Kinds>(kind)) != 0;
}
[[nodiscard]] constexpr Kinds with(Kinds set, Kind kind) {
    return static_cast<Kinds>(set | static_cast<Kinds>(kind));
}

enum class Algorithm : std::uint8_t { rsa_2048 = 1, ec_p256 = 2 };
enum class Role : std::uint8_t { holder = 0, issuer = 1 };

/// Opens a pending set. `conditions_of_use` while another order's set is open.
struct Begin {
    Order order{};
    Kinds kinds = 0;
    Algorithm algorithm = Algorithm::rsa_2048;
    bool operator==(const Begin&) const = default;
};
/// Makes the key pair of a kind in the pending set; answers `Generated`.
struct Generate {
    Kind kind = Kind::sign;
    bool operator==(const Generate&) const = default;
};
/// Asks for `State`; changes nothing.
struct AskState {
    bool operator==(const AskState&) const = default;
};
/// Puts a certificate into the pending set: the holder's for its key, or its CA's.
struct StoreCertificate {
    Kind kind = Kind::sign;
    Role role = Role::holder;
    Bytes certificate;
    bool operator==(const StoreCertificate&) const = default;
};
/// Makes the pending set the present one, whole and at once. Each of its kinds must have key,
/// holder's certificate and PIN by then.
struct Swap {
    Order order{};
    bool operator==(const Swap&) const = default;
};
/// Destroys the pending set. Succeeds when there is none.
struct Drop {
    Order order{};
    bool operator==(const Drop&) const = default;
};
/// Gives a PIN its tries back.
struct Unblock {
    Kind kind = Kind::sign;
    bool operator==(const Unblock&) const = default;
};
/// Destroys the keys, certificates and PINs of both sets for ever. Keyset, id and attestation
/// key stay, so that the element can prove what it did.
struct Terminate {
    Order order{};
    bool operator==(const Terminate&) const = default;
};

using Operation =
    std::variant<Begin, Generate, AskState, StoreCertificate, Swap, Drop, Unblock, Terminate>;

/// `00 00 len AID 00 00 00` (GlobalPlatform 2.3.1 §11.5.2.3.6).
[[nodiscard]] Command install_for_personalization(BytesView aid = jpki_aid);
/// One operation as one STORE DATA, extended where it must be.
[[nodiscard]] Command store(const Operation& operation);
/// The data group of an operation, and back. `malformed` when it is none.
[[nodiscard]] Bytes encode(const Operation& operation);
[[nodiscard]] Result<Operation> decode_operation(BytesView data_group);

/// What the element says of itself: the answer of every operation but GENERATE. Believe it only
/// when it came MACed.
struct State {
    struct Present {
        Kind kind = Kind::sign;
        std::uint8_t tries = 0;
        std::array<std::uint8_t, 32> key{};  ///< SHA-256 of the SubjectPublicKeyInfo
        bool certificate = false;
        bool operator==(const Present&) const = default;
    };
    struct Pending {
        Order order{};
        Kinds wanted = 0;
        Kinds generated = 0;
        Kinds certificates = 0;
        Kinds pins = 0;
        Kinds proved = 0;  ///< its one proof of possession was made
        bool operator==(const Pending&) const = default;
    };

    std::array<std::uint8_t, 10> element{};
    std::uint64_t record = 0;        ///< number of the durable record; only rises
    std::optional<Order> swapped;    ///< the order whose set is the present one
    std::optional<Order> terminated; ///< the last order to erase
    std::vector<Present> present;
    std::optional<Pending> pending;

    bool operator==(const State&) const = default;
};
[[nodiscard]] Bytes encode(const State& state);
[[nodiscard]] Result<State> decode_state(BytesView answer);

struct Generated {
    Kind kind = Kind::sign;
    Bytes spki;  ///< DER SubjectPublicKeyInfo
    bool operator==(const Generated&) const = default;
};
[[nodiscard]] Bytes encode(const Generated& generated);
[[nodiscard]] Result<Generated> decode_generated(BytesView answer);

// ── Plain commands of a phone's JPKI application, for the app ───────────────────────────────

inline constexpr std::uint8_t ins_set_pending_pin = 0x24;  // CLA 80
inline constexpr std::uint8_t ins_prove = 0x2C;            // CLA 80
inline constexpr std::uint8_t ins_attest = 0x2E;           // CLA 80

/// 4 digits for `auth`, 6 to 16 of A–Z 0–9 with at least one of each for `sign`.
[[nodiscard]] bool is_pin_form(Kind kind, BytesView pin);

/// Chooses the PIN of a kind in the pending set. 9000; 6985 without an open set; 6A80 for the
/// form. The caller wipes the command.
[[nodiscard]] Command set_pending_pin(Kind kind, BytesView pin);

/// Asks for the certificate request of a pending key, exactly once a key: 6985 afterwards.
[[nodiscard]] Command prove(Kind kind, const Order& order);
/// The answer: DER CertRequest of RFC 4211 (certReqId 0) and the signature over it, with the
/// key's usual digest.
struct Proof {
    Bytes cert_request;
    Bytes signature;
    bool operator==(const Proof&) const = default;
};
[[nodiscard]] Bytes encode(const Proof& proof);
[[nodiscard]] Result<Proof> decode_proof(BytesView answer);

/// The X.509 attestation certificate of a key: of the pending set when one with that kind is
/// open, else of the present one.
[[nodiscard]] Command attest(Kind kind);
/// The element's ten octets, GET DATA 0045; with any application selected on a phone.
[[nodiscard]] Command element_id();

}  // namespace mitome::apdu::administration
