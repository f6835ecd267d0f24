// SPDX-License-Identifier: Apache-2.0
#include "administered.hpp"

#include <mitome/pki/attestation.hpp>
#include <mitome/pki/crmf.hpp>

#include <gtest/gtest.h>

namespace mitome::element {
namespace {

namespace administration = apdu::administration;
namespace scp03 = apdu::scp03;
namespace sw = apdu::sw;
using administration::Algorithm;
using administration::Begin;
using administration::Drop;
using administration::Erase;
using administration::Generate;
using administration::Role;
using administration::StoreCertificate;
using administration::Swap;
using administration::Unblock;
using apdu::Command;
using sample::first_order;
using sample::Registrar;
using sample::second_order;
using sample::select_jpki;

class Phone : public testing::Test {
protected:
    sample::World world = sample::phone();
};

TEST_F(Phone, BecomesUsableWithOneSwap) {
    Registrar registrar{world};
    ASSERT_TRUE(registrar.open);
    sample::fill(world, registrar, first_order);
    EXPECT_EQ(to_hex(world.ask("00B0880000"_hex)), "0000009000");

    EXPECT_EQ(registrar.word(Swap{first_order}), sw::ok);

    EXPECT_EQ(to_hex(world.ask("00B0880000"_hex)), "8F8F009000");
    EXPECT_EQ(to_hex(world.ask("002000980439383736"_hex)), "9000");
    EXPECT_EQ(to_hex(world.ask("0020009B0658595A373839"_hex)), "9000");
    EXPECT_EQ(to_hex(world.ask("00B08A0004"_hex)), "308203CC9000");
    const auto signature = world.ask(Command{.cla = 0x80,
                                             .ins = 0x2A,
                                             .p1 = 3,
                                             .p2 = 0x9A,
                                             .data = copy(view("x")),
                                             .expected = 256,
                                             .extended = false});
    EXPECT_TRUE(crypto::PublicKey::from_spki(world.element->spki(Kind::sign))
                    ->verify(crypto::Hash::sha256, view("x"), signature.data));
}

TEST_F(Phone, ShowsNothingOfAPendingSet) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);

    EXPECT_EQ(to_hex(world.ask("00200098"_hex)), "6A88");
    EXPECT_EQ(to_hex(world.ask("002000980439383736"_hex)), "6A88");
    EXPECT_EQ(to_hex(world.ask("802A0097040102030400"_hex)), "6A88");
    EXPECT_EQ(to_hex(world.ask("00B0820004"_hex)), "FFFFFFFF9000");
}

TEST_F(Phone, TellsItsStateUnderMac) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);

    auto state = registrar.state();
    ASSERT_TRUE(state.pending);
    EXPECT_EQ(state.pending->order, first_order);
    EXPECT_EQ(state.pending->generated, 3);
    EXPECT_EQ(state.pending->certificates, 3);
    EXPECT_EQ(state.pending->pins, 3);
    EXPECT_EQ(state.swapped, std::nullopt);

    ASSERT_EQ(registrar.word(Swap{first_order}), sw::ok);
    const auto after = registrar.state();
    EXPECT_FALSE(after.pending);
    EXPECT_EQ(after.swapped, first_order);
    ASSERT_EQ(after.present.size(), 2U);
    EXPECT_EQ(after.present[0].tries, 5);
    EXPECT_EQ(Bytes(after.present[0].key.begin(), after.present[0].key.end()),
              crypto::digest(crypto::Hash::sha256, world.element->spki(Kind::sign)));
    EXPECT_GT(after.record, state.record);
}

TEST_F(Phone, AnswersEveryStepAgain) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);
    EXPECT_EQ(registrar.word(Begin{first_order, 3, Algorithm::ec_p256}), sw::ok);
    EXPECT_EQ(registrar.generate(Kind::sign), registrar.generate(Kind::sign));
    ASSERT_EQ(registrar.word(Swap{first_order}), sw::ok);
    const Bytes before = world.element->spki(Kind::sign);

    EXPECT_EQ(registrar.word(Swap{first_order}), sw::ok);
    EXPECT_EQ(registrar.word(Begin{first_order, 3, Algorithm::ec_p256}), sw::ok);
    EXPECT_FALSE(registrar.state().pending);
    EXPECT_EQ(world.element->spki(Kind::sign), before);
}

