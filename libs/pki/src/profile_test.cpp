// SPDX-License-Identifier: Apache-2.0
#include "judges.hpp"
#include "sample_world.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/pki/profile.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mitome::pki {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Time at(std::string_view text) { return from_rfc3339(text).value(); }

std::vector<std::string> extension_order(const Certificate& certificate) {
    std::vector<std::string> order;
    for (const Extension& extension : certificate.extensions()) order.push_back(extension.oid);
    return order;
}

TEST(CaCertificate, HasTheExtensionsOfTheFactsInOrder) {
    const Certificate& ca = sample::world(Ca::card_sign).ca;

    EXPECT_EQ(to_text_name(ca.subject()),
              "OU=Mitome Sandbox,OU=JPKI for digital signature,O=JPKI-TEST,C=JP");
    EXPECT_TRUE(same(ca.issuer(), ca.subject()));
    EXPECT_THAT(extension_order(ca),
                ElementsAre("2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.31", "2.5.29.14"));
    EXPECT_EQ(to_hex(ca.extension("2.5.29.15")->value), "03020106");
    EXPECT_EQ(to_hex(ca.extension("2.5.29.19")->value), "30030101FF");
    EXPECT_EQ(to_rfc3339(ca.not_after()), "2035-07-15T14:59:59Z");
}

TEST(CaCertificate, IsBelievedByOpenssl) {
    const judges::Folder folder;
    const std::string file =
        folder.put_certificate("ca.pem", sample::world(Ca::card_sign).ca.der());

    const auto answer = judges::run(
        "openssl verify -x509_strict -check_ss_sig -attime 1766000000 "
        "-CAfile " +
        file + " " + file);

    EXPECT_THAT(answer.output, HasSubstr(": OK"));
}

TEST(SignCertificate, CarriesTheProfile) {
    const Certificate certificate = sample::person(Ca::card_sign);

    EXPECT_THAT(extension_order(certificate),
                ElementsAre("2.5.29.15", "2.5.29.17", "2.5.29.32", "2.5.29.18", "2.5.29.31",
                            "1.3.6.1.5.5.7.1.1", "2.5.29.35", "2.5.29.14"));
    EXPECT_EQ(to_hex(certificate.extension("2.5.29.15")->value), "030206C0");
    EXPECT_TRUE(certificate.extension("2.5.29.15")->critical);
    EXPECT_TRUE(certificate.extension("2.5.29.32")->critical);
    EXPECT_THAT(certificate.policies(), ElementsAre("1.2.392.200149.8.5.1.0.20"));
    EXPECT_THAT(certificate.crl_urls(), ElementsAre("http://127.0.0.1:8080/crl/card-sign.crl"));
    EXPECT_THAT(certificate.ocsp_urls(), ElementsAre("http://127.0.0.1:8080/ocsp"));
    EXPECT_THAT(certificate.issuer_urls(), ElementsAre("http://127.0.0.1:8080/ca/card-sign.cer"));
    EXPECT_TRUE(same(certificate.authority_key_identifier(),
                     sample::world(Ca::card_sign).ca.subject_key_identifier()));
    EXPECT_EQ(to_text_name(certificate.subject()),
              "CN=2025102714304513221001S,L=Kiyose-shi,L=Tokyo-to,C=JP");
    EXPECT_EQ(to_hex(BytesView{certificate.der()}.first(2)), "3082");
}

TEST(SignCertificate, WritesTheBirthDateAsRealOnesDo) {
    const Certificate certificate = sample::person(Ca::card_sign);

    // jpki-facts.md §5
    EXPECT_THAT(to_hex(certificate.extension("2.5.29.17")->value),
                HasSubstr("A019060A2A83088C9B5508050504A00B0C09333139383030323137"));
}

TEST(SignCertificate, GivesItsFourItemsBack) {
    const auto items = basic_four_items(sample::person(Ca::phone_sign));

    ASSERT_TRUE(items);
    EXPECT_EQ(*items, sample::items());
}

TEST(AuthCertificate, NamesNobodyAndNoPlace) {
    const Certificate certificate = sample::person(Ca::card_auth);

    EXPECT_EQ(to_text_name(certificate.subject()), "CN=0123456789ABCD13221001A,C=JP");
    EXPECT_EQ(certificate.extension("2.5.29.17"), nullptr);
    EXPECT_EQ(to_hex(certificate.extension("2.5.29.15")->value), "03020780");
    EXPECT_THAT(certificate.policies(), ElementsAre("1.2.392.200149.8.5.1.2.30"));
    EXPECT_EQ(basic_four_items(certificate).error().fault, Fault::absent);
}

