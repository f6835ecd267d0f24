// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/template.hpp>
#include <mitome/signature/cades.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace mitome::signature {
namespace {

using pki::Certificate;
using std::chrono::hours;

// `openssl cms` looks at the clock, so the samples are made around the present.
const Time now = SystemClock{}.now();
const std::string letter = "Dear Sir,\r\nyours.\n";

using Key = std::unique_ptr<crypto::SoftwareKey>;
Key make_key(crypto::KeyKind kind) { return crypto::SoftwareKey::generate(kind).value(); }

Bytes name(const char* common_name) {
    return pki::make_name(
        {{pki::attribute::country, "JP"}, {pki::attribute::common_name, common_name}});
}

struct Holder {
    Key key;
    Certificate certificate;
};

Certificate signed_by(const pki::Template& what, crypto::Signer& signer) {
    return Certificate::from_der(pki::sign_tbs(pki::certificate_tbs(what), signer).value()).value();
}

Holder make_ca(const char* common_name) {
    auto key = make_key(crypto::KeyKind::ec_p256);
    const auto what = pki::root_template(name(common_name), *key, Bytes{1},
                                         {now - hours{9000}, now + hours{90000}})
                          .value();
    auto certificate = signed_by(what, *key);
    return {std::move(key), std::move(certificate)};
}

const Holder& ca() {
    static const auto one = make_ca("Sample CA");
    return one;
}

struct Person {
    crypto::KeyKind kind = crypto::KeyKind::ec_p256;
    Time not_before = now - hours{2000};
    Time not_after = now + hours{2000};
    std::uint16_t usage = pki::key_usage::digital_signature | pki::key_usage::non_repudiation;
};

Certificate certify(const crypto::Signer& key, std::uint8_t serial, const Person& person,
                    const Holder& by) {
    const auto issuer = pki::issuer_of(by.certificate).value();
    const auto identifier = pki::key_identifier(key.spki()).value();
    const pki::Template what{
        .serial = {serial},
        .signature_algorithm = issuer.signature_algorithm,
        .issuer = issuer.name,
        .not_before = person.not_before,
        .not_after = person.not_after,
        .subject = name("Sample person"),
        .spki = key.spki(),
        .extensions = {pki::extension::key_usage(person.usage),
                       pki::extension::subject_key_identifier(identifier),
                       pki::extension::authority_key_identifier(issuer.key_identifier)}};
    return signed_by(what, *by.key);
}

Holder make_person(const Person& person = {}, const Holder& by = ca()) {
    static std::uint8_t serial = 0x20;
    auto key = make_key(person.kind);
    auto certificate = certify(*key, ++serial, person, by);
    return {std::move(key), std::move(certificate)};
}

/// Another certificate with the key, the names and the serial number of `one`, and as long.
Certificate make_twin(const Holder& one) {
    for (;;) {  // the length of an ECDSA signature varies
        auto twin = certify(*one.key, one.certificate.serial().front(),
                            {.not_after = now + hours{1000}}, ca());
        if (twin.der().size() == one.certificate.der().size()) return twin;
    }
}

const Holder& person() {
    static const auto one = make_person();
    return one;
}

Bytes sign_letter(const Holder& by = person()) {
    OctetContent content{view(letter)};
    return sign(content, *by.key, by.certificate, {}, now).value();
}

const RevocationState good{RevocationState::Kind::good, now, {}, {}};

RevocationState revoked(Time at, pki::Reason reason = pki::Reason::key_compromise) {
    return {RevocationState::Kind::revoked, now, at, reason};
}

Report judge_all(const Bytes& cms, const RevocationState& state = good, Time at = now,
                 std::string_view content_text = letter) {
    OctetContent content{view(content_text)};
    return validate(content, cms, pki::Anchors{&ca().certificate, 1}, at,
                    [&](const Certificate&) { return state; })
        .value();
}

Validation judge(const Bytes& cms, const RevocationState& state = good, Time at = now,
                 std::string_view content_text = letter) {
    return judge_all(cms, state, at, content_text).worst();
}

/// A folder for what goes to and comes from `openssl cms`.
class Judge {
public:
    Judge() {
        auto pattern = (std::filesystem::temp_directory_path() / "mitome-cades-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        put("letter", view(letter));
        put("ca.pem", view(to_pem("CERTIFICATE", ca().certificate.der())));
    }
    Judge(const Judge&) = delete;
    Judge& operator=(const Judge&) = delete;
    ~Judge() { std::filesystem::remove_all(folder_); }

    void put(const char* file, BytesView content) const {
        std::ofstream{folder_ / file, std::ios::binary} << text(content);
    }
    [[nodiscard]] Bytes get(const char* file) const {
        return read_file(folder_ / file).value_or(Bytes{});
    }
    [[nodiscard]] std::filesystem::path path(const char* file) const { return folder_ / file; }

    [[nodiscard]] bool openssl(const std::string& words) const {
        const auto command = "cd " + folder_.string() + " && openssl " + words + " >out 2>&1";
        return std::system(command.c_str()) == 0;
    }
    [[nodiscard]] bool accepts(BytesView cms, const std::string& more = "") const {
        put("letter.p7s", cms);
        return openssl(
            "cms -verify -binary -inform DER -in letter.p7s -content letter"
            " -CAfile ca.pem -purpose any -out again " +
            more);
    }
    void put_holder(const char* certificate, const char* key, const Holder& by) const {
        put(certificate, view(to_pem("CERTIFICATE", by.certificate.der())));
        by.key->to_pkcs8().value().reveal(
            [&](BytesView pkcs8) { put(key, view(to_pem("PRIVATE KEY", pkcs8))); });
    }
    /// What `openssl cms -sign` makes of the letter.
    [[nodiscard]] Bytes made_by_openssl(const Holder& by, const std::string& more) const {
        put_holder("own.pem", "own.key", by);
        EXPECT_TRUE(
            openssl("cms -sign -binary -in letter -signer own.pem -inkey own.key"
                    " -outform DER -out made.p7s " +
                    more));
        return get("made.p7s");
    }

private:
    std::filesystem::path folder_;
};

/// A signature of the sample person and of `second` in one file.
Bytes made_by_two(const Judge& judge_of, const Holder& second) {
    judge_of.put_holder("two.pem", "two.key", second);
    return judge_of.made_by_openssl(make_person(), "-cades -signer two.pem -inkey two.key");
}

// ------------------------------------------------------------------ made by us

TEST(Cades, OfAP256KeyIsAcceptedByOpenSsl) {
    const Judge judge_of;

    EXPECT_TRUE(judge_of.accepts(sign_letter(), "-cades"));
}

TEST(Cades, OfAnRsaKeyIsAcceptedByOpenSsl) {
    const Judge judge_of;
    const auto by = make_person({.kind = crypto::KeyKind::rsa_2048});

    const auto cms = sign_letter(by);

    EXPECT_TRUE(judge_of.accepts(cms, "-cades"));
    EXPECT_EQ(judge(cms).ground, Ground::valid);
}

TEST(Cades, OfAP384KeyUsesSha384) {
    const Judge judge_of;
    const auto by = make_person({.kind = crypto::KeyKind::ec_p384});

    const auto cms = sign_letter(by);

    EXPECT_TRUE(judge_of.accepts(cms, "-cades"));
    EXPECT_EQ(judge(cms).ground, Ground::valid);
}

TEST(Cades, IsRefusedByOpenSslForAnotherLetter) {
    const Judge judge_of;
    const auto cms = sign_letter();
    judge_of.put("letter", view("another letter"));

    EXPECT_FALSE(judge_of.accepts(cms));
}

TEST(Cades, OfALargeFileNeedsLittleMemory) {
    const Judge judge_of;
    constexpr std::uintmax_t size = 100'000'000;
    std::filesystem::resize_file(judge_of.path("letter"), size);
    auto content = FileContent::open(judge_of.path("letter"));
    ASSERT_TRUE(content);
    rusage before{};
    ::getrusage(RUSAGE_SELF, &before);

    const auto cms = sign(*content, *person().key, person().certificate, {}, now);

    rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    ASSERT_TRUE(cms);
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 16 * 1024);  // KiB
    EXPECT_TRUE(judge_of.accepts(*cms));
}

/// A card that left.
class Gone final : public crypto::Signer {
public:
    [[nodiscard]] crypto::KeyKind kind() const override { return person().key->kind(); }
    [[nodiscard]] const Bytes& spki() const override { return person().key->spki(); }
    [[nodiscard]] Result<Bytes> sign_digest(crypto::Hash, BytesView) override {
        return fail(Fault::unavailable, "the card left", 0x6F00);
    }
};

TEST(Cades, PassesOnTheSignersError) {
    OctetContent content{view(letter)};
    Gone gone;

    const auto failed = sign(content, gone, person().certificate, {}, now);

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().fault, Fault::unavailable);
    EXPECT_EQ(failed.error().code, 0x6F00U);
}