TEST_F(Phone, KeepsTheOrdersApart) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);

    EXPECT_EQ(registrar.word(Begin{second_order, 3, Algorithm::ec_p256}), sw::conditions_of_use);
    EXPECT_EQ(registrar.word(Swap{second_order}), sw::conditions_of_use);
    EXPECT_EQ(registrar.word(Drop{second_order}), sw::conditions_of_use);
    EXPECT_EQ(registrar.word(Drop{first_order}), sw::ok);
    EXPECT_EQ(registrar.word(Drop{first_order}), sw::ok);
    EXPECT_EQ(registrar.word(Swap{first_order}), sw::conditions_of_use);
}

TEST_F(Phone, DoesNotSwapAnIncompleteSet) {
    Registrar registrar{world};
    registrar.install();
    ASSERT_EQ(registrar.word(Begin{first_order, 1, Algorithm::ec_p256}), sw::ok);
    EXPECT_EQ(registrar.word(Swap{first_order}), sw::conditions_of_use);
    const Bytes spki = registrar.generate(Kind::sign);
    EXPECT_EQ(registrar.word(Swap{first_order}), sw::conditions_of_use);
    ASSERT_EQ(
        registrar.word(StoreCertificate{Kind::sign, Role::holder, sample::certificate_shape(spki)}),
        sw::ok);
    EXPECT_EQ(registrar.word(Swap{first_order}), sw::conditions_of_use);
    world.ask(select_jpki);
    ASSERT_TRUE(world.ask(administration::set_pending_pin(Kind::sign, view("XYZ789"))).ok());

    EXPECT_EQ(registrar.word(Swap{first_order}), sw::ok);
}

TEST_F(Phone, RefusesACertificateForAnotherKey) {
    Registrar registrar{world};
    registrar.install();
    ASSERT_EQ(registrar.word(Begin{first_order, 3, Algorithm::ec_p256}), sw::ok);
    const Bytes of_sign = registrar.generate(Kind::sign);
    (void)registrar.generate(Kind::auth);

    EXPECT_EQ(registrar.word(
                  StoreCertificate{Kind::auth, Role::holder, sample::certificate_shape(of_sign)}),
              sw::wrong_data);
    EXPECT_EQ(registrar.word(StoreCertificate{Kind::sign, Role::holder, Bytes(300, 0x30)}),
              sw::wrong_data);
}

TEST_F(Phone, KeepsTheOldPinWhenTheOrderBringsNone) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);
    ASSERT_EQ(registrar.word(Swap{first_order}), sw::ok);
    ASSERT_EQ(registrar.word(Begin{second_order, 2, Algorithm::ec_p256}), sw::ok);
    const Bytes spki = registrar.generate(Kind::auth);
    ASSERT_EQ(
        registrar.word(StoreCertificate{Kind::auth, Role::holder, sample::certificate_shape(spki)}),
        sw::ok);

    EXPECT_EQ(registrar.word(Swap{second_order}), sw::ok);

    EXPECT_EQ(to_hex(world.ask("002000980439383736"_hex)), "9000");
}

TEST_F(Phone, ForgetsVerifiedPinsAtASwap) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);
    ASSERT_EQ(registrar.word(Swap{first_order}), sw::ok);
    ASSERT_EQ(to_hex(world.ask("002000980439383736"_hex)), "9000");
    sample::fill(world, registrar, second_order);
    ASSERT_EQ(registrar.word(Swap{second_order}), sw::ok);

    EXPECT_EQ(to_hex(world.ask("00B08A0004"_hex)), "6982");
}

TEST_F(Phone, SurvivesARestartWithItsPendingSet) {
    {
        Registrar registrar{world};
        sample::fill(world, registrar, first_order);
    }
    world.restart();
    Registrar registrar{world};
    registrar.install();

    EXPECT_EQ(registrar.state().pending->generated, 3);
    EXPECT_EQ(registrar.word(Swap{first_order}), sw::ok);
}