TEST(PhoneCertificates, DifferFromTheCardsByIssuerAndPolicy) {
    EXPECT_THAT(sample::person(Ca::phone_sign).policies(),
                ElementsAre("1.2.392.200149.8.5.1.0.40"));
    EXPECT_THAT(sample::person(Ca::phone_auth).policies(),
                ElementsAre("1.2.392.200149.8.5.1.2.50"));
    EXPECT_THAT(to_text_name(sample::person(Ca::phone_auth).issuer()),
                HasSubstr("OU=JPKI for user authentication (mobile)"));
}

class EveryCa : public testing::TestWithParam<Ca> {};

TEST_P(EveryCa, IssuesWhatOpensslAccepts) {
    const judges::Folder folder;
    const auto& world = sample::world(GetParam());
    const std::string ca = folder.put_certificate("ca.pem", world.ca.der());
    const std::string person =
        folder.put_certificate("person.pem", sample::person(GetParam()).der());

    const auto verified = judges::run(
        "openssl verify -x509_strict -policy_check -attime 1766000000"
        " -CAfile " +
        ca + " " + person);
    const auto shown =
        judges::run("openssl x509 -noout -text -certopt no_pubkey,no_sigdump -in " + person);

    EXPECT_THAT(verified.output, HasSubstr(": OK"));
    EXPECT_THAT(shown.output, HasSubstr("X509v3 Certificate Policies: critical"));
    EXPECT_THAT(shown.output, HasSubstr("CPS: http://www.jpki.go.jp/cps.html"));
    EXPECT_THAT(shown.output, HasSubstr("OCSP - URI:http://127.0.0.1:8080/ocsp"));
}

TEST_P(EveryCa, IssuesWhatCerttoolAccepts) {
    ASSERT_TRUE(judges::is_present("certtool")) << "packaging/install test";
    const judges::Folder folder;  // certtool knows the present time only
    const Validity long_time{at("2020-01-01T00:00:00Z"), at("2049-01-01T00:00:00Z")};
    const sample::World world = sample::make_world(GetParam(), long_time);
    EndEntityFields fields = sample::fields(GetParam());
    fields.validity = long_time;
    const Certificate certificate = sample::sign(world, sample::person_tbs(world, fields));
    const std::string ca = folder.put_certificate("ca.pem", world.ca.der());
    const std::string person = folder.put_certificate("person.pem", certificate.der());

    const auto answer =
        judges::run("certtool --verify --load-ca-certificate " + ca + " --infile " + person);

    EXPECT_THAT(answer.output, HasSubstr("Chain verification output: Verified."));
    EXPECT_EQ(answer.status, 0);
}