TEST(Cades, RefusesTheCertificateOfAnotherKey) {
    OctetContent content{view(letter)};

    EXPECT_FALSE(sign(content, *person().key, ca().certificate, {}, now));
}

TEST(Content, OfAMissingFileIsAbsent) {
    EXPECT_EQ(FileContent::open("/nonexistent/letter").error().fault, Fault::absent);
}

// ------------------------------------------------------------------ validated by us

TEST(Validation, PassesAndNamesTheSigner) {
    const auto validation = judge(sign_letter());

    EXPECT_EQ(validation.ground, Ground::valid);
    EXPECT_EQ(validation.verdict(), Verdict::passed);
    ASSERT_TRUE(validation.signer);
    EXPECT_EQ(validation.signer->der(), person().certificate.der());
    EXPECT_EQ(validation.claimed_signing_time, now);
    EXPECT_FALSE(validation.revoked_at);
}

TEST(Validation, PassesWhatOpenSslMade) {
    const Judge judge_of;

    EXPECT_EQ(judge(judge_of.made_by_openssl(person(), "-cades")).ground, Ground::valid);
}

TEST(Validation, ReadsIndefiniteLengths) {
    const auto der = sign_letter();
    Bytes ber{0x30, 0x80};
    append(ber, BytesView{der}.subspan(4));  // behind 30 82 xx xx
    append(ber, Bytes{0x00, 0x00});

    EXPECT_EQ(judge(ber).ground, Ground::valid);
}

