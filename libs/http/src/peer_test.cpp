// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/http/peer.hpp>
#include <mitome/pki/certificate.hpp>

#include <gtest/gtest.h>

namespace mitome::http {
namespace {

Bytes certificate(const char* name) {
    const auto pem =
        read_file(std::string{MITOME_SOURCE_DIR} + "/tests/vectors/http/" + name + ".pem");
    return pki::Certificate::from_pem(text(*pem)).value().der();
}

TEST(RoleOf, IsTheCommonNameOfTheSubject) {
    EXPECT_EQ(role_of(certificate("registration")), "registration");
}

TEST(RoleOf, IsDeniedToAPlainConnection) { EXPECT_EQ(role_of({}).error().fault, Fault::denied); }

TEST(RoleOf, IsDeniedToASubjectWithoutName) {
    EXPECT_EQ(role_of(certificate("no-name")).error().fault, Fault::denied);
}

TEST(RoleOf, IsDeniedToASubjectWithTwoNames) {
    EXPECT_EQ(role_of(certificate("two-names")).error().fault, Fault::denied);
}

TEST(RoleOf, IsMalformedForWhatIsNoCertificate) {
    EXPECT_EQ(role_of(Bytes{0x30, 0x00}).error().fault, Fault::malformed);
}

}  // namespace
}  // namespace mitome::http
