// SPDX-License-Identifier: Apache-2.0
#pragma once

// What registration keeps: people (a resident register with invented people stands in for the
// municipality), their cards and phones, and every order from its first request to its end.
// Values here are personal: none of them goes into a log, an audit row or an error text.

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/pki/four_items.hpp>
#include <mitome/store/database.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::store {

enum class ResidentState : std::uint8_t { registered, moved, deceased };
/// `registered`, `moved`, `deceased`.
[[nodiscard]] std::string_view name_of(ResidentState state);

struct Resident {
    std::uint64_t id = 0;  ///< from 1; given by `add`
    pki::BasicFourItems items;
    std::string municipality;  ///< code of five or six digits
    std::string my_number;     ///< twelve digits
    ResidentState state = ResidentState::registered;

    bool operator==(const Resident&) const = default;
};

enum class CardState : std::uint8_t { valid, revoked, retired };

struct Card {
    std::uint64_t number = 0;  ///< from 1; given by `add`
    std::uint64_t resident = 0;
    Bytes sign_serial;  ///< empty until there is a certificate
    Bytes auth_serial;
    Time not_after{};
    CardState state = CardState::valid;

    bool operator==(const Card&) const = default;
};

enum class DeviceState : std::uint8_t {
    known,
    retired,
    erased,
    rolled_back,  ///< its file is an older one than registration has seen
};

struct Device {
    Bytes element;            ///< 10 octets
    std::string common_name;  ///< of its TLS certificate
    DeviceState state = DeviceState::known;
    Time since{};

    bool operator==(const Device&) const = default;
};

enum class OrderState : std::uint8_t {
    open,       ///< the element makes its keys
    answered,   ///< certificates issued and answered, unconfirmed
    confirmed,  ///< every certificate confirmed over CMP
    swapped,    ///< the element's MACed answer says that the new set is in place
    completed,
    abandoned,
};

/// States 0 to 3: while an order is in one of them, its device and its person have no other.
[[nodiscard]] constexpr bool is_open(OrderState state) {
    return state != OrderState::completed && state != OrderState::abandoned;
}

/// The key of one kind, and the certificate that came of it.
struct OrderKey {
    pki::Kind kind = pki::Kind::sign;
    Bytes spki;         ///< empty until the element has made it
    Bytes serial;       ///< empty until issued
    Bytes certificate;  ///< DER, empty until issued
    bool confirmed = false;

    bool operator==(const OrderKey&) const = default;
};

struct Order {
    Bytes id;  ///< 16 octets
    Bytes element;
    std::optional<std::uint64_t> resident;  ///< known once the card has spoken
    OrderState state = OrderState::open;
    Time created{};
    Time deadline{};
    std::vector<OrderKey> keys;  ///< one for each kind ordered, sign first
    bool renewal = false;        ///< takes the place of certificates of the same phone

    [[nodiscard]] const OrderKey* key(pki::Kind kind) const;
    bool operator==(const Order&) const = default;
};

enum class ExchangeState : std::uint8_t { open, answered, confirmed, failed };

/// One CMP transaction, with or (file profile) without an order.
struct CmpExchange {
    Bytes transaction;  ///< id, 1 to 64 octets
    Bytes order;        ///< empty: none
    pki::Ca ca = pki::Ca::phone_sign;
    ExchangeState state = ExchangeState::open;
    std::int64_t request_id = 0;  ///< certReqId
    Bytes their_nonce;            ///< senderNonce of the message last taken
    Bytes our_nonce;              ///< senderNonce of the answer to it
    Bytes request_digest;         ///< of that message: a retransmission is known by it
    Bytes answer;                 ///< sent again to a retransmission
    Bytes spki;
    Bytes serial;
    Bytes certificate;
    Bytes certificate_hash;  ///< what certConf must carry
    Bytes signer;            ///< serial of the card's certificate that protected the request
    Time created{};
    Time deadline{};

    bool operator==(const CmpExchange&) const = default;
};

/// The phone whose certificates count for a person.
struct ActivePhone {
    std::uint64_t resident = 0;
    Bytes element;
    Bytes order;
    Bytes sign_serial;  ///< empty: no such certificate
    Bytes auth_serial;
    Time since{};

    bool operator==(const ActivePhone&) const = default;
};

/// Remote administration over HTTP: what was answered under one next-URI, so that the same
/// question gets the same answer. Session keys are never kept.
struct Dialog {
    Bytes id;  ///< of the next-URI, 8 to 32 octets
    Bytes element;
    Bytes order;  ///< empty: none
    std::uint32_t step = 0;
    Bytes request_digest;  ///< empty: not asked yet
    Bytes answer;
    Time at{};

    bool operator==(const Dialog&) const = default;
};