TEST(Validation, FailsForOtherContent) {
    const auto validation = judge(sign_letter(), good, now, "another letter");

    EXPECT_EQ(validation.ground, Ground::digest_mismatch);
    EXPECT_EQ(validation.verdict(), Verdict::failed);
}

TEST(Validation, FailsForAChangedSignature) {
    auto cms = sign_letter();
    cms.back() ^= 1;

    const auto validation = judge(cms);

    EXPECT_EQ(validation.ground, Ground::bad_signature);
    EXPECT_EQ(validation.verdict(), Verdict::failed);
}

TEST(Validation, FailsForAChangedAttribute) {
    auto cms = sign_letter();
    const auto signing_time = std::ranges::search(cms, "06092A864886F70D010905310F170D"_hex);
    ASSERT_FALSE(signing_time.empty());
    auto& last_digit_of_year = *(signing_time.end() + 1);
    last_digit_of_year = last_digit_of_year == '0' ? '1' : '0';

    EXPECT_EQ(judge(cms).ground, Ground::bad_signature);
}

TEST(Validation, FailsForASignerOfAnotherCa) {
    const auto validation = judge(sign_letter(make_person({}, make_ca("Sample CA"))));

    EXPECT_EQ(validation.ground, Ground::signer_untrusted);
    EXPECT_EQ(validation.verdict(), Verdict::failed);
}

