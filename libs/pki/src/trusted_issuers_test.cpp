// SPDX-License-Identifier: Apache-2.0
#include "judges.hpp"
#include "sample_world.hpp"

#include <mitome/pki/trusted_issuers.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace mitome::pki {
namespace {

const Time now = sample::time_of("2025-12-01T00:00:00Z");

TrustedIssuers all_four() {
    std::vector<Certificate> cas;
    for (const Ca ca : all_cas) cas.push_back(sample::world(ca).ca);
    return TrustedIssuers::create(cas).value();
}

PathVerdict verdict_on(const Certificate& certificate, Time at = now,
                       std::uint16_t usage = key_usage::digital_signature) {
    return all_four().judge(certificate, at, usage).verdict;
}

/// The sample person's certificate, signed anew after a change.
Certificate changed(const std::function<void(Template&)>& change) {
    const auto& by = sample::world(Ca::phone_sign);
    const Certificate person = sample::person(Ca::phone_sign);
    Template what{.serial = copy(person.serial()),
                  .signature_algorithm = copy(person.signature_algorithm()),
                  .issuer = copy(person.issuer()),
                  .not_before = person.not_before(),
                  .not_after = person.not_after(),
                  .subject = copy(person.subject()),
                  .spki = copy(person.spki()),
                  .extensions = {}};
    for (const Extension& extension : person.extensions()) {
        what.extensions.push_back({extension.oid, extension.critical, copy(extension.value)});
    }
    change(what);
    return sample::sign(by, certificate_tbs(what));
}

TEST(TrustedIssuers, FindTheIssuerOfEveryPerson) {
    const TrustedIssuers issuers = all_four();
    for (const Ca ca : all_cas) {
        const auto answer = issuers.judge(sample::person(ca), now, key_usage::digital_signature);

        EXPECT_EQ(answer.verdict, PathVerdict::valid);
        ASSERT_NE(answer.issuer, nullptr);
        EXPECT_EQ(answer.issuer->der(), sample::world(ca).ca.der());
    }
}

TEST(TrustedIssuers, AreReadFromABundle) {
    std::string bundle;
    for (const Ca ca : all_cas) bundle += to_pem("CERTIFICATE", sample::world(ca).ca.der());
    const auto issuers = TrustedIssuers::from_pem(bundle);

    ASSERT_TRUE(issuers);
    EXPECT_EQ(issuers->judge(sample::person(Ca::phone_auth), now, 0).verdict, PathVerdict::valid);
}

TEST(TrustedIssuers, TellGenerationsApartByKeyAndNotByName) {
    const sample::World next =
        sample::make_world(Ca::phone_sign, ca_validity(sample::time_of("2025-09-01T00:00:00Z")));
    const std::array both{next.ca, sample::world(Ca::phone_sign).ca};
    const auto issuers = TrustedIssuers::create(both).value();

    const auto answer = issuers.judge(sample::person(Ca::phone_sign), now, 0);

    EXPECT_EQ(answer.verdict, PathVerdict::valid);
    EXPECT_EQ(answer.issuer->der(), both[1].der());
}

TEST(TrustedIssuers, TryEachGenerationWhereNoKeyIdentifierTells) {
    const sample::World next =
        sample::make_world(Ca::phone_sign, ca_validity(sample::time_of("2025-09-01T00:00:00Z")));
    const std::array both{next.ca, sample::world(Ca::phone_sign).ca};
    const Certificate person = changed([](Template& what) {
        std::erase_if(what.extensions, [](const auto& e) { return e.oid == "2.5.29.35"; });
    });

    EXPECT_EQ(TrustedIssuers::create(both)->judge(person, now, 0).verdict, PathVerdict::valid);
}

TEST(TrustedIssuers, DoNotKnowAGenerationThatIsNotAmongThem) {
    const sample::World next =
        sample::make_world(Ca::phone_sign, ca_validity(sample::time_of("2025-09-01T00:00:00Z")));
    const std::array one{next.ca};

    EXPECT_EQ(TrustedIssuers::create(one)->judge(sample::person(Ca::phone_sign), now, 0).verdict,
              PathVerdict::issuer_unknown);
}

TEST(TrustedIssuers, SeeAForgedSignature) {
    const Certificate person = sample::person(Ca::phone_auth);
    Bytes der = person.der();
    der[static_cast<std::size_t>(person.serial().data() - person.der().data()) + 5] ^= 1;

    EXPECT_EQ(verdict_on(Certificate::from_der(der).value()), PathVerdict::signature_wrong);
}

TEST(TrustedIssuers, SeeASignatureUnderTheRightNameByAWrongKey) {
    const sample::World impostor =
        sample::make_world(Ca::phone_sign, ca_validity(sample::time_of("2025-07-16T01:00:00Z")));
    const sample::World& real = sample::world(Ca::phone_sign);
    // Names the real key and signs with another.
    const Bytes tbs = end_entity_tbs(real.profile, real.issuer,
                                     [] {
                                         static const BasicFourItems items = sample::items();
                                         EndEntityFields fields = sample::fields(Ca::phone_sign);
                                         fields.items = &items;
                                         return fields;
                                     }())
                          .value();

    EXPECT_EQ(verdict_on(sample::sign(impostor, tbs)), PathVerdict::signature_wrong);
}

TEST(TrustedIssuers, GoByTheTimeAskedFor) {
    const Certificate person = sample::person(Ca::phone_sign);

    EXPECT_EQ(verdict_on(person, person.not_before() - std::chrono::seconds{1}),
              PathVerdict::not_yet_valid);
    EXPECT_EQ(verdict_on(person, person.not_before()), PathVerdict::valid);
    EXPECT_EQ(verdict_on(person, person.not_after()), PathVerdict::valid);
    EXPECT_EQ(verdict_on(person, person.not_after() + std::chrono::seconds{1}),
              PathVerdict::expired);
    EXPECT_EQ(verdict_on(person, sample::time_of("2035-07-16T00:00:00Z")),
              PathVerdict::issuer_expired);
    EXPECT_EQ(verdict_on(person, sample::time_of("2025-07-16T00:59:59Z")),
              PathVerdict::issuer_not_yet_valid);
}

TEST(TrustedIssuers, AskForTheKeyUsage) {
    EXPECT_EQ(verdict_on(sample::person(Ca::card_auth), now, key_usage::non_repudiation),
              PathVerdict::key_usage_wrong);
    EXPECT_EQ(verdict_on(sample::person(Ca::card_sign), now, key_usage::non_repudiation),
              PathVerdict::valid);
}

TEST(TrustedIssuers, StopAtAnUnknownCriticalExtension) {
    const Certificate strange = changed(
        [](Template& what) { what.extensions.push_back({"1.2.3.4", true, Bytes{0x05, 0x00}}); });
    const Certificate harmless = changed(
        [](Template& what) { what.extensions.push_back({"1.2.3.4", false, Bytes{0x05, 0x00}}); });

    EXPECT_EQ(verdict_on(strange), PathVerdict::unknown_critical);
    EXPECT_EQ(verdict_on(harmless), PathVerdict::valid);
}

TEST(TrustedIssuers, WantAPersonNotACa) {
    const Certificate ca =
        changed([](Template& what) { what.extensions.push_back(extension::authority()); });

    EXPECT_EQ(verdict_on(ca), PathVerdict::is_authority);
}

TEST(TrustedIssuers, DoNotLetAPersonIssue) {
    const std::array persons{sample::person(Ca::phone_sign)};
    const Template below{
        .serial = {0x77, 0x77, 0x77, 0x77},
        .signature_algorithm = signature_algorithm(crypto::KeyKind::ec_p256, crypto::Hash::sha256),
        .issuer = copy(persons[0].subject()),
        .not_before = now,
        .not_after = now + std::chrono::days{1},
        .subject = copy(persons[0].subject()),
        .spki = sample::person_key().spki(),
        .extensions = {}};
    const auto made =
        Certificate::from_der(sign_tbs(certificate_tbs(below), sample::person_key()).value());

    EXPECT_EQ(TrustedIssuers::create(persons)->judge(*made, now, 0).verdict,
              PathVerdict::issuer_unfit);
}

}  // namespace
}  // namespace mitome::pki
