// SPDX-License-Identifier: Apache-2.0
#include "administered.hpp"

#include <mitome/base/file.hpp>
#include <mitome/crypto/cipher.hpp>
#include <mitome/pki/receipt.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace mitome::element {
namespace {

namespace administration = apdu::administration;
namespace sw = apdu::sw;
using administration::erase_locally;
using administration::read_receipt;
using administration::ReceiptOf;
using administration::ReceiptTaken;
using sample::erase_order;
using sample::first_order;
using sample::Registrar;
using sample::second_order;
using sample::select_jpki;

administration::Erase order(std::uint8_t name, std::uint64_t number) {
    return {.order = {name}, .number = number, .challenge = {0xC2}, .signed_order = {0x52}};
}

administration::Sha256 digest_of(BytesView octets) {
    administration::Sha256 out{};
    const Bytes digest = crypto::digest(crypto::Hash::sha256, octets);
    std::copy(digest.begin(), digest.end(), out.begin());
    return out;
}

pki::ErasureReceipt judged(const sample::World& world, BytesView receipt) {
    const auto root = pki::Certificate::from_der(sample::maker().root);
    const auto judged = pki::verify_receipt(receipt, *root, *world.host);
    EXPECT_TRUE(judged) << (judged ? "" : judged.error().what.text);
    return judged.value_or(pki::ErasureReceipt{});
}

Bytes local_receipt(sample::World& world) {
    const auto answer = world.ask(erase_locally());
    EXPECT_EQ(answer.sw, sw::ok);
    return answer.ok() ? administration::decode_erased(answer.data).value().receipt : Bytes{};
}

// ── What a thief of store and device key reads ──────────────────────────────────────────────

/// The record of a slot, by the layout of docs/element.md; empty where there is none.
Bytes record_in(BytesView slot) {
    constexpr std::size_t header = 32;
    if (slot.size() < header) return {};
    const std::size_t length = static_cast<std::size_t>(slot[18]) << 8 | slot[19];
    if (length > slot.size() - header) return {};
    const auto record = crypto::aes_gcm_open(sample::device_key(), slot.subspan(20, 12),
                                             slot.first(header), slot.subspan(header, length));
    return record ? record->reveal([](BytesView octets) { return copy(octets); }) : Bytes{};
}

bool contains(BytesView where, BytesView what) {
    return std::search(where.begin(), where.end(), what.begin(), what.end()) != where.end();
}

/// The private scalars of the P-256 keys in a record (RFC 5915 ECPrivateKey).
std::vector<Bytes> scalars_in(BytesView record) {
    constexpr auto before = "306B0201010420"_hex;
    std::vector<Bytes> out;
    auto at = record.begin();
    while (true) {
        at = std::search(at, record.end(), before.begin(), before.end());
        if (record.end() - at < 39) return out;
        out.emplace_back(at + 7, at + 39);
        at += 39;
    }
}

class Erasure : public testing::Test {
protected:
    Erasure() {
        registrar.install();
        world.ask(select_jpki);
    }
    /// Nothing of this may be found afterwards: keys, certificates, PIN verifiers.
    [[nodiscard]] std::vector<Bytes> secrets() const {
        std::vector<Bytes> out;
        for (const Bytes& slot : world.slots->slot)
            for (Bytes& each : scalars_in(record_in(slot))) out.push_back(std::move(each));
        for (const Kind kind : administration::kinds) out.push_back(world.element->spki(kind));
        out.push_back(Bytes(200, 0x5A));  // what the sample's certificates are filled with
        return out;
    }