TEST(Validation, FailsForWhatIsNoSignature) {
    EXPECT_EQ(judge(copy(view("hello"))).ground, Ground::malformed);
    EXPECT_EQ(judge({}).verdict(), Verdict::failed);
}

TEST(Validation, FailsForOctetsBehindTheSignature) {
    auto cms = sign_letter();
    cms.push_back(0);

    EXPECT_EQ(judge(cms).ground, Ground::malformed);
}

TEST(Validation, ReadsPem) {
    const auto cms = sign_letter();

    for (const auto* label : {"CMS", "PKCS7", "PKCS #7 SIGNED DATA"}) {
        EXPECT_EQ(judge(copy(view(to_pem(label, cms)))).ground, Ground::valid) << label;
    }
}

TEST(Validation, ReadsThePemOfOpenSsl) {
    const Judge judge_of;

    EXPECT_EQ(judge(judge_of.made_by_openssl(person(), "-cades -outform PEM")).ground,
              Ground::valid);
}

TEST(Validation, FailsForAnotherKindOfPem) {
    const auto pem = to_pem("CERTIFICATE", person().certificate.der());

    EXPECT_EQ(judge(copy(view(pem))).ground, Ground::malformed);
}

TEST(Validation, TakesContentThatIsInsideToo) {
    const Judge judge_of;
    const auto cms = judge_of.made_by_openssl(person(), "-cades -nodetach");

    EXPECT_EQ(judge(cms).ground, Ground::valid);
    EXPECT_EQ(judge(cms, good, now, "another letter").ground, Ground::digest_mismatch);
}

TEST(Validation, TakesContentThatWasStreamedInside) {
    const Judge judge_of;

    EXPECT_EQ(judge(judge_of.made_by_openssl(person(), "-cades -nodetach -stream")).ground,
              Ground::valid);
}

TEST(Validation, FailsWhenTheContentInsideIsAnother) {
    const Judge judge_of;
    auto cms = judge_of.made_by_openssl(person(), "-cades -nodetach");
    const auto inside = std::ranges::search(cms, view("Dear"));
    ASSERT_FALSE(inside.empty());
    inside.front() = 'N';

    EXPECT_EQ(judge(cms).ground, Ground::digest_mismatch);
}

TEST(Validation, OfTwoSignersSpeaksOfBoth) {
    const Judge judge_of;

    const auto report = judge_all(made_by_two(judge_of, person()));

    ASSERT_EQ(report.signers.size(), 2U);
    EXPECT_EQ(report.verdict(), Verdict::passed);
    EXPECT_NE(report.signers[0].signer->der(), report.signers[1].signer->der());
}

TEST(Validation, OfTwoSignersGivesTheWorseVerdict) {
    const Judge judge_of;
    const auto stranger = make_person({}, make_ca("Another CA"));

    const auto report = judge_all(made_by_two(judge_of, stranger));

    ASSERT_EQ(report.signers.size(), 2U);
    EXPECT_EQ(report.verdict(), Verdict::failed);
    EXPECT_EQ(report.worst().ground, Ground::signer_untrusted);
    EXPECT_EQ(report.worst().signer->der(), stranger.certificate.der());
    EXPECT_EQ(std::ranges::count(report.signers, Ground::valid, &Validation::ground), 1);
}

TEST(Validation, FindsNoSignatureInABagOfCertificates) {
    const Judge judge_of;
    judge_of.put("own.pem", view(to_pem("CERTIFICATE", person().certificate.der())));
    ASSERT_TRUE(judge_of.openssl("crl2pkcs7 -nocrl -certfile own.pem -outform DER -out bag.p7b"));

    EXPECT_EQ(judge(judge_of.get("bag.p7b")).ground, Ground::unsigned_message);
}

