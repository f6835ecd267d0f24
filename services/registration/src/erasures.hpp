// SPDX-License-Identifier: Apache-2.0
#pragma once

// Orders to elements to destroy what they hold, and the receipts by which they prove it.
//
//   ordered     queued; signed when it is about to be delivered for the first time
//   delivered   sent in an administration dialog; stays so until the receipt is here
//   erased      the receipt holds: element, order, number, challenge and digest of the signed order
//   withdrawn   a new set took the place of what was to be erased
//
// A receipt is taken once; the same one again changes nothing, and any other is refused, logged and
// written into the audit.

#include "office.hpp"
#include "refused.hpp"

#include <mitome/apdu/administration.hpp>
#include <mitome/crypto/key.hpp>

#include <optional>
#include <string_view>

namespace mitome::registration {

/// Queues an erasure, unless one waits for the device.
[[nodiscard]] Done order_erasure(const Office& office, store::Transaction& in, BytesView element,
                                 std::optional<std::uint64_t> resident, std::string_view cause);
/// Takes back what waits for the device because its old set was dead. An order of the desk stays.
[[nodiscard]] Done withdraw_erasures(const Office& office, store::Transaction& in,
                                     BytesView element);

/// Whether a certificate of the phone is alive or on hold.
[[nodiscard]] Result<bool> is_alive(const Office& office, const store::ActivePhone& phone);

class Erasures {
public:
    /// `signer` makes the signatures of orders and outlives this.
    Erasures(Office& office, crypto::Signer& signer, pki::Certificate maker_root)
        : office_(office), signer_(signer), maker_root_(std::move(maker_root)) {}

    /// The order that the device is to carry out next.
    [[nodiscard]] Result<std::optional<store::EraseOrder>> waiting(BytesView element) const;
    /// Signs it if it is not yet, and writes down that it is on its way to an element which is in
    /// that state.
    [[nodiscard]] Result<apdu::administration::Erase> deliver(
        std::uint64_t number, const apdu::administration::State& state);
    /// The element's answer. `record` is what its state says after it.
    [[nodiscard]] Judged<void> take(std::uint64_t number, BytesView receipt, std::uint64_t record);

    /// The receipt of an erasure without an order, brought by the device itself.
    [[nodiscard]] Judged<void> take_local(BytesView element, BytesView receipt);
    /// Digest of the local receipt that the element need not offer any longer.
    [[nodiscard]] Result<std::optional<apdu::administration::Sha256>> local_receipt(
        BytesView element) const;

private:
    [[nodiscard]] Result<store::EraseOrder> signed_order(store::EraseOrder order,
                                                         const apdu::administration::State& state);
    [[nodiscard]] Done revoke_kinds(const store::Order& order,
                                    const std::vector<std::array<std::uint8_t, 32>>& keys) const;
    [[nodiscard]] Done retire(store::Transaction& in, BytesView element) const;
    [[nodiscard]] Judged<void> bad_receipt(BytesView element, Literal why) const;

    Office& office_;
    crypto::Signer& signer_;
    pki::Certificate maker_root_;
};

}  // namespace mitome::registration