    sample::World world = sample::issued_phone();
    Registrar registrar{world};
};

TEST_F(Erasure, DestroysWhatItsReceiptNames) {
    sample::fill(world, registrar, second_order);  // a pending set beside the present one
    const Bytes sign = world.element->spki(Kind::sign);
    const Bytes auth = world.element->spki(Kind::auth);
    const Bytes pending = registrar.generate(Kind::sign);
    const auto before = registrar.state();

    const auto receipt = judged(world, registrar.erase(erase_order));

    EXPECT_EQ(receipt.element, sample::id);
    EXPECT_EQ(receipt.order, erase_order.order);
    EXPECT_EQ(receipt.number, erase_order.number);
    EXPECT_EQ(receipt.signed_order, erase_order.signed_order);
    EXPECT_EQ(receipt.challenge, erase_order.challenge);
    EXPECT_EQ(receipt.keys.size(), 4U);
    for (const Bytes& spki : {sign, auth, pending})
        EXPECT_NE(std::ranges::find(receipt.keys, digest_of(spki)), receipt.keys.end());
    EXPECT_EQ(receipt.record, before.record + 1);
    const auto after = registrar.state();
    EXPECT_TRUE(after.present.empty());
    EXPECT_FALSE(after.pending);
    EXPECT_FALSE(after.swapped);
    EXPECT_EQ(after.erased, erase_order.order);
    EXPECT_EQ(after.erase_number, 1U);
    EXPECT_GT(after.record, receipt.record);
}

TEST_F(Erasure, IsProvedToOpenssl) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("mitome-receipt-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    ASSERT_TRUE(write_file(folder / "receipt.der", registrar.erase(erase_order)));
    ASSERT_TRUE(
        write_file(folder / "maker.pem", view(to_pem("CERTIFICATE", sample::maker().root))));

    const std::string command =
        "cd " + folder.string() +
        " && openssl cms -verify -inform DER -in receipt.der -CAfile maker.pem -purpose any"
        " -attime 1795500000 -binary -out content 2> trouble";
    const int status = std::system(command.c_str());

    EXPECT_EQ(status, 0) << text(read_file(folder / "trouble").value());
    EXPECT_TRUE(pki::parse_erasure_receipt(read_file(folder / "content").value()));
    std::filesystem::remove_all(folder);
}

TEST_F(Erasure, AnswersTheSameOrderWithTheSameReceipt) {
    const Bytes receipt = registrar.erase(erase_order);
    ASSERT_FALSE(receipt.empty());
    EXPECT_EQ(registrar.erase(erase_order), receipt);

    world.restart();
    world.ask(select_jpki);
    Registrar again{world};
    again.install();

    EXPECT_EQ(again.erase(erase_order), receipt);
    EXPECT_EQ(world.ask(read_receipt(ReceiptOf::order)).data,
              encode(administration::Erased{receipt}));
}

TEST_F(Erasure, RefusesAnOrderWithANumberThatIsNotHigher) {
    ASSERT_FALSE(registrar.erase(order(0xE1, 5)).empty());
    sample::fill(world, registrar, second_order);
    ASSERT_EQ(registrar.word(administration::Swap{second_order}), sw::ok);

    for (const std::uint64_t number : {0U, 1U, 4U, 5U})
        EXPECT_EQ(registrar.word(order(0xE2, number)), sw::conditions_of_use);

    EXPECT_EQ(registrar.state().present.size(), 2U);
    EXPECT_FALSE(registrar.erase(order(0xE2, 6)).empty());
}

TEST_F(Erasure, IsNotCarriedOutAgainOnANewSet) {
    const Bytes receipt = registrar.erase(erase_order);
    sample::fill(world, registrar, second_order);
    ASSERT_EQ(registrar.word(administration::Swap{second_order}), sw::ok);

    EXPECT_EQ(registrar.erase(erase_order), receipt);

    EXPECT_EQ(registrar.state().present.size(), 2U);
    EXPECT_EQ(to_hex(world.ask("002000980439383736"_hex)), "9000");
}

TEST_F(Erasure, LeavesAPhoneThatMayEnrolAgain) {
    ASSERT_FALSE(registrar.erase(erase_order).empty());

    sample::fill(world, registrar, second_order, "1212", "AGAIN1");

    EXPECT_EQ(registrar.word(administration::Swap{second_order}), sw::ok);
    EXPECT_EQ(to_hex(world.ask("002000980431323132"_hex)), "9000");
}

TEST_F(Erasure, KeepsWhatRefusesAnOldReset) {
    ASSERT_EQ(registrar.word(administration::ResetPin{first_order, Kind::auth}), sw::ok);
    (void)registrar.send(apdu::Command::decode(select_jpki).value());
    ASSERT_TRUE(registrar.send(administration::set_new_pin(Kind::auth, view("5555"))).ok());
    Registrar again{world};
    again.install();

    ASSERT_FALSE(again.erase(erase_order).empty());

    EXPECT_EQ(again.state().resets.size(), 1U);
}

TEST_F(Erasure, RefusesTheOrderThatWouldReadAsLocal) {
    EXPECT_EQ(registrar.word(administration::Erase{{}, 1, {}, {}}), sw::wrong_data);
}

TEST_F(Erasure, NeedsRoomForItsReceipt) {
    auto command = administration::store(erase_order);
    command.extended = false;
    command.expected = 256;

    EXPECT_EQ(registrar.word(command), sw::wrong_length);
    EXPECT_EQ(registrar.state().present.size(), 2U);
}

TEST_F(Erasure, ErasesACardWhole) {
    sample::World card = sample::card();
    Registrar other{card};
    other.install();

    const auto receipt = judged(card, other.erase(erase_order));

    EXPECT_EQ(receipt.keys.size(), 3U);
    card.ask("00A4040C0AD3921000310001010408"_hex);
    EXPECT_EQ(to_hex(card.ask("002000910431323334"_hex)), "6A88");
}

// ── Nothing is left ─────────────────────────────────────────────────────────────────────────

TEST_F(Erasure, YieldsNothingToAReader) {
    const auto secret = secrets();
    ASSERT_FALSE(registrar.erase(erase_order).empty());
    Bytes heard;

    for (const BytesView aid :
         {BytesView{administration::jpki_aid}, BytesView{administration::security_domain_aid}}) {
        world.ask(apdu::Command{.cla = 0, .ins = 0xA4, .p1 = 4, .p2 = 0, .data = copy(aid)});
        for (unsigned ins = 0; ins < 256; ++ins)
            for (const std::uint8_t cla : "0080"_hex)
                for (const std::uint8_t p1 : "0001028081828A8B"_hex)
                    for (const std::uint8_t p2 : "00010280979A"_hex)
                        append(heard, world
                                          .ask(apdu::Command{.cla = cla,
                                                             .ins = static_cast<std::uint8_t>(ins),
                                                             .p1 = p1,
                                                             .p2 = p2,
                                                             .expected = 65536,
                                                             .extended = true})
                                          .data);
    }

    for (const Bytes& each : secret) EXPECT_FALSE(contains(heard, each)) << to_hex(each);
    EXPECT_EQ(to_hex(world.ask(select_jpki)), "9000");
    EXPECT_EQ(to_hex(world.ask("00B0880000"_hex)), "0000009000");
    EXPECT_EQ(to_hex(world.ask("002000980439383736"_hex)), "6A88");
    EXPECT_EQ(to_hex(world.ask("802A0097040102030400"_hex)), "6A88");
    EXPECT_EQ(world.ask(administration::attest(Kind::sign)).sw, sw::reference_not_found);
}

TEST_F(Erasure, YieldsNothingToWhoHasFileAndDeviceKey) {
    sample::fill(world, registrar, second_order);
    const auto secret = secrets();
    ASSERT_GE(scalars_in(record_in(world.slots->slot[0])).size(), 5U);  // and the attestation key

    ASSERT_FALSE(registrar.erase(erase_order).empty());

    for (const Bytes& slot : world.slots->slot) {
        const Bytes record = record_in(slot);
        const auto left = scalars_in(record);
        ASSERT_EQ(left.size(), 1U);  // the attestation key
        for (const Bytes& each : secret) {
            EXPECT_TRUE(each == left[0] || !contains(record, each)) << to_hex(each);
        }
        // Behind the record, where a longer one was.
        EXPECT_TRUE(std::ranges::all_of(BytesView{slot}.subspan(32 + record.size() + 16),
                                        [](std::uint8_t octet) { return octet == 0; }));
    }
}

TEST_F(Erasure, OfAnOlderCopyIsToldByTheRecordNumber) {
    const auto copy_of_file = *world.slots;
    const auto receipt = judged(world, registrar.erase(erase_order));
    *world.slots = copy_of_file;
    world.restart();

    Registrar again{world};
    again.install();

    EXPECT_LT(again.state().record, receipt.record + 3);
    EXPECT_NE(again.state().erased, erase_order.order);  // registration had its receipt
    EXPECT_EQ(judged(world, again.erase(order(0xE2, 2))).keys, receipt.keys);
}

// ── Messages that are not in their place ────────────────────────────────────────────────────

TEST_F(Erasure, RefusesAReplayedMessage) {
    const auto wrapped = registrar.host().wrap(administration::store(erase_order));
    ASSERT_TRUE(registrar.host().unwrap(registrar.send(*wrapped)));

    EXPECT_EQ(registrar.send(*wrapped).sw, sw::security_status);
    Registrar later{world};
    later.install();
    EXPECT_EQ(later.send(*wrapped).sw, sw::security_status);
}

TEST_F(Erasure, RefusesReorderedMessages) {
    const auto first = registrar.host().wrap(administration::store(administration::AskState{}));
    const auto second = registrar.host().wrap(administration::store(erase_order));
    ASSERT_TRUE(first && second);

    EXPECT_EQ(registrar.send(*second).sw, sw::security_status);
    EXPECT_EQ(registrar.send(*first).sw, sw::security_status);
    EXPECT_FALSE(world.element->spki(Kind::sign).empty());
}

TEST_F(Erasure, RefusesATruncatedMessage) {
    auto wrapped = registrar.host().wrap(administration::store(erase_order)).value();
    wrapped.data.pop_back();

    EXPECT_EQ(registrar.send(wrapped).sw, sw::security_status);
    EXPECT_FALSE(world.element->spki(Kind::sign).empty());
}

TEST_F(Erasure, RefusesTheMessageOfAnotherPhone) {
    sample::World other = sample::phone();
    Registrar elsewhere{other};
    elsewhere.install();
    const auto wrapped = elsewhere.host().wrap(administration::store(erase_order)).value();

    EXPECT_EQ(registrar.send(wrapped).sw, sw::security_status);
    EXPECT_FALSE(world.element->spki(Kind::sign).empty());
}

TEST_F(Erasure, NeedsTheSession) {
    EXPECT_EQ(world.ask(administration::store(erase_order)).sw, sw::unknown_instruction);
}

// ── Disk and power ──────────────────────────────────────────────────────────────────────────

TEST_F(Erasure, ChangesNothingOnAFullDisk) {
    world.slots->full = true;
    EXPECT_EQ(registrar.word(erase_order), sw::memory_failure);
    EXPECT_EQ(world.ask(erase_locally()).sw, sw::memory_failure);
    world.slots->full = false;
    EXPECT_EQ(registrar.state().present.size(), 2U);

    EXPECT_FALSE(registrar.erase(erase_order).empty());
}

TEST_F(Erasure, IsWholeOrNotBegunWhenPowerGoes) {
    const auto clean = *world.slots;
    const std::size_t size = std::max(clean.slot[0].size(), clean.slot[1].size());
    int before = 0;
    int after = 0;
    for (int whole = 0; whole < 2; ++whole) {
        for (std::size_t at = 0; at < size; at += at < 48 ? 7 : 331) {
            sample::World torn{clean};
            Registrar other{torn};
            other.install();
            torn.slots->torn_at = at;
            torn.slots->whole_before = whole;
            EXPECT_TRUE(other.erase(erase_order).empty());
            torn.slots->torn_at.reset();

            torn.restart();  // power is back, and what was begun is scrubbed

            ASSERT_FALSE(torn.element->terminated());
            torn.ask(select_jpki);
            if (to_hex(torn.ask("002000980439383736"_hex)) == "9000") {
                EXPECT_EQ(whole, 0) << at;
                ++before;
            } else {
                EXPECT_TRUE(torn.element->spki(Kind::sign).empty()) << at;
                for (const Bytes& slot : torn.slots->slot)
                    EXPECT_EQ(scalars_in(record_in(slot)).size(), 1U) << at;
                ++after;
            }
            Registrar again{torn};
            again.install();
            const Bytes receipt = again.erase(erase_order);
            ASSERT_FALSE(receipt.empty()) << whole << ' ' << at;
            EXPECT_EQ(judged(torn, receipt).keys.size(), 2U);
        }
    }
    // A first write that stops among the zeros behind its record has written it whole.
    EXPECT_GT(before, 10);
    EXPECT_GT(after, 20);
}

TEST_F(Erasure, SurvivesBeingKilled) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("mitome-erasure-" + std::to_string(::getpid()));
    int before = 0;
    int after = 0;
    for (int round = 0; round < 12; ++round) {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        {
            const auto medium = FileMedium::create(folder / "element.store").value();
            for (const unsigned slot : {0U, 1U})
                ASSERT_TRUE(medium->write(slot, world.slots->slot[slot]));
        }
        const auto open = [&] {
            return Element::open(FileMedium::open(folder / "element.store").value(),
                                 sample::device_key())
                .value();
        };
        int told[2];
        ASSERT_EQ(::pipe(told), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            world.element = open();
            Registrar other{world};
            other.install();
            if (::write(told[1], "g", 1) != 1) ::_exit(1);
            (void)other.erase(erase_order);
            ::_exit(0);
        }
        char go = 0;
        ASSERT_EQ(::read(told[0], &go, 1), 1);
        std::this_thread::sleep_for(std::chrono::microseconds{100 * round});
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        ::close(told[0]);
        ::close(told[1]);

        sample::World back{*world.slots};
        back.element = open();
        ASSERT_FALSE(back.element->terminated());
        ++(back.element->spki(Kind::sign).empty() ? after : before);
        Registrar again{back};
        again.install();
        EXPECT_EQ(judged(back, again.erase(erase_order)).keys.size(), 2U) << round;
    }
    std::filesystem::remove_all(folder);
    EXPECT_EQ(before + after, 12);
}

