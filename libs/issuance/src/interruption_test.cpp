// SPDX-License-Identifier: Apache-2.0
#include <mitome/issuance/interruption.hpp>

#include <gtest/gtest.h>

namespace mitome::issuance {
namespace {

TEST(Step, IsFoundByItsName) {
    for (const Step step : {Step::serial_drawn, Step::intent_recorded, Step::certificate_signed,
                            Step::certificate_stored, Step::change_fed}) {
        EXPECT_EQ(step_of(name_of(step)), step);
    }
    EXPECT_FALSE(step_of("after-lunch"));
}

}  // namespace
}  // namespace mitome::issuance
