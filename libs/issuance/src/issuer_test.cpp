// SPDX-License-Identifier: Apache-2.0
#include "sample_authority.hpp"

#include <mitome/pki/crl.hpp>
#include <mitome/pki/path.hpp>

#include <gtest/gtest.h>

namespace mitome::issuance {
namespace {

using namespace sample;

struct PowerCut {};  // thrown by an interruption; what comes behind the step never happens

Interruption power_cut_at(Step step) {
    return [step](Step reached) {
        if (reached == step) throw PowerCut{};
    };
}

pki::Certificate read(const Issued& issued) {
    return pki::Certificate::from_der(issued.certificate).value();
}

TEST(Issuer, IssuesASignatureCertificateThatLeadsToItsCa) {
    Place place{pki::Ca::phone_sign};
    Process process{place};
    const auto key = new_key();

    const auto issued = process.issuer().issue_once(sign_order(key->spki()));

    ASSERT_TRUE(issued) << issued.error().what.text;
    EXPECT_EQ(pki::check_path(read(*issued), {}, {&*place.certificate, 1}, now),
              pki::PathOutcome::trusted);
    EXPECT_EQ(pki::basic_four_items(read(*issued))->name, "吉田　太郎");
}

TEST(Issuer, DrawsASerialOfSixteenOctets) {
    Place place{pki::Ca::phone_auth};
    Process process{place};

    const auto issued = process.issuer().issue_once(auth_order(new_key()->spki()));

    ASSERT_TRUE(issued) << issued.error().what.text;
    EXPECT_EQ(issued->serial.size(), 16U);
    EXPECT_TRUE(same(read(*issued).serial(), issued->serial));
}

TEST(Issuer, GivesOneCertificateForOneRequestKey) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    const auto order = auth_order(new_key()->spki());

    const auto first = process.issuer().issue_once(order);
    const auto second = process.issuer().issue_once(order);

    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_EQ(first->certificate, second->certificate);
    EXPECT_EQ(place.key.signatures(), 2U);  // the CA's own and this one
}

TEST(Issuer, RefusesARequestKeyForAnotherKey) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    ASSERT_TRUE(process.issuer().issue_once(auth_order(new_key()->spki())));

    const auto again = process.issuer().issue_once(auth_order(new_key()->spki()));

    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().fault, Fault::conflict);
}

TEST(Issuer, WritesNothingForAPermitThatIsNotUsed) {
    Place place{pki::Ca::phone_auth};
    Process process{place};

    ASSERT_TRUE(process.issuer().prepare(auth_order(new_key()->spki())));

    EXPECT_TRUE(process.ledger().page(0, 10)->empty());
    EXPECT_EQ(place.key.signatures(), 1U);
}

TEST(Issuer, RefusesAnothersPermit) {
    Place place{pki::Ca::phone_auth};
    Place other_place{pki::Ca::card_auth};
    Process process{place};
    Process other{other_place};
    auto permit = process.issuer().prepare(auth_order(new_key()->spki()));
    ASSERT_TRUE(permit);

    const auto issued = other.issuer().issue(*std::move(permit));

    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().fault, Fault::broken);
    EXPECT_TRUE(other.ledger().page(0, 10)->empty());
}

class BadEnd : public testing::TestWithParam<const char*> {};

TEST_P(BadEnd, IsDenied) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    PersonOrder order = auth_order(new_key()->spki());
    order.not_after = from_rfc3339(GetParam()).value();

    const auto issued = process.issuer().issue_once(order);

    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().fault, Fault::denied);
    EXPECT_TRUE(process.ledger().page(0, 10)->empty());
}

INSTANTIATE_TEST_SUITE_P(Times, BadEnd,
                         testing::Values("2026-11-24T00:59:59Z",    // before it begins
                                         "2033-02-17T14:59:59Z",    // past any rule
                                         "2037-02-17T14:59:59Z"));  // past the CA

TEST(Issuer, DeniesWhatALintRefuses) {
    Place place{pki::Ca::phone_sign};
    Process process{place};
    PersonOrder order = sign_order(new_key()->spki());
    order.items->name_substitutes = "1";  // not one flag per character

    const auto issued = process.issuer().issue_once(order);

    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().fault, Fault::denied);
    EXPECT_TRUE(process.ledger().page(0, 10)->empty());
    EXPECT_EQ(place.key.signatures(), 1U);
}

TEST(Issuer, DeniesAKindOfKeyThatIsNotCertified) {
    Place place{pki::Ca::phone_auth};
    Process process{place};

    const auto issued =
        process.issuer().issue_once(auth_order(new_key(crypto::KeyKind::ec_p384)->spki()));

    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().fault, Fault::denied);
}