TEST(Validation, FindsNoSignatureInOtherKindsOfCms) {
    const Judge judge_of;
    ASSERT_TRUE(judge_of.openssl("cms -digest_create -binary -in letter -outform DER -out made"));

    EXPECT_EQ(judge(judge_of.get("made")).ground, Ground::unsigned_message);
}

TEST(Validation, DoesNotJudgeAnSMimeMessage) {
    const Judge judge_of;

    for (const auto* form : {"", "-nodetach "}) {
        const auto validation =
            judge(judge_of.made_by_openssl(person(), std::string{form} + "-outform SMIME"));

        EXPECT_EQ(validation.ground, Ground::unsupported) << form;
        EXPECT_EQ(validation.verdict(), Verdict::indeterminate) << form;
    }
}

TEST(Validation, DoesNotJudgeADigestThatItCannotCompute) {
    const Judge judge_of;

    EXPECT_EQ(judge(judge_of.made_by_openssl(person(), "-cades -md sha224")).ground,
              Ground::unsupported);
}

TEST(Validation, TakesTheSignerByItsKeyIdentifier) {
    const Judge judge_of;

    EXPECT_EQ(judge(judge_of.made_by_openssl(person(), "-cades -keyid")).ground, Ground::valid);
}

TEST(Validation, IsIndeterminateWithoutTheSignersCertificate) {
    const Judge judge_of;

    const auto validation = judge(judge_of.made_by_openssl(person(), "-cades -nocerts"));

    EXPECT_EQ(validation.ground, Ground::signer_absent);
    EXPECT_EQ(validation.verdict(), Verdict::indeterminate);
}

TEST(Validation, IsIndeterminateForPlainCms) {
    const Judge judge_of;

    const auto validation = judge(judge_of.made_by_openssl(person(), ""));

    EXPECT_EQ(validation.ground, Ground::signer_not_named);
    EXPECT_EQ(validation.verdict(), Verdict::indeterminate);
    EXPECT_EQ(etsi_name_of(validation.ground), "SIG_CONSTRAINTS_FAILURE");
}

TEST(Validation, OfPlainCmsSaysFirstThatItsCertificateIsRevoked) {
    const Judge judge_of;

    EXPECT_EQ(judge(judge_of.made_by_openssl(person(), ""), revoked(now - hours{1})).ground,
              Ground::revoked_no_timestamp);
}

TEST(Validation, TellsAnExchangedCertificateFromOneThatIsNotNamed) {
    auto cms = sign_letter();
    const auto other = make_twin(person());
    const auto& der = person().certificate.der();
    const auto carried = std::ranges::search(cms, der);
    ASSERT_FALSE(carried.empty());
    ASSERT_EQ(other.der().size(), der.size());
    std::ranges::copy(other.der(), carried.begin());

    EXPECT_EQ(judge(cms).ground, Ground::signer_exchanged);
}

TEST(Validation, IsIndeterminateWithoutSignedAttributes) {
    const Judge judge_of;

    EXPECT_EQ(judge(judge_of.made_by_openssl(person(), "-noattr")).ground,
              Ground::signer_not_named);
}

TEST(Validation, FailsForOtherContentWithoutSignedAttributes) {
    const Judge judge_of;

    EXPECT_EQ(judge(judge_of.made_by_openssl(person(), "-noattr"), good, now, "another").ground,
              Ground::bad_signature);
}

TEST(Validation, IsIndeterminateForSha1) {
    const Judge judge_of;

    EXPECT_EQ(judge(judge_of.made_by_openssl(person(), "-cades -md sha1")).ground,
              Ground::weak_algorithm);
}

TEST(Validation, IsIndeterminateForAKeyThatIsNotForSignatures) {
    const auto by = make_person({.usage = pki::key_usage::key_encipherment});

    EXPECT_EQ(judge(sign_letter(by)).ground, Ground::chain_unfit);
}

