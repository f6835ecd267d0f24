// SPDX-License-Identifier: Apache-2.0
#include "judgement.hpp"

#include <mitome/base/log.hpp>
#include <mitome/issuance/issuer.hpp>
#include <mitome/pki/crl.hpp>

#include <algorithm>
#include <utility>

namespace mitome::issuance {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t serial_octets = 16;
constexpr std::size_t shortest_key = 8, longest_key = 64;  // of a request
// The 6th birthday after a renewal in the last three months is less than this away.
constexpr auto longest_validity = std::chrono::days{6 * 366};
// Clocks of verifiers may be behind ours by this much.
constexpr auto clock_skew = 5min;
// Under the profile's own policy, so that no one takes it for that one.
constexpr std::string_view test_file_arc = ".99";

pki::Profile test_file_profile(const pki::Profile& profile) {
    pki::ProfileSettings settings = profile.settings();
    settings.policy += test_file_arc;
    return pki::Profile{std::move(settings)};
}

std::string subject_of(pki::Ca ca, BytesView serial) {
    return std::string{pki::name_of(ca)} + '/' + to_hex(serial);
}

// The CA's own name with what it is for behind it.
Bytes service_name(const pki::Profile& profile, std::string_view purpose) {
    std::vector<pki::Attribute> attributes = profile.settings().ca_name;
    attributes.push_back({pki::attribute::common_name, std::string{purpose}});
    return pki::make_name(attributes);
}

Done check_request_key(const Order& order) {
    if (order.key.size() < shortest_key || order.key.size() > longest_key) {
        return fail(Fault::malformed, "issuer: length of the request key");
    }
    return {};
}

// The fields of a TBSCertificate, which are read with some signature behind it.
Result<pki::Certificate> as_certificate(BytesView tbs, BytesView algorithm) {
    return pki::Certificate::from_der(pki::assemble(tbs, algorithm, Bytes{0}));
}

}  // namespace

// A request key is worked on by one thread at a time.
struct Issuer::Turn {
    Turn(Issuer& issuer, const Bytes& key) : issuer_(issuer), key_(key) {
        std::unique_lock lock{issuer_.turns_mutex_};
        issuer_.turn_over_.wait(lock, [&] { return issuer_.running_.insert(key_).second; });
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        {
            const std::scoped_lock lock{issuer_.turns_mutex_};
            issuer_.running_.erase(key_);
        }
        issuer_.turn_over_.notify_all();
    }

private:
    Issuer& issuer_;
    const Bytes& key_;
};

Issuer::Issuer(CertificateAuthority authority, Records records, pki::Issuer name,
               crypto::PublicKey key)
    : authority_(std::move(authority)),
      test_file_(test_file_profile(authority_.profile)),
      records_(std::move(records)),
      name_(std::move(name)),
      key_(std::move(key)) {}

Result<std::unique_ptr<Issuer>> Issuer::create(CertificateAuthority authority, Records records) {
    if (!same(authority.certificate.spki(), authority.signer->spki())) {
        return fail(Fault::broken, "issuer: the CA's certificate is not that of its key");
    }
    MITOME_TRY(name, pki::issuer_of(authority.certificate));
    MITOME_TRY(key, crypto::PublicKey::from_spki(authority.certificate.spki()));
    return std::unique_ptr<Issuer>{
        new Issuer{std::move(authority), std::move(records), std::move(name), std::move(key)}};
}

void Issuer::reached(Step step) const {
    if (records_.interruption) records_.interruption(step);
}

Bytes Issuer::draw_serial() const {
    // First octet 40 to 7F: positive, and every serial number of the same length, so that the
    // order of octets is that of numbers. 126 random bits.
    Bytes serial = records_.random.octets(serial_octets);
    serial.front() = static_cast<std::uint8_t>((serial.front() & 0x3FU) | 0x40U);
    return serial;
}

