// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/store/database.hpp>
#include <mitome/store/revocation.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mitome::store {

enum class Standing : std::uint8_t {
    drawn,     ///< a serial and nothing else: burnt if nothing follows
    intended,  ///< the octets to be signed are recorded; perhaps signed, perhaps not
    issued,
    held,
    revoked,
};

/// Everything that the ledger knows of one serial.
struct LedgerEntry {
    std::uint64_t id = 0;  ///< in the order in which serials were drawn
    pki::Ca ca = pki::Ca::card_sign;
    Bytes serial;
    Standing standing = Standing::drawn;
    Time drawn_at{};
    Bytes request;            ///< empty while only drawn
    Time not_after{};         ///< from the intent on
    Time intended_at{};       ///< from the intent on
    std::optional<Time> issued_at;
    std::optional<Time> since;  ///< of a hold or revocation
    pki::Reason reason = pki::Reason::unspecified;
    std::optional<Time> invalidity;
};

struct Intent {
    pki::Ca ca = pki::Ca::card_sign;
    Bytes serial;   ///< content octets of the INTEGER, 1 to 20
    Bytes request;  ///< idempotency key of the caller, 1 to 64 octets
    Time not_after{};
    Bytes tbs;      ///< exactly what is about to be signed
};

struct Revocation {
    pki::Ca ca = pki::Ca::card_sign;
    Bytes serial;
    Time at{};
    /// `certificate_hold` holds, `remove_from_crl` releases, every other one revokes for good.
    pki::Reason reason = pki::Reason::unspecified;
    std::optional<Time> invalidity;
    std::string role;   ///< who asked: a TLS role
    std::string cause;  ///< a code such as `superseded_by_order`; nothing about a person
};

/// The authority's append-only record: a serial is drawn, what is to be signed is written down,
/// then the certificate, then what happens to it. Nothing is ever changed or taken out.
class Ledger {
public:
    explicit Ledger(Database& database) : database_(database) {}

    /// Burns a serial. `conflict`: this CA has used it already; draw another.
    [[nodiscard]] Done draw_serial(Transaction& in, pki::Ca ca, BytesView serial, Time at);

    /// Commit this before the key is used. Draws the serial if `draw_serial` has not.
    /// `conflict`: the serial has an intent, or the request key has one.
    [[nodiscard]] Done record_intent(Transaction& in, const Intent& intent, Time at);

    /// `broken`: the certificate does not hold exactly the octets intended for that serial.
    /// `absent`: no intent. `conflict`: another certificate is recorded, or the serial has been
    /// revoked meanwhile. The same certificate once more is no change.
    [[nodiscard]] Done record_certificate(Transaction& in, pki::Ca ca, BytesView serial,
                                          BytesView der, Time at);

    /// Takes any serial with an intent, be there a certificate or not (an intent left behind by
    /// a crash is revoked like that). `absent`: no intent. `conflict`: revoked already, or a
    /// release of what is not held.
    [[nodiscard]] Done record_revocation(Transaction& in, const Revocation& revocation);

    [[nodiscard]] Result<std::optional<LedgerEntry>> entry(pki::Ca ca, BytesView serial,
                                                           const View& view = {}) const;
    [[nodiscard]] Result<std::optional<LedgerEntry>> entry_of_request(BytesView request,
                                                                      const View& view = {}) const;
    /// Entries with an id above `after`, in order.
    [[nodiscard]] Result<std::vector<LedgerEntry>> page(std::uint64_t after, std::size_t limit,
                                                        const View& view = {}) const;
    /// `absent` without intent, or certificate.
    [[nodiscard]] Result<Bytes> tbs(pki::Ca ca, BytesView serial, const View& view = {}) const;
    [[nodiscard]] Result<Bytes> certificate(pki::Ca ca, BytesView serial,
                                            const View& view = {}) const;

    /// Holds, releases and revocation of one serial, oldest first.
    [[nodiscard]] Result<std::vector<Revocation>> history(pki::Ca ca, BytesView serial,
                                                          const View& view = {}) const;

    /// Intents that are neither certificates nor revoked: what a crash has left to explain.
    [[nodiscard]] Result<std::vector<LedgerEntry>> open_intents(const View& view = {}) const;

    /// What status must know, in sequence: above `after`, at most `limit` lines.
    [[nodiscard]] Result<std::vector<FeedEntry>> entries_after(std::uint64_t after,
                                                               std::size_t limit,
                                                               const View& view = {}) const;
    /// `seq` of the last line; 0 when there is none.
    [[nodiscard]] Result<std::uint64_t> head(const View& view = {}) const;

    /// What a CRL of `ca` lists, in ascending order of serials (as octets): revoked or held now,
    /// not_after not before `alive_at`.
    [[nodiscard]] Done each_revoked(pki::Ca ca, Time alive_at,
                                    const std::function<void(const RevokedSerial&)>& visit,
                                    const View& view = {}) const;

    /// The next cRLNumber of `ca`, from 1; never given twice once committed.
    [[nodiscard]] Result<std::uint64_t> draw_crl_number(Transaction& in, pki::Ca ca, Time at);
    /// Keeps the CRL of that number and forgets the DER of earlier ones.
    [[nodiscard]] Done keep_crl(Transaction& in, pki::Ca ca, std::uint64_t number, BytesView der);

    struct Crl {
        std::uint64_t number = 0;
        Bytes der;
    };
    [[nodiscard]] Result<std::optional<Crl>> latest_crl(pki::Ca ca, const View& view = {}) const;

private:
    // Of an intent that is open no more: whether `der` is what became of it.
    [[nodiscard]] Done check_recorded(Transaction& in, pki::Ca ca, BytesView serial,
                                      BytesView der) const;

    Database& database_;
};

}  // namespace mitome::store
