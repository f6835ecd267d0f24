// SPDX-License-Identifier: Apache-2.0
#include "judges.hpp"
#include "sample_world.hpp"

#include <mitome/pki/crl.hpp>
#include <mitome/pki/der.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace mitome::pki {
namespace {

using testing::HasSubstr;
using testing::Not;

const Time now = sample::time_of("2025-12-01T00:00:00Z");

const sample::World& world() { return sample::world(Ca::card_auth); }

CrlFields fields() {
    return {.issuer = world().issuer,
            .this_update = now,
            .next_update = now + std::chrono::days{1},
            .number = 0x123456};
}

struct Row {
    Bytes serial;
    Time at{};
    Reason reason = Reason::unspecified;
    std::optional<Time> invalidity;
};

Bytes make_crl(const std::vector<Row>& rows, std::size_t expected) {
    CrlWriter writer{fields(), expected};
    for (const Row& row : rows) writer.add({row.serial, row.at, row.reason, row.invalidity});
    return std::move(writer).sign(*world().key).value();
}

/// Positive serial numbers of sixteen octets in ascending order, without a pattern.
std::vector<Row> many_rows(std::size_t count) {
    std::mt19937_64 random{20251201};
    std::vector<Row> rows(count);
    for (Row& row : rows) {
        row.serial = Bytes(16);
        for (std::size_t i = 0; i < row.serial.size(); i += 8) {
            const std::uint64_t drawn = random();
            std::memcpy(row.serial.data() + i, &drawn, sizeof drawn);
        }
        row.serial[0] = static_cast<std::uint8_t>((row.serial[0] & 0x7F) | 0x01);
        row.at = now - std::chrono::seconds{random() % 100000000};
        row.reason = Reason::superseded;
    }
    std::ranges::sort(rows, {}, &Row::serial);
    return rows;
}

const std::vector<Row>& few_rows() {
    static const std::vector<Row> rows{
        {{0x05}, now, Reason::unspecified, {}},
        {{0x00, 0x85}, now - std::chrono::days{3}, Reason::key_compromise, {}},
        {Bytes(16, 0x33), now, Reason::certificate_hold, now - std::chrono::days{9}},
        {Bytes(16, 0x44), sample::time_of("2050-01-02T03:04:05Z"), Reason::superseded, {}}};
    return rows;
}

TEST(Crl, OfOursIsBelievedByOpenssl) {
    const judges::Folder folder;
    const std::string ca = folder.put_certificate("ca.pem", world().ca.der());
    const std::string crl = folder.put("crl.der", make_crl(few_rows(), few_rows().size()));

    const auto read = judges::run("openssl crl -inform DER -in " + crl + " -CAfile " + ca +
                                  " -verify -noout -text");

    EXPECT_THAT(read.output, HasSubstr("verify OK"));
    EXPECT_THAT(read.output, HasSubstr("Version 2 (0x1)"));
    EXPECT_THAT(read.output, HasSubstr("X509v3 CRL Number: \n                1193046"));
    EXPECT_THAT(read.output, HasSubstr("Serial Number: 05\n"));
    EXPECT_THAT(read.output, HasSubstr("Serial Number: 85\n"));
    EXPECT_THAT(read.output, HasSubstr("Key Compromise"));
    EXPECT_THAT(read.output, HasSubstr("Certificate Hold"));
    EXPECT_THAT(read.output, HasSubstr("Invalidity Date"));
    EXPECT_THAT(read.output, HasSubstr("Revocation Date: Jan  2 03:04:05 2050 GMT"));
}

TEST(Crl, OfOursIsReadByCerttool) {
    ASSERT_TRUE(judges::is_present("certtool")) << "packaging/install test";
    const judges::Folder folder;
    const std::string crl = folder.put("crl.der", make_crl(few_rows(), few_rows().size()));

    const auto read = judges::run("certtool --crl-info --inder --infile " + crl);

    EXPECT_EQ(read.status, 0);
    EXPECT_THAT(read.output, HasSubstr("Revoked certificates (4)"));
    EXPECT_THAT(read.output, HasSubstr("CRL Number"));
}

TEST(Crl, RevokesInOpensslVerify) {
    const judges::Folder folder;
    const Certificate person = sample::person(Ca::card_auth);
    const std::string ca = folder.put_certificate("ca.pem", world().ca.der());
    const std::string end = folder.put_certificate("person.pem", person.der());
    const Bytes revoking = make_crl({{copy(person.serial()), now, Reason::superseded, {}}}, 1);
    const std::string revoked = folder.put("revoked.pem", to_pem("X509 CRL", revoking));
    const std::string empty = folder.put("empty.pem", to_pem("X509 CRL", make_crl({}, 0)));
    const auto verify = [&](const std::string& crl) {
        return judges::run("openssl verify -x509_strict -crl_check -attime 1764550000 -CAfile " +
                           ca + " -CRLfile " + crl + " " + end)
            .output;
    };

    EXPECT_THAT(verify(empty), HasSubstr("person.pem: OK"));
    EXPECT_THAT(verify(revoked), HasSubstr("certificate revoked"));
}

TEST(Crl, IsReadBack) {
    const auto crl = Crl::from_der(make_crl(few_rows(), few_rows().size()));

    ASSERT_TRUE(crl) << crl.error().what.text;
    EXPECT_EQ(crl->size(), few_rows().size());
    EXPECT_TRUE(same(crl->issuer(), world().ca.subject()));
    EXPECT_TRUE(same(crl->authority_key_identifier(), world().ca.subject_key_identifier()));
    EXPECT_EQ(to_hex(crl->number()), "123456");
    EXPECT_EQ(crl->this_update(), now);
    EXPECT_EQ(crl->next_update(), now + std::chrono::days{1});
    EXPECT_FALSE(crl->is_delta());
    for (const Row& row : few_rows()) {
        const auto entry = crl->find(row.serial);
        ASSERT_TRUE(entry);
        EXPECT_EQ(entry->at, row.at);
        EXPECT_EQ(entry->reason, row.reason);
        EXPECT_EQ(entry->invalidity, row.invalidity);
    }
}

TEST(Crl, SaysNothingAboutSerialsThatItDoesNotList) {
    const auto crl = Crl::from_der(make_crl(few_rows(), few_rows().size()));

    EXPECT_FALSE(crl->find(Bytes{0x04}));
    EXPECT_FALSE(crl->find(Bytes{0x06}));
    EXPECT_FALSE(crl->find(Bytes(16, 0x34)));
    EXPECT_FALSE(crl->find(Bytes(20, 0x7F)));
    EXPECT_FALSE(crl->find({}));
}

TEST(Crl, WithoutEntriesHasNoList) {
    const auto crl = Crl::from_der(make_crl({}, 0));

    ASSERT_TRUE(crl);
    EXPECT_EQ(crl->size(), 0U);
    EXPECT_FALSE(crl->find(Bytes{0x05}));
    EXPECT_TRUE(crl->verify_signature(crypto::PublicKey::from_spki(world().ca.spki()).value()));
}

TEST(Crl, IsTheSameWhateverNumberOfEntriesWasExpected) {
    const auto rows = many_rows(3000);
    const auto tbs = [&](std::size_t expected) {
        CrlWriter writer{fields(), expected};
        for (const Row& row : rows) writer.add({row.serial, row.at, row.reason, row.invalidity});
        return copy(writer.close().value());
    };

    EXPECT_EQ(tbs(rows.size()), tbs(0));
    EXPECT_EQ(tbs(rows.size()), tbs(1000000));
    EXPECT_TRUE(Crl::from_der(make_crl(rows, 0)));
    EXPECT_TRUE(Crl::from_der(make_crl(rows, 1000000)));
}

TEST(Crl, FindsEachOfManyEntries) {
    const auto rows = many_rows(20000);
    const auto crl = Crl::from_der(make_crl(rows, rows.size()));

    ASSERT_TRUE(crl);
    std::size_t found = 0;
    for (const Row& row : rows) {
        const auto entry = crl->find(row.serial);
        if (entry && entry->at == row.at) ++found;
        Bytes other = row.serial;
        other.back() ^= 1;
        if (crl->find(other)) --found;
    }
    EXPECT_EQ(found, rows.size());
}

TEST(Crl, FindsEntriesThatStandInNoOrder) {
    const judges::Folder folder;
    const Bytes entry_high = der::sequence({der::integer(900), der::time(now)});
    const Bytes entry_low = der::sequence({der::integer(7), der::time(now)});
    const auto& algorithm = world().issuer.signature_algorithm;
    const Bytes tbs = der::sequence({der::integer(1), algorithm, world().issuer.name,
                                     der::time(now), der::sequence({entry_high, entry_low})});
    const auto crl = Crl::from_der(der::sequence({tbs, algorithm, der::bit_string(Bytes{1})}));

    ASSERT_TRUE(crl);
    EXPECT_FALSE(crl->next_update());
    EXPECT_TRUE(crl->find(Bytes{0x07}));
    EXPECT_TRUE(crl->find(Bytes{0x03, 0x84}));
}

TEST(Crl, FindsSerialsThatAreNotRandom) {
    constexpr std::size_t count = 1000;
    std::vector<Row> rows(count, Row{Bytes(16, 0x01), now, Reason::superseded, {}});
    for (std::size_t i = 0; i + 1 < count; ++i) {  // all but one of them close together
        rows[i].serial[6] = static_cast<std::uint8_t>(i >> 8);
        rows[i].serial[7] = static_cast<std::uint8_t>(i);
    }
    rows.back().serial[0] = 0x7F;
    const auto crl = Crl::from_der(make_crl(rows, count)).value();

    EXPECT_TRUE(std::ranges::all_of(
        rows, [&](const Row& row) { return crl.find(row.serial).has_value(); }));
}

TEST(Crl, FindsEntriesOfOneFormThatStandInNoOrder) {
    const auto rows = many_rows(3);
    Bytes der = make_crl(rows, rows.size());
    constexpr std::ptrdiff_t entry = 49, serial_at = 4;
    const auto first = std::ranges::search(der, rows[0].serial).begin() - serial_at;
    std::swap_ranges(first, first + entry, first + entry);

    const auto crl = Crl::from_der(der).value();

    EXPECT_EQ(crl.size(), rows.size());
    for (const Row& row : rows) {
        const auto found = crl.find(row.serial);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->at, row.at);
    }
}