Result<pki::Validity> Issuer::validity_of(const Order& order) const {
    const Time now = records_.clock.now();
    const pki::Validity validity{.not_before = order.not_before.value_or(now),
                                 .not_after = order.not_after};
    if (validity.not_after <= validity.not_before) {
        return fail(Fault::denied, "issuer: ends before it begins");
    }
    if (validity.not_before > now + clock_skew) {
        return fail(Fault::denied, "issuer: begins in the future");
    }
    if (validity.not_after > authority_.certificate.not_after() ||
        validity.not_after > now + longest_validity) {
        return fail(Fault::denied, "issuer: ends too late");
    }
    return validity;
}

Done Issuer::check_lints(BytesView tbs, pki::Shape shape, const pki::Profile& profile) const {
    const pki::LintReport report =
        pki::lint(tbs, {.shape = shape,
                        .profile = &profile,
                        .ca = &authority_.certificate,
                        .latest_not_after = authority_.certificate.not_after()});
    if (report.clean()) return {};
    for (const std::string_view name : report.failed) {
        log(Level::error, "issuance.lint_failed", {{"ca", pki::name_of(ca())}, {"lint", name}});
    }
    return fail(Fault::denied, "issuer: lints refuse the certificate");
}

Result<std::optional<Issued>> Issuer::issued_before(const Order& order) const {
    MITOME_CHECK(check_request_key(order));
    MITOME_TRY(entry, records_.ledger.entry_of_request(order.key));
    if (!entry || !entry->issued_at) return std::optional<Issued>{};
    if (entry->ca != ca()) return fail(Fault::conflict, "issuer: request key of another CA");
    MITOME_TRY(der, records_.ledger.certificate(ca(), entry->serial));
    MITOME_TRY(certificate, pki::Certificate::from_der(std::move(der)));
    if (!same(certificate.spki(), order.spki) || certificate.not_after() != order.not_after) {
        return fail(Fault::conflict, "issuer: request key was used for something else");
    }
    return std::optional{Issued{.serial = entry->serial, .certificate = certificate.der()}};
}

// A permit for the octets that a former run has recorded and not come to use.
Result<std::optional<Permit>> Issuer::resume(const Order& order, pki::Shape shape,
                                             const pki::Profile& profile) const {
    MITOME_CHECK(check_request_key(order));
    MITOME_TRY(entry, records_.ledger.entry_of_request(order.key));
    if (!entry) return std::optional<Permit>{};
    if (entry->ca != ca()) return fail(Fault::conflict, "issuer: request key of another CA");
    if (entry->issued_at) return fail(Fault::conflict, "issuer: request key has its certificate");
    if (entry->standing != store::Standing::intended) {
        return fail(Fault::conflict, "issuer: request key was closed");
    }
    MITOME_TRY(tbs, records_.ledger.tbs(ca(), entry->serial));
    MITOME_TRY(intended, as_certificate(tbs, name_.signature_algorithm));
    if (!same(intended.spki(), order.spki) || intended.not_after() != order.not_after) {
        return fail(Fault::conflict, "issuer: request key was used for something else");
    }
    MITOME_TRY(permit, this->permit(order, entry->serial, std::move(tbs), shape, profile));
    permit.intent_ = Permit::Record::present;
    return std::optional{std::move(permit)};
}

Result<Permit> Issuer::permit(const Order& order, Bytes serial, Bytes tbs, pki::Shape shape,
                              const pki::Profile& profile) const {
    MITOME_CHECK(check_lints(tbs, shape, profile));
    Permit permit;
    permit.issuer_ = this;
    permit.serial_ = std::move(serial);
    permit.tbs_ = std::move(tbs);
    permit.key_ = order.key;
    permit.role_ = order.role;
    permit.not_after_ = order.not_after;
    return permit;
}

