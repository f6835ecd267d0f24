// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/http/client.hpp>
#include <mitome/http/tls_files.hpp>
#include <mitome/issuance/life.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/store/revocation.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mitome::registration {

/// What is to happen to one certificate: certificateHold holds, removeFromCRL releases, every
/// other reason revokes.
struct Wanted {
    pki::Ca ca = pki::Ca::card_sign;
    Bytes serial;
    pki::Reason reason = pki::Reason::unspecified;
    std::string cause;
    issuance::life::Actor by = issuance::life::Actor::registration;
};

enum class Taken : std::uint8_t {
    changed,
    unchanged,  ///< it stood like that before
    unknown,    ///< the authority has no such certificate
    refused,    ///< its state does not allow it
};

/// The authority's ledger for many certificates at once. Safe to use from several threads.
class Batches {
public:
    static constexpr std::size_t largest = 500;

    virtual ~Batches() = default;

    /// All of them in one change of the ledger; what became of each, in the same order. The same
    /// batch may be sent again. `unavailable`: not known whether it happened.
    [[nodiscard]] virtual Result<std::vector<Taken>> withdraw(std::span<const Wanted> wanted) = 0;

    /// Holds, releases and revocations behind line `after`, whoever asked for them.
    struct Changes {
        std::vector<store::FeedEntry> lines;
        std::uint64_t next = 0;  ///< read up to here
    };
    [[nodiscard]] virtual Result<Changes> changes(std::uint64_t after) = 0;
};

/// The authority's process behind mutual TLS.
class RemoteBatches final : public Batches {
public:
    RemoteBatches(http::Url url, http::TlsFiles identity)
        : url_(std::move(url)), identity_(std::move(identity)) {}

    [[nodiscard]] Result<std::vector<Taken>> withdraw(std::span<const Wanted> wanted) override;
    [[nodiscard]] Result<Changes> changes(std::uint64_t after) override;

private:
    [[nodiscard]] Result<http::Response> send(const http::Request& request);

    http::Url url_;
    http::TlsFiles identity_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<http::Client>> idle_;
};

}  // namespace mitome::registration