TEST(Crl, SignatureOfAnotherKeyIsUnverified) {
    const auto crl = Crl::from_der(make_crl(few_rows(), 4));
    const auto other =
        crypto::PublicKey::from_spki(sample::world(Ca::phone_auth).ca.spki()).value();

    EXPECT_TRUE(crl->verify_signature(crypto::PublicKey::from_spki(world().ca.spki()).value()));
    EXPECT_EQ(crl->verify_signature(other).error().fault, Fault::unverified);
}

TEST(CrlWriter, RefusesEntriesOutOfOrder) {
    CrlWriter writer{fields(), 2};
    writer.add({Bytes{0x02, 0x00}, now, Reason::unspecified, {}});
    writer.add({Bytes{0x7F}, now, Reason::unspecified, {}});

    EXPECT_EQ(writer.close().error().fault, Fault::broken);
}

TEST(CrlWriter, RefusesTheSameSerialTwice) {
    CrlWriter writer{fields(), 2};
    writer.add({Bytes{0x02}, now, Reason::unspecified, {}});
    writer.add({Bytes{0x02}, now, Reason::superseded, {}});

    EXPECT_FALSE(writer.close());
}

TEST(CrlReader, RefusesAnEmptyListAndTrailingOctets) {
    const auto& algorithm = world().issuer.signature_algorithm;
    const Bytes tbs = der::sequence(
        {der::integer(1), algorithm, world().issuer.name, der::time(now), der::sequence({})});
    Bytes longer = make_crl(few_rows(), 4);
    longer.push_back(0);

    EXPECT_FALSE(Crl::from_der(der::sequence({tbs, algorithm, der::bit_string(Bytes{1})})));
    EXPECT_FALSE(Crl::from_der(longer));
}

