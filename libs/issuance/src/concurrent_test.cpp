// SPDX-License-Identifier: Apache-2.0
#include "sample_authority.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace mitome::issuance {
namespace {

using namespace sample;

TEST(Issuer, GivesOneCertificateToAllWhoAskWithOneKey) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    const auto order = auth_order(new_key()->spki());
    std::array<Bytes, 4> certificates;
    {
        std::vector<std::jthread> threads;
        for (Bytes& certificate : certificates) {
            threads.emplace_back(
                [&] { certificate = process.issuer().issue_once(order).value().certificate; });
        }
    }

    EXPECT_EQ(std::set<Bytes>(certificates.begin(), certificates.end()).size(), 1U);
    EXPECT_EQ(process.ledger().page(0, 10)->size(), 1U);
}

TEST(Issuer, IssuesFromSeveralThreads) {
    Place place{pki::Ca::phone_auth};
    Process process{place};
    constexpr std::uint8_t threads_count = 4;
    constexpr std::uint8_t each = 10;
    const Bytes spki = new_key()->spki();
    {
        std::vector<std::jthread> threads;
        for (std::uint8_t thread = 0; thread < threads_count; ++thread) {
            threads.emplace_back([&, thread] {
                for (std::uint8_t i = 0; i < each; ++i) {
                    const auto number = static_cast<std::uint8_t>(thread * each + i);
                    ASSERT_TRUE(process.issuer().issue_once(auth_order(spki, number)));
                }
            });
        }
    }

    EXPECT_EQ(process.ledger().head().value(), threads_count * each);
}

}  // namespace
}  // namespace mitome::issuance
