// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the wallet needs of the world. The network's side of these ports is libs/client; tests have
// their own.

#include <mitome/apdu/administration.hpp>
#include <mitome/catalogue/codes.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/reader/channel.hpp>

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mitome::wallet {

using Order = apdu::administration::Order;
using apdu::administration::Kind;
using apdu::administration::Kinds;

/// A service, a card or an element said no; the catalogue says it to the holder.
struct Refusal {
    catalogue::Code code;
};

/// What an order is for: certificates for a phone that has none alive, or others in the place of
/// those it has.
enum class OrderFor : std::uint8_t { first_set, renewal };

/// Whether registration has more to do with the element.
enum class More : std::uint8_t { no, yes };

using Trouble = std::variant<Error, Refusal>;
template <class T>
using Reply = std::expected<T, Trouble>;

/// Runs an administration script on the phone's element: script in, answers out. Neither can be
/// read or forged by whoever carries them.
using RunScript = std::function<Result<Bytes>(BytesView script)>;

/// The registration service as a phone sees it.
class Registration {
public:
    virtual ~Registration() = default;

    /// Refused with `order_open` or `already_issued`.
    [[nodiscard]] virtual Reply<Order> open_order(Kinds kinds, OrderFor purpose) = 0;
    /// The order that an earlier run of this phone left open, if any.
    [[nodiscard]] virtual Reply<std::optional<Order>> open_order_of_this_phone() = 0;

    enum class Recovered : std::uint8_t {
        completed,  ///< the element proved that it holds the new set: the order is done
        dropped,    ///< nothing is left of it, its certificates are revoked
    };
    /// Finishes or undoes an order left open, by asking the element. Refused with
    /// `issue_interrupted` when it is still open afterwards.
    [[nodiscard]] virtual Reply<Recovered> recover(const RunScript& run) = 0;

    /// One dialog of element administration, which has one purpose: as many scripts as it takes.
    [[nodiscard]] virtual Reply<More> administer(const RunScript& run) = 0;

    /// A CMP message and its answer. RFC 9811.
    [[nodiscard]] virtual Reply<Bytes> certification(BytesView message) = 0;
};

/// What registration says of a phone to that phone.
struct PhoneStanding {
    struct Row {
        pki::Kind kind = pki::Kind::sign;
        Bytes serial;
        std::string state;  ///< a state of issuance/life.hpp, by its name
    };
    bool bound = false;  ///< it is somebody's phone
    bool rolled_back = false;  ///< an older copy of the element's file was put back
    std::vector<Row> certificates;
    std::optional<Time> lease_until;
};

struct Notice {
    std::uint64_t number = 0;
    Time at{};
    std::string code;  ///< a row of the catalogue, perhaps of a newer one
    std::string detail;
};

/// A phone that was told to erase itself.
struct FormerPhone {
    std::string element;  ///< hexadecimal
    std::string state;  ///< `ordered`, `delivered`, `erased` or `not_confirmed`
    Time since{};
    Bytes receipt;  ///< CMS, DER; empty until there is one
};

/// What a phone asks registration for outside of an order.
class Contact {
public:
    virtual ~Contact() = default;

    [[nodiscard]] virtual Reply<PhoneStanding> standing() = 0;
    /// Those with a number above `after`, in order; a page of them.
    [[nodiscard]] virtual Reply<std::vector<Notice>> notices(std::uint64_t after) = 0;
    [[nodiscard]] virtual Reply<std::vector<FormerPhone>> former() = 0;
    /// The receipt of an erasure by the holder, who needed no order for it. The same one may be
    /// handed over again.
    [[nodiscard]] virtual Reply<void> hand_over(BytesView receipt) = 0;
};

/// The place where the holder's card is put.
class CardPlace {
public:
    virtual ~CardPlace() = default;
    /// Waits for a card. Refused with `card_absent` when none came.
    [[nodiscard]] virtual Reply<std::unique_ptr<reader::Channel>> wait_for_card() = 0;
};

}  // namespace mitome::wallet