enum class EraseState : std::uint8_t {
    ordered,
    delivered,
    erased,
    unconfirmed,  ///< never kept: how one that has waited for long is shown
    withdrawn,    ///< what it was for is gone without it
};

/// An order to a device to destroy what it holds, and in the end its proof that it did.
struct EraseOrder {
    std::uint64_t number = 0;  ///< from 1; given by `add`
    Bytes element;
    std::optional<std::uint64_t> resident;
    std::string cause;  ///< a code: `superseded`, `revoked`, `local`, …
    EraseState state = EraseState::ordered;
    Bytes receipt = {};  ///< signed by the element; empty until it has answered
    Time created{};
    Time changed{};
    Bytes id = {};            ///< 16 octets; empty until signed
    Bytes challenge = {};     ///< that the receipt must bear; empty until signed
    Bytes signed_order = {};  ///< CMS; empty until signed

    bool operator==(const EraseOrder&) const = default;
};

/// What is to happen to one certificate: written down with the request, carried out afterwards.
struct Withdrawal {
    Bytes transaction;  ///< of CMP
    std::uint32_t position = 0;
    pki::Ca ca = pki::Ca::phone_sign;
    Bytes serial;
    pki::Reason reason = pki::Reason::unspecified;
    std::optional<Time> invalidity = {};
    Bytes element;
    std::uint64_t resident = 0;
    bool done = false;

    bool operator==(const Withdrawal&) const = default;
};

enum class ResetState : std::uint8_t {
    waiting,
    delivered,  ///< the element has opened its window for new PINs
    replaced,   ///< by a later grant, or out of date
};

/// Leave to give a phone new PINs, once.
struct ResetGrant {
    Bytes order;  ///< 16 octets
    Bytes element;
    std::uint8_t kinds = 0;  ///< as on the element's wire: 1 sign, 2 auth
    ResetState state = ResetState::waiting;
    Time created{};
    Time expires{};

    bool operator==(const ResetGrant&) const = default;
};

/// Until when an element may work without having heard of us.
struct GrantedLease {
    Bytes element;
    Time signed_at{};
    Time until{};

    bool operator==(const GrantedLease&) const = default;
};

/// The highest record number that an element has shown.
struct Witness {
    Bytes element;
    std::uint64_t record = 0;
    bool local_receipt = false;  ///< it still offers the receipt of a local erasure
    Time at{};

    bool operator==(const Witness&) const = default;
};

/// `add` is a `conflict` where the key exists; `change` and `move` are `absent` where it does
/// not. What is found has every field as it was given.
class Register {
public:
    explicit Register(Database& database) : database_(database) {}

    // Residents
    [[nodiscard]] Result<std::uint64_t> add(Transaction& in, const Resident& resident);
    [[nodiscard]] Done change(Transaction& in, const Resident& resident);
    [[nodiscard]] Result<std::optional<Resident>> resident(std::uint64_t id,
                                                           const View& view = {}) const;
    [[nodiscard]] Result<std::vector<Resident>> residents(const View& view = {}) const;

    // Cards
    [[nodiscard]] Result<std::uint64_t> add(Transaction& in, const Card& card);
    [[nodiscard]] Done change(Transaction& in, const Card& card);
    [[nodiscard]] Result<std::optional<Card>> card(std::uint64_t number,
                                                   const View& view = {}) const;
    [[nodiscard]] Result<std::vector<Card>> cards_of(std::uint64_t resident,
                                                     const View& view = {}) const;
    /// The card whose certificate of that kind has the serial.
    [[nodiscard]] Result<std::optional<Card>> card_of(pki::Kind kind, BytesView serial,
                                                      const View& view = {}) const;

    // Devices
    [[nodiscard]] Done add(Transaction& in, const Device& device);
    [[nodiscard]] Done change(Transaction& in, const Device& device);
    [[nodiscard]] Result<std::optional<Device>> device(BytesView element,
                                                       const View& view = {}) const;

    // Orders. `conflict` for a second open order of one device, or of one person.
    [[nodiscard]] Done add(Transaction& in, const Order& order);
    [[nodiscard]] Done change(Transaction& in, const Order& order);
    /// From one state to another, if it is still in the first; else `conflict`.
    [[nodiscard]] Done move(Transaction& in, BytesView order, OrderState from, OrderState to);
    [[nodiscard]] Result<std::optional<Order>> order(BytesView id, const View& view = {}) const;
    [[nodiscard]] Result<std::optional<Order>> open_order_of(BytesView element,
                                                             const View& view = {}) const;
    [[nodiscard]] Result<std::optional<Order>> open_order_of(std::uint64_t resident,
                                                             const View& view = {}) const;
    /// The open order that holds this key.
    [[nodiscard]] Result<std::optional<Order>> open_order_with_key(BytesView spki,
                                                                   const View& view = {}) const;
    /// The order, open or closed, whose certificate of that kind has the serial.
    [[nodiscard]] Result<std::optional<Order>> order_with_serial(pki::Kind kind, BytesView serial,
                                                                 const View& view = {}) const;
    /// Open orders whose deadline is before `now`, oldest first.
    [[nodiscard]] Result<std::vector<Order>> overdue_orders(Time now, const View& view = {}) const;
    /// All orders of a device, newest first.
    [[nodiscard]] Result<std::vector<Order>> orders_of(BytesView element, std::size_t limit,
                                                       const View& view = {}) const;

