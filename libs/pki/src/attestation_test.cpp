// SPDX-License-Identifier: Apache-2.0
#include "cmp_sample.hpp"

#include <mitome/base/file.hpp>
#include <mitome/pki/attestation.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace mitome::pki {
namespace {

using sample::now;

/// A maker, an element of it and a key that the element attests; every part can be another.
struct Attested {
    const sample::Holder& maker = shared_maker();
    sample::Key element_key = sample::make_key();
    Certificate element = sample::signed_by(
        subordinate_template(issuer_of(maker.certificate).value(), sample::name("Element 1"),
                             element_key->spki(), Bytes{5}, sample::some_years(), 0)
            .value(),
        *maker.key);
    sample::Key key = sample::make_key();
    Bytes challenge = Bytes(32, 0xC1);

    static const sample::Holder& shared_maker() {
        static const auto maker = sample::make_root("Maker");
        return maker;
    }

    [[nodiscard]] Bytes attest(const std::vector<NewExtension>& extensions) const {
        const auto issuer = issuer_of(element).value();
        const Template what{.serial = {0x09},
                            .signature_algorithm = issuer.signature_algorithm,
                            .issuer = issuer.name,
                            .not_before = element.not_before(),
                            .not_after = element.not_after(),
                            .subject = sample::name("Attestation of a key"),
                            .spki = key->spki(),
                            .extensions = extensions};
        return sample::signed_by(what, *element_key).der();
    }
    [[nodiscard]] Bytes attest() const {
        return attest({{std::string{id_key_description}, false, key_description(challenge)}});
    }
    [[nodiscard]] AttestationBundle bundle() const { return {{attest(), element.der()}}; }

    [[nodiscard]] Result<AttestedKey> verify(const AttestationBundle& what) const {
        return verify_attestation(what, key->spki(), challenge, maker.certificate, now);
    }
};

TEST(Attestation, IsFoundInATemplate) {
    const Attested it;
    const auto bundle = it.bundle();
    crmf::Template wanted;
    wanted.extensions = {
        {std::string{id_aa_attestation}, false, attestation_bundle(bundle.certificates)}};

    const auto found = attestation_in(wanted);

    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->certificates, bundle.certificates);
}

TEST(Attestation, IsAbsentFromAPlainTemplate) {
    const auto found = attestation_in(crmf::Template{});

    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
}

TEST(Attestation, HoldsForTheKeyAndTheChallenge) {
    const Attested it;

    const auto attested = it.verify(it.bundle());

    ASSERT_TRUE(attested) << attested.error().what.text;
    EXPECT_EQ(attested->security_level, 0);
    EXPECT_EQ(attested->element, it.element.der());
}

TEST(Attestation, FailsForAnotherChallenge) {
    Attested it;
    const auto bundle = it.bundle();
    it.challenge[0] ^= 1;

    EXPECT_EQ(it.verify(bundle).error().fault, Fault::unverified);
}

TEST(Attestation, FailsForAnotherKey) {
    Attested it;
    const auto bundle = it.bundle();
    it.key = sample::make_key();

    EXPECT_EQ(it.verify(bundle).error().fault, Fault::unverified);
}

TEST(Attestation, FailsForAnotherMaker) {
    const Attested it;
    const auto other = sample::make_root("Maker");

    const auto refused =
        verify_attestation(it.bundle(), it.key->spki(), it.challenge, other.certificate, now);

    EXPECT_EQ(refused.error().fault, Fault::unverified);
}

TEST(Attestation, FailsWithoutTheElementsCertificate) {
    const Attested it;

    EXPECT_EQ(it.verify({{it.attest()}}).error().fault, Fault::unverified);
}

TEST(Attestation, FailsWhenNoKeyIsDescribed) {
    const Attested it;

    EXPECT_EQ(it.verify({{it.attest({}), it.element.der()}}).error().fault, Fault::unverified);
}

TEST(Attestation, FailsWhenTheKeyCameFromOutside) {
    const Attested it;
    auto description = key_description(it.challenge);
    const auto origin = std::ranges::search(description, "BF853E03020100"_hex);
    ASSERT_FALSE(origin.empty());
    origin[6] = 2;  // imported
    const auto attested = it.attest({{std::string{id_key_description}, false, description}});

    EXPECT_EQ(it.verify({{attested, it.element.der()}}).error().fault, Fault::unverified);
}

TEST(Attestation, FailsWhenAnAttestedKeyAttests) {
    const Attested it;
    const Attested other;  // same maker, another element

    EXPECT_EQ(it.verify({{it.attest(), other.element.der()}}).error().fault, Fault::unverified);
}

TEST(KeyDescription, IsReadAsOpenSslWritesIt) {
    const auto octets =
        read_file(std::string{MITOME_SOURCE_DIR} + "/tests/corpus/attestation/key_description");
    ASSERT_TRUE(octets);

    const auto description = parse_key_description(*octets);

    ASSERT_TRUE(description) << description.error().what.text;
    EXPECT_EQ(description->security_level, 1);
    EXPECT_EQ(description->challenge, (Bytes{1, 2, 3, 4, 5}));
    EXPECT_TRUE(description->generated);
}

TEST(KeyDescription, SaysGeneratedInSoftwareForTheChallenge) {
    const auto description = parse_key_description(key_description(Bytes{1, 2, 3}));

    ASSERT_TRUE(description);
    EXPECT_EQ(description->security_level, 0);
    EXPECT_EQ(description->challenge, (Bytes{1, 2, 3}));
    EXPECT_TRUE(description->generated);
}

}  // namespace
}  // namespace mitome::pki