TEST(Issuer, MarksAKeyThatNoElementHoldsByItsPolicy) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    PersonOrder order = auth_order(new_key()->spki());
    order.policy = Policy::test_file;

    const auto issued = process.issuer().issue_once(order);

    ASSERT_TRUE(issued) << issued.error().what.text;
    EXPECT_NE(read(*issued).policies().at(0), place.profile.settings().policy);
}

TEST(Issuer, CertifiesAResponder) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    PersonOrder order = auth_order(new_key()->spki());
    order.not_after = now + std::chrono::days{30};

    const auto issued = process.issuer().issue_responder(order);

    ASSERT_TRUE(issued) << issued.error().what.text;
    EXPECT_EQ(read(*issued).extended_key_usages(),
              std::vector<std::string>{std::string{pki::purpose::ocsp_signing}});
}

TEST(Issuer, CertifiesTheRegistration) {
    Place place{pki::Ca::phone_sign};
    Process process{place};
    PersonOrder order = auth_order(new_key()->spki());
    order.not_after = now + std::chrono::days{365};

    const auto issued = process.issuer().issue_registration(order);

    ASSERT_TRUE(issued) << issued.error().what.text;
    EXPECT_EQ(read(*issued).extended_key_usages(),
              std::vector<std::string>{std::string{pki::purpose::cmc_ra}});
}

TEST(Issuer, AuditsEachCertificate) {
    Place place{pki::Ca::phone_auth};
    Process process{place};

    const auto issued = process.issuer().issue_once(auth_order(new_key()->spki()));

    ASSERT_TRUE(issued);
    const auto rows = process.audit().page(0, 10).value();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].event.action, "issue");
    EXPECT_EQ(rows[0].event.subject, "phone-auth/" + to_hex(issued->serial));
    EXPECT_EQ(rows[0].event.role, "registration");
}

TEST(Interruption, BeforeTheIntentLeavesNothing) {
    Place place{pki::Ca::phone_auth};
    const auto order = auth_order(new_key()->spki());
    {
        Process process{place, power_cut_at(Step::serial_drawn)};
        EXPECT_THROW(static_cast<void>(process.issuer().issue_once(order)), PowerCut);
    }

    Process again{place};

    EXPECT_TRUE(again.ledger().page(0, 10)->empty());
    EXPECT_TRUE(again.issuer().issue_once(order));
}

class AfterTheIntent : public testing::TestWithParam<Step> {};

TEST_P(AfterTheIntent, LeadsToTheSameOctets) {
    Place place{pki::Ca::phone_auth};
    const auto order = auth_order(new_key()->spki());
    {
        Process process{place, power_cut_at(GetParam())};
        EXPECT_THROW(static_cast<void>(process.issuer().issue_once(order)), PowerCut);
    }
    Process again{place};
    const auto open = again.ledger().open_intents().value();
    ASSERT_EQ(open.size(), 1U);
    again.clock().advance(std::chrono::hours{1});

    const auto issued = again.issuer().issue_once(order);

    ASSERT_TRUE(issued) << issued.error().what.text;
    EXPECT_EQ(issued->serial, open[0].serial);
    EXPECT_EQ(read(*issued).not_before(), now);
    EXPECT_TRUE(again.ledger().open_intents()->empty());
}

INSTANTIATE_TEST_SUITE_P(Steps, AfterTheIntent,
                         testing::Values(Step::intent_recorded, Step::certificate_signed));

TEST(Interruption, AfterTheCertificateLosesNothing) {
    Place place{pki::Ca::phone_auth};
    const auto order = auth_order(new_key()->spki());
    {
        Process process{place, power_cut_at(Step::certificate_stored)};
        EXPECT_THROW(static_cast<void>(process.issuer().issue_once(order)), PowerCut);
    }
    Process again{place};

    ASSERT_TRUE(again.issuer().issue_once(order));

    EXPECT_EQ(again.ledger().page(0, 10)->size(), 1U);
    EXPECT_EQ(place.key.signatures(), 2U);
}

TEST(Interruption, LeavesAnIntentThatCanBeClosed) {
    Place place{pki::Ca::phone_auth};
    const auto order = auth_order(new_key()->spki());
    {
        Process process{place, power_cut_at(Step::certificate_signed)};
        EXPECT_THROW(static_cast<void>(process.issuer().issue_once(order)), PowerCut);
    }
    Process again{place};
    const Bytes serial = again.ledger().open_intents()->at(0).serial;

    ASSERT_TRUE(again.issuer().withdraw({.serial = serial,
                                         .reason = pki::Reason::cessation_of_operation,
                                         .invalidity = {},
                                         .role = "authority",
                                         .cause = "interrupted"}));

    const auto issued = again.issuer().issue_once(order);
    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().fault, Fault::conflict);
    EXPECT_TRUE(again.ledger().open_intents()->empty());
}

