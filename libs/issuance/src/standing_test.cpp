// SPDX-License-Identifier: Apache-2.0
#include <mitome/issuance/interruption.hpp>
#include <mitome/issuance/standing.hpp>

#include <gtest/gtest.h>

namespace mitome::issuance {
namespace {

using store::Standing;

TEST(Standing, ComesBackFromAHold) {
    EXPECT_EQ(next(Standing::issued, Change::hold), Standing::held);
    EXPECT_EQ(next(Standing::held, Change::release), Standing::issued);
}

TEST(Standing, IsRevokedForGood) {
    EXPECT_EQ(next(Standing::held, Change::revoke), Standing::revoked);
    for (const Change change : {Change::hold, Change::release, Change::revoke}) {
        EXPECT_FALSE(next(Standing::revoked, change));
    }
}

TEST(Standing, IsNotHeldBeforeItIsIssued) {
    EXPECT_FALSE(next(Standing::intended, Change::hold));
    EXPECT_FALSE(next(Standing::drawn, Change::revoke));
}

TEST(HoldRules, ReleaseThePhonesAuthenticationCertificateAlone) {
    const HoldRules rules;

    EXPECT_TRUE(rules.may_release(pki::Ca::phone_auth));
    EXPECT_FALSE(rules.may_release(pki::Ca::phone_sign));
    EXPECT_FALSE(rules.may_release(pki::Ca::card_auth));
    EXPECT_FALSE(rules.may_release(pki::Ca::card_sign));
}

TEST(Step, IsFoundByItsName) {
    for (const Step step : {Step::serial_drawn, Step::intent_recorded, Step::certificate_signed,
                            Step::certificate_stored, Step::change_fed}) {
        EXPECT_EQ(step_of(name_of(step)), step);
    }
    EXPECT_FALSE(step_of("after-lunch"));
}

}  // namespace
}  // namespace mitome::issuance