TEST_F(Phone, ChecksTheFormOfAPendingPin) {
    Registrar registrar{world};
    registrar.install();
    ASSERT_EQ(registrar.word(Begin{first_order, 1, Algorithm::ec_p256}), sw::ok);
    world.ask(select_jpki);
    const auto word = [&](Kind kind, std::string_view pin) {
        return world.ask(administration::set_pending_pin(kind, view(pin))).sw;
    };

    EXPECT_EQ(word(Kind::sign, "abc123"), sw::wrong_data);
    EXPECT_EQ(word(Kind::sign, "ABCDEF"), sw::wrong_data);
    EXPECT_EQ(word(Kind::sign, "ABCDEFGH123456789"), sw::wrong_length);
    EXPECT_EQ(word(Kind::auth, "1234"), sw::conditions_of_use);  // not in this order
    EXPECT_EQ(word(Kind::sign, "XYZ789"), sw::ok);
}

TEST_F(Phone, ProvesPossessionOnceAndForItsOrder) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);
    const Bytes spki = registrar.generate(Kind::sign);
    EXPECT_EQ(world.ask(administration::prove(Kind::sign, second_order)).sw, sw::conditions_of_use);

    const auto answer = world.ask(administration::prove(Kind::sign, first_order));

    ASSERT_TRUE(answer.ok());
    const auto proof = administration::decode_proof(answer.data);
    ASSERT_TRUE(proof);
    const auto request = pki::crmf::parse_cert_request(proof->cert_request);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->id, 0);
    EXPECT_EQ(request->wanted.spki, spki);
    EXPECT_TRUE(crypto::PublicKey::from_spki(spki)->verify(crypto::Hash::sha256,
                                                           proof->cert_request, proof->signature));
    EXPECT_EQ(world.ask(administration::prove(Kind::sign, first_order)).sw, sw::conditions_of_use);
    EXPECT_EQ(registrar.state().pending->proved, 1);
}

TEST_F(Phone, ProvesNothingTwiceOverARestart) {
    {
        Registrar registrar{world};
        sample::fill(world, registrar, first_order);
        ASSERT_TRUE(world.ask(administration::prove(Kind::auth, first_order)).ok());
    }
    world.restart();
    world.ask(select_jpki);

    EXPECT_EQ(world.ask(administration::prove(Kind::auth, first_order)).sw, sw::conditions_of_use);
}

TEST_F(Phone, AttestsItsKeysForTheOrder) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);
    const Bytes spki = registrar.generate(Kind::sign);
    const auto proof = administration::decode_proof(
        world.ask(administration::prove(Kind::sign, first_order)).data);
    const auto request = pki::crmf::parse_cert_request(proof->cert_request);

    const auto bundle = pki::attestation_in(request->wanted);

    ASSERT_TRUE(bundle);
    ASSERT_TRUE(*bundle);
    const auto root = pki::Certificate::from_der(sample::maker().root);
    const Time now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24};
    const auto attested = pki::verify_attestation(
        **bundle, spki, crypto::digest(crypto::Hash::sha256, join({first_order, spki})), *root,
        now);
    ASSERT_TRUE(attested) << attested.error().what.text;
    EXPECT_EQ(attested->security_level, 0);
    EXPECT_FALSE(pki::verify_attestation(
        **bundle, spki, crypto::digest(crypto::Hash::sha256, join({second_order, spki})), *root,
        now));
    EXPECT_EQ(world.ask(administration::attest(Kind::sign)).data, (*bundle)->certificates[0]);
}

TEST_F(Phone, LosesEverythingAtTerminationButItsIdentity) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);
    ASSERT_EQ(registrar.word(Swap{first_order}), sw::ok);
    const Bytes attestation = world.element->attestation_spki();

    EXPECT_EQ(registrar.word(Erase{second_order, 1, {}, {}}), sw::ok);
    EXPECT_EQ(registrar.word(Erase{second_order, 1, {}, {}}), sw::ok);

    EXPECT_EQ(registrar.state().erased, second_order);
    EXPECT_TRUE(registrar.state().present.empty());
    EXPECT_TRUE(world.element->spki(Kind::sign).empty());
    EXPECT_EQ(world.element->attestation_spki(), attestation);
    EXPECT_EQ(to_hex(world.ask("00B0880000"_hex)), "0000009000");
    EXPECT_EQ(to_hex(world.ask("00200098"_hex)), "6A88");
}