TEST(Issuer, StoresNothingWhenTheKeySignsSomethingElse) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    place.key.become_faulty();

    const auto issued = process.issuer().issue_once(auth_order(new_key()->spki()));

    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().fault, Fault::broken);
    EXPECT_EQ(process.ledger().open_intents()->size(), 1U);
}

Withdrawal withdrawal(BytesView serial, pki::Reason reason) {
    return {.serial = copy(serial),
            .reason = reason,
            .invalidity = {},
            .role = "operator",
            .cause = "asked"};
}

TEST(Issuer, RevokesOnce) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    const auto issued = process.issuer().issue_once(auth_order(new_key()->spki()));
    ASSERT_TRUE(issued);

    const auto first =
        process.issuer().withdraw(withdrawal(issued->serial, pki::Reason::superseded));
    const auto second =
        process.issuer().withdraw(withdrawal(issued->serial, pki::Reason::key_compromise));

    ASSERT_TRUE(first);
    EXPECT_EQ(first->at, now);
    EXPECT_EQ(first->head, 2U);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault, Fault::conflict);
    EXPECT_EQ(process.ledger().entry(pki::Ca::phone_auth, issued->serial)->value().reason,
              pki::Reason::superseded);
}

TEST(Issuer, DoesNotKnowASerialThatItNeverDrew) {
    Place place{pki::Ca::phone_auth};
    Process process{place};

    const auto done = process.issuer().withdraw(withdrawal(Bytes{1, 2}, pki::Reason::superseded));

    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, Fault::absent);
}

TEST(Issuer, ReleasesFromAHoldWhatMayBeReleased) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    const auto issued = process.issuer().issue_once(auth_order(new_key()->spki()));
    ASSERT_TRUE(issued);
    ASSERT_TRUE(
        process.issuer().withdraw(withdrawal(issued->serial, pki::Reason::certificate_hold)));

    ASSERT_TRUE(
        process.issuer().withdraw(withdrawal(issued->serial, pki::Reason::remove_from_crl)));

    EXPECT_EQ(process.ledger().entry(pki::Ca::phone_auth, issued->serial)->value().standing,
              store::Standing::issued);
}

TEST(Issuer, KeepsASignatureCertificateOnHold) {
    Place place{pki::Ca::phone_sign};
    Process process{place};
    const auto issued = process.issuer().issue_once(sign_order(new_key()->spki()));
    ASSERT_TRUE(issued);
    ASSERT_TRUE(
        process.issuer().withdraw(withdrawal(issued->serial, pki::Reason::certificate_hold)));

    const auto released =
        process.issuer().withdraw(withdrawal(issued->serial, pki::Reason::remove_from_crl));

    ASSERT_FALSE(released);
    EXPECT_EQ(released.error().fault, Fault::conflict);
}

TEST(Issuer, ListsWhatIsRevokedInItsCrl) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    const auto good = process.issuer().issue_once(auth_order(new_key()->spki(), 1));
    const auto bad = process.issuer().issue_once(auth_order(new_key()->spki(), 2));
    ASSERT_TRUE(good);
    ASSERT_TRUE(bad);
    ASSERT_TRUE(process.issuer().withdraw(withdrawal(bad->serial, pki::Reason::superseded)));

    const auto made = process.issuer().make_crl(std::chrono::hours{24});

    ASSERT_TRUE(made) << made.error().what.text;
    const auto crl = pki::Crl::from_der(made->der);
    ASSERT_TRUE(crl);
    EXPECT_TRUE(
        crl->verify_signature(crypto::PublicKey::from_spki(place.certificate->spki()).value()));
    EXPECT_EQ(crl->size(), 1U);
    EXPECT_EQ(crl->find(bad->serial)->reason, pki::Reason::superseded);
    EXPECT_EQ(crl->next_update(), now + std::chrono::hours{24});
}

TEST(Issuer, NumbersItsCrlsUpwards) {
    Place place{pki::Ca::phone_auth};
    Process process{place};

    const auto first = process.issuer().make_crl(std::chrono::hours{24});
    const auto second = process.issuer().make_crl(std::chrono::hours{24});

    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_GT(second->number, first->number);
    EXPECT_EQ(process.ledger().latest_crl(pki::Ca::phone_auth)->value().der, second->der);
}

}  // namespace
}  // namespace mitome::issuance
