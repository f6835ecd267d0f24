// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/crypto/openssl.hpp>

#include <gtest/gtest.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace mitome::crypto {
namespace {

using Certificate = std::unique_ptr<X509, Releases<X509_free>>;
using Bio = std::unique_ptr<BIO, Releases<BIO_free>>;
using Cms = std::unique_ptr<CMS_ContentInfo, Releases<CMS_ContentInfo_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Releases<EVP_MD_CTX_free>>;

/// A signer that the library knows nothing of; counts, and fails when told to.
class Elsewhere final : public Signer {
public:
    explicit Elsewhere(std::string_view name)
        : key_(*SoftwareKey::from_pkcs8(*read_file(
              std::filesystem::path{MITOME_SOURCE_DIR "/tests/vectors/crypto"} / name))) {}

    KeyKind kind() const override { return key_->kind(); }
    const Bytes& spki() const override { return key_->spki(); }
    Result<Bytes> sign_digest(Hash hash, BytesView digest) override {
        ++calls;
        if (fails) return fail(Fault::unavailable, "test: the card left");
        return key_->sign_digest(hash, digest);
    }

    int calls = 0;
    bool fails = false;

private:
    std::unique_ptr<SoftwareKey> key_;
};

Certificate certificate_of(EVP_PKEY* key, const EVP_MD* algorithm) {
    Certificate made{::X509_new()};
    ::X509_set_version(made.get(), X509_VERSION_3);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(made.get()), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(made.get()), 0);
    ::X509_gmtime_adj(::X509_getm_notAfter(made.get()), 3600);
    const auto name = copy(view("test"));
    ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                                 name.data(), static_cast<int>(name.size()), -1, 0);
    ::X509_set_issuer_name(made.get(), ::X509_get_subject_name(made.get()));
    ::X509_set_pubkey(made.get(), key);
    return ::X509_sign(made.get(), key, algorithm) > 0 ? std::move(made) : nullptr;
}

class Through : public testing::TestWithParam<const char*> {};

TEST_P(Through, SignsACertificateThatVerifies) {
    Elsewhere signer{GetParam()};
    const auto key = key_through(signer);
    ASSERT_TRUE(key);

    const auto made = certificate_of(key->get(), ::EVP_sha256());

    ASSERT_TRUE(made);
    const auto plain = key_of(*PublicKey::from_spki(signer.spki()));
    EXPECT_EQ(::X509_verify(made.get(), plain.get()), 1);
    EXPECT_EQ(signer.calls, 1);
}

TEST_P(Through, SignsCmsThatVerifies) {
    Elsewhere signer{GetParam()};
    const auto key = key_through(signer);
    ASSERT_TRUE(key);
    const auto encoded = certificate_of(key->get(), ::EVP_sha256());
    ASSERT_TRUE(encoded);
    Bytes der(static_cast<std::size_t>(::i2d_X509(encoded.get(), nullptr)));
    auto* out = der.data();
    ::i2d_X509(encoded.get(), &out);
    const std::uint8_t* in = der.data();
    const Certificate certificate{::d2i_X509(nullptr, &in, static_cast<long>(der.size()))};
    const Bio content{::BIO_new_mem_buf("content", 7)};

    const Cms cms{::CMS_sign(certificate.get(), key->get(), nullptr, content.get(),
                             CMS_BINARY | CMS_NOSMIMECAP)};

    ASSERT_TRUE(cms) << drain_errors("test: no CMS");
    const Bio recovered{::BIO_new(::BIO_s_mem())};
    EXPECT_EQ(::CMS_verify(cms.get(), nullptr, nullptr, nullptr, recovered.get(),
                           CMS_NO_SIGNER_CERT_VERIFY),
              1);
    EXPECT_EQ(signer.calls, 2);
}

TEST_P(Through, FailsWhenItsSignerFails) {
    Elsewhere signer{GetParam()};
    const auto key = key_through(signer);
    ASSERT_TRUE(key);
    signer.fails = true;

    const auto made = certificate_of(key->get(), ::EVP_sha256());

    EXPECT_FALSE(made);
    EXPECT_NE(drain_errors("test: expected"), 0U);
    EXPECT_EQ(::ERR_peek_error(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Through, testing::Values("rsa2048.p8", "p256.p8", "p384.p8"));

TEST(KeyThrough, NeverMakesPss) {
    Elsewhere signer{"rsa2048.p8"};
    const auto key = key_through(signer);
    ASSERT_TRUE(key);
    const Context context{::EVP_MD_CTX_new()};
    EVP_PKEY_CTX* settings = nullptr;
    ASSERT_EQ(::EVP_DigestSignInit(context.get(), &settings, ::EVP_sha256(), nullptr, key->get()),
              1);
    ASSERT_EQ(::EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING), 1);
    Bytes signature(256);
    std::size_t size = signature.size();

    const auto content = copy(view("content"));
    EXPECT_LE(
        ::EVP_DigestSign(context.get(), signature.data(), &size, content.data(), content.size()),
        0);

    EXPECT_EQ(signer.calls, 0);
    EXPECT_NE(drain_errors("test: expected"), 0U);
}

TEST(KeyOf, SignsLikeItsSoftwareKey) {
    const auto key = SoftwareKey::generate(KeyKind::ec_p256);
    ASSERT_TRUE(key);

    const auto made = certificate_of(key_of(**key).get(), ::EVP_sha256());

    ASSERT_TRUE(made);
    EXPECT_EQ(::X509_verify(made.get(), key_of(**key).get()), 1);
}

}  // namespace
}  // namespace mitome::crypto