// ── By the holder, without an order ─────────────────────────────────────────────────────────

TEST_F(Erasure, IsTheHoldersToDoWithoutAPin) {
    const Bytes sign = world.element->spki(Kind::sign);

    const auto receipt = judged(world, local_receipt(world));

    EXPECT_TRUE(receipt.is_local());
    EXPECT_EQ(receipt.number, 0U);
    EXPECT_EQ(receipt.keys.size(), 2U);
    EXPECT_NE(std::ranges::find(receipt.keys, digest_of(sign)), receipt.keys.end());
    EXPECT_TRUE(world.element->spki(Kind::sign).empty());
    for (const Bytes& slot : world.slots->slot) EXPECT_EQ(scalars_in(record_in(slot)).size(), 1U);
}

TEST_F(Erasure, KeepsItsLocalReceiptForRegistration) {
    const Bytes receipt = local_receipt(world);
    world.restart();
    world.ask(select_jpki);
    Registrar again{world};
    again.install();

    EXPECT_TRUE(again.state().local_receipt);
    EXPECT_EQ(world.ask(read_receipt(ReceiptOf::local)).data,
              encode(administration::Erased{receipt}));
    EXPECT_EQ(again.word(ReceiptTaken{digest_of(Bytes{1})}), sw::reference_not_found);
    EXPECT_EQ(again.word(ReceiptTaken{digest_of(receipt)}), sw::ok);
    EXPECT_EQ(again.word(ReceiptTaken{digest_of(receipt)}), sw::ok);
    EXPECT_FALSE(again.state().local_receipt);
}

