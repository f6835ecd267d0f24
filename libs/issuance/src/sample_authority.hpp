// SPDX-License-Identifier: Apache-2.0
#pragma once

// For the tests of this room: an authority with software keys and a ledger of its own on disk.

#include <mitome/issuance/issuer.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>

namespace mitome::issuance::sample {

inline const Time now = from_rfc3339("2026-11-24T01:00:00Z").value();
inline const Time end = from_rfc3339("2030-02-17T14:59:59Z").value();

class Folder {
public:
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "mitome-issuance-XXXXXX").string();
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

inline std::unique_ptr<crypto::SoftwareKey> new_key(
    crypto::KeyKind kind = crypto::KeyKind::ec_p256) {
    return crypto::SoftwareKey::generate(kind).value();
}

/// Makes only wrong signatures once told to.
class Key final : public crypto::Signer {
public:
    Key() : key_(new_key(crypto::KeyKind::rsa_2048)) {}
    [[nodiscard]] crypto::KeyKind kind() const override { return key_->kind(); }
    [[nodiscard]] const Bytes& spki() const override { return key_->spki(); }
    [[nodiscard]] Result<Bytes> sign_digest(crypto::Hash hash, BytesView digest) override {
        MITOME_TRY(signature, key_->sign_digest(hash, digest));
        ++signatures_;
        if (faulty_) signature.back() ^= 1U;
        return signature;
    }
    void become_faulty() { faulty_ = true; }
    [[nodiscard]] unsigned signatures() const { return signatures_; }

private:
    std::unique_ptr<crypto::SoftwareKey> key_;
    std::atomic<bool> faulty_{false};
    std::atomic<unsigned> signatures_{0};
};

/// Borrowed, so that a key outlives the authority that a test ends.
class Lent final : public crypto::Signer {
public:
    explicit Lent(crypto::Signer& owner) : owner_(owner) {}
    [[nodiscard]] crypto::KeyKind kind() const override { return owner_.kind(); }
    [[nodiscard]] const Bytes& spki() const override { return owner_.spki(); }
    [[nodiscard]] Result<Bytes> sign_digest(crypto::Hash hash, BytesView digest) override {
        return owner_.sign_digest(hash, digest);
    }

private:
    crypto::Signer& owner_;
};

/// What stays when the process ends: key, certificate, file.
struct Place {
    explicit Place(pki::Ca which)
        : ca(which), profile(pki::sandbox_settings(which, "http://127.0.0.1:8080")) {
        const Bytes tbs = pki::ca_certificate_tbs(profile, {.serial = {0x06, 0x7C},
                                                            .validity = pki::ca_validity(now),
                                                            .spki = key.spki(),
                                                            .key = key.kind()})
                              .value();
        certificate = pki::Certificate::from_der(pki::sign_tbs(tbs, key).value()).value();
    }
    pki::Ca ca;
    Folder folder;
    Key key;
    pki::Profile profile;
    std::optional<pki::Certificate> certificate;
};

/// A process that issues.
class Process {
public:
    explicit Process(Place& place, Interruption interruption = {})
        : database_(
              store::Database::open(place.folder.path() / "ledger.db", store::authority_schema())
                  .value()),
          ledger_(*database_),
          audit_(*database_),
          issuer_(Issuer::create({.profile = place.profile,
                                  .certificate = *place.certificate,
                                  .signer = std::make_unique<Lent>(place.key)},
                                 {.database = *database_,
                                  .ledger = ledger_,
                                  .audit = audit_,
                                  .clock = clock_,
                                  .random = random_,
                                  .interruption = std::move(interruption),
                                  .hold_rules = {}})
                      .value()) {}

    [[nodiscard]] Issuer& issuer() { return *issuer_; }
    [[nodiscard]] const store::Ledger& ledger() const { return ledger_; }
    [[nodiscard]] const store::Audit& audit() const { return audit_; }
    [[nodiscard]] FixedClock& clock() { return clock_; }
    [[nodiscard]] Records records() {
        return {.database = *database_,
                .ledger = ledger_,
                .audit = audit_,
                .clock = clock_,
                .random = random_};
    }

private:
    std::unique_ptr<store::Database> database_;
    store::Ledger ledger_;
    store::Audit audit_;
    FixedClock clock_{now};
    crypto::SystemRandom random_;
    std::unique_ptr<Issuer> issuer_;
};

/// An authentication certificate for `spki`; `number` makes the request key.
inline PersonOrder auth_order(BytesView spki, std::uint8_t number = 1) {
    PersonOrder order;
    order.key = Bytes(8, number);
    order.role = "registration";
    order.spki = copy(spki);
    order.not_after = end;
    order.place = {"Tokyo-to", "Kiyose-shi", "13221"};
    return order;
}

inline PersonOrder sign_order(BytesView spki, std::uint8_t number = 1) {
    using namespace std::chrono_literals;
    PersonOrder order = auth_order(spki, number);
    order.items = pki::BasicFourItems{.name = "吉田　太郎",
                                      .address = "東京都清瀬市中里五丁目八百四十二番地",
                                      .birth = pki::birth_date(1980y / 2 / 17),
                                      .sex = pki::Sex::male,
                                      .name_substitutes = "10000",
                                      .address_substitutes = std::string(18, '0')};
    return order;
}

}  // namespace mitome::issuance::sample
