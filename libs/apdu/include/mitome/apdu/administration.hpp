// SPDX-License-Identifier: Apache-2.0
#pragma once

// Administration of an element by registration: GlobalPlatform STORE DATA with one data group
// (DGI) per operation, inside SCP03 level 33 (GlobalPlatform Card Specification 2.3.1 §11.11).
// Order of a session: INITIALIZE UPDATE, EXTERNAL AUTHENTICATE, INSTALL [for personalization] of
// the JPKI application, then operations. Both ends build and read them here.
//
// Every operation may come again and then answers as before: BEGIN and SWAP and ERASE of the same
// order, GENERATE of the same kind, the same certificate. RESET PIN of an order alone ends with
// its use: once the new PIN is set, the order is refused.

#include <mitome/apdu/apdu.hpp>
#include <mitome/base/clock.hpp>

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
/// Lets the holder choose a PIN anew: from now on this connection, and no other, may send one
/// `set_new_pin`. The window ends with that, with SELECT of another application than JPKI's, with
/// a new session and with power; nothing of it is durable. `conditions_of_use` for an order whose
/// PIN was set, `reference_not_found` where there is no PIN.
struct ResetPin {
    Order order{};
    Kind kind = Kind::sign;
    bool operator==(const ResetPin&) const = default;
};
using Challenge = std::array<std::uint8_t, 16>;
using Sha256 = std::array<std::uint8_t, 32>;
/// Destroys keys, certificates and PINs of both sets and the lease; answers `Erased`. Id, keyset,
/// attestation key and the numbers that refuse replays stay, and a new order may begin.
/// `conditions_of_use` unless `number` is above that of the last erasure.
struct Erase {
    Order order{};
    std::uint64_t number = 0;
    Challenge challenge{};
    Sha256 signed_order{};  ///< of the order as registration signed it
    bool operator==(const Erase&) const = default;
};
/// Lets the keys be used until `until`. An older `signed_time` than the last changes nothing.
struct Lease {
    Time signed_time{};
    Time until{};
    bool operator==(const Lease&) const = default;
};
/// Registration has the receipt of the local erasure: STATE need not remind of it any more.
/// `reference_not_found` for another receipt than the kept one.
struct ReceiptTaken {
    Sha256 receipt{};
    bool operator==(const ReceiptTaken&) const = default;
};

using Operation = std::variant<Begin, Generate, AskState, StoreCertificate, Swap, Drop, Unblock,
                               ResetPin, Erase, Lease, ReceiptTaken>;

/// `00 00 len AID 00 00 00` (GlobalPlatform 2.3.1 §11.5.2.3.6).
[[nodiscard]] Command install_for_personalization(BytesView aid = jpki_aid);
/// One operation as one STORE DATA, extended where it must be.
[[nodiscard]] Command store(const Operation& operation);
/// The data group of an operation, and back. `malformed` when it is none.
[[nodiscard]] Bytes encode(const Operation& operation);
[[nodiscard]] Result<Operation> decode_operation(BytesView data_group);

/// What the element says of itself: the answer of every operation but GENERATE and ERASE. Believe
/// it only when it came MACed.
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

    struct Reset {
        Kind kind = Kind::sign;
        Order order{};
        bool operator==(const Reset&) const = default;
    };

    std::array<std::uint8_t, 10> element{};
    std::uint64_t record = 0;      ///< number of the durable record; only rises: the witness
    std::optional<Order> swapped;  ///< the order whose set is the present one
    std::optional<Order> erased;   ///< the last order to erase
    std::vector<Reset> resets;     ///< per kind, the last order whose new PIN was set
    std::uint64_t erase_number = 0;  ///< of the last order to erase; 0: there was none
    std::optional<Lease> lease;      ///< absent: the keys may be used without end
    bool local_receipt = false;      ///< of a local erasure, and registration has not taken it
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

/// The answer of ERASE, ERASE LOCALLY and READ RECEIPT: a CMS SignedData in DER, pki/receipt.hpp.
struct Erased {
    Bytes receipt;
    bool operator==(const Erased&) const = default;
};
[[nodiscard]] Bytes encode(const Erased& erased);
[[nodiscard]] Result<Erased> decode_erased(BytesView answer);

// ── Plain commands of a phone's JPKI application, for the app ───────────────────────────────

// All of class 80.
inline constexpr std::uint8_t ins_set_pin = 0x24;
inline constexpr std::uint8_t ins_erase_locally = 0x26;
inline constexpr std::uint8_t ins_read_receipt = 0x28;
inline constexpr std::uint8_t ins_prove = 0x2C;
inline constexpr std::uint8_t ins_attest = 0x2E;

// P1 of `ins_set_pin`.
inline constexpr std::uint8_t p1_pending_pin = 0x00;
inline constexpr std::uint8_t p1_new_pin = 0x02;

/// 4 digits for `auth`, 6 to 16 of A–Z 0–9 with at least one of each for `sign`.
[[nodiscard]] bool is_pin_form(Kind kind, BytesView pin);

/// Chooses the PIN of a kind in the pending set. 9000; 6985 without an open set; 6A80 for the
/// form. The caller wipes the command.
[[nodiscard]] Command set_pending_pin(Kind kind, BytesView pin);

/// Chooses the PIN of a kind anew, over the connection that carried RESET PIN, with the JPKI
/// application selected. 9000; 6985 without that; 6A80 for the form, and the window stays open.
/// The caller wipes the command.
[[nodiscard]] Command set_new_pin(Kind kind, BytesView pin);

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
/// Erases as ERASE does, without any order and without a PIN; answers `Erased`. Where nothing was
/// left to erase: the receipt of the last local erasure again, or 6A88.
[[nodiscard]] Command erase_locally();
enum class ReceiptOf : std::uint8_t { local = 0, order = 1 };
/// The last receipt of that kind, `Erased`, or 6A88. It stays until the next one.
[[nodiscard]] Command read_receipt(ReceiptOf which);

/// The element's ten octets, GET DATA 0045; with any application selected on a phone.
[[nodiscard]] Command element_id();

}  // namespace mitome::apdu::administration
