// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/clock.hpp>
#include <mitome/http/client.hpp>
#include <mitome/http/tls_files.hpp>
#include <mitome/issuance/life.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/store/register.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace mitome::registration {

/// One certificate that registration has approved.
struct Approval {
    Bytes request;  ///< 16 octets; the same ones get the same certificate
    pki::Ca ca = pki::Ca::card_sign;
    Bytes spki;
    std::optional<Time> not_before;  ///< sandbox only; now, if absent
    Time not_after{};
    bool test_file = false;  ///< policy of keys that no element holds
};

enum class Standing : std::uint8_t { unknown, alive, held, revoked };

/// What the authority's ledger says of one certificate.
struct Recorded {
    Standing standing = Standing::unknown;
    pki::Reason reason = pki::Reason::unspecified;  ///< of a hold or a revocation
    std::optional<Time> invalidity = {};
    Time not_after{};
};

/// Absent: no such certificate.
[[nodiscard]] std::optional<issuance::life::State> state_of(const Recorded& found, Time now);

/// The authority as registration sees it. Safe to use from several threads.
class Authority {
public:
    virtual ~Authority() = default;
    /// `denied`: its lints say no. `conflict`: that request was used for something else.
    [[nodiscard]] virtual Result<pki::Certificate> issue(const Approval& approval,
                                                         const store::Resident& resident) = 0;
    /// Also when it was revoked before.
    [[nodiscard]] virtual Done revoke(pki::Ca ca, BytesView serial, pki::Reason reason,
                                      std::string_view cause) = 0;
    /// certificateHold holds, removeFromCRL releases, every other reason revokes. `conflict` when
    /// its standing does not allow that.
    [[nodiscard]] virtual Done withdraw(pki::Ca ca, BytesView serial, pki::Reason reason,
                                        std::optional<Time> invalidity, std::string_view cause) = 0;
    [[nodiscard]] virtual Result<Recorded> look_up(pki::Ca ca, BytesView serial) = 0;
    [[nodiscard]] Result<Standing> standing(pki::Ca ca, BytesView serial);
};

/// The authority's process behind mutual TLS.
class RemoteAuthority final : public Authority {
public:
    RemoteAuthority(http::Url url, http::TlsFiles identity)
        : url_(std::move(url)), identity_(std::move(identity)) {}

    [[nodiscard]] Result<pki::Certificate> issue(const Approval& approval,
                                                 const store::Resident& resident) override;
    [[nodiscard]] Done revoke(pki::Ca ca, BytesView serial, pki::Reason reason,
                              std::string_view cause) override;
    [[nodiscard]] Done withdraw(pki::Ca ca, BytesView serial, pki::Reason reason,
                                std::optional<Time> invalidity, std::string_view cause) override;
    [[nodiscard]] Result<Recorded> look_up(pki::Ca ca, BytesView serial) override;

    /// The certificate of our CMP key below the phone's signature CA.
    [[nodiscard]] Result<pki::Certificate> registration_certificate(BytesView spki);
    /// The four CAs' own certificates, in the order of `pki::all_cas`.
    [[nodiscard]] Result<std::vector<pki::Certificate>> authorities();

private:
    [[nodiscard]] Result<http::Response> send(const http::Request& request, bool repeatable);

    http::Url url_;
    http::TlsFiles identity_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<http::Client>> idle_;
};

/// Asks the maker for the certificate of our CMP key below the TLS root; `subject` is the DER
/// Name that it must bear.
[[nodiscard]] Result<pki::Certificate> maker_certificate(const http::Url& maker,
                                                         const http::TlsFiles& identity,
                                                         BytesView spki, BytesView subject);

}  // namespace mitome::registration
