// SPDX-License-Identifier: Apache-2.0
#include "oid.hpp"

#include <mitome/pki/crl.hpp>
#include <mitome/pki/der.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace mitome::pki {

namespace {

constexpr std::size_t max_serial_octets = 20;  // RFC 5280 §4.1.2.2
constexpr std::size_t max_entry_octets = 96;
constexpr std::size_t usual_entry_octets = 49;  // 16 octets of serial number, UTCTime, a reason
constexpr std::size_t usual_signature_octets = 256;
constexpr std::size_t largest_signature_octets = 1024;
constexpr std::size_t step = std::size_t{1} << 16;  // grown by so much: stays in the cache
constexpr int first_year = 1950;
constexpr int first_long_year = 2050;

constexpr auto reason_head = "300A0603551D1504030A01"_hex;        // before the reason itself
constexpr auto invalidity_head = "30180603551D180411180F"_hex;    // before 15 digits

std::size_t size_of_header(std::size_t content) {
    std::size_t count = 2;
    if (content >= 0x80) {
        for (std::size_t left = content; left != 0; left >>= 8) ++count;
    }
    return count;
}

/// Writes tag and length so that they end before `end`; answers where they begin.
std::uint8_t* put_header_before(std::uint8_t* end, std::uint8_t tag, std::size_t size) {
    if (size < 0x80) {
        *--end = static_cast<std::uint8_t>(size);
    } else {
        std::uint8_t count = 0;
        for (std::size_t left = size; left != 0; left >>= 8, ++count) {
            *--end = static_cast<std::uint8_t>(left);
        }
        *--end = static_cast<std::uint8_t>(0x80 | count);
    }
    *--end = tag;
    return end;
}

std::uint8_t* put(std::uint8_t* to, BytesView what) {
    std::memcpy(to, what.data(), what.size());
    return to + what.size();
}

std::uint8_t* put_two(std::uint8_t* to, unsigned value) {
    to[0] = static_cast<std::uint8_t>('0' + value / 10);
    to[1] = static_cast<std::uint8_t>('0' + value % 10);
    return to + 2;
}

/// What stands before the entries: version, algorithm, issuer, the two times.
Bytes head_of(const CrlFields& fields) {
    const auto v2 = der::integer(1);
    const Bytes content =
        der::sequence({v2, fields.issuer.signature_algorithm, fields.issuer.name,
                       der::time(fields.this_update), der::time(fields.next_update)});
    return copy(der::only(content, der::tag::sequence)->value);
}

/// crlExtensions [0] EXPLICIT: authorityKeyIdentifier and CRLNumber. RFC 5280 §5.2.
Bytes extensions_of(const CrlFields& fields) {
    const NewExtension authority =
        extension::authority_key_identifier(fields.issuer.key_identifier);
    return der::wrap(
        der::tag::constructed(0),
        der::sequence({der::sequence({der::oid(authority.oid), der::octet_string(authority.value)}),
                       der::sequence({der::oid(oid::crl_number),
                                      der::octet_string(der::integer(fields.number))})}));
}

bool is_serial(BytesView serial) {
    return !serial.empty() && serial.size() <= max_serial_octets && (serial[0] & 0x80) == 0 &&
           (serial.size() == 1 || serial[0] != 0 || (serial[1] & 0x80) != 0);
}

}  // namespace

CrlWriter::CrlWriter(const CrlFields& fields, std::size_t expected) : fields_(fields) {
    // Room for the headers as they will be if the guess holds; then nothing is moved at the end.
    const std::size_t list = expected * usual_entry_octets;
    const std::size_t head = head_of(fields_).size() + (list == 0 ? 0 : size_of_header(list));
    const std::size_t tbs = head + list + extensions_of(fields_).size();
    const std::size_t whole = tbs + size_of_header(tbs) + usual_signature_octets;
    room_ = head + size_of_header(tbs) + size_of_header(whole);
    octets_.reserve(room_ + list + max_entry_octets + largest_signature_octets + step);
    octets_.resize(room_);
    used_ = room_;
}

void CrlWriter::grow(std::size_t size) {
    if (octets_.size() - used_ < size) octets_.resize(used_ + size + step);
}

std::uint8_t* CrlWriter::put_time(std::uint8_t* to, Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    if (day != day_ || year_ == 0) {
        const std::chrono::year_month_day date{day};
        year_ = static_cast<int>(date.year());
        const auto year = static_cast<unsigned>(year_);
        std::uint8_t* digits = digits_.data();
        digits = put_two(digits, year / 100 % 100);
        digits = put_two(digits, year % 100);
        digits = put_two(digits, static_cast<unsigned>(date.month()));
        put_two(digits, static_cast<unsigned>(date.day()));
        day_ = day;
    }
    to = put(to, digits_);
    const auto seconds = static_cast<unsigned>((time - day).count());
    to = put_two(to, seconds / 3600);
    to = put_two(to, seconds / 60 % 60);
    to = put_two(to, seconds % 60);
    *to = 'Z';
    return to + 1;
}