TEST_F(Phone, LeavesNoErasedKeyInEitherSlot) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);
    ASSERT_EQ(registrar.word(Swap{first_order}), sw::ok);
    ASSERT_EQ(registrar.word(Erase{second_order, 1, {}, {}}), sw::ok);

    for (const unsigned lost : {0U, 1U}) {
        auto damaged = *world.slots;
        damaged.slot[lost][40] ^= 1;
        const sample::World after{damaged};
        ASSERT_FALSE(after.element->terminated());
        EXPECT_TRUE(after.element->spki(Kind::sign).empty());
    }
}

TEST_F(Phone, GivesABlockedPinItsTriesBack) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);
    ASSERT_EQ(registrar.word(Swap{first_order}), sw::ok);
    for (int i = 0; i < 3; ++i) world.ask("002000980430303030"_hex);
    ASSERT_EQ(to_hex(world.ask("002000980439383736"_hex)), "6984");

    EXPECT_EQ(registrar.word(Unblock{Kind::auth}), sw::ok);

    EXPECT_EQ(to_hex(world.ask("002000980439383736"_hex)), "9000");
}

TEST_F(Phone, ChangesNothingWhenTheDiskIsFull) {
    Registrar registrar{world};
    sample::fill(world, registrar, first_order);
    const auto before = registrar.state();
    world.slots->full = true;

    EXPECT_EQ(registrar.word(Swap{first_order}), sw::memory_failure);
    EXPECT_EQ(registrar.state(), before);
    EXPECT_EQ(registrar.word(Erase{second_order, 1, {}, {}}), sw::memory_failure);
    EXPECT_EQ(world.ask(administration::prove(Kind::sign, first_order)).sw, sw::memory_failure);
    world.slots->full = false;
    EXPECT_TRUE(world.ask(administration::prove(Kind::sign, first_order)).ok());
    EXPECT_EQ(registrar.word(Swap{first_order}), sw::ok);
}

TEST_F(Phone, TakesRsaKeysToo) {
    Registrar registrar{world};
    registrar.install();
    ASSERT_EQ(registrar.word(Begin{first_order, 1, Algorithm::rsa_2048}), sw::ok);

    const auto key = crypto::PublicKey::from_spki(registrar.generate(Kind::sign));

    ASSERT_TRUE(key);
    EXPECT_EQ(key->kind(), crypto::KeyKind::rsa_2048);
}

// ── The secure channel ──────────────────────────────────────────────────────────────────────

class Level : public testing::TestWithParam<scp03::Level> {};

TEST_P(Level, ReadsAndAdministersOnlyAsItMay) {
    sample::World world = sample::phone();
    Registrar registrar{world, sample::keyset(), GetParam()};
    const bool may = GetParam() == scp03::Level::all;
    ASSERT_TRUE(registrar.open);

    const Command status{.cla = 0x80,
                         .ins = 0xF2,
                         .p1 = 0x40,
                         .p2 = 0x02,
                         .data = {0x4F, 0x00},
                         .expected = 256,
                         .extended = false};
    const auto listed = registrar.ask(status);
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->sw, sw::ok);
    EXPECT_EQ(registrar.word(administration::install_for_personalization()),
              may ? sw::ok : sw::security_status);
}

INSTANTIATE_TEST_SUITE_P(All, Level,
                         testing::Values(scp03::Level::none, scp03::Level::mac,
                                         scp03::Level::mac_encryption,
                                         scp03::Level::mac_response_mac,
                                         scp03::Level::mac_encryption_response_mac,
                                         scp03::Level::all));

TEST_F(Phone, EndsTheSessionAtAReplayedCommand) {
    Registrar registrar{world};
    const auto wrapped = registrar.host().wrap(administration::install_for_personalization());
    ASSERT_TRUE(registrar.host().unwrap(registrar.send(*wrapped)));

    EXPECT_EQ(registrar.send(*wrapped).sw, sw::security_status);
    EXPECT_EQ(registrar.word(administration::install_for_personalization()), sw::security_status);
    EXPECT_EQ(registrar
                  .send({.cla = 0x80,
                         .ins = 0xCA,
                         .p1 = 0,
                         .p2 = 0x66,
                         .data = {},
                         .expected = 256,
                         .extended = false})
                  .sw,
              sw::security_status);
}

