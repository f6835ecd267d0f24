// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: registration in this process, at a time that the test chooses, with an authority that
// does as it is told.

#include "certification.hpp"

#include <mitome/base/file.hpp>
#include <mitome/pki/cmp_client.hpp>
#include <mitome/pki/template.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

namespace mitome::registration {

namespace cmp = pki::cmp;
using namespace std::chrono_literals;

inline std::unique_ptr<crypto::SoftwareKey> new_key() {
    return *crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256);
}

inline Bytes name(std::string text) {
    return pki::make_name({{pki::attribute::common_name, std::move(text)}});
}

inline const Time start = from_rfc3339("2026-11-24T06:00:00Z").value();

/// A CA that signs what it is asked to. Stands in for the authority's process, so that a test
/// may choose the time and what fails.
class ScriptedAuthority final : public Authority {
public:
    struct Ca {
        std::unique_ptr<crypto::SoftwareKey> key = new_key();
        std::optional<pki::Certificate> certificate;
    };

    explicit ScriptedAuthority(crypto::Random& random) : random_(random) {
        for (const pki::Ca ca : pki::all_cas) {
            auto& one = cas_[ca];
            const auto root =
                pki::root_template(name(std::string{pki::name_of(ca)}), *one.key, Bytes{1},
                                   {start - 8760h * 20, start + 8760h * 20});
            one.certificate =
                *pki::Certificate::from_der(*pki::sign_tbs(pki::certificate_tbs(*root), *one.key));
        }
    }
    pki::Certificate make(pki::Ca ca, BytesView spki, Time not_before, Time not_after) {
        auto& one = cas_.at(ca);
        Bytes serial = random_.octets(16);
        serial.front() = 0x5A;
        const auto issuer = pki::issuer_of(*one.certificate);
        const pki::Template wanted{
            .serial = serial,
            .signature_algorithm = issuer->signature_algorithm,
            .issuer = issuer->name,
            .not_before = not_before,
            .not_after = not_after,
            .subject = name("holder"),
            .spki = copy(spki),
            .extensions = {pki::extension::key_usage(pki::key_usage::digital_signature),
                           pki::extension::authority_key_identifier(issuer->key_identifier)}};
        return *pki::Certificate::from_der(*pki::sign_tbs(pki::certificate_tbs(wanted), *one.key));
    }

    Result<pki::Certificate> issue(const Approval& approval, const store::Resident&) override {
        if (is_down) return fail(Fault::unavailable, "test: down");
        const auto found = issued_.find(approval.request);
        if (found != issued_.end()) return found->second;
        auto made = make(approval.ca, approval.spki, start - 1h, approval.not_after);
        issued_.emplace(approval.request, made);
        last = approval;
        return made;
    }
    Done revoke(pki::Ca, BytesView serial, pki::Reason reason, std::string_view) override {
        if (is_down) return fail(Fault::unavailable, "test: down");
        revoked[copy(serial)] = reason;
        return {};
    }
    Done withdraw(pki::Ca, BytesView serial, pki::Reason reason, std::optional<Time>,
                  std::string_view) override {
        if (is_down) return fail(Fault::unavailable, "test: down");
        const Bytes name = copy(serial);
        if (revoked.contains(name)) return fail(Fault::conflict, "test: revoked");
        ++withdrawals;
        if (reason == pki::Reason::certificate_hold) {
            held.insert(name);
        } else {
            held.erase(name);
            if (reason != pki::Reason::remove_from_crl) revoked[name] = reason;
        }
        return {};
    }
    Result<Recorded> look_up(pki::Ca, BytesView serial) override {
        Recorded found{.standing = Standing::alive, .not_after = start + 24h * 900};
        const Bytes name = copy(serial);
        if (held.contains(name)) found.standing = Standing::held;
        if (const auto one = revoked.find(name); one != revoked.end()) {
            found.standing = Standing::revoked;
            found.reason = one->second;
        }
        return found;
    }
    [[nodiscard]] const pki::Certificate& certificate(pki::Ca ca) const {
        return *cas_.at(ca).certificate;
    }

    bool is_down = false;
    std::map<Bytes, pki::Reason> revoked;
    std::set<Bytes> held;
    int withdrawals = 0;
    std::optional<Approval> last;

private:
    crypto::Random& random_;
    std::map<pki::Ca, Ca> cas_;
    std::map<Bytes, pki::Certificate> issued_;
};

