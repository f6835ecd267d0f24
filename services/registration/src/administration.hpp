// SPDX-License-Identifier: Apache-2.0
#pragma once

// Administration of a phone's element in the shape of GlobalPlatform's SE Remote Application
// Management: scripts in the answers, their results in the next request, three exchanges a
// session. What the carrier brings back is believed only where SCP03 has MACed it.
//
// Deviation: the first script selects the issuer security domain itself, so that it does not
// matter what the carrier had selected.

#include "orders.hpp"

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
    Administration(Office& office, Orders& orders, Keysets& keysets);
    ~Administration();

    /// First request of a dialog, `POST /administration`.
    [[nodiscard]] http::Response begin(const http::Call& call);
    /// Every later one, `POST /administration/TOKEN`. The same request again is answered as before.
    [[nodiscard]] http::Response go_on(const http::Call& call);

private:
    struct Session;
    struct Answer;
    enum class Purpose : std::uint8_t;

    [[nodiscard]] Judged<Answer> open(const http::Call& call, const Bytes& element);
    [[nodiscard]] Judged<Answer> greet(Session session);
    [[nodiscard]] Judged<Answer> take(Session session, BytesView script);
    [[nodiscard]] Judged<Answer> greeted(Session session, const std::vector<Bytes>& answers);
    [[nodiscard]] Judged<Answer> operated(Session session, const std::vector<Bytes>& answers);
    [[nodiscard]] Judged<Answer> failed(Session session);
    [[nodiscard]] Judged<Answer> send(Session session, std::vector<Bytes> script,
                                      std::vector<apdu::administration::Operation> operations);
    [[nodiscard]] Judged<Answer> examined(Session session,
                                          const apdu::administration::State& state);
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
    Keysets& keysets_;
    std::mutex mutex_;
    std::map<Bytes, std::unique_ptr<Session>> sessions_;  // by token; session keys die with us
};

}  // namespace mitome::registration
