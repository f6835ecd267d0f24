// SPDX-License-Identifier: Apache-2.0
#include "fake_ports.hpp"
#include "temporary_folder.hpp"

#include <mitome/wallet/changes.hpp>
#include <mitome/wallet/reset.hpp>
#include <mitome/wallet/sync.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mitome::wallet {
namespace {

using catalogue::Code;
using fake::Call;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
namespace administration = apdu::administration;

Pin pin(std::string_view text) {
    Pin made;
    element::sample::set(made, text);
    return made;
}

/// A phone with both certificates, the holder's card, and registration.
struct Scene {
    element::sample::World phone = element::sample::phone();
    element::sample::World card = fake::card_of_the_holder();
    fake::FakeRegistration registration;
    fake::FakeContact contact;
    fake::FakeCardPlace place{card};
    TemporaryFolder folder;
    Shelf shelf{folder.path() / "wallet"};
    Receipts receipts{folder.path() / "receipts"};
    FixedClock clock{fake::people::now};
    crypto::SystemRandom random;
    pki::Certificate trusted = fake::people::ca().certificate;
    std::unique_ptr<reader::Channel> channel =
        reader::in_process([this](BytesView command) { return phone.ask(command); });

    Scene() {
        if (!std::holds_alternative<Issued>(issue({}, {.new_authentication = pin("9876"),
                                                       .new_signature = pin("XYZ789"),
                                                       .card_signature = pin("ABC123")})
                                                .value()))
            std::abort();
        registration.begin_anew();
    }

