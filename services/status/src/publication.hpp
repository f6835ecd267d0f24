// SPDX-License-Identifier: Apache-2.0
#pragma once

// What status says to the public: OCSP answers, CRLs, CA certificates. Filled by the feed.

#include "answer_cache.hpp"
#include "index.hpp"

#include <mitome/crypto/key.hpp>
#include <mitome/pki/ocsp.hpp>

#include <array>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <variant>

namespace mitome::status {

/// A DER file for the public, with its validator.
struct PublicFile {
    std::shared_ptr<const Bytes> der;
    std::string etag;  ///< with its quotes
    Time since{};
};

/// Safe to use from several threads; one of them changes it at a time.
class Publication {
public:
    explicit Publication(const Clock& clock);

    /// `conflict` when that CA has another certificate already.
    [[nodiscard]] Done set_ca(pki::Certificate certificate, pki::Ca ca);
    /// `unverified` unless `certificate` is by that CA, for `key`.
    [[nodiscard]] Done set_responder(pki::Ca ca, std::shared_ptr<crypto::Signer> key,
                                     pki::Certificate certificate);
    /// `unverified` when the CA did not sign it, `conflict` when it is older than the present one.
    [[nodiscard]] Done set_crl(pki::Ca ca, Bytes der);
    [[nodiscard]] Done put(pki::Ca ca, BytesView serial, const Standing& standing);

    /// Authority has said: what you have is all there is.
    void heard();
    /// It has not for a while, or something is still missing: no answer may be given.
    [[nodiscard]] bool behind() const;

    /// A refusal is answered with HTTP 200 as well, and never kept by anybody.
    using Refused = pki::OcspRefusal;
    [[nodiscard]] std::variant<std::shared_ptr<const SignedAnswer>, Refused> answer(
        BytesView request);

    [[nodiscard]] std::optional<PublicFile> crl(pki::Ca ca) const;
    [[nodiscard]] std::optional<PublicFile> certificate(pki::Ca ca) const;
    /// Absent before there is one.
    [[nodiscard]] std::optional<Time> responder_not_after(pki::Ca ca) const;

private:
    struct Responder {
        std::shared_ptr<crypto::Signer> key;  // also that of the process, which shows it
        pki::OcspResponder responder;
    };
    struct Authority {
        std::optional<pki::Certificate> certificate;
        std::optional<crypto::PublicKey> key;
        std::optional<pki::CaDigests> digests;
        std::shared_ptr<const Responder> responder;  // kept by running requests too
        Index index;
        std::optional<PublicFile> file;
        std::optional<PublicFile> crl;
        Bytes crl_number;
    };

    [[nodiscard]] Authority& of(pki::Ca ca) { return authorities_[static_cast<std::size_t>(ca)]; }
    [[nodiscard]] const Authority& of(pki::Ca ca) const {
        return authorities_[static_cast<std::size_t>(ca)];
    }
    [[nodiscard]] const Authority* authority_of(const pki::CertId& id) const;
    [[nodiscard]] bool behind_locked() const;

    const Clock& clock_;
    mutable std::shared_mutex mutex_;
    std::array<Authority, std::size(pki::all_cas)> authorities_;
    std::optional<Time> heard_;
    AnswerCache cache_;
};

}  // namespace mitome::status
