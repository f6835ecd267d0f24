// SPDX-License-Identifier: Apache-2.0
#include "oid.hpp"

#include <mitome/pki/crl.hpp>
#include <mitome/pki/der.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>

namespace mitome::pki {

namespace {

constexpr std::size_t max_serial_octets = 20;  // RFC 5280 §4.1.2.2
constexpr std::size_t usual_signature_octets = 256;
constexpr std::size_t largest_signature_octets = 1024;
constexpr std::size_t step = std::size_t{1} << 16;  // grown by so much: stays in the cache

// The usual entry: 30 2F, 02 10 serial number, 17 0D time, 30 0C and a reason.
constexpr std::size_t usual_serial_octets = 16;
constexpr std::size_t usual_serial_at = 4;
constexpr std::size_t usual_time_at = 22;
constexpr auto usual_entry =
    "302F0210"
    "00000000000000000000000000000000"
    "170D3030303030303030303030305A"
    "300C300A0603551D1504030A0100"_hex;
constexpr std::size_t utc_digits = 12;
constexpr std::size_t utc_digits_of_day = 6;

// RFC 5280 §5.1.2.6: UTCTime through 2049.
constexpr std::chrono::sys_days first_short_day{std::chrono::year{1950} / 1 / 1};
constexpr std::chrono::sys_days first_long_day{std::chrono::year{2050} / 1 / 1};

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

constexpr auto two_digits = [] {
    std::array<std::array<std::uint8_t, 2>, 100> table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] = {static_cast<std::uint8_t>('0' + i / 10),
                    static_cast<std::uint8_t>('0' + i % 10)};
    }
    return table;
}();

std::uint8_t* put_two(std::uint8_t* to, unsigned value) {
    std::memcpy(to, two_digits[value].data(), 2);
    return to + 2;
}

void put_time_of_day(std::uint8_t* to, std::chrono::seconds since_midnight) {
    const auto seconds = static_cast<unsigned>(since_midnight.count());
    put_two(put_two(put_two(to, seconds / 3600), seconds / 60 % 60), seconds % 60);
}

std::uint64_t big_endian(const std::uint8_t* octets) {
    std::uint64_t value = 0;
    std::memcpy(&value, octets, sizeof value);
    return std::endian::native == std::endian::little ? std::byteswap(value) : value;
}

/// Whether one serial number of the usual length is below another.
bool is_below(const std::uint8_t* a, const std::uint8_t* b) {
    const std::uint64_t high = big_endian(a);
    const std::uint64_t other_high = big_endian(b);
    return high != other_high ? high < other_high : big_endian(a + 8) < big_endian(b + 8);
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

/// Asks for large pages under reserved memory: half the time of a list of a million entries goes
/// into the first touch of small ones. Only a hint; nothing depends on it.
void hint_large_pages(Bytes& reserved) {
    constexpr std::size_t least = std::size_t{8} << 20;
    if (reserved.capacity() < least) return;
    void* at = reserved.data();
    std::size_t space = reserved.capacity();
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    if (std::align(page, page, at, space) != nullptr) {
        static_cast<void>(::madvise(at, space / page * page, MADV_HUGEPAGE));
    }
}

bool is_serial(BytesView serial) {
    return !serial.empty() && serial.size() <= max_serial_octets && (serial[0] & 0x80) == 0 &&
           (serial.size() == 1 || serial[0] != 0 || (serial[1] & 0x80) != 0);
}

}  // namespace

CrlWriter::CrlWriter(const CrlFields& fields, std::size_t expected)
    : fields_(fields), usual_(usual_entry) {
    set_usual_day({});
    // Room for the headers as they will be if the guess holds; then nothing is moved at the end.
    const std::size_t list = expected * usual_size;
    const std::size_t head = head_of(fields_).size() + (list == 0 ? 0 : size_of_header(list));
    const std::size_t tbs = head + list + extensions_of(fields_).size();
    const std::size_t whole = tbs + size_of_header(tbs) + usual_signature_octets;
    room_ = head + size_of_header(tbs) + size_of_header(whole);
    octets_.reserve(room_ + list + largest_signature_octets + step);
    hint_large_pages(octets_);
    octets_.resize(room_);
    used_ = room_;
}

void CrlWriter::grow(std::size_t size) {
    if (octets_.size() - used_ < size) octets_.resize(used_ + size + step);
}

void CrlWriter::check_order(BytesView serial) {
    if (last_size_ == 0) return;
    const BytesView last = BytesView{octets_}.subspan(last_at_, last_size_);
    const bool ascends = last.size() != serial.size()
                             ? last.size() < serial.size()
                             : std::ranges::lexicographical_compare(last, serial);
    good_ = good_ && ascends;
}

void CrlWriter::set_usual_day(std::chrono::sys_days day) {
    const Bytes time = der::time(day);
    std::memcpy(usual_.data() + usual_time_at, time.data() + 2, utc_digits);
    usual_day_ = day;
}

/// Nearly every entry: an octet string with serial number, time of day and reason put in.
bool CrlWriter::add_usual(const Revocation& revocation) {
    if (revocation.serial.size() != usual_serial_octets || revocation.invalidity ||
        revocation.reason == Reason::unspecified || !is_serial(revocation.serial)) {
        return false;
    }
    const auto day = std::chrono::floor<std::chrono::days>(revocation.at);
    if (day < first_short_day || day >= first_long_day) return false;
    if (day != usual_day_) set_usual_day(day);

    if (last_size_ == usual_serial_octets) {
        good_ = good_ && is_below(octets_.data() + last_at_, revocation.serial.data());
    } else {
        check_order(revocation.serial);
    }
    grow(usual_size);
    std::uint8_t* const start = octets_.data() + used_;
    std::memcpy(start, usual_.data(), usual_size);
    std::memcpy(start + usual_serial_at, revocation.serial.data(), usual_serial_octets);
    put_time_of_day(start + usual_time_at + utc_digits_of_day, revocation.at - day);
    start[usual_size - 1] = static_cast<std::uint8_t>(revocation.reason);
    last_at_ = used_ + usual_serial_at;
    last_size_ = usual_serial_octets;
    used_ += usual_size;
    return true;
}

//     SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions OPTIONAL }
void CrlWriter::add(const Revocation& revocation) {
    if (add_usual(revocation)) return;
    if (!is_serial(revocation.serial)) {
        good_ = false;
        return;
    }
    check_order(revocation.serial);

    Bytes extensions;
    if (revocation.reason != Reason::unspecified) {
        const std::array reason{static_cast<std::uint8_t>(revocation.reason)};
        append(extensions,
               der::sequence({der::oid(oid::crl_reason),
                              der::octet_string(der::wrap(der::tag::enumerated, reason))}));
    }
    if (revocation.invalidity) {
        append(extensions,
               der::sequence({der::oid(oid::invalidity_date),
                              der::octet_string(der::generalized_time(*revocation.invalidity))}));
    }
    const Bytes entry =
        der::sequence({der::wrap(der::tag::integer, revocation.serial), der::time(revocation.at),
                       extensions.empty() ? Bytes{} : der::sequence({extensions})});
    grow(entry.size());
    put(octets_.data() + used_, entry);
    constexpr std::size_t headers = 4;  // an entry has fewer than 128 octets
    last_at_ = used_ + headers;
    last_size_ = revocation.serial.size();
    used_ += entry.size();
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