INSTANTIATE_TEST_SUITE_P(Cas, EveryCa, testing::ValuesIn(all_cas), [](const auto& instance) {
    std::string name{name_of(instance.param)};
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST(EndEntityTbs, CopiesTheKeyOctetByOctet) {
    const auto& world = sample::world(Ca::card_auth);
    const Certificate certificate = sample::person(Ca::card_auth);

    EXPECT_TRUE(same(certificate.spki(), sample::person_key().spki()));
    EXPECT_TRUE(
        certificate.verify_signature(crypto::PublicKey::from_spki(world.ca.spki()).value()));
}

TEST(EndEntityTbs, RefusesItemsWhereTheyDoNotBelong) {
    const auto& world = sample::world(Ca::card_auth);
    EndEntityFields fields = sample::fields(Ca::card_auth);
    const BasicFourItems items = sample::items();
    fields.items = &items;

    const auto tbs = end_entity_tbs(world.profile, world.issuer, fields);

    ASSERT_FALSE(tbs);
    EXPECT_EQ(tbs.error().fault, Fault::broken);
}

TEST(Validity, EndsOnTheFifthBirthdayAfterTheDayOfIssue) {
    // jpki-facts.md §5: 2025-10-27 → 2030-02-17 for a 17 February birthday
    const Time end = end_of_validity(1980y / 2 / 17, at("2025-10-27T05:30:45Z"), Renewal::no, {});

    EXPECT_EQ(to_rfc3339(end), "2030-02-17T14:59:59Z");
}

TEST(Validity, DoesNotCountABirthdayOnTheDayOfIssue) {
    const auto end = [](std::string_view issued) {
        return to_rfc3339(end_of_validity(1980y / 2 / 17, at(issued), Renewal::no, {}));
    };

    EXPECT_EQ(end("2025-02-16T14:59:59Z"), "2029-02-17T14:59:59Z");  // still 16 February in Japan
    EXPECT_EQ(end("2025-02-16T15:00:00Z"), "2030-02-17T14:59:59Z");  // 17 February
}

TEST(Validity, PutsALeapBirthdayOn28February) {
    const auto birth = 2000y / 2 / 29;

    EXPECT_EQ(mitome::to_text(birthday_after(birth, 2025y / 2 / 27, 1)), "2025-02-28");
    EXPECT_EQ(mitome::to_text(birthday_after(birth, 2025y / 2 / 28, 1)), "2026-02-28");
    EXPECT_EQ(mitome::to_text(birthday_after(birth, 2025y / 2 / 28, 3)), "2028-02-29");
    EXPECT_EQ(mitome::to_text(birthday_after(birth, 2025y / 2 / 28, 1, LeapBirthday::march_1)),
              "2025-03-01");
}

TEST(Validity, NeverPassesALimit) {
    const std::array limits{at("2028-02-17T14:59:59Z"), at("2027-02-17T14:59:59Z")};

    EXPECT_EQ(to_rfc3339(end_of_validity(1980y / 2 / 17, at("2025-10-27T05:30:45Z"),
                                         Renewal::last_months, limits)),
              "2027-02-17T14:59:59Z");
}

TEST(Validity, OfACardDependsOnTheAge) {
    EXPECT_EQ(to_rfc3339(end_of_card(1980y / 2 / 17, at("2025-02-17T00:00:00Z"))),
              "2035-02-17T14:59:59Z");
    EXPECT_EQ(to_rfc3339(end_of_card(2008y / 3 / 1, at("2026-02-27T00:00:00Z"))),
              "2030-03-01T14:59:59Z");
    EXPECT_EQ(age_on(2010y / 4 / 2, 2025y / 4 / 1), 14);
    EXPECT_EQ(age_on(2010y / 4 / 2, 2025y / 4 / 2), 15);
}

TEST(BirthDate, KnowsTheErasAndUnknownDays) {
    EXPECT_EQ(to_text(birth_date(1980y / 2 / 17)), "319800217");
    EXPECT_EQ(to_text(birth_date(1989y / 1 / 7)), "319890107");
    EXPECT_EQ(to_text(birth_date(1989y / 1 / 8)), "419890108");
    EXPECT_EQ(to_text(birth_date(2019y / 5 / 1)), "520190501");
    EXPECT_TRUE(to_birth_date("319400000"));  // the register does not know month and day
    EXPECT_FALSE(to_birth_date("319800230"));
    EXPECT_FALSE(to_birth_date("619800217"));
    EXPECT_FALSE(to_birth_date("19800217"));
}

TEST(Sex, ReadsBothMarksForOther) {
    EXPECT_EQ(to_sex("3").value(), Sex::other);
    EXPECT_EQ(to_sex("9").value(), Sex::other);
    EXPECT_EQ(to_text(Sex::other), "3");
    EXPECT_FALSE(to_sex("0"));
}

TEST(FourItems, AreReadByOidInWhateverOrder) {
    // The other order, as some generators write it.
    const auto other = [](std::string_view tail, std::string_view value) {
        return der::wrap(der::tag::constructed(0),
                         {der::oid("1.2.392.200149.8.5.5." + std::string{tail}),
                          der::wrap(der::tag::constructed(0), der::utf8_string(value))});
    };
    const Bytes names = der::sequence(
        {other("1", "吉田　太郎"), other("2", "10000"), other("3", "1"), other("4", "319800217"),
         other("5", "東京都清瀬市"), other("6", "000000"), other("7", "of a later edition")});

    const auto items = basic_four_items(sample::with_subject_alt_name(names));

    ASSERT_TRUE(items);
    EXPECT_EQ(items->name_substitutes, "10000");
    EXPECT_EQ(items->address, "東京都清瀬市");
}

TEST(FourItems, RefuseOneThatComesTwice) {
    BasicFourItems items = sample::items();
    const Bytes once = to_subject_alt_name(items);
    const Bytes twice = der::sequence(
        {der::only(once, der::tag::sequence)->value, der::only(once, der::tag::sequence)->value});

    const auto read = basic_four_items(sample::with_subject_alt_name(twice));

    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().fault, Fault::malformed);
}

TEST(AuthCommonName, KeepsToDigitsAndCapitals) {
    std::array<std::uint8_t, 14> random{};
    random[0] = 35;
    random[1] = 255;

    EXPECT_EQ(auth_common_name(random, sample::place(), 7), "Z300000000000013221007A");
}

}  // namespace
}  // namespace mitome::pki