TEST_F(Erasure, AnswersAlikeWhenNothingIsLeft) {
    const Bytes receipt = local_receipt(world);

    EXPECT_EQ(local_receipt(world), receipt);
}

TEST_F(Erasure, OfAnEmptyPhoneHasNoReceipt) {
    sample::World empty = sample::phone();
    empty.ask(select_jpki);

    EXPECT_EQ(empty.ask(erase_locally()).sw, sw::reference_not_found);
    EXPECT_EQ(empty.ask(read_receipt(ReceiptOf::local)).sw, sw::reference_not_found);
    EXPECT_EQ(empty.ask(read_receipt(ReceiptOf::order)).sw, sw::reference_not_found);
}

TEST_F(Erasure, ByOrderFollowsALocalOne) {
    (void)local_receipt(world);

    EXPECT_TRUE(judged(world, registrar.erase(erase_order)).keys.empty());
    EXPECT_TRUE(registrar.state().local_receipt);
}

TEST_F(Erasure, EndsASetThatIsOpen) {
    sample::fill(world, registrar, second_order);

    (void)local_receipt(world);

    EXPECT_EQ(registrar.word(administration::Swap{second_order}), sw::conditions_of_use);
    EXPECT_FALSE(registrar.state().pending);
}

TEST_F(Erasure, IsNoCardsCommand) {
    sample::World card = sample::card();
    card.ask(select_jpki);

    EXPECT_EQ(card.ask(erase_locally()).sw, sw::unknown_instruction);
    EXPECT_EQ(card.ask(read_receipt(ReceiptOf::local)).sw, sw::unknown_instruction);
}