Result<Permit> Issuer::prepare(const PersonOrder& order) {
    const pki::Profile& profile =
        order.policy == Policy::test_file ? test_file_ : authority_.profile;
    MITOME_TRY(resumed, resume(order, pki::Shape::end_entity, profile));
    if (resumed) return *std::move(resumed);

    MITOME_TRY(key, crypto::PublicKey::from_spki(order.spki));
    const auto& kinds = profile.settings().subject_keys;
    if (std::ranges::find(kinds, key.kind()) == kinds.end()) {
        return fail(Fault::denied, "issuer: this kind of key is not certified");
    }
    MITOME_TRY(validity, validity_of(order));
    Bytes serial = draw_serial();
    reached(Step::serial_drawn);

    constexpr std::size_t name_octets = 14;
    constexpr unsigned numbers = 1000;  // three digits
    const Bytes random = records_.random.octets(name_octets + 2);
    const unsigned number = (random[name_octets] * 256U + random[name_octets + 1]) % numbers;
    const BytesView letters{random};
    MITOME_TRY(
        tbs,
        pki::end_entity_tbs(
            profile, name_,
            {.serial = serial,
             .validity = validity,
             .place = order.place,
             .common_name =
                 profile.kind() == pki::Kind::sign
                     ? pki::sign_common_name(validity.not_before, order.place, number)
                     : pki::auth_common_name(letters.first<name_octets>(), order.place, number),
             .spki = order.spki,
             .items = order.items ? &*order.items : nullptr}));
    return permit(order, std::move(serial), std::move(tbs), pki::Shape::end_entity, profile);
}

Result<Permit> Issuer::prepare_responder(const Order& order) {
    MITOME_TRY(resumed, resume(order, pki::Shape::ocsp_responder, authority_.profile));
    if (resumed) return *std::move(resumed);
    MITOME_TRY(validity, validity_of(order));
    Bytes serial = draw_serial();
    reached(Step::serial_drawn);
    MITOME_TRY(what, pki::ocsp_responder_template(
                         name_, service_name(authority_.profile, "OCSP responder"), order.spki,
                         serial, validity));
    return permit(order, std::move(serial), pki::certificate_tbs(what), pki::Shape::ocsp_responder,
                  authority_.profile);
}

Result<Permit> Issuer::prepare_registration(const Order& order) {
    MITOME_TRY(resumed, resume(order, pki::Shape::registration, authority_.profile));
    if (resumed) return *std::move(resumed);
    MITOME_TRY(validity, validity_of(order));
    Bytes serial = draw_serial();
    reached(Step::serial_drawn);
    MITOME_TRY(what,
               pki::registration_template(name_, service_name(authority_.profile, "Registration"),
                                          order.spki, serial, validity));
    return permit(order, std::move(serial), pki::certificate_tbs(what), pki::Shape::registration,
                  authority_.profile);
}

Done Issuer::record_intent(const Permit& permit) const {
    const Time now = records_.clock.now();
    MITOME_TRY(change, records_.database.begin());
    MITOME_CHECK(records_.ledger.record_intent(change,
                                               {.ca = ca(),
                                                .serial = permit.serial_,
                                                .request = permit.key_,
                                                .not_after = permit.not_after_,
                                                .tbs = permit.tbs_},
                                               now));
    return change.commit();
}

Done Issuer::record_certificate(const Permit& permit, BytesView der) const {
    const Time now = records_.clock.now();
    MITOME_TRY(change, records_.database.begin());
    MITOME_CHECK(records_.ledger.record_certificate(change, ca(), permit.serial_, der, now));
    MITOME_CHECK(records_.audit.append(change, {.at = now,
                                                .role = permit.role_,
                                                .action = "issue",
                                                .subject = subject_of(ca(), permit.serial_),
                                                .detail = to_hex(permit.key_)}));
    return change.commit();
}

