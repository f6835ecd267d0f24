// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/clock.hpp>
#include <mitome/pki/certificate.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mitome::status {

/// A signed OCSP answer with what HTTP says about it. Also owned by the connection that sends it.
struct SignedAnswer {
    Bytes der;
    std::string etag;  ///< with its quotes; empty for an answer with a nonce
    Time this_update{};
    Time next_update{};
};

/// Signed answers to requests without a nonce, for a while. Bounded: an answer that falls on the
/// place of another one takes it. Safe to use from several threads.
///
/// An answer that was looked up before a change and comes after it is not kept: `keep` takes the
/// `Moment` that the caller saw before it looked up.
class AnswerCache {
public:
    using Moment = std::uint64_t;

    /// `places` is rounded up to a power of two.
    explicit AnswerCache(std::size_t places);

    [[nodiscard]] Moment moment() const { return moment_.load(std::memory_order_acquire); }

    /// The answer to exactly this CertID (DER), unless it was signed before `oldest`.
    [[nodiscard]] std::shared_ptr<const SignedAnswer> find(BytesView cert_id, BytesView serial,
                                                           Time oldest) const;
    void keep(BytesView cert_id, BytesView serial, std::shared_ptr<const SignedAnswer> answer,
              Moment seen);

    /// The standing of that serial has changed (and is already to be read).
    void forget(BytesView serial);
    void forget_all();

private:
    struct Place {
        Bytes cert_id;
        std::shared_ptr<const SignedAnswer> answer;
    };
    static constexpr std::size_t lock_count = 64;

    [[nodiscard]] std::size_t place_of(BytesView serial) const;

    mutable std::array<std::mutex, lock_count> locks_;
    std::vector<Place> places_;
    std::atomic<Moment> moment_{0};
};

}  // namespace mitome::status