    Result<IssueOutcome> issue(IssueWish wish, IssueSecrets secrets) {
        return wallet::issue({.registration = registration,
                              .element = *channel,
                              .card = place,
                              .shelf = shelf,
                              .random = random,
                              .clock = clock,
                              .anchors = {&trusted, 1},
                              .on_state = {}},
                             std::move(wish), std::move(secrets));
    }
    Result<IssueOutcome> renew() {
        IssueWish wish;
        wish.purpose = OrderFor::renewal;
        return issue(
            std::move(wish),
            {.new_authentication = {}, .new_signature = {}, .card_signature = pin("ABC123")});
    }
    Result<ResetOutcome> reset(std::string_view card_password = "ABC123") {
        return reset_pins({.registration = registration,
                           .element = *channel,
                           .card = place,
                           .random = random,
                           .clock = clock,
                           .anchors = {&trusted, 1},
                           .on_state = {}},
                          {.new_authentication = pin("5830"),
                           .new_signature = {},
                           .card_signature = pin(card_password)});
    }
    Result<ChangeOutcome> revoke(std::string_view password = "ABC123") {
        auto token = place.wait_for_card();
        return change({registration, random, clock, {&trusted, 1}}, std::move(*token),
                      pki::Kind::sign,
                      {pki::cmp::WantedRevocation::of(shelf.find(pki::Kind::sign).value(),
                                                      pki::Reason::cessation_of_operation)},
                      pin(password));
    }
    auto sync() { return wallet::sync({registration, contact, *channel, shelf, receipts}); }
    bool phone_takes(std::uint8_t file, std::string_view secret) {
        (void)phone.ask(copy("00A4040C0AD392F000260100000001"_hex));
        return phone
            .ask({.ins = 0x20,
                  .p2 = static_cast<std::uint8_t>(0x80 | file),
                  .data = copy(view(secret))})
            .ok();
    }
};

template <class Wanted, class... All>
const Wanted* in(const Result<std::variant<All...>>& outcome) {
    return outcome ? std::get_if<Wanted>(&*outcome) : nullptr;
}
template <class... All>
std::optional<Code> refusal_in(const Result<std::variant<All...>>& outcome) {
    const auto* refusal = in<Refusal>(outcome);
    return refusal == nullptr ? std::nullopt : std::optional{refusal->code};
}

TEST(Renewal, MakesOtherKeysAndKeepsThePins) {
    Scene scene;
    const auto before = scene.shelf.find(pki::Kind::sign).value();

    const auto outcome = scene.renew();

    const auto* issued = in<Issued>(outcome);
    ASSERT_NE(issued, nullptr);
    EXPECT_FALSE(same(issued->sign->der(), before.der()));
    EXPECT_TRUE(scene.phone_takes(0x18, "9876"));
    EXPECT_TRUE(scene.phone_takes(0x1B, "XYZ789"));
}

TEST(Renewal, IsAskedForAsOne) {
    Scene scene;

    const auto outcome = scene.renew();

    ASSERT_NE(in<Issued>(outcome), nullptr);
    EXPECT_EQ(scene.registration.purpose, OrderFor::renewal);
    EXPECT_EQ(scene.registration.last_type, pki::cmp::BodyType::cr);
}

TEST(Renewal, OfOneKindLeavesTheOther) {
    Scene scene;
    const auto auth = scene.shelf.find(pki::Kind::auth).value();
    IssueWish wish;
    wish.purpose = OrderFor::renewal;
    wish.kinds = administration::with(0, Kind::sign);

    const auto outcome = scene.issue(
        std::move(wish),
        {.new_authentication = {}, .new_signature = {}, .card_signature = pin("ABC123")});

    const auto* issued = in<Issued>(outcome);
    ASSERT_NE(issued, nullptr);
    EXPECT_FALSE(issued->auth.has_value());
    EXPECT_TRUE(same(scene.shelf.find(pki::Kind::auth).value().der(), auth.der()));
}

TEST(Release, ComesBeforeTheNewCertificateInTheSameHold) {
    Scene scene;
    IssueWish wish;
    wish.purpose = OrderFor::renewal;
    wish.kinds = administration::with(0, Kind::sign);
    wish.release = pki::cmp::WantedRevocation::of(scene.shelf.find(pki::Kind::auth).value(),
                                                  pki::Reason::remove_from_crl);
    scene.place.holds = 0;
    scene.place.commands.clear();

    const auto outcome = scene.issue(
        std::move(wish),
        {.new_authentication = {}, .new_signature = {}, .card_signature = pin("ABC123")});

    ASSERT_NE(in<Issued>(outcome), nullptr);
    EXPECT_EQ(scene.place.passwords_presented(), 1);
    EXPECT_THAT(scene.registration.calls,
                ElementsAre(Call::current, Call::order, Call::keys, Call::change, Call::request,
                            Call::store, Call::confirm));
}

TEST(Release, ThatIsRefusedLeavesNoNewCertificate) {
    Scene scene;
    const auto before = scene.shelf.find(pki::Kind::sign).value();
    IssueWish wish;
    wish.purpose = OrderFor::renewal;
    wish.kinds = administration::with(0, Kind::sign);
    wish.release = pki::cmp::WantedRevocation::of(scene.shelf.find(pki::Kind::auth).value(),
                                                  pki::Reason::remove_from_crl);
    scene.registration.turns_change_down = pki::cmp::Failure::not_authorized;

    const auto outcome = scene.issue(
        std::move(wish),
        {.new_authentication = {}, .new_signature = {}, .card_signature = pin("ABC123")});

    EXPECT_EQ(refusal_in(outcome), Code::release_refused);
    EXPECT_THAT(scene.registration.calls, Not(Contains(Call::request)));
    EXPECT_TRUE(same(scene.shelf.find(pki::Kind::sign).value().der(), before.der()));
}

TEST(Change, AsksForWhatIsWanted) {
    Scene scene;

    const auto outcome = scene.revoke();

    EXPECT_NE(in<Changed>(outcome), nullptr);
    EXPECT_THAT(scene.registration.calls, ElementsAre(Call::change));
}

TEST(Change, AsksNothingUnderAWrongPassword) {
    Scene scene;

    const auto outcome = scene.revoke("WRONG0");

    const auto* wrong = in<WrongPassword>(outcome);
    ASSERT_NE(wrong, nullptr);
    EXPECT_EQ(wrong->tries_left, 4);
    EXPECT_TRUE(scene.registration.calls.empty());
}

TEST(Change, OfWhatIsRevokedSaysSo) {
    Scene scene;
    scene.registration.turns_change_down = pki::cmp::Failure::cert_revoked;

    EXPECT_EQ(refusal_in(scene.revoke()), Code::already_revoked);
}

TEST(Change, TellsWhoAsksFromWhatIsToBeChanged) {
    Scene scene;
    scene.registration.turns_asker_down = pki::cmp::Failure::cert_revoked;

    EXPECT_EQ(refusal_in(scene.revoke()), Code::card_certificate_revoked);
}

TEST(Reset, SetsAPinThatTheElementForgot) {
    Scene scene;
    for (int n = 0; n < 3; ++n) (void)scene.phone_takes(0x18, "0000");
    ASSERT_FALSE(scene.phone_takes(0x18, "9876"));

    const auto outcome = scene.reset();

    ASSERT_NE(in<PinsSet>(outcome), nullptr);
    EXPECT_TRUE(scene.phone_takes(0x18, "5830"));
}

TEST(Reset, IsNotAskedForUnderAWrongPassword) {
    Scene scene;

    const auto outcome = scene.reset("WRONG0");

    EXPECT_NE(in<WrongPassword>(outcome), nullptr);
    EXPECT_TRUE(scene.registration.calls.empty());
    EXPECT_TRUE(scene.phone_takes(0x18, "9876"));
}

TEST(Reset, ThatRegistrationDoesNotCarryOutChangesNothing) {
    Scene scene;
    scene.registration.forgets_resets = true;

    EXPECT_EQ(refusal_in(scene.reset()), Code::administration_refused);
    EXPECT_TRUE(scene.phone_takes(0x18, "9876"));
}

TEST(Sync, WithoutOrdersChangesNothing) {
    Scene scene;

    const auto outcome = scene.sync();

    const auto* synced = in<Synced>(outcome);
    ASSERT_NE(synced, nullptr);
    EXPECT_TRUE(synced->receipts.empty());
    EXPECT_TRUE(scene.shelf.find(pki::Kind::sign));
}

TEST(Sync, CarriesOutAnErasureAndKeepsItsReceipt) {
    Scene scene;
    scene.registration.erases = true;

    const auto outcome = scene.sync();

    const auto* synced = in<Synced>(outcome);
    ASSERT_NE(synced, nullptr);
    EXPECT_EQ(synced->receipts.size(), 1U);
    EXPECT_FALSE(scene.phone_takes(0x18, "9876"));
    EXPECT_FALSE(scene.shelf.find(pki::Kind::sign));
}

TEST(Sync, KnowsAReceiptAgain) {
    Scene scene;
    scene.registration.erases = true;
    ASSERT_NE(in<Synced>(scene.sync()), nullptr);
    scene.registration.erases = false;

    const auto outcome = scene.sync();

    const auto* synced = in<Synced>(outcome);
    ASSERT_NE(synced, nullptr);
    EXPECT_TRUE(synced->receipts.empty());
}

TEST(Sync, KeepsTheReceiptOfAnErasureWhoseLineWasCut) {
    Scene scene;
    scene.registration.erases = true;
    scene.registration.cut_after_erasure = true;

    const auto outcome = scene.sync();

    EXPECT_EQ(refusal_in(outcome), Code::service_unavailable);
    EXPECT_FALSE(std::filesystem::is_empty(scene.folder.path() / "receipts"));
}

TEST(EraseHere, NeedsNobodyAndIsHandedOverLater) {
    Scene scene;

    const auto erased = erase_here(*scene.channel, scene.shelf, scene.receipts);
    const auto outcome = scene.sync();

    ASSERT_NE(in<std::filesystem::path>(erased), nullptr);
    EXPECT_FALSE(scene.phone_takes(0x18, "9876"));
    ASSERT_NE(in<Synced>(outcome), nullptr);
    EXPECT_EQ(scene.contact.handed_over.size(), 1U);
}

TEST(EraseHere, LeavesAReceiptThatIsRefusedNoReasonToSkipOrders) {
    Scene scene;
    ASSERT_NE(in<std::filesystem::path>(erase_here(*scene.channel, scene.shelf, scene.receipts)),
              nullptr);
    scene.contact.refuses = Code::receipt_bad;

    const auto outcome = scene.sync();

    const auto* synced = in<Synced>(outcome);
    ASSERT_NE(synced, nullptr);
    EXPECT_TRUE(synced->receipt_refused);
    EXPECT_THAT(scene.registration.calls, Contains(Call::keys));
}

}  // namespace
}  // namespace mitome::wallet