Result<Issued> Issuer::issue(Permit&& given) {
    const Permit permit = std::move(given);
    if (permit.issuer_ != this) return fail(Fault::broken, "issuer: permit of another issuer");
    if (permit.intent_ == Permit::Record::missing) MITOME_CHECK(record_intent(permit));
    reached(Step::intent_recorded);
    MITOME_TRY(der, pki::sign_tbs_and_verify(permit.tbs_, *authority_.signer, key_));
    reached(Step::certificate_signed);
    MITOME_CHECK(record_certificate(permit, der));
    reached(Step::certificate_stored);
    return Issued{.serial = permit.serial_, .certificate = std::move(der)};
}

Result<Issued> Issuer::issue_once(const PersonOrder& order) {
    const Turn turn{*this, order.key};
    MITOME_TRY(before, issued_before(order));
    if (before) return *std::move(before);
    MITOME_TRY(permit, prepare(order));
    return issue(std::move(permit));
}

Result<Issued> Issuer::issue_responder(const Order& order) {
    const Turn turn{*this, order.key};
    MITOME_TRY(before, issued_before(order));
    if (before) return *std::move(before);
    MITOME_TRY(permit, prepare_responder(order));
    return issue(std::move(permit));
}

Result<Issued> Issuer::issue_registration(const Order& order) {
    const Turn turn{*this, order.key};
    MITOME_TRY(before, issued_before(order));
    if (before) return *std::move(before);
    MITOME_TRY(permit, prepare_registration(order));
    return issue(std::move(permit));
}

Result<Withdrawn> Issuer::withdraw(const Withdrawal& withdrawal) {
    const Time now = records_.clock.now();
    MITOME_TRY(change, records_.database.begin());
    MITOME_TRY(entry, records_.ledger.entry(ca(), withdrawal.serial, change));
    if (!entry) return std::unexpected{error_of(life::Refused::certificate_unknown)};
    if (const auto refused = refusal_of(*entry, withdrawal, records_.hold_rules, now)) {
        return std::unexpected{error_of(*refused)};
    }
    MITOME_CHECK(records_.ledger.record_revocation(change, {.ca = ca(),
                                                            .serial = withdrawal.serial,
                                                            .at = now,
                                                            .reason = withdrawal.reason,
                                                            .invalidity = withdrawal.invalidity,
                                                            .role = withdrawal.role,
                                                            .cause = withdrawal.cause}));
    MITOME_CHECK(
        records_.audit.append(change, {.at = now,
                                       .role = withdrawal.role,
                                       .action = "revoke",
                                       .subject = subject_of(ca(), withdrawal.serial),
                                       .detail = std::string{pki::name_of(withdrawal.reason)}}));
    MITOME_TRY(head, records_.ledger.head(change));
    MITOME_CHECK(change.commit());
    return Withdrawn{.at = now, .head = head};
}

Result<store::Ledger::Crl> Issuer::make_crl(std::chrono::seconds validity) {
    const std::scoped_lock turn{crl_mutex_};
    const Time now = records_.clock.now();
    std::uint64_t number = 0;
    {
        MITOME_TRY(change, records_.database.begin());
        MITOME_TRY(drawn, records_.ledger.draw_crl_number(change, ca(), now));
        MITOME_CHECK(change.commit());
        number = drawn;
    }
    pki::CrlWriter writer{
        {.issuer = name_, .this_update = now, .next_update = now + validity, .number = number}, 0};
    MITOME_CHECK(records_.ledger.each_revoked(ca(), now, [&](const store::RevokedSerial& one) {
        writer.add({.serial = one.serial,
                    .at = one.at,
                    .reason = one.reason,
                    .invalidity = one.invalidity});
    }));
    MITOME_TRY(der, std::move(writer).sign(*authority_.signer));
    MITOME_TRY(change, records_.database.begin());
    MITOME_CHECK(records_.ledger.keep_crl(change, ca(), number, der));
    MITOME_CHECK(change.commit());
    return store::Ledger::Crl{.number = number, .der = std::move(der)};
}

}  // namespace mitome::issuance