TEST(Validation, IsIndeterminateAfterTheEndOfTheCertificate) {
    const auto by = make_person({.not_after = now - hours{1}});

    EXPECT_EQ(judge(sign_letter(by)).ground, Ground::expired_no_timestamp);
}

TEST(Validation, IsIndeterminateBeforeTheCertificateBegins) {
    const auto by = make_person({.not_before = now + hours{1}});

    EXPECT_EQ(judge(sign_letter(by)).ground, Ground::not_yet_valid);
}

TEST(Validation, CannotPlaceASignatureBeforeARevocation) {
    const auto validation = judge(sign_letter(), revoked(now - hours{1}));

    EXPECT_EQ(validation.ground, Ground::revoked_no_timestamp);
    EXPECT_EQ(validation.verdict(), Verdict::indeterminate);
    EXPECT_EQ(validation.revoked_at, now - hours{1});
    EXPECT_EQ(validation.revocation_reason, pki::Reason::key_compromise);
}

TEST(Validation, DoesNotCountARevocationAfterTheTimeAskedAbout) {
    const auto validation = judge(sign_letter(), revoked(now), now - hours{1});

    EXPECT_EQ(validation.ground, Ground::valid);
    EXPECT_FALSE(validation.revoked_at);
}

TEST(Validation, TellsAHoldFromARevocation) {
    const auto validation =
        judge(sign_letter(), revoked(now - hours{1}, pki::Reason::certificate_hold));

    EXPECT_EQ(validation.ground, Ground::on_hold);
    EXPECT_EQ(validation.verdict(), Verdict::indeterminate);
}

TEST(Validation, IsIndeterminateWhenNobodyKnowsTheCertificate) {
    EXPECT_EQ(judge(sign_letter(), {RevocationState::Kind::unknown, now, {}, {}}).ground,
              Ground::status_unknown);
}

TEST(Validation, IsIndeterminateWhenNobodyAnswers) {
    EXPECT_EQ(judge(sign_letter(), {}).ground, Ground::status_unavailable);
}

TEST(Validation, DoesNotRestOnAnOldAnswer) {
    const RevocationState old{RevocationState::Kind::good, now - freshness - hours{1}, {}, {}};

    EXPECT_EQ(judge(sign_letter(), old).ground, Ground::status_unavailable);
}

TEST(Validation, SaysBrokenBeforeItSaysRevoked) {
    EXPECT_EQ(judge(sign_letter(), revoked(now - hours{1}), now, "another letter").ground,
              Ground::digest_mismatch);
}

TEST(Validation, SaysThatTheSignatureClaimsToBeYoungerThanTheTimeAskedAbout) {
    const auto validation = judge(sign_letter(), good, now - hours{1});

    EXPECT_TRUE(validation.claims_to_be_younger_than(now - hours{1}));
    EXPECT_FALSE(validation.claims_to_be_younger_than(now));
    EXPECT_EQ(validation.verdict(), Verdict::passed);
}

TEST(Validation, AsksNobodyAboutASignatureThatDoesNotHold) {
    auto cms = sign_letter();
    cms.back() ^= 1;
    OctetContent content{view(letter)};
    int asked = 0;

    const auto report =
        validate(content, cms, pki::Anchors{&ca().certificate, 1}, now, [&](const Certificate&) {
            ++asked;
            return good;
        });

    ASSERT_TRUE(report);
    EXPECT_EQ(asked, 0);
}

TEST(Ground, HasTheWordsOfTheStandard) {
    EXPECT_EQ(name_of(Ground::revoked_no_timestamp), "revoked_no_timestamp");
    EXPECT_EQ(etsi_name_of(Ground::revoked_no_timestamp), "REVOKED_NO_POE");
    EXPECT_EQ(name_of(verdict_of(Ground::on_hold)), "indeterminate");
}

}  // namespace
}  // namespace mitome::signature