    // CMP
    [[nodiscard]] Done add(Transaction& in, const CmpExchange& exchange);
    [[nodiscard]] Done change(Transaction& in, const CmpExchange& exchange);
    [[nodiscard]] Result<std::optional<CmpExchange>> exchange(BytesView transaction,
                                                              const View& view = {}) const;
    [[nodiscard]] Result<std::vector<CmpExchange>> exchanges_of(BytesView order,
                                                                const View& view = {}) const;
    /// `answered` but not confirmed in time, oldest first.
    [[nodiscard]] Result<std::vector<CmpExchange>> overdue_exchanges(Time now,
                                                                     const View& view = {}) const;

    // The phone that counts
    /// Takes the place of the person's former phone, which is answered. `conflict` while the
    /// device counts for another person.
    [[nodiscard]] Result<std::optional<ActivePhone>> set_phone(Transaction& in,
                                                               const ActivePhone& phone);
    [[nodiscard]] Result<std::optional<ActivePhone>> clear_phone(Transaction& in,
                                                                 std::uint64_t resident);
    [[nodiscard]] Result<std::optional<ActivePhone>> phone_of(std::uint64_t resident,
                                                              const View& view = {}) const;
    [[nodiscard]] Result<std::optional<ActivePhone>> phone_of(BytesView element,
                                                              const View& view = {}) const;

    // Remote administration
    [[nodiscard]] Done put(Transaction& in, const Dialog& dialog);  ///< new, or in its place
    [[nodiscard]] Result<std::optional<Dialog>> dialog(BytesView id, const View& view = {}) const;
    /// Drops those last touched before `before`.
    [[nodiscard]] Done drop_dialogs(Transaction& in, Time before);

    // Erase orders
    [[nodiscard]] Result<std::uint64_t> add(Transaction& in, const EraseOrder& order);
    [[nodiscard]] Done change(Transaction& in, const EraseOrder& order);
    /// Gives it the next number that is also above `above`.
    [[nodiscard]] Result<std::uint64_t> renumber(Transaction& in, std::uint64_t number,
                                                 std::uint64_t above);
    [[nodiscard]] Result<std::optional<EraseOrder>> erase_order(std::uint64_t number,
                                                                const View& view = {}) const;
    /// Those of a device that it has not carried out, oldest first.
    [[nodiscard]] Result<std::vector<EraseOrder>> waiting_erasures(BytesView element,
                                                                   const View& view = {}) const;
    /// All of a device or of a person, oldest first.
    [[nodiscard]] Result<std::vector<EraseOrder>> erasures_of(BytesView element,
                                                              const View& view = {}) const;
    [[nodiscard]] Result<std::vector<EraseOrder>> erasures_of(std::uint64_t resident,
                                                              const View& view = {}) const;

    // Withdrawals
    [[nodiscard]] Done add(Transaction& in, const Withdrawal& withdrawal);
    [[nodiscard]] Done change(Transaction& in, const Withdrawal& withdrawal);
    [[nodiscard]] Result<std::vector<Withdrawal>> withdrawals_of(BytesView transaction,
                                                                 const View& view = {}) const;
    /// Transactions with withdrawals that are not done.
    [[nodiscard]] Result<std::vector<Bytes>> open_withdrawals(const View& view = {}) const;

    // New PINs
    /// Takes the place of one that waits for the same device.
    [[nodiscard]] Done add(Transaction& in, const ResetGrant& grant);
    [[nodiscard]] Done change(Transaction& in, const ResetGrant& grant);
    [[nodiscard]] Result<std::optional<ResetGrant>> waiting_reset(BytesView element,
                                                                  const View& view = {}) const;

    // What is known of an element from its earlier contacts
    [[nodiscard]] Done put(Transaction& in, const GrantedLease& lease);
    [[nodiscard]] Done drop_lease(Transaction& in, BytesView element);
    [[nodiscard]] Result<std::optional<GrantedLease>> lease_of(BytesView element,
                                                               const View& view = {}) const;
    [[nodiscard]] Done put(Transaction& in, const Witness& witness);
    [[nodiscard]] Result<std::optional<Witness>> witness_of(BytesView element,
                                                            const View& view = {}) const;

private:
    Database& database_;
};

}  // namespace mitome::store
