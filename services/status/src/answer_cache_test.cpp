// SPDX-License-Identifier: Apache-2.0
#include "answer_cache.hpp"

#include <gtest/gtest.h>

namespace mitome::status {
namespace {

const Time noon{std::chrono::seconds{1'795'000'000}};
const Bytes cert_id{0x30, 0x01, 0x07};
const Bytes serial{0x41, 0x42};

std::shared_ptr<const SignedAnswer> answer(Time at = noon) {
    return std::make_shared<SignedAnswer>(
        SignedAnswer{.der = {0x30, 0x00}, .etag = "\"1\"", .this_update = at, .next_update = at});
}

TEST(AnswerCache, GivesBackWhatItKeeps) {
    AnswerCache cache{16};
    const auto kept = answer();

    cache.keep(cert_id, serial, kept, cache.moment());

    EXPECT_EQ(cache.find(cert_id, serial, noon), kept);
}

TEST(AnswerCache, DoesNotMixTwoWaysToNameACertificate) {
    AnswerCache cache{16};
    cache.keep(cert_id, serial, answer(), cache.moment());

    EXPECT_FALSE(cache.find(Bytes{0x30, 0x01, 0x08}, serial, noon));
}

TEST(AnswerCache, ForgetsAChangedSerial) {
    AnswerCache cache{16};
    cache.keep(cert_id, serial, answer(), cache.moment());

    cache.forget(serial);

    EXPECT_FALSE(cache.find(cert_id, serial, noon));
}

TEST(AnswerCache, RefusesAnAnswerFromBeforeAChange) {
    AnswerCache cache{16};
    const auto seen = cache.moment();
    cache.forget(serial);

    cache.keep(cert_id, serial, answer(), seen);

    EXPECT_FALSE(cache.find(cert_id, serial, noon));
}

TEST(AnswerCache, DoesNotGiveAnOldAnswer) {
    AnswerCache cache{16};
    cache.keep(cert_id, serial, answer(noon), cache.moment());

    EXPECT_FALSE(cache.find(cert_id, serial, noon + std::chrono::seconds{1}));
}

TEST(AnswerCache, IsBounded) {
    AnswerCache cache{1};
    const Bytes other{0x43};
    cache.keep(cert_id, serial, answer(), cache.moment());

    cache.keep(cert_id, other, answer(), cache.moment());

    EXPECT_FALSE(cache.find(Bytes{0x30, 0x01, 0x09}, serial, noon));
    EXPECT_TRUE(cache.find(cert_id, other, noon));
}

}  // namespace
}  // namespace mitome::status
