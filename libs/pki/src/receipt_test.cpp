// SPDX-License-Identifier: Apache-2.0
#include "cmp_sample.hpp"
#include "judges.hpp"

#include <mitome/pki/attestation.hpp>
#include <mitome/pki/cms.hpp>
#include <mitome/pki/receipt.hpp>

#include <gtest/gtest.h>

namespace mitome::pki {
namespace {

using sample::now;

ErasureReceipt receipt_of_order() {
    return {.element = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10},
            .order = {0xA1},
            .number = 7,
            .signed_order = {0xB1},
            .challenge = {0xC1},
            .keys = {{0xD1}, {0xD2}},
            .record = 300};
}

/// A maker and the element that the receipt is of.
struct Factory {
    sample::Holder maker = sample::make_root("Maker");
    sample::Key key = sample::make_key();
    Certificate element = make("element 01020304050607080910", key->spki());

    [[nodiscard]] Certificate make(const char* name, BytesView spki) const {
        return sample::signed_by(
            subordinate_template(issuer_of(maker.certificate).value(), sample::name(name), spki,
                                 Bytes{5}, sample::some_years(), 0)
                .value(),
            *maker.key);
    }
    [[nodiscard]] Bytes signed_receipt() const {
        return sign_receipt(receipt_of_order(), *key, element).value();
    }
};

TEST(ErasureReceipt, ReadsBackAsWritten) {
    EXPECT_EQ(parse_erasure_receipt(encode(receipt_of_order())).value(), receipt_of_order());
    EXPECT_FALSE(receipt_of_order().is_local());
    EXPECT_TRUE(ErasureReceipt{}.is_local());
}

TEST(ErasureReceipt, IsRefusedWhenCutShortOrLengthened) {
    const Bytes whole = encode(receipt_of_order());
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(parse_erasure_receipt(BytesView{whole}.first(size))) << size;
    EXPECT_FALSE(parse_erasure_receipt(join({whole, Bytes{0}})));
}

TEST(ErasureReceipt, IsBelievedFromItsElement) {
    const Factory it;

    const auto receipt = verify_receipt(it.signed_receipt(), it.maker.certificate, now);

    ASSERT_TRUE(receipt) << receipt.error().what.text;
    EXPECT_EQ(*receipt, receipt_of_order());
}

TEST(ErasureReceipt, IsJudgedByOpenssl) {
    const Factory it;
    const judges::Folder folder;
    const auto cms = folder.put("receipt.der", it.signed_receipt());
    const auto root = folder.put_certificate("root.pem", it.maker.certificate.der());

    const auto answer =
        judges::run("openssl cms -verify -inform DER -in " + cms + " -CAfile " + root +
                    " -purpose any -attime 1795500000 -binary -out " + folder.path("content"));

    EXPECT_EQ(answer.status, 0) << answer.output;
    std::ifstream content{folder.path("content"), std::ios::binary};
    const std::string octets{std::istreambuf_iterator<char>{content}, {}};
    EXPECT_EQ(copy(view(octets)), encode(receipt_of_order()));
}

TEST(ErasureReceipt, IsReadAsOpensslMakesIt) {
    const auto root = Certificate::from_pem(text(judges::read_vector("receipt/maker-root.pem")));
    ASSERT_TRUE(root);

    const auto receipt =
        verify_receipt(judges::read_vector("receipt/receipt.der"), *root, root->not_before());

    ASSERT_TRUE(receipt) << receipt.error().what.text;
    EXPECT_EQ(*receipt, receipt_of_order());
    EXPECT_EQ(judges::read_vector("receipt/content.der"), encode(receipt_of_order()));
}

TEST(ErasureReceipt, IsRefusedWhereAnyOctetIsAnother) {
    const Factory it;
    const Bytes whole = it.signed_receipt();

    for (std::size_t at = 0; at < whole.size(); ++at) {
        Bytes other = whole;
        other[at] ^= 1;
        const auto receipt = verify_receipt(other, it.maker.certificate, now);
        // What is not signed (the algorithm's spelling) may differ; what the receipt says may not.
        if (receipt) {
            EXPECT_EQ(*receipt, receipt_of_order()) << at;
        }
    }
}

TEST(ErasureReceipt, IsRefusedFromAnotherElement) {
    const Factory it;
    const auto other = it.make("element 01020304050607080911", it.key->spki());

    const auto receipt = verify_receipt(sign_receipt(receipt_of_order(), *it.key, other).value(),
                                        it.maker.certificate, now);

    EXPECT_EQ(receipt.error().fault, Fault::unverified);
}

TEST(ErasureReceipt, IsRefusedFromAKeyThatTheElementAttests) {
    const Factory it;
    const auto attested = sample::make_key();
    const auto issuer = issuer_of(it.element).value();
    const Template what{
        .serial = {0x09},
        .signature_algorithm = issuer.signature_algorithm,
        .issuer = issuer.name,
        .not_before = it.element.not_before(),
        .not_after = it.element.not_after(),
        .subject = sample::name("element 01020304050607080910"),
        .spki = attested->spki(),
        .extensions = {{std::string{id_key_description}, false, key_description(Bytes(32, 1))}}};
    const std::vector<Bytes> chain{it.element.der()};
    const auto certificate = sample::signed_by(what, *it.key);

    const auto receipt =
        verify_receipt(sign_receipt(receipt_of_order(), *attested, certificate, chain).value(),
                       it.maker.certificate, now);

    EXPECT_EQ(receipt.error().fault, Fault::unverified);
}

TEST(ErasureReceipt, IsRefusedFromAnotherMaker) {
    const Factory it;

    const auto receipt =
        verify_receipt(it.signed_receipt(), sample::make_root("Maker").certificate, now);

    EXPECT_EQ(receipt.error().fault, Fault::unverified);
}

TEST(ErasureReceipt, IsRefusedAsADetachedSignature) {
    const Factory it;
    const Bytes digest = crypto::digest(crypto::Hash::sha256, encode(receipt_of_order()));

    const auto receipt = verify_receipt(
        cms::make_detached({.content_digest = digest, .signing_time = {}}, *it.key, it.element)
            .value(),
        it.maker.certificate, now);

    EXPECT_EQ(receipt.error().fault, Fault::malformed);
}

}  // namespace
}  // namespace mitome::pki