/// Registration in this process, with one grown-up resident whose card lies in memory.
class InProcess : public testing::Test {
protected:
    InProcess() {
        Credentials known;
        for (const pki::Ca ca : pki::all_cas)
            known.authorities.push_back(authority.certificate(ca));
        known.own.push_back(
            authority.make(pki::Ca::phone_sign, signer->spki(), start - 1h, start + 8760h));
        credentials.set(std::move(known));
        card = new_card(1, 1980y / 2 / 17);
    }
    ~InProcess() override {
        database.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    struct Card {
        std::unique_ptr<crypto::SoftwareKey> key = new_key();
        std::optional<pki::Certificate> certificate;
        std::unique_ptr<crypto::SoftwareKey> login = new_key();
        std::optional<pki::Certificate> login_certificate;
        std::uint64_t resident = 0;
        [[nodiscard]] cmp::Identity identity() const {
            return cmp::Identity::of(*key, *certificate);
        }
        [[nodiscard]] cmp::Identity login_identity() const {
            return cmp::Identity::of(*login, *login_certificate);
        }
    };
    enum class Registered : std::uint8_t { yes, no };
    Card new_card(unsigned number, std::chrono::year_month_day birth,
                  Registered registered = Registered::yes) {
        Card made;
        made.certificate =
            authority.make(pki::Ca::card_sign, made.key->spki(), start - 1h, start + 24h * 900);
        if (registered == Registered::no) return made;
        auto change = database->begin();
        store::Resident resident;
        resident.items = {.name = "架空",
                          .address = "架空町",
                          .birth = pki::birth_date(birth),
                          .sex = pki::Sex::other,
                          .name_substitutes = "00",
                          .address_substitutes = "000"};
        resident.municipality = "13221";
        resident.my_number = "00000000000" + std::to_string(number);
        const auto id = people.add(*change, resident);
        store::Card row;
        row.resident = *id;
        made.resident = *id;
        made.login_certificate =
            authority.make(pki::Ca::card_auth, made.login->spki(), start - 1h, start + 24h * 900);
        row.sign_serial = copy(made.certificate->serial());
        row.auth_serial = copy(made.login_certificate->serial());
        row.not_after = made.certificate->not_after();
        static_cast<void>(people.add(*change, row));
        static_cast<void>(change->commit());
        return made;
    }

    http::Response post(const Bytes& message, Profile profile = Profile::file) {
        http::Request request;
        request.method = "POST";
        request.headers = {{"Content-Type", "application/pkixcmp"}};
        request.body = message;
        return certification.answer(profile, {request, {}, {}});
    }
    cmp::Message said(const Bytes& message, Profile profile = Profile::file) {
        return *cmp::parse(post(message, profile).content());
    }
    /// The failInfo of whatever kind of refusal.
    static std::string failure_of(const cmp::Message& answer) {
        const cmp::StatusReport* status = nullptr;
        if (const auto* error = std::get_if<cmp::ErrorContent>(&answer.body))
            status = &error->status;
        if (const auto* enrolment = std::get_if<cmp::EnrolmentAnswer>(&answer.body))
            status = &enrolment->answers.front().status;
        if (const auto* revocation = std::get_if<cmp::RevocationAnswer>(&answer.body))
            for (const auto& each : revocation->statuses)
                if (status == nullptr || each.failure()) status = &each;
        if (status == nullptr || !status->failure()) return "none";
        return std::string{cmp::name_of(*status->failure())};
    }
    cmp::Outgoing ir(const Card& from) {
        wanted_key = new_key();
        pki::crmf::Template wanted;
        wanted.subject = {0x30, 0x00};
        wanted.spki = wanted_key->spki();
        const Bytes request = pki::crmf::encode_cert_request(0, wanted);
        const Bytes message =
            pki::crmf::encode_request(request, crypto::KeyKind::ec_p256, crypto::Hash::sha256,
                                      *wanted_key->sign(crypto::Hash::sha256, request));
        const auto identity = from.identity();
        return *cmp::request_certificates(cmp::BodyType::ir, {message}, identity, name("ra"),
                                          random, clock.now());
    }
    struct Granted {
        cmp::Exchange exchange;
        std::optional<pki::Certificate> certificate;
    };
    Granted granted(const Card& from) {
        const auto out = ir(from);
        const auto answer = said(out.der);
        Granted made{out.exchange, {}};
        made.exchange.recip_nonce = answer.header.sender_nonce;
        made.certificate = *pki::Certificate::from_der(
            std::get<cmp::EnrolmentAnswer>(answer.body).answers.front().certificate);
        return made;
    }
    Bytes confirmation(const Card& from, const Granted& what) {
        const auto identity = from.identity();
        return cmp::confirm(what.exchange, 0, *what.certificate, identity, random, clock.now())
            ->der;
    }

    std::filesystem::path folder = [] {
        auto path = (std::filesystem::temp_directory_path() / "mitome-ra.XXXXXX").string();
        return std::filesystem::path{::mkdtemp(path.data())};
    }();
    crypto::SystemRandom random;
    FixedClock clock{start};
    std::unique_ptr<store::Database> database =
        *store::Database::open(folder / "registration.db", store::registration_schema());
    store::Register people{*database};
    store::Audit audit{*database};
    ScriptedAuthority authority{random};
    CredentialsPlace credentials;
    Office office{.database = *database,
                  .people = people,
                  .audit = audit,
                  .authority = authority,
                  .credentials = credentials,
                  .clock = clock,
                  .random = random};
    Orders orders{office};
    Revocations revocations{office};
    Resets resets{office};
    std::unique_ptr<crypto::SoftwareKey> signer = new_key();
    Certification certification{office, orders,  revocations,
                                resets, *signer, authority.certificate(pki::Ca::card_sign)};
    std::unique_ptr<crypto::SoftwareKey> wanted_key;
    Card card;
};

}  // namespace mitome::registration
