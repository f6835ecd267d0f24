// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/der.hpp>

#include <gtest/gtest.h>

namespace mitome::pki {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

Result<der::Element> read(std::string_view text) {
    static Bytes octets;
    octets = hex(text);
    return der::Reader{octets}.next();
}

TEST(DerReader, ReadsShortAndLongLengths) {
    const Bytes octets = hex("0401AA 048180" + std::string(256, 'B'));
    der::Reader reader{octets};

    const auto first = reader.next(der::tag::octet_string);
    const auto second = reader.next(der::tag::octet_string);

    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->value.size(), 1U);
    EXPECT_EQ(second->value.size(), 128U);
    EXPECT_TRUE(reader.finish());
}

TEST(DerReader, RefusesWhatIsNotDer) {
    EXPECT_FALSE(read("04"));                // no length
    EXPECT_FALSE(read("0402AA"));            // content cut short
    EXPECT_FALSE(read("04810100"));          // 81 where a short length would do
    EXPECT_FALSE(read("0482007F00"));        // leading zero in the length
    EXPECT_FALSE(read("24800401AA0000"));    // indefinite length
    EXPECT_FALSE(read("048500000000010A"));  // five length octets
    EXPECT_FALSE(read("1F8101020000"));      // high tag number
    EXPECT_FALSE(read("24030401AA"));        // constructed OCTET STRING
    EXPECT_FALSE(read("1000"));              // primitive SEQUENCE
    EXPECT_FALSE(read("0000"));              // end-of-contents
}

TEST(DerReader, LeavesAnotherElementWhereItStands) {
    const Bytes octets = hex("020105");
    der::Reader reader{octets};

    const auto boolean = reader.next_if(der::tag::boolean);

    ASSERT_TRUE(boolean);
    EXPECT_FALSE(*boolean);
    EXPECT_EQ(reader.peek(), der::tag::integer);
}

TEST(DerNumber, TakesMinimalNonNegativeOnesOnly) {
    EXPECT_EQ(der::to_number(*read("020100")).value(), 0U);
    EXPECT_EQ(der::to_number(*read("02020080")).value(), 128U);
    EXPECT_EQ(der::to_number(*read("0A0106")).value(), 6U);
    EXPECT_EQ(der::to_number(*read("020900FFFFFFFFFFFFFFFF")).value(), UINT64_MAX);
    EXPECT_FALSE(der::to_number(*read("0200")));
    EXPECT_FALSE(der::to_number(*read("02020001")));
    EXPECT_FALSE(der::to_number(*read("0201FF")));
    EXPECT_FALSE(der::to_number(*read("0209010000000000000000")));
}

TEST(DerNumber, IsWrittenMinimal) {
    EXPECT_EQ(to_hex(der::integer(0)), "020100");
    EXPECT_EQ(to_hex(der::integer(127)), "02017F");
    EXPECT_EQ(to_hex(der::integer(128)), "02020080");
    EXPECT_EQ(to_hex(der::integer(hex("0000FF01"))), "020300FF01");
}

TEST(DerBoolean, IsAllOnesOrAllZeros) {
    EXPECT_TRUE(der::to_boolean(*read("0101FF")).value());
    EXPECT_FALSE(der::to_boolean(*read("010100")).value());
    EXPECT_FALSE(der::to_boolean(*read("010101")));
}

TEST(DerTime, TurnsOfTheCenturyFollowRfc5280) {
    // 491231235959Z is 2049, 500101000000Z is 1950.
    EXPECT_EQ(to_rfc3339(der::to_time(*read("170D3439313233313233353935395A")).value()),
              "2049-12-31T23:59:59Z");
    EXPECT_EQ(to_rfc3339(der::to_time(*read("170D3530303130313030303030305A")).value()),
              "1950-01-01T00:00:00Z");
    EXPECT_EQ(to_hex(der::time(from_rfc3339("2049-12-31T23:59:59Z").value())),
              "170D3439313233313233353935395A");
    EXPECT_EQ(to_hex(der::time(from_rfc3339("2050-01-01T00:00:00Z").value())),
              "180F32303530303130313030303030305A");
}

TEST(DerTime, RefusesOtherFormsAndDaysThatDoNotExist) {
    EXPECT_FALSE(der::to_time(*read("170B343931323331323335395A")));              // no seconds
    EXPECT_FALSE(der::to_time(*read("17113439313233313233353935392B30393030")));  // zone
    EXPECT_FALSE(der::to_time(*read("170D3235303232393030303030305A")));          // 2025-02-29
    EXPECT_FALSE(der::to_time(*read("170D3235303130313234303030305A")));          // 24:00:00
}

TEST(DerOid, IsReadAndWritten) {
    // jpki-facts.md §5: the birth date's OID as it stands in a certificate.
    constexpr std::string_view birth_date = "1.2.392.200149.8.5.5.4";
    const Bytes octets = hex("060A2A83088C9B5508050504");

    EXPECT_EQ(der::to_dotted(der::only(octets, der::tag::oid)->value).value(), birth_date);
    EXPECT_EQ(der::oid(birth_date), octets);
    EXPECT_EQ(der::to_dotted(hex("8837")).value(), "2.999");
}

TEST(DerOid, RefusesPaddingAndEnds) {
    EXPECT_FALSE(der::to_dotted({}));
    EXPECT_FALSE(der::to_dotted(hex("2A8001")));
    EXPECT_FALSE(der::to_dotted(hex("2A83")));
}

TEST(DerBitString, WithUnusedBitsIsNoOctets) {
    EXPECT_TRUE(der::to_whole_octets(*read("030200AA")));
    EXPECT_FALSE(der::to_whole_octets(*read("030206C0")));
    EXPECT_FALSE(der::to_whole_octets(*read("0300")));
}

}  // namespace
}  // namespace mitome::pki