/// A list of one serial number, 5, with these digits as its revocation date.
Bytes crl_of_time(std::string_view digits) {
    Bytes crl = make_crl({{Bytes{0x05}, now, Reason::superseded, {}}}, 1);
    const std::string whole{text(crl)};
    const auto at = whole.find("251201000000Z", whole.find(std::string{"\x02\x01\x05\x17\x0D"}));
    std::ranges::copy(digits, crl.begin() + static_cast<std::ptrdiff_t>(at));
    return crl;
}

class TimeOfEntry : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(TimeOfEntry, IsRead) {
    const auto crl = Crl::from_der(crl_of_time(GetParam().first)).value();

    EXPECT_EQ(to_rfc3339(crl.find(Bytes{0x05})->at), GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(Utc, TimeOfEntry,
                         testing::Values(std::pair{"500101000000Z", "1950-01-01T00:00:00Z"},
                                         std::pair{"000229235959Z", "2000-02-29T23:59:59Z"},
                                         std::pair{"240229120000Z", "2024-02-29T12:00:00Z"},
                                         std::pair{"491231235959Z", "2049-12-31T23:59:59Z"}));

class NoTimeOfEntry : public testing::TestWithParam<const char*> {};

TEST_P(NoTimeOfEntry, IsRefused) { EXPECT_FALSE(Crl::from_der(crl_of_time(GetParam()))); }

INSTANTIATE_TEST_SUITE_P(Utc, NoTimeOfEntry,
                         testing::Values("250229000000Z", "251301000000Z", "250001000000Z",
                                         "250431000000Z", "250400000000Z", "250401240000Z",
                                         "250401006000Z", "250401000060Z", "2504010000:0Z",
                                         "25040100000/Z", "250401000000z", "2504010000 0Z"));

TEST(CrlReader, RefusesATimeWithoutDigits) {
    Bytes crl = make_crl({{Bytes{0x05}, now, Reason::superseded, {}}}, 1);
    const std::string whole{text(crl)};
    const auto at = whole.find("251201000000Z", whole.find(std::string{"\x02\x01\x05\x17\x0D"}));
    ASSERT_NE(at, std::string::npos);
    std::fill_n(crl.begin() + static_cast<std::ptrdiff_t>(at), 6, std::uint8_t{0});

    EXPECT_FALSE(Crl::from_der(crl));
}

}  // namespace
}  // namespace mitome::pki