//     SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions OPTIONAL }
void CrlWriter::add(const Revocation& revocation) {
    const BytesView serial = revocation.serial;
    if (!is_serial(serial)) {
        good_ = false;
        return;
    }
    if (last_size_ != 0) {
        const BytesView last = BytesView{octets_}.subspan(last_at_, last_size_);
        const bool ascends = last.size() != serial.size()
                                 ? last.size() < serial.size()
                                 : std::memcmp(last.data(), serial.data(), serial.size()) < 0;
        good_ = good_ && ascends;
    }
    grow(max_entry_octets);

    constexpr std::size_t header = 2;  // an entry has fewer than 128 octets
    std::uint8_t* const start = octets_.data() + used_;
    std::uint8_t* at = start + header;
    *at++ = der::tag::integer;
    *at++ = static_cast<std::uint8_t>(serial.size());
    last_at_ = static_cast<std::size_t>(at - octets_.data());
    last_size_ = serial.size();
    at = put(at, serial);

    constexpr std::uint8_t general_size = 15;  // a UTCTime begins two digits later
    std::array<std::uint8_t, general_size> general;
    put_time(general.data(), revocation.at);
    // RFC 5280 §5.1.2.6: UTCTime through 2049.
    const bool short_year = year_ >= first_year && year_ < first_long_year;
    const std::uint8_t size = short_year ? general_size - 2 : general_size;
    *at++ = short_year ? der::tag::utc_time : der::tag::generalized_time;
    *at++ = size;
    at = put(at, BytesView{general}.last(size));

    const bool reason = revocation.reason != Reason::unspecified;
    if (reason || revocation.invalidity) {
        std::uint8_t* const extensions = at;
        at += header;
        if (reason) {
            at = put(at, reason_head);
            *at++ = static_cast<std::uint8_t>(revocation.reason);
        }
        if (revocation.invalidity) {
            at = put(at, invalidity_head);
            at = put_time(at, *revocation.invalidity);
        }
        extensions[0] = der::tag::sequence;
        extensions[1] = static_cast<std::uint8_t>(at - extensions - 2);
    }
    start[0] = der::tag::sequence;
    start[1] = static_cast<std::uint8_t>(at - start - 2);
    used_ = static_cast<std::size_t>(at - octets_.data());
}

Result<BytesView> CrlWriter::close() {
    if (!good_) return fail(Fault::broken, "crl: entries not in ascending order, or no serials");
    const Bytes head = head_of(fields_);
    const Bytes extensions = extensions_of(fields_);
    const std::size_t list = used_ - room_;
    const std::size_t list_header = list == 0 ? 0 : size_of_header(list);  // absent when empty
    const std::size_t tbs = head.size() + list_header + list + extensions.size();
    const std::size_t before = size_of_header(tbs) + head.size() + list_header;

    grow(extensions.size());
    put(octets_.data() + used_, extensions);
    used_ += extensions.size();

    const std::size_t outer = size_of_header(before + tbs + largest_signature_octets);
    if (room_ < before + outer) {  // the guess was too small
        const std::size_t more = before + outer - room_;
        octets_.insert(octets_.begin(), more, 0);
        room_ += more;
        used_ += more;
    }
    std::uint8_t* at = octets_.data() + room_;
    if (list_header != 0) at = put_header_before(at, der::tag::sequence, list);
    at -= head.size();
    put(at, head);
    at = put_header_before(at, der::tag::sequence, tbs);
    tbs_at_ = static_cast<std::size_t>(at - octets_.data());
    return BytesView{octets_}.subspan(tbs_at_, used_ - tbs_at_);
}

Bytes CrlWriter::finish(BytesView signature) && {
    const Bytes bits = der::bit_string(signature);
    const Bytes& algorithm = fields_.issuer.signature_algorithm;
    grow(bits.size() + algorithm.size());
    std::uint8_t* at = put(octets_.data() + used_, algorithm);
    at = put(at, bits);
    used_ = static_cast<std::size_t>(at - octets_.data());

    const std::uint8_t* const begin =
        put_header_before(octets_.data() + tbs_at_, der::tag::sequence, used_ - tbs_at_);
    octets_.resize(used_);
    octets_.erase(octets_.begin(), octets_.begin() + (begin - octets_.data()));
    return std::move(octets_);
}

Result<Bytes> CrlWriter::sign(crypto::Signer& signer) && {
    MITOME_TRY(parsed, parse_signature_algorithm(fields_.issuer.signature_algorithm));
    if (parsed.rsa != crypto::is_rsa(signer.kind())) {
        return fail(Fault::broken, "crl: its algorithm is not one of the signer's key");
    }
    MITOME_TRY(tbs, close());
    MITOME_TRY(signature, signer.sign(parsed.hash, tbs));
    return std::move(*this).finish(signature);
}

}  // namespace mitome::pki
