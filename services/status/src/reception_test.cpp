// SPDX-License-Identifier: Apache-2.0
#include "sample_feed.hpp"

#include <gtest/gtest.h>

namespace mitome::status {
namespace {

using namespace sample;

const Bytes serial{0x41, 0x00, 0x07};

pki::CertStatus ask(Process& process, const Authority& authority, BytesView of) {
    const pki::Certificate subject = authority.subject(of);
    const Bytes nonce(32, 7);
    const Bytes request = pki::make_ocsp_request(subject, *authority.certificate, nonce).value();
    const auto outcome = process.publication.answer(request);
    const auto& answer = std::get<std::shared_ptr<const SignedAnswer>>(outcome);
    pki::OcspExpectation expected;
    expected.subject = &subject;
    expected.issuer = &*authority.certificate;
    expected.nonce = nonce;
    expected.now = now;
    return pki::check_ocsp_response(answer->der, expected).value().status;
}

bool refuses(Process& process, BytesView request, pki::OcspRefusal refusal) {
    const auto outcome = process.publication.answer(request);
    const auto* refused = std::get_if<pki::OcspRefusal>(&outcome);
    return refused != nullptr && *refused == refusal;
}

Feed changes(std::uint64_t first, std::vector<store::FeedEntry> entries) {
    Feed feed;
    feed.first = first;
    feed.head = first + entries.size() - 1;
    feed.entries = std::move(entries);
    return feed;
}

TEST(Reception, MakesStatusReady) {
    const Folder folder;
    const World world;
    Process process{folder};
    EXPECT_TRUE(process.publication.behind());

    world.make_ready(process);

    EXPECT_FALSE(process.publication.behind());
}

TEST(Reception, PublishesWhatIsIssuedAndRevoked) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);
    const Authority& authority = world.authorities.at(pki::Ca::phone_auth);
    EXPECT_TRUE(std::holds_alternative<pki::Unknown>(ask(process, authority, serial)));

    ASSERT_TRUE(process.reception->take(changes(1, {issued(1, pki::Ca::phone_auth, serial)})));
    EXPECT_TRUE(std::holds_alternative<pki::Good>(ask(process, authority, serial)));

    ASSERT_TRUE(process.reception->take(changes(2, {revoked(2, pki::Ca::phone_auth, serial)})));
    const auto status = ask(process, authority, serial);
    ASSERT_TRUE(std::holds_alternative<pki::Revoked>(status));
    EXPECT_EQ(std::get<pki::Revoked>(status).reason, pki::Reason::superseded);
    EXPECT_EQ(std::get<pki::Revoked>(status).at, now);
}

TEST(Reception, KeepsTheCasApart) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);
    ASSERT_TRUE(process.reception->take(changes(1, {issued(1, pki::Ca::phone_auth, serial)})));

    const auto status = ask(process, world.authorities.at(pki::Ca::phone_sign), serial);

    EXPECT_TRUE(std::holds_alternative<pki::Unknown>(status));
}

TEST(Reception, AsksAgainForWhatIsMissing) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);

    const auto answer =
        process.reception->take(changes(3, {issued(3, pki::Ca::phone_auth, serial)}));

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->have, 0U);
}

TEST(Reception, PassesOverWhatItHas) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);
    const Feed both = changes(
        1, {issued(1, pki::Ca::phone_auth, serial), revoked(2, pki::Ca::phone_auth, serial)});
    ASSERT_TRUE(process.reception->take(both));

    const auto again = process.reception->take(both);

    ASSERT_TRUE(again);
    EXPECT_EQ(again->have, 2U);
    EXPECT_TRUE(std::holds_alternative<pki::Revoked>(
        ask(process, world.authorities.at(pki::Ca::phone_auth), serial)));
}

TEST(Reception, DoesNotBelieveALedgerThatHasLostEntries) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);
    ASSERT_TRUE(process.reception->take(changes(1, {issued(1, pki::Ca::phone_auth, serial)})));

    const auto answer = process.reception->take(heartbeat(0));

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::conflict);
}

TEST(Reception, AnswersTheSameAfterARestart) {
    const Folder folder;
    const World world;
    {
        Process process{folder};
        world.make_ready(process);
        ASSERT_TRUE(process.reception->take(changes(
            1, {issued(1, pki::Ca::card_sign, serial), revoked(2, pki::Ca::card_sign, serial)})));
    }
    Process again{folder};
    EXPECT_TRUE(again.publication.behind());

    ASSERT_TRUE(again.reception->take(heartbeat(2)));

    EXPECT_FALSE(again.publication.behind());
    EXPECT_TRUE(std::holds_alternative<pki::Revoked>(
        ask(again, world.authorities.at(pki::Ca::card_sign), serial)));
}

TEST(Reception, RefusesAResponderOfAnotherKey) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);
    Feed feed = heartbeat(0);
    const auto other = crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256).value();
    feed.responders[pki::Ca::card_sign] =
        world.authorities.at(pki::Ca::card_sign).delegate(other->spki());

    EXPECT_FALSE(process.reception->take(feed));
}

TEST(Reception, RefusesACrlOfAnotherCa) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);
    Feed feed = heartbeat(0);
    feed.crls[pki::Ca::card_sign] = world.authorities.at(pki::Ca::card_auth).crl(9);

    EXPECT_FALSE(process.reception->take(feed));
}

TEST(Publication, SaysTryLaterWhenAuthorityIsSilent) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);
    const Authority& authority = world.authorities.at(pki::Ca::card_sign);
    const Bytes request =
        pki::make_ocsp_request(authority.subject(serial), *authority.certificate, {}).value();

    process.clock.advance(std::chrono::seconds{31});

    EXPECT_TRUE(process.publication.behind());
    EXPECT_TRUE(refuses(process, request, pki::OcspRefusal::try_later));
}

TEST(Publication, IsNotAuthorizedForAForeignIssuer) {
    const Folder folder;
    const World world;
    const Authority foreign;
    Process process{folder};
    world.make_ready(process);
    const Bytes request =
        pki::make_ocsp_request(foreign.subject(serial), *foreign.certificate, {}).value();

    EXPECT_TRUE(refuses(process, request, pki::OcspRefusal::unauthorized));
}

TEST(Publication, RefusesWhatIsNoRequest) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);

    EXPECT_TRUE(refuses(process, Bytes{0x30, 0x00}, pki::OcspRefusal::malformed_request));
}

TEST(Publication, SignsOnceForTheSameQuestionWithoutNonce) {
    const Folder folder;
    const World world;
    Process process{folder};
    world.make_ready(process);
    const Authority& authority = world.authorities.at(pki::Ca::card_sign);
    const Bytes request =
        pki::make_ocsp_request(authority.subject(serial), *authority.certificate, {}).value();

    const auto first = process.publication.answer(request);
    const auto second = process.publication.answer(request);
    ASSERT_TRUE(process.reception->take(changes(1, {issued(1, pki::Ca::card_sign, serial)})));
    const auto third = process.publication.answer(request);

    using Answer = std::shared_ptr<const SignedAnswer>;
    EXPECT_EQ(std::get<Answer>(first), std::get<Answer>(second));
    EXPECT_NE(std::get<Answer>(first), std::get<Answer>(third));
}

}  // namespace
}  // namespace mitome::status
