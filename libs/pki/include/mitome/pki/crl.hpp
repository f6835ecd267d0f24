// SPDX-License-Identifier: Apache-2.0
#pragma once

// Certificate revocation lists, RFC 5280 §5: full version 2 CRLs, written in place and looked up
// without a copy. Made for a million entries.
//
// Deviations: indirect CRLs and any other list with a critical extension that we do not know are
// refused when read.

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/template.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mitome::pki {

struct Revocation {
    BytesView serial;  ///< content octets of the INTEGER
    Time at{};
    Reason reason = Reason::unspecified;  ///< unspecified is not written (RFC 5280 §5.3.1)
    std::optional<Time> invalidity;
};

struct CrlFields {
    Issuer issuer;
    Time this_update{};
    Time next_update{};
    std::uint64_t number = 0;
};

/// Writes one CRL front to back. Order: `add` for every entry in ascending order of serial
/// numbers (as numbers), `close`, sign what it gives, `finish`.
class CrlWriter {
public:
    /// `expected` entries fit without a move; more or fewer are right too.
    CrlWriter(const CrlFields& fields, std::size_t expected);

    void add(const Revocation& revocation);
    /// The octets to be signed; valid until `finish`. `broken` when the entries were not in
    /// ascending order, or a serial number was empty.
    [[nodiscard]] Result<BytesView> close();
    /// The whole CRL. Only after `close`.
    [[nodiscard]] Bytes finish(BytesView signature) &&;
    /// `close`, sign, `finish`.
    [[nodiscard]] Result<Bytes> sign(crypto::Signer& signer) &&;

private:
    static constexpr std::size_t usual_size = 49;  // 16 octets of serial number, UTCTime, a reason

    void grow(std::size_t size);
    void check_order(BytesView serial);
    [[nodiscard]] bool add_usual(const Revocation& revocation);
    void set_usual_day(std::chrono::sys_days day);

    CrlFields fields_;
    Bytes octets_;  // room for the headers, then the entries, then what follows them
    std::size_t room_ = 0;  // where the entries begin
    std::size_t used_ = 0;  // where the next octet goes
    std::size_t tbs_at_ = 0;
    std::size_t last_at_ = 0;  // serial number of the entry before
    std::size_t last_size_ = 0;
    std::array<std::uint8_t, usual_size> usual_;  // an entry of that form on `usual_day_`
    std::chrono::sys_days usual_day_{};
    bool good_ = true;
};

struct CrlEntry {
    Time at{};
    Reason reason = Reason::unspecified;
    std::optional<Time> invalidity;
};

/// A CRL, read once. Holds its own octets and an index: one octet for each entry
/// where all have one length and stand in ascending order, as ours do, else 16 octets more.
class Crl {
public:
    [[nodiscard]] static Result<Crl> from_der(Bytes der);

    [[nodiscard]] const Bytes& der() const { return der_; }
    [[nodiscard]] BytesView tbs() const { return tbs_; }
    [[nodiscard]] BytesView issuer() const { return issuer_; }  ///< DER Name
    [[nodiscard]] BytesView signature() const { return signature_; }
    [[nodiscard]] BytesView signature_algorithm() const { return algorithm_; }
    [[nodiscard]] Time this_update() const { return this_update_; }
    [[nodiscard]] std::optional<Time> next_update() const { return next_update_; }
    /// Content octets of CRLNumber; empty if absent.
    [[nodiscard]] BytesView number() const { return number_; }
    [[nodiscard]] BytesView authority_key_identifier() const { return authority_; }
    /// It lists changes since another one (deltaCRLIndicator). Says nothing alone.
    [[nodiscard]] bool is_delta() const { return is_delta_; }
    /// Value of IssuingDistributionPoint; empty for a list of everything the CA issued.
    [[nodiscard]] BytesView distribution_point() const { return distribution_point_; }
    [[nodiscard]] const std::vector<Extension>& extensions() const { return extensions_; }
    [[nodiscard]] BytesView entries() const {
        return entries_;
    }  ///< content of revokedCertificates

    [[nodiscard]] std::size_t size() const { return count_; }
    /// What it says about a serial number's content octets; absent when it is not listed.
    [[nodiscard]] std::optional<CrlEntry> find(BytesView serial) const;

    [[nodiscard]] Done verify_signature(const crypto::PublicKey& key) const;

    // The views of a copy would look into the original.
    Crl(const Crl&) = delete;
    Crl& operator=(const Crl&) = delete;
    Crl(Crl&&) noexcept = default;
    Crl& operator=(Crl&&) noexcept = default;
    ~Crl() = default;

private:
    Crl() = default;
    [[nodiscard]] Done parse();
    [[nodiscard]] Done scan();
    [[nodiscard]] bool scan_equal();
    [[nodiscard]] Done scan_any();
    void set_range(std::uint64_t first, std::uint64_t last, std::size_t count);
    struct Guess {
        std::size_t slice = 0;
        std::uint64_t fraction = 0;  // of the slice, in units of 2^-64
    };
    [[nodiscard]] Guess guess_of(std::uint64_t key) const;
    void put_in_slice(std::uint64_t key, std::size_t at);
    void close_slices();
    [[nodiscard]] std::size_t lower_bound(std::uint64_t key) const;
    [[nodiscard]] std::uint64_t key_at(std::size_t at) const;
    [[nodiscard]] std::size_t place_at(std::size_t at) const;

    Bytes der_;
    BytesView tbs_, issuer_, signature_, algorithm_, number_, authority_, distribution_point_,
        entries_;
    Time this_update_{};
    std::optional<Time> next_update_;
    std::vector<Extension> extensions_;
    bool is_delta_ = false;
    struct Indexed {
        std::uint64_t key = 0;  // length and first octets of a serial number
        std::uint32_t place = 0;  // where its entry stands in entries_
    };
    std::vector<Indexed> index_;  // sorted by key; empty when entries_ is such a list itself
    std::size_t stride_ = 0;  // length of each entry then
    std::size_t count_ = 0;
    std::uint64_t first_key_ = 0, last_key_ = 0;
    int shift_ = 0;  // that stretches the range of keys to 64 bits
    std::vector<std::uint32_t> slices_;  // first entry of each equal slice of that range
};

}  // namespace mitome::pki