TEST_F(Phone, RefusesTheSessionOfAnotherDevice) {
    Registrar stranger{world, sample::keyset(0x60)};

    EXPECT_FALSE(stranger.open);
}

TEST_F(Phone, RefusesARecordedSession) {
    scp03::Host host{sample::keyset(), Bytes(8, 7)};
    const auto first = world.ask(host.initialize_update());
    const auto opening = host.external_authenticate(first, scp03::Level::all);
    ASSERT_TRUE(world.ask(*opening).ok());
    world.first.power_on();

    EXPECT_NE(world.ask(host.initialize_update()).data, first.data);
    EXPECT_EQ(world.ask(*opening).sw, sw::authentication_failed);
}

TEST_F(Phone, EndsTheSessionAtASelect) {
    Registrar registrar{world};
    (void)registrar.send({.cla = 0,
                          .ins = 0xA4,
                          .p1 = 4,
                          .p2 = 0x0C,
                          .data = copy(administration::security_domain_aid),
                          .expected = {},
                          .extended = false});

    EXPECT_EQ(registrar.word(administration::install_for_personalization()), sw::conditions_of_use);
}

TEST_F(Phone, NeedsInstallBeforeStoreData) {
    Registrar registrar{world};

    EXPECT_EQ(registrar.word(administration::AskState{}), sw::conditions_of_use);
}

TEST_F(Phone, RefusesUnknownOperations) {
    Registrar registrar{world};
    registrar.install();
    const Command unknown{.cla = 0x80,
                          .ins = 0xE2,
                          .p1 = 0x89,
                          .p2 = 0,
                          .data = {0xD1, 0x99, 0x00},
                          .expected = 256,
                          .extended = false};

    EXPECT_EQ(registrar.word(unknown), sw::wrong_data);
}

TEST_F(Phone, JoinsTheBlocksOfALongOperation) {
    Registrar registrar{world};
    registrar.install();
    const Bytes group =
        encode(administration::Operation{Begin{first_order, 3, Algorithm::ec_p256}});
    const auto block = [&](std::uint8_t p1, std::uint8_t p2, BytesView part) {
        return registrar.word(Command{.cla = 0x80,
                                      .ins = 0xE2,
                                      .p1 = p1,
                                      .p2 = p2,
                                      .data = copy(part),
                                      .expected = 256,
                                      .extended = false});
    };

    EXPECT_EQ(block(0x09, 0, BytesView{group}.first(7)), sw::ok);
    EXPECT_EQ(block(0x89, 2, BytesView{group}.subspan(7)), sw::wrong_p1_p2);
    EXPECT_EQ(block(0x89, 1, BytesView{group}.subspan(7)), sw::ok);
    EXPECT_TRUE(registrar.state().pending);
}

TEST_F(Phone, PutsNewKeysInPlaceOfTheOld) {
    Registrar registrar{world};
    const auto keys = sample::keyset(0x70, 0x31);

    const auto answer = registrar.ask(scp03::put_key(0x30, keys, registrar.host().dek()).value());

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->data.size(), 10U);
    EXPECT_EQ(answer->data[0], 0x31);
    EXPECT_FALSE(Registrar{world}.open);
    EXPECT_TRUE(Registrar(world, sample::keyset(0x70, 0x31)).open);
}

TEST_F(Phone, AddsAndDeletesAKeyset) {
    Registrar registrar{world};
    const auto dek = registrar.host().dek().duplicate();
    const auto remove = [&](std::uint8_t version) {
        return registrar.word(Command{.cla = 0x80,
                                      .ins = 0xE4,
                                      .p1 = 0,
                                      .p2 = 0,
                                      .data = {0xD2, 0x01, version},
                                      .expected = 256,
                                      .extended = false});
    };
    EXPECT_EQ(remove(0x30), sw::conditions_of_use);  // the last, and in use
    ASSERT_EQ(registrar.word(scp03::put_key(0, sample::keyset(0x70, 0x31), dek).value()), sw::ok);

    EXPECT_EQ(registrar.word(scp03::put_key(0, sample::keyset(0x70, 0x31), dek).value()),
              sw::wrong_data);
    EXPECT_EQ(remove(0x32), sw::reference_not_found);
    EXPECT_EQ(remove(0x31), sw::ok);
    EXPECT_FALSE(Registrar(world, sample::keyset(0x70, 0x31)).open);
}