TEST_F(Erasure, RefusesAMisshapenCommand) {
    auto command = erase_locally();
    command.p2 = 1;
    EXPECT_EQ(world.ask(command).sw, sw::wrong_p1_p2);
    command = erase_locally();
    command.expected = 256;
    EXPECT_EQ(world.ask(command).sw, sw::wrong_length);
    command = read_receipt(ReceiptOf::local);
    command.p2 = 2;
    EXPECT_EQ(world.ask(command).sw, sw::wrong_p1_p2);
    EXPECT_FALSE(world.element->spki(Kind::sign).empty());
}

// ── The witness ─────────────────────────────────────────────────────────────────────────────

TEST_F(Erasure, RaisesTheRecordNumberWithEveryChange) {
    std::uint64_t last = registrar.state().record;
    const auto rises = [&] {
        const std::uint64_t now = registrar.state().record;
        const bool rose = now > last;
        last = now;
        return rose;
    };

    world.ask("002000980439383736"_hex);
    EXPECT_TRUE(rises());
    ASSERT_EQ(registrar.word(administration::Lease{*world.host, *world.host}), sw::ok);
    EXPECT_TRUE(rises());
    ASSERT_FALSE(registrar.erase(erase_order).empty());
    EXPECT_TRUE(rises());
    sample::fill(world, registrar, second_order);
    EXPECT_TRUE(rises());
    ASSERT_EQ(registrar.word(administration::Swap{second_order}), sw::ok);
    EXPECT_TRUE(rises());
    world.restart();
    Registrar again{world};
    again.install();
    EXPECT_GT(again.state().record, last);  // EXTERNAL AUTHENTICATE counts too
}

}  // namespace
}  // namespace mitome::element
