// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/http/client.hpp>
#include <mitome/http/tls_files.hpp>
#include <mitome/issuance/issuer.hpp>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <thread>

namespace mitome::authority {

/// The issuers of this process; they live as long as it serves.
using Issuers = std::map<pki::Ca, std::unique_ptr<issuance::Issuer>>;

enum class CrlCadence : std::uint8_t {
    each_change,  ///< a sandbox: the CRL never lags behind OCSP
    quarter_hour,
};

/// Keeps status up to date, in a thread of its own: the changes of the ledger in sequence, CRLs,
/// certificates for status's responder keys, and a sign of life while nothing happens. Retries
/// for ever.
class Feeder {
public:
    struct Options {
        http::Url status;
        http::TlsFiles tls;
        CrlCadence cadence = CrlCadence::quarter_hour;
        issuance::Interruption interruption;
    };
    /// Everything given by reference must outlive the feeder.
    Feeder(Options options, Issuers& issuers, const store::Ledger& ledger, const Clock& clock,
           crypto::Random& random);
    Feeder(const Feeder&) = delete;
    Feeder& operator=(const Feeder&) = delete;
    ~Feeder();

    void start();

    /// Something has been written to the ledger.
    void changed();

    /// True once status has the ledger up to `head`. False after `patience`; at once when status
    /// has not answered for a while.
    [[nodiscard]] bool wait_until_fed(std::uint64_t head, std::chrono::milliseconds patience);

    /// Status has answered lately.
    [[nodiscard]] bool connected() const;

private:
    struct Shown {
        Bytes spki;
        std::optional<Time> not_after;
    };
    struct Answer {
        std::uint64_t have = 0;
        std::map<pki::Ca, Shown> responders;
    };
    struct Batch {
        std::uint64_t first = 0;
        std::vector<store::FeedEntry> entries;
        std::uint64_t head = 0;
        std::map<pki::Ca, Bytes> cas, responders, crls;
    };

    void run(const std::stop_token& stop);
    /// True when there is more to send at once.
    [[nodiscard]] Result<bool> feed_once(const std::stop_token& stop);
    [[nodiscard]] Done greet(const std::stop_token& stop);
    [[nodiscard]] Result<Answer> send(const Batch& batch, const std::stop_token& stop);
    [[nodiscard]] static Result<Answer> parse_answer(BytesView json);
    [[nodiscard]] Done add_crls(Batch& batch);
    [[nodiscard]] Done add_responders(Batch& batch);
    void accept(Answer answer);

    Options options_;
    Issuers& issuers_;
    const store::Ledger& ledger_;
    const Clock& clock_;
    crypto::Random& random_;

    // The thread's own.
    std::unique_ptr<http::Client> client_;
    std::optional<Answer> known_;  // what status has said; absent: ask it first
    std::set<pki::Ca> stale_crls_;  // a change is fed that its CRL does not have
    std::set<pki::Ca> unsent_crls_;  // status may lack the latest one
    std::map<pki::Ca, Time> next_crl_;  // when a new one is due without any change
    Time crls_made_{};

    mutable std::mutex mutex_;
    std::condition_variable_any wake_;  // the thread
    std::condition_variable fed_;  // those who wait
    bool changed_ = false;
    std::uint64_t have_ = 0;
    unsigned failures_ = 0;  // since the last answer
    bool answered_ = false;

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace mitome::authority
