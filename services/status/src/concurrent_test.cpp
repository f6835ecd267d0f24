// SPDX-License-Identifier: Apache-2.0
#include "sample_feed.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace mitome::status {
namespace {

using namespace sample;

Bytes serial(std::uint64_t number) {
    return {0x41, static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
}

// The same question over and over while its answer turns, and thousands of others come in.
TEST(Publication, NeverSaysGoodAfterARevocation) {
    constexpr std::uint64_t revocation = 300;
    constexpr std::uint64_t last = 600;
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);
    const Authority& authority = world.authorities.at(pki::Ca::card_sign);
    const pki::Certificate subject = authority.subject(serial(1));
    const Bytes request = pki::make_ocsp_request(subject, *authority.certificate, {}).value();
    std::atomic<std::uint64_t> published{0};
    std::atomic<unsigned> wrong{0};
    std::atomic<unsigned> revoked_seen{0};
    {
        std::vector<std::jthread> askers;
        for (unsigned i = 0; i < 3; ++i) {
            askers.emplace_back([&](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                    const bool must_be_revoked = published.load() >= revocation;
                    const auto outcome = process.publication.answer(request);
                    const auto* answer = std::get_if<std::shared_ptr<const SignedAnswer>>(&outcome);
                    if (answer == nullptr) {
                        ++wrong;
                        continue;
                    }
                    pki::OcspExpectation expected;
                    expected.subject = &subject;
                    expected.issuer = &*authority.certificate;
                    expected.now = now;
                    const auto checked = pki::check_ocsp_response((*answer)->der, expected);
                    const bool is_revoked =
                        checked && std::holds_alternative<pki::Revoked>(checked->status);
                    if (!checked || (must_be_revoked && !is_revoked)) ++wrong;
                    if (is_revoked) ++revoked_seen;
                }
            });
        }
        for (std::uint64_t number = 1; number <= last; ++number) {
            Feed feed = heartbeat(number);
            feed.first = number;
            feed.entries.push_back(number == revocation
                                       ? revoked(number, pki::Ca::card_sign, serial(1))
                                       : issued(number, pki::Ca::card_sign, serial(number)));
            ASSERT_TRUE(process.reception->take(feed));
            published = number;
        }
        while (revoked_seen == 0) std::this_thread::yield();
    }
    EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace mitome::status
