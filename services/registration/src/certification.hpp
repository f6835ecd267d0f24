// SPDX-License-Identifier: Apache-2.0
#pragma once

// CMP (RFC 9810, 9811, 9483) with the holder's card as the one who asks.
//
// Each request is protected by the signature certificate of a card that registration issued; only
// revocation and hold may also come from the phone itself, and a hold from the card's login. The
// phone profile certifies keys that an element made for an open order, and proves it by their
// attestation; the file profile certifies any key under a policy of its own, and never makes a
// phone. Where a transaction stands is on disk before it is said, so that a restart loses none.

#include "orders.hpp"
#include "resets.hpp"
#include "revocations.hpp"

#include <mitome/crypto/key.hpp>
#include <mitome/http/routes.hpp>
#include <mitome/pki/cmp_server.hpp>

#include <memory>
#include <mutex>
#include <optional>

namespace mitome::registration {

enum class Profile : std::uint8_t {
    phone,  ///< attested keys of an order
    file,   ///< keys in files
};

class Certification {
public:
    /// `signer` makes the protections and outlives this.
    Certification(Office& office, Orders& orders, Revocations& revocations, Resets& resets,
                  crypto::Signer& signer, pki::Certificate maker_root)
        : office_(office),
          orders_(orders),
          revocations_(revocations),
          resets_(resets),
          signer_(signer),
          maker_root_(std::move(maker_root)) {}

    [[nodiscard]] http::Response answer(Profile profile, const http::Call& call);

private:
    struct Message;
    struct Asker;
    using Refusal = pki::cmp::Refusal;
    template <class T>
    using Judged = pki::cmp::Judged<T>;

    [[nodiscard]] Result<Bytes> reply(Message& message);
    [[nodiscard]] Result<Bytes> enrol(Message& message);
    [[nodiscard]] Result<Bytes> issue(Message& message, store::CmpExchange exchange,
                                      pki::cmp::RequestKind kind);
    [[nodiscard]] Result<Bytes> follow_up(Message& message);
    [[nodiscard]] Result<Bytes> confirm(Message& message, store::CmpExchange exchange);
    [[nodiscard]] Result<Bytes> poll(Message& message, const store::CmpExchange& exchange);
    [[nodiscard]] Result<Bytes> give_up(Message& message, store::CmpExchange exchange);
    [[nodiscard]] Result<Bytes> withdraw(Message& message);
    [[nodiscard]] Result<Bytes> withdraw_recorded(Message& message, store::CmpExchange exchange);
    [[nodiscard]] Result<Bytes> reset(Message& message);

    [[nodiscard]] Judged<pki::cmp::Protector> protector(const Message& message) const;
    [[nodiscard]] Judged<Asker> asker(const Message& message) const;
    [[nodiscard]] Judged<Asker> asker(pki::Certificate certificate, Time now) const;
    [[nodiscard]] Judged<Speaker> speaker(const Message& message) const;
    enum class Held : std::uint8_t { refused, taken };
    [[nodiscard]] Judged<Speaker> phone_that_speaks(const pki::Certificate& certificate,
                                                    Held held) const;
    [[nodiscard]] Judged<Speaker> login_that_speaks(const pki::Certificate& certificate) const;
    [[nodiscard]] Judged<void> check_alive(pki::Ca ca, const pki::Certificate& certificate,
                                           Held held = Held::refused) const;
    [[nodiscard]] Judged<void> check_former(const store::Order& order, std::uint64_t resident,
                                            pki::Kind kind,
                                            const pki::crmf::CertRequest& wanted) const;
    [[nodiscard]] Judged<store::CmpExchange> approve_phone(const Message& message,
                                                           const Asker& asker,
                                                           const pki::crmf::Request& wanted) const;
    [[nodiscard]] Judged<store::CmpExchange> approve_file(const Message& message,
                                                          const Asker& asker,
                                                          const pki::crmf::Request& wanted) const;
    [[nodiscard]] Done record(const store::CmpExchange& exchange,
                              std::optional<std::uint64_t> resident);
    [[nodiscard]] Result<Bytes> keep(store::CmpExchange exchange, const Message& message,
                                     pki::cmp::Answer answer);
    [[nodiscard]] Result<Bytes> refuse(const Message& message, const Refusal& refusal) const;

    Office& office_;
    Orders& orders_;
    Revocations& revocations_;
    Resets& resets_;
    crypto::Signer& signer_;
    pki::Certificate maker_root_;
    mutable std::mutex mutex_;
    mutable std::shared_ptr<const pki::cmp::Protectors> protectors_;  // made with the first message
};

}  // namespace mitome::registration
