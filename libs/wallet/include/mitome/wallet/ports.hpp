// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the wallet needs of the world. The network's side of these ports is libs/client; tests have
// their own.

#include <mitome/apdu/administration.hpp>
#include <mitome/catalogue/codes.hpp>
#include <mitome/reader/channel.hpp>

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

namespace mitome::wallet {

using Order = apdu::administration::Order;
using apdu::administration::Kind;
using apdu::administration::Kinds;

/// A service, a card or an element said no; the catalogue says it to the holder.
struct Refusal {
    catalogue::Code code;
};

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
    [[nodiscard]] virtual Reply<Order> open_order(Kinds kinds) = 0;
    /// The order that an earlier run of this phone left open, if any.
    [[nodiscard]] virtual Reply<std::optional<Order>> open_order_of_this_phone() = 0;

    enum class Recovered : std::uint8_t {
        completed,  ///< the element proved that it holds the new set: the order is done
        dropped,    ///< nothing is left of it, its certificates are revoked
    };
    /// Finishes or undoes an order left open, by asking the element. Refused with
    /// `issue_interrupted` when it is still open afterwards.
    [[nodiscard]] virtual Reply<Recovered> recover(const RunScript& run) = 0;

    /// One dialog of element administration: as many scripts as the service has to run.
    [[nodiscard]] virtual Reply<void> administer(const RunScript& run) = 0;

    /// A CMP message and its answer. RFC 9811.
    [[nodiscard]] virtual Reply<Bytes> certification(BytesView message) = 0;
};

/// The place where the holder's card is put.
class CardPlace {
public:
    virtual ~CardPlace() = default;
    /// Waits for a card. Refused with `card_absent` when none came.
    [[nodiscard]] virtual Reply<std::unique_ptr<reader::Channel>> wait_for_card() = 0;
};

}  // namespace mitome::wallet
