// SPDX-License-Identifier: Apache-2.0
#pragma once

// The only way to a CA key. `prepare` builds the octets and runs every lint on them; `issue`
// writes them into the ledger, signs them once and writes the certificate. Whatever ends the
// process between two steps, the ledger explains every serial, and the same request key leads to
// the same certificate.
//
// Duties left to the caller: that the subject may have a certificate (registration proves that),
// and that the time limits it passes are true.

#include <mitome/crypto/random.hpp>
#include <mitome/issuance/interruption.hpp>
#include <mitome/issuance/life.hpp>
#include <mitome/pki/lint.hpp>
#include <mitome/pki/profile.hpp>
#include <mitome/store/audit.hpp>
#include <mitome/store/ledger.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace mitome::issuance {

/// One of the four CAs with its key.
struct CertificateAuthority {
    pki::Profile profile;
    pki::Certificate certificate;
    std::unique_ptr<crypto::Signer> signer;
};

/// What every request carries.
struct Order {
    Bytes key;         ///< idempotency key of the caller, 8 to 64 octets
    std::string role;  ///< who asks: a TLS role
    Bytes spki;        ///< DER SubjectPublicKeyInfo
    std::optional<Time> not_before;  ///< now, if absent
    Time not_after{};                ///< as asked for
};

enum class Policy : std::uint8_t {
    of_profile,
    test_file,  ///< keys that no element holds: never counts as a phone
};

struct PersonOrder : Order {
    pki::Place place;
    std::optional<pki::BasicFourItems> items;  ///< of a signature certificate, and of no other
    Policy policy = Policy::of_profile;
};

class Issuer;

/// Octets that every lint has passed, and their serial. Good for one `issue` of the issuer that
/// made it.
class Permit {
public:
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&&) noexcept = default;
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit() = default;

    [[nodiscard]] const Bytes& serial() const { return serial_; }
    [[nodiscard]] const Bytes& tbs() const { return tbs_; }

private:
    friend class Issuer;
    enum class Record : std::uint8_t { missing, present };

    Permit() = default;

    const Issuer* issuer_ = nullptr;
    Bytes serial_, tbs_, key_;
    std::string role_;
    Time not_after_{};
    Record intent_ = Record::missing;  // present: a former run has written it
};

struct Issued {
    Bytes serial;
    Bytes certificate;  ///< DER
};

struct Withdrawal {
    Bytes serial;
    pki::Reason reason = pki::Reason::unspecified;
    std::optional<Time> invalidity;
    std::string role;   ///< a TLS role
    std::string cause;  ///< a code; nothing about a person
    std::optional<life::Actor> actor = {};  ///< for whom the role speaks; absent: anyone it may
};

struct Withdrawn {
    Time at{};
    std::uint64_t head = 0;  ///< of the feed, with this change in it
};

/// Which rule of life.hpp an error of `withdraw` stands for; absent for every other error.
[[nodiscard]] std::optional<life::Refused> refused_in(const Error& error);

/// What all issuers of a process write to and ask.
struct Records {
    store::Database& database;
    store::Ledger& ledger;
    store::Audit& audit;
    const Clock& clock;
    crypto::Random& random;
    Interruption interruption = {};
    HoldRules hold_rules = {};
};

/// Issues for one CA. Safe to use from several threads: those that write at the same time share
/// a flush of the disk.
class Issuer {
public:
    /// `broken` when the certificate is not that of the key.
    [[nodiscard]] static Result<std::unique_ptr<Issuer>> create(CertificateAuthority authority,
                                                                Records records);

    /// `denied`: a lint or a limit says no (the log names each); nothing was written or signed.
    /// `malformed`: the SPKI is no key of a kind that is certified, or a field has a wrong form.
    /// `conflict`: the request key has led to a certificate already, was closed, or was used for
    /// something else. An intent that a former run left open gives a permit for the very same
    /// octets.
    [[nodiscard]] Result<Permit> prepare(const PersonOrder& order);
    [[nodiscard]] Result<Permit> prepare_responder(const Order& order);
    [[nodiscard]] Result<Permit> prepare_registration(const Order& order);

    /// Intent, signature, certificate. `broken` when the permit is of another issuer, or the
    /// signature does not hold for exactly the octets of the intent; that serial is then never
    /// used again. `unavailable`: disk or key; asking again with the same request key goes on.
    [[nodiscard]] Result<Issued> issue(Permit&& permit);

    /// What `order.key` has led to, or `prepare` and `issue`. Two calls with one key at the same
    /// time: the second waits for the first.
    [[nodiscard]] Result<Issued> issue_once(const PersonOrder& order);
    [[nodiscard]] Result<Issued> issue_responder(const Order& order);
    [[nodiscard]] Result<Issued> issue_registration(const Order& order);

    /// What life.hpp does not list is refused, and `refused_in` the error says why: `absent` no
    /// such certificate, `denied` that the role or actor may not, `conflict` everything else.
    [[nodiscard]] Result<Withdrawn> withdraw(const Withdrawal& withdrawal);

    /// Signs a full CRL of what is revoked now and keeps it. One at a time.
    [[nodiscard]] Result<store::Ledger::Crl> make_crl(std::chrono::seconds validity);

    [[nodiscard]] pki::Ca ca() const { return authority_.profile.ca(); }
    [[nodiscard]] const pki::Certificate& certificate() const { return authority_.certificate; }

private:
    struct Turn;
    Issuer(CertificateAuthority authority, Records records, pki::Issuer name,
           crypto::PublicKey key);

    [[nodiscard]] Result<std::optional<Issued>> issued_before(const Order& order) const;
    [[nodiscard]] Result<std::optional<Permit>> resume(const Order& order, pki::Shape shape,
                                                       const pki::Profile& profile) const;
    [[nodiscard]] Result<Permit> permit(const Order& order, Bytes serial, Bytes tbs,
                                        pki::Shape shape, const pki::Profile& profile) const;
    [[nodiscard]] Done check_lints(BytesView tbs, pki::Shape shape,
                                   const pki::Profile& profile) const;
    [[nodiscard]] Result<pki::Validity> validity_of(const Order& order) const;
    [[nodiscard]] Bytes draw_serial() const;
    [[nodiscard]] Done record_intent(const Permit& permit) const;
    [[nodiscard]] Done record_certificate(const Permit& permit, BytesView der) const;
    void reached(Step step) const;

    CertificateAuthority authority_;
    pki::Profile test_file_;
    Records records_;
    pki::Issuer name_;
    crypto::PublicKey key_;

    std::mutex turns_mutex_;
    std::condition_variable turn_over_;
    std::set<Bytes> running_;  // request keys

    std::mutex crl_mutex_;
};

}  // namespace mitome::issuance
