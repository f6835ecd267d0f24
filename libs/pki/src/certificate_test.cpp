// SPDX-License-Identifier: Apache-2.0
#include "judges.hpp"
#include "sample_world.hpp"

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/der.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mitome::pki {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Bytes good() { return judges::read_vector("certificates/good-sign.der"); }

/// The good certificate with the first of these octets replaced by as many others.
Result<Certificate> with(std::string_view from, std::string_view to) {
    const Bytes wanted = from_hex(from).value();
    const Bytes put = from_hex(to).value();
    Bytes der = good();
    const auto at = std::ranges::search(der, wanted).begin();
    EXPECT_NE(at, der.end()) << from;
    if (at != der.end()) std::ranges::copy(put, at);
    return Certificate::from_der(std::move(der));
}

TEST(Certificate, IsReadWithEverythingThatItSays) {
    const auto read = Certificate::from_der(good());

    ASSERT_TRUE(read) << read.error().what.text;
    EXPECT_EQ(to_hex(read->serial()), "5A172B3044556677889900AABBCCDD01");
    EXPECT_EQ(to_rfc3339(read->not_before()), "2025-10-27T05:30:45Z");
    EXPECT_EQ(to_rfc3339(read->not_after()), "2030-02-17T14:59:59Z");
    EXPECT_EQ(read->key_usage(), key_usage::digital_signature | key_usage::non_repudiation);
    EXPECT_FALSE(read->is_ca());
    EXPECT_THAT(read->policies(), ElementsAre("1.2.392.200149.8.5.1.0.20"));
    EXPECT_THAT(read->extended_key_usages(), IsEmpty());
    EXPECT_EQ(read->subject_key_identifier().size(), 20U);
    EXPECT_EQ(copy(read->subject_key_identifier()), key_identifier(read->spki()).value());
    EXPECT_EQ(to_text_name(read->subject()),
              "CN=2025102714304513221001S,L=Kiyose-shi,L=Tokyo-to,C=JP");
}

TEST(Certificate, IsReadFromPem) {
    const std::string pem = "something before\n" + to_pem("CERTIFICATE", good());

    EXPECT_EQ(Certificate::from_pem(pem)->der(), good());
    EXPECT_FALSE(Certificate::from_pem("no certificate"));
}

TEST(Certificate, CopiesKeepTheirOwnViews) {
    auto first = std::make_unique<Certificate>(Certificate::from_der(good()).value());
    const Certificate second = *first;
    const Bytes policies = copy(first->extension("2.5.29.32")->value);
    first.reset();

    EXPECT_EQ(copy(second.extension("2.5.29.32")->value), policies);
    EXPECT_THAT(second.policies(), ElementsAre("1.2.392.200149.8.5.1.0.20"));
}

TEST(Certificate, OfACaSaysSo) {
    const auto ca = Certificate::from_der(judges::read_vector("ca-sign.der"));

    ASSERT_TRUE(ca);
    EXPECT_TRUE(ca->is_ca());
    EXPECT_FALSE(ca->path_length());
    EXPECT_EQ(ca->key_usage(), key_usage::key_cert_sign | key_usage::crl_sign);
    EXPECT_THAT(ca->authority_key_identifier(), IsEmpty());
}

TEST(Certificate, WithOctetsBehindIsRefused) {
    Bytes der = good();
    der.push_back(0xFF);

    EXPECT_FALSE(Certificate::from_der(der));
}

TEST(Certificate, CutAtAnyOctetIsRefused) {
    const Bytes der = good();
    for (std::size_t size = 0; size < der.size(); ++size) {
        EXPECT_FALSE(Certificate::from_der({der.begin(), der.begin() + std::ptrdiff_t(size)}));
    }
}

TEST(Certificate, OfAnotherVersionIsRefused) {
    EXPECT_TRUE(with("A003020102", "A003020102"));
    EXPECT_FALSE(with("A003020102", "A003020101"));
}

TEST(Certificate, WithANegativeSerialIsRefused) {
    EXPECT_FALSE(with("02105A172B30", "0210DA172B30"));
}

TEST(Certificate, WithTwoSignatureAlgorithmsIsRefused) {
    EXPECT_FALSE(with("300A06082A8648CE3D040302", "300A06082A8648CE3D040303"));
}

TEST(Certificate, WithAnExtensionTwiceIsRefused) {
    EXPECT_FALSE(with("0603551D23", "0603551D0E"));  // a second subject key identifier
}

TEST(Certificate, WithADayThatDoesNotExistIsRefused) {
    EXPECT_FALSE(with("170D333030323137", "170D333030323331"));
}

TEST(Certificate, WithATrailingZeroBitInItsKeyUsageIsRefused) {
    EXPECT_FALSE(with("030206C0", "030205C0"));
    EXPECT_FALSE(with("030206C0", "03020600"));
}

TEST(Certificate, WithUtf8ThatIsNoneIsRefused) {
    EXPECT_FALSE(with("546F6B796F2D746F", "546F6B79FF2D746F"));
}

TEST(Certificate, BelievesItsIssuerOnly) {
    const auto read = Certificate::from_der(good()).value();
    const auto ca = Certificate::from_der(judges::read_vector("ca-sign.der")).value();
    const auto key = crypto::PublicKey::from_spki(ca.spki()).value();

    EXPECT_TRUE(read.verify_signature(key));
    EXPECT_EQ(
        read.verify_signature(crypto::PublicKey::from_spki(read.spki()).value()).error().fault,
        Fault::unverified);
}

TEST(Certificate, WithSha1IsReadButNeverBelieved) {
    const auto read = Certificate::from_der(judges::read_vector("certificates/sha1.der"));
    const auto ca = Certificate::from_der(judges::read_vector("ca-auth.der")).value();

    ASSERT_TRUE(read);
    EXPECT_FALSE(read->verify_signature(crypto::PublicKey::from_spki(ca.spki()).value()));
}

TEST(SignatureAlgorithm, IsReadAsItIsWritten) {
    for (const auto kind : {crypto::KeyKind::rsa_2048, crypto::KeyKind::ec_p384}) {
        const auto read =
            parse_signature_algorithm(signature_algorithm(kind, crypto::Hash::sha384));

        ASSERT_TRUE(read);
        EXPECT_EQ(read->rsa, crypto::is_rsa(kind));
        EXPECT_EQ(read->hash, crypto::Hash::sha384);
    }
    EXPECT_THAT(signature_algorithm(crypto::KeyKind::rsa_2048, crypto::Hash::sha1), IsEmpty());
}

TEST(NameText, EscapesWhatRfc4514AndTerminalsAskFor) {
    const Bytes name = make_name({{attribute::country, "JP"},
                                  {attribute::organization, " a,b+\"c\"; "},
                                  {attribute::common_name, "#x\x1B[2J\\"}});

    EXPECT_EQ(to_text_name(name), R"(CN=\#x\1B[2J\\,O=\ a\,b\+\"c\"\;\ ,C=JP)");
}

TEST(NameText, EscapesMarksThatTurnTheWriting) {
    const Bytes name = make_name({{attribute::common_name, "a\xE2\x80\xAE\xC2\x9B"}});

    EXPECT_EQ(to_text_name(name), R"(CN=a\E2\80\AE\C2\9B)");
}

TEST(NameText, ShowsWhatIsNoTextAsHex) {
    const Bytes name = der::sequence({der::wrap(
        der::tag::set, der::sequence({der::oid("1.2.3"), der::octet_string(Bytes{1, 2})}))});

    EXPECT_EQ(to_text_name(name), "1.2.3=#04020102");
}

TEST(Words, GoThereAndBack) {
    for (const Ca ca : all_cas) EXPECT_EQ(ca_of(name_of(ca)), ca);
    EXPECT_EQ(reason_of("cACompromise"), Reason::ca_compromise);
    EXPECT_EQ(name_of(Reason::certificate_hold), "certificateHold");
    EXPECT_FALSE(reason_of("CertificateHold"));
    EXPECT_FALSE(ca_of("card"));
}

}  // namespace
}  // namespace mitome::pki
