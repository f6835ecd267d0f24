// SPDX-License-Identifier: Apache-2.0
#include "certification.hpp"

#include <mitome/base/file.hpp>
#include <mitome/pki/cmp_client.hpp>
#include <mitome/pki/template.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

namespace mitome::registration {
namespace {

namespace cmp = pki::cmp;
using namespace std::chrono_literals;

std::unique_ptr<crypto::SoftwareKey> new_key() {
    return *crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256);
}

Bytes name(std::string text) {
    return pki::make_name({{pki::attribute::common_name, std::move(text)}});
}

const Time start = from_rfc3339("2026-11-24T06:00:00Z").value();

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
    Result<Standing> standing(pki::Ca, BytesView serial) override {
        return revoked.contains(copy(serial)) ? Standing::revoked : Standing::alive;
    }
    [[nodiscard]] const pki::Certificate& certificate(pki::Ca ca) const {
        return *cas_.at(ca).certificate;
    }

    bool is_down = false;
    std::map<Bytes, pki::Reason> revoked;
    std::optional<Approval> last;

private:
    crypto::Random& random_;
    std::map<pki::Ca, Ca> cas_;
    std::map<Bytes, pki::Certificate> issued_;
};

/// Registration in this process, with one grown-up resident whose card lies in memory.
class CertificationTest : public testing::Test {
protected:
    CertificationTest() {
        Credentials known;
        for (const pki::Ca ca : pki::all_cas)
            known.authorities.push_back(authority.certificate(ca));
        known.own.push_back(
            authority.make(pki::Ca::phone_sign, signer->spki(), start - 1h, start + 8760h));
        credentials.set(std::move(known));
        card = new_card(1, 1980y / 2 / 17);
    }
    ~CertificationTest() override {
        database.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    struct Card {
        std::unique_ptr<crypto::SoftwareKey> key = new_key();
        std::optional<pki::Certificate> certificate;
        [[nodiscard]] cmp::Identity identity() const {
            return cmp::Identity::of(*key, *certificate);
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
        row.sign_serial = copy(made.certificate->serial());
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
    std::unique_ptr<crypto::SoftwareKey> signer = new_key();
    Certification certification{office, orders, *signer, authority.certificate(pki::Ca::card_sign)};
    std::unique_ptr<crypto::SoftwareKey> wanted_key;
    Card card;
};

TEST_F(CertificationTest, ConfirmsWhatItIssued) {
    const auto given = granted(card);

    const auto answer = said(confirmation(card, given));

    EXPECT_EQ(answer.type, cmp::BodyType::pkiconf);
    EXPECT_TRUE(authority.last->test_file);
    EXPECT_EQ(authority.last->not_after, card.certificate->not_after());
}

TEST_F(CertificationTest, SaysHowLongItWaitsForConfirmation) {
    const auto answer = said(ir(card).der);

    EXPECT_EQ(answer.header.confirm_wait_time(), start + 600s);
    EXPECT_FALSE(answer.header.implicit_confirm());
}

TEST_F(CertificationTest, AnswersTheSameOctetsTheSame) {
    const auto out = ir(card);

    EXPECT_EQ(post(out.der).content(), post(out.der).content());
}

TEST_F(CertificationTest, AnswersARepeatedConfirmationTheSame) {
    const auto given = granted(card);
    const Bytes message = confirmation(card, given);

    EXPECT_EQ(post(message).content(), post(message).content());
}

TEST_F(CertificationTest, TakesATransactionIdOnce) {
    auto first = ir(card);
    static_cast<void>(post(first.der));
    const auto second = cmp::parse(ir(card).der);
    auto message = *second;
    message.header.transaction_id = first.exchange.transaction_id;
    const auto identity = card.identity();

    EXPECT_EQ(failure_of(said(*cmp::protect(message, identity))), "transactionIdInUse");
}

TEST_F(CertificationTest, WantsTheNonceOfItsLastAnswer) {
    auto given = granted(card);
    given.exchange.recip_nonce[0] = static_cast<std::uint8_t>(given.exchange.recip_nonce[0] ^ 1);

    EXPECT_EQ(failure_of(said(confirmation(card, given))), "badRecipientNonce");
}

TEST_F(CertificationTest, WantsTheCardThatBegan) {
    const auto given = granted(card);
    const Card other = new_card(2, 1990y / 1 / 1);

    EXPECT_EQ(failure_of(said(confirmation(other, given))), "notAuthorized");
}

TEST_F(CertificationTest, RefusesACardItNeverIssued) {
    const Card unknown = new_card(3, 1990y / 1 / 1, Registered::no);

    EXPECT_EQ(failure_of(said(ir(unknown).der)), "notAuthorized");
}

TEST_F(CertificationTest, RefusesWhoIsUnderFifteen) {
    const Card minor = new_card(4, 2011y / 11 / 25);

    EXPECT_EQ(failure_of(said(ir(minor).der)), "notAuthorized");

    clock.advance(9h);  // the 25th in Japan
    EXPECT_EQ(failure_of(said(ir(minor).der)), "none");
}

TEST_F(CertificationTest, RefusesARevokedCard) {
    authority.revoked[copy(card.certificate->serial())] = pki::Reason::key_compromise;

    EXPECT_EQ(failure_of(said(ir(card).der)), "certRevoked");
}

TEST_F(CertificationTest, RefusesAMessageOfAnotherTime) {
    const auto out = ir(card);
    clock.advance(11min);

    EXPECT_EQ(failure_of(said(out.der)), "badTime");
}

TEST_F(CertificationTest, RefusesAChangedMessage) {
    auto message = *cmp::parse(ir(card).der);
    message.header.message_time = start + 1s;

    EXPECT_EQ(failure_of(said(cmp::encode(message))), "badMessageCheck");
}

TEST_F(CertificationTest, RefusesAProofOfAnotherKey) {
    pki::crmf::Template wanted;
    wanted.subject = {0x30, 0x00};
    wanted.spki = new_key()->spki();
    const Bytes request = pki::crmf::encode_cert_request(0, wanted);
    const Bytes message =
        pki::crmf::encode_request(request, crypto::KeyKind::ec_p256, crypto::Hash::sha256,
                                  *new_key()->sign(crypto::Hash::sha256, request));
    const auto identity = card.identity();
    const auto out = cmp::request_certificates(cmp::BodyType::ir, {message}, identity, name("ra"),
                                               random, clock.now());

    EXPECT_EQ(failure_of(said(out->der)), "badPOP");
}

TEST_F(CertificationTest, WantsAttestationOfAPhonesKey) {
    EXPECT_EQ(failure_of(said(ir(card).der, Profile::phone)), "badCertTemplate");
}

TEST_F(CertificationTest, RevokesWhatIsNotConfirmedInTime) {
    const auto given = granted(card);
    clock.advance(601s);

    orders.tend();

    EXPECT_EQ(authority.revoked.at(copy(given.certificate->serial())),
              pki::Reason::cessation_of_operation);
    EXPECT_EQ(failure_of(said(confirmation(card, given))), "badRequest");
}

TEST_F(CertificationTest, LetsTheConfirmedLiveOn) {
    const auto given = granted(card);
    static_cast<void>(post(confirmation(card, given)));
    clock.advance(601s);

    orders.tend();

    EXPECT_TRUE(authority.revoked.empty());
}

TEST_F(CertificationTest, RevokesWhatIsRejected) {
    const auto given = granted(card);
    const auto identity = card.identity();
    const auto out = cmp::reject(given.exchange, 0, *given.certificate,
                                 cmp::Failure::bad_cert_template, identity, random, clock.now());

    EXPECT_EQ(said(out->der).type, cmp::BodyType::pkiconf);
    EXPECT_TRUE(authority.revoked.contains(copy(given.certificate->serial())));
}

TEST_F(CertificationTest, LetsTheClientPollWhileTheAuthorityIsDown) {
    authority.is_down = true;
    const auto out = ir(card);
    const auto waiting = said(out.der);
    ASSERT_EQ(std::get<cmp::EnrolmentAnswer>(waiting.body).answers.front().status.status,
              cmp::Status::waiting);
    auto exchange = out.exchange;
    exchange.recip_nonce = waiting.header.sender_nonce;
    const auto identity = card.identity();
    const auto first = cmp::poll(exchange, 0, identity, random, clock.now());
    const auto still = said(first->der);
    ASSERT_EQ(still.type, cmp::BodyType::poll_rep);
    exchange = first->exchange;
    exchange.recip_nonce = still.header.sender_nonce;

    authority.is_down = false;
    const auto second = cmp::poll(exchange, 0, identity, random, clock.now());
    const auto answer = said(second->der);

    ASSERT_EQ(answer.type, cmp::BodyType::ip);
    EXPECT_FALSE(std::get<cmp::EnrolmentAnswer>(answer.body).answers.front().certificate.empty());
}

TEST_F(CertificationTest, ProtectsItsErrorsToo) {
    const auto answer = said(ir(new_card(5, 1990y / 1 / 1, Registered::no)).der);

    ASSERT_TRUE(answer.protection);
    EXPECT_TRUE(cmp::verify_protection(answer, *crypto::PublicKey::from_spki(signer->spki())));
}

TEST_F(CertificationTest, AnswersRubbishWithAnError) {
    EXPECT_EQ(failure_of(said(copy(view("rubbish")))), "badDataFormat");
}

}  // namespace
}  // namespace mitome::registration
