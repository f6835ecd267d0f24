// SPDX-License-Identifier: Apache-2.0
#pragma once

// Administration of a phone's element in the shape of GlobalPlatform's SE Remote Application
// Management: scripts in the answers, their results in the next request, three exchanges a
// session. What the carrier brings back is believed only where SCP03 has MACed it.
//
// A dialog has one purpose, in this order: the open order, new PINs, an erasure, word that a
// receipt was taken, a lease. Its last answer says `X-Admin-More: 1` where another one waits; not
// after new PINs were opened, since the element shuts that window with the next session. What an
// order is about to replace is erased before, in the same dialog.
//
// Every session first asks for the element's state. Its record number only rises, so a lower one
// than was seen before shows that an older copy of its file was put back: from then on the element
// gets nothing but erasure.
//
// Deviation: the first script selects the issuer security domain itself, so that it does not
// matter what the carrier had selected.

#include "erasures.hpp"
#include "orders.hpp"
#include "resets.hpp"

#include <mitome/apdu/administration.hpp>
#include <mitome/apdu/scp03.hpp>
#include <mitome/crypto/hsm.hpp>
#include <mitome/http/routes.hpp>

#include <map>
#include <memory>
#include <mutex>

namespace mitome::registration {

/// The keyset of an element, made of the master in the HSM.
class Keysets {
public:
    virtual ~Keysets() = default;
    [[nodiscard]] virtual Result<apdu::scp03::Keyset> of(BytesView element) = 0;
};

class HsmKeysets final : public Keysets {
public:
    HsmKeysets(std::shared_ptr<crypto::Hsm> administration, std::size_t key_size)
        : administration_(std::move(administration)), key_size_(key_size) {}
    [[nodiscard]] Result<apdu::scp03::Keyset> of(BytesView element) override;

private:
    std::shared_ptr<crypto::Hsm> administration_;  // every call shares the one open token
    std::size_t key_size_;  // octets
};

class Administration {
public:
    Administration(Office& office, Orders& orders, Resets& resets, Erasures& erasures,
                   Keysets& keysets);
    ~Administration();

    /// First request of a dialog, `POST /administration`.
    [[nodiscard]] http::Response begin(const http::Call& call);
    /// Every later one, `POST /administration/TOKEN`. The same request again is answered as before.
    [[nodiscard]] http::Response go_on(const http::Call& call);

private:
    struct Session;
    struct Answer;
    enum class Purpose : std::uint8_t;
    struct Plan;

    [[nodiscard]] Judged<std::optional<Plan>> plan(BytesView element) const;
    [[nodiscard]] Judged<std::optional<Plan>> plan_of_order(const store::Order& order) const;
    [[nodiscard]] Judged<bool> needs_lease(BytesView element) const;
    [[nodiscard]] Judged<Answer> open(const Bytes& device, const Bytes& element);
    [[nodiscard]] Judged<Answer> greet(Session session);
    [[nodiscard]] Judged<Answer> take(Session session, BytesView script);
    [[nodiscard]] Judged<Answer> greeted(Session session, const std::vector<Bytes>& answers);
    [[nodiscard]] Judged<Answer> operated(Session session, const std::vector<Bytes>& answers);
    [[nodiscard]] Judged<Answer> failed(Session session);
    [[nodiscard]] Judged<Answer> send(Session session, std::vector<Bytes> script,
                                      std::vector<apdu::administration::Operation> operations);
    [[nodiscard]] Judged<Answer> examined(Session session,
                                          const apdu::administration::State& state);
    [[nodiscard]] Judged<Answer> follow(Session session,
                                        std::vector<apdu::administration::Operation> operations);
    [[nodiscard]] Judged<Answer> open_pins(Session session,
                                           const apdu::administration::State& state);
    [[nodiscard]] Judged<Answer> erase(Session session, const apdu::administration::State& state);
    [[nodiscard]] Judged<Answer> lend(Session session, const apdu::administration::State& state);
    [[nodiscard]] Judged<Answer> pins_opened(const Session& session) const;
    [[nodiscard]] Judged<Answer> erased(const Session& session, BytesView receipt,
                                        const apdu::administration::State& state);
    [[nodiscard]] Judged<Answer> lent(const Session& session,
                                      const apdu::administration::State& state) const;
    [[nodiscard]] Judged<bool> is_rolled_back(const Session& session,
                                              const apdu::administration::State& first,
                                              const apdu::administration::State& last) const;
    [[nodiscard]] Answer end(BytesView element) const;
    [[nodiscard]] Judged<Answer> recovered(Session session,
                                           const apdu::administration::State& state);
    [[nodiscard]] Result<std::vector<apdu::administration::Operation>> operations(
        const Session& session) const;
    [[nodiscard]] Done store_keys(const Session& session,
                                  const std::vector<apdu::administration::Generated>& keys) const;
    [[nodiscard]] Done store_swap(const Session& session) const;
    [[nodiscard]] http::Response said(const Answer& answer, BytesView element) const;
    void forget_old_sessions();

    Office& office_;
    Orders& orders_;
    Resets& resets_;
    Erasures& erasures_;
    Keysets& keysets_;
    std::mutex mutex_;
    std::map<Bytes, std::unique_ptr<Session>> sessions_;  // by token; session keys die with us
};

}  // namespace mitome::registration