TEST_F(Phone, RefusesAKeyWithAWrongCheckValue) {
    Registrar registrar{world};
    auto command = scp03::put_key(0x30, sample::keyset(0x70), registrar.host().dek()).value();
    command.data.back() ^= 1;

    EXPECT_EQ(registrar.word(command), sw::security_status);
    EXPECT_TRUE(Registrar{world}.open);
}

TEST_F(Phone, LocksAndUnlocksTheCard) {
    Registrar registrar{world};
    const auto to = [&](std::uint8_t state) {
        return registrar.word(Command{.cla = 0x80,
                                      .ins = 0xF0,
                                      .p1 = 0x80,
                                      .p2 = state,
                                      .data = {},
                                      .expected = {},
                                      .extended = false});
    };

    EXPECT_EQ(to(0x0F), sw::conditions_of_use);
    EXPECT_EQ(to(0x7F), sw::ok);
    EXPECT_EQ(to_hex(world.ask(select_jpki)), "6A82");
    EXPECT_EQ(world
                  .ask(Command{.cla = 0,
                               .ins = 0xA4,
                               .p1 = 4,
                               .p2 = 0,
                               .data = {},
                               .expected = 256,
                               .extended = false})
                  .sw,
              0x6283);
    EXPECT_EQ(to(0x0F), sw::ok);
    EXPECT_EQ(to_hex(world.ask(select_jpki)), "9000");
}

TEST_F(Phone, LocksAnApplication) {
    Registrar registrar{world};
    const auto lock = [&](std::uint8_t state) {
        return registrar.word(Command{.cla = 0x80,
                                      .ins = 0xF0,
                                      .p1 = 0x40,
                                      .p2 = state,
                                      .data = copy(administration::jpki_aid),
                                      .expected = {},
                                      .extended = false});
    };

    EXPECT_EQ(lock(0x80), sw::ok);
    EXPECT_EQ(lock(0x80), sw::conditions_of_use);
    EXPECT_EQ(to_hex(world.ask(select_jpki)), "6A82");
    EXPECT_EQ(lock(0x00), sw::ok);
    EXPECT_EQ(to_hex(world.ask(select_jpki)), "9000");
}

TEST_F(Phone, AnswersNothingOnceTerminated) {
    Registrar registrar{world};
    ASSERT_EQ(registrar.word(Command{.cla = 0x80,
                                     .ins = 0xF0,
                                     .p1 = 0x80,
                                     .p2 = 0xFF,
                                     .data = {},
                                     .expected = {},
                                     .extended = false}),
              sw::ok);
    world.restart();

    EXPECT_TRUE(world.element->terminated());
    EXPECT_EQ(to_hex(world.ask(select_jpki)), "6A82");
    EXPECT_EQ(to_hex(world.ask("80CA006600"_hex)), "6D00");
}

TEST_F(Phone, ListsItselfToOrdinaryTools) {
    Registrar registrar{world};
    const auto list = [&](std::uint8_t what) {
        const auto answer = registrar.ask({.cla = 0x80,
                                           .ins = 0xF2,
                                           .p1 = what,
                                           .p2 = 0x02,
                                           .data = {0x4F, 0x00},
                                           .expected = 256,
                                           .extended = false});
        return to_hex(answer.value().data);
    };

    EXPECT_EQ(list(0x80), "E3134F08A0000001510000009F70010FC5039EFE80");
    EXPECT_EQ(list(0x40),
              "E3294F0AD392F0002601000000019F700107C503000000C408D392F00026010000"
              "CC08A000000151000000");
    EXPECT_EQ(list(0x20), "E3184F08D392F000260100009F700101CC08A000000151000000");
    EXPECT_EQ(list(0x10),
              "E3244F08D392F000260100009F700101840AD392F000260100000001"
              "CC08A000000151000000");
    EXPECT_EQ(registrar.word({.cla = 0x80,
                              .ins = 0xF2,
                              .p1 = 0x40,
                              .p2 = 0x02,
                              .data = {0x4F, 0x02, 0xA0, 0x01},
                              .expected = 256,
                              .extended = false}),
              sw::reference_not_found);
}

}  // namespace
}  // namespace mitome::element
