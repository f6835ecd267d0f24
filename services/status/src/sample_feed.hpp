// SPDX-License-Identifier: Apache-2.0
#pragma once

// For the tests of this room: a CA with a P-256 key that delegates and lists, and what it feeds.

#include "reception.hpp"

#include <mitome/pki/crl.hpp>
#include <mitome/pki/ocsp.hpp>
#include <mitome/pki/profile.hpp>

#include <cstdlib>

namespace mitome::status::sample {

inline const Time now = from_rfc3339("2026-11-24T01:00:00Z").value();

class Folder {
public:
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "mitome-status-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

class Authority {
public:
    explicit Authority(pki::Ca which = pki::Ca::card_sign)
        : ca(which), key_(crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256).value()) {
        const pki::Profile profile{pki::sandbox_settings(which, "http://127.0.0.1:8080")};
        const Bytes tbs = pki::ca_certificate_tbs(profile, {.serial = {0x06, 0x7C},
                                                            .validity = pki::ca_validity(now),
                                                            .spki = key_->spki(),
                                                            .key = key_->kind()})
                              .value();
        certificate = pki::Certificate::from_der(pki::sign_tbs(tbs, *key_).value()).value();
        issuer_ = pki::issuer_of(*certificate).value();
    }

    [[nodiscard]] Bytes delegate(BytesView spki) const {
        const pki::Validity validity{.not_before = now, .not_after = now + std::chrono::days{30}};
        const auto what = pki::ocsp_responder_template(
            issuer_, pki::make_name({{pki::attribute::common_name, "responder"}}), spki,
            Bytes{0x41, 0x01}, validity);
        return pki::sign_tbs(pki::certificate_tbs(*what), *key_).value();
    }

    [[nodiscard]] Bytes crl(std::uint64_t number) const {
        pki::CrlWriter writer{{.issuer = issuer_,
                               .this_update = now,
                               .next_update = now + std::chrono::hours{24},
                               .number = number},
                              0};
        return std::move(writer).sign(*key_).value();
    }

    /// A certificate with that serial, good enough to be asked about.
    [[nodiscard]] pki::Certificate subject(BytesView serial) const {
        const pki::Template what{.serial = copy(serial),
                                 .signature_algorithm = issuer_.signature_algorithm,
                                 .issuer = issuer_.name,
                                 .not_before = now,
                                 .not_after = now + std::chrono::days{365},
                                 .subject = issuer_.name,
                                 .spki = key_->spki(),
                                 .extensions = {pki::extension::no_authority()}};
        return pki::Certificate::from_der(pki::sign_tbs(pki::certificate_tbs(what), *key_).value())
            .value();
    }

    pki::Ca ca;
    std::optional<pki::Certificate> certificate;

private:
    std::unique_ptr<crypto::SoftwareKey> key_;
    pki::Issuer issuer_;
};

inline store::FeedEntry issued(std::uint64_t number, pki::Ca ca, Bytes serial) {
    store::FeedEntry entry;
    entry.seq = number;
    entry.ca = ca;
    entry.serial = std::move(serial);
    entry.at = now;
    entry.not_after = now + std::chrono::days{365};
    return entry;
}

inline store::FeedEntry revoked(std::uint64_t number, pki::Ca ca, Bytes serial) {
    store::FeedEntry entry = issued(number, ca, std::move(serial));
    entry.happening = store::Happening::revoked;
    entry.reason = pki::Reason::superseded;
    return entry;
}

/// A status process with its folder, fed by four CAs until it is ready.
class Process {
public:
    explicit Process(const Folder& folder)
        : publication(clock),
          database(
              store::Database::open(folder.path() / "status.db", store::status_schema()).value()),
          reception(Reception::open(folder.path(), *database, publication).value()) {}

    FixedClock clock{now};
    Publication publication;
    std::unique_ptr<store::Database> database;
    std::unique_ptr<Reception> reception;
};

inline Feed heartbeat(std::uint64_t head) {
    Feed feed;
    feed.first = head + 1;
    feed.head = head;
    return feed;
}

class World {
public:
    World() {
        for (const pki::Ca ca : pki::all_cas) authorities.try_emplace(ca, ca);
    }

    /// What a new status needs of every CA; `shown` is its answer to the greeting.
    [[nodiscard]] Feed everything(const FeedAnswer& shown) const {
        Feed feed = heartbeat(shown.have);
        for (const auto& [ca, authority] : authorities) {
            feed.cas[ca] = authority.certificate->der();
            feed.crls[ca] = authority.crl(1);
            feed.responders[ca] = authority.delegate(shown.responders.at(ca).spki);
        }
        return feed;
    }

    void make_ready(Process& process) const {
        const FeedAnswer shown = process.reception->take(heartbeat(0)).value();
        static_cast<void>(process.reception->take(everything(shown)).value());
    }

    std::map<pki::Ca, Authority> authorities;
};

}  // namespace mitome::status::sample
