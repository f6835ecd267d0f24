// SPDX-License-Identifier: Apache-2.0
#include "oid.hpp"
#include "structure.hpp"

#include <mitome/pki/crl.hpp>
#include <mitome/pki/der.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace mitome::pki {

namespace {

constexpr std::size_t usual_entry_octets = 49;
constexpr std::size_t usual_serial_at = 4;
constexpr std::size_t entries_of_slice = 4;  // on average; 4 octets for each slice
constexpr std::size_t max_serial_octets = 20;  // RFC 5280 §4.1.2.2
constexpr std::size_t max_octets = std::numeric_limits<std::uint32_t>::max();

constexpr auto reason_head = "300C300A0603551D1504030A01"_hex;  // before the reason itself

/// Eight octets, the first one lowest.
std::uint64_t load(const std::uint8_t* from) {
    std::uint64_t octets = 0;
    std::memcpy(&octets, from, sizeof octets);
    if constexpr (std::endian::native == std::endian::big) octets = std::byteswap(octets);
    return octets;
}

/// Orders serial numbers as numbers as far as it reaches: length, then the first seven octets.
std::uint64_t key_of(BytesView serial) {
    std::uint64_t key = 0;
    if (serial.size() >= sizeof key) {
        key = std::byteswap(load(serial.data())) >> 8;
    } else {
        const std::size_t count = std::min<std::size_t>(serial.size(), 7);
        for (std::size_t i = 0; i < count; ++i) key |= std::uint64_t{serial[i]} << (48 - 8 * i);
    }
    return key | serial.size() << 56;
}

std::uint64_t high_product(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(a) * b >> 64);
}

bool is_reason(std::uint8_t number) { return number <= 10 && number != 7; }

/// crlEntryExtensions. RFC 5280 §5.3.
Done read_entry_extensions(BytesView content, CrlEntry& into) {
    MITOME_TRY(extensions, read_extensions(content));
    for (const Extension& extension : extensions) {
        if (extension.oid == oid::crl_reason) {
            MITOME_TRY(reason, read_reason(extension.value));
            into.reason = reason;
        } else if (extension.oid == oid::invalidity_date) {
            der::Reader reader{extension.value};
            MITOME_TRY(time, read_generalized_time(reader));
            MITOME_CHECK(reader.finish());
            into.invalidity = time;
        } else if (extension.critical) {  // certificateIssuer: an indirect CRL
            return fail(Fault::malformed, "crl: an entry with an unknown critical extension");
        }
    }
    return {};
}

//     SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions OPTIONAL }
Result<CrlEntry> read_entry(BytesView content) {
    der::Reader parts{content};
    CrlEntry entry;
    MITOME_TRY(serial, parts.next(der::tag::integer));
    MITOME_CHECK(check_serial(serial.value));
    MITOME_TRY(at, read_validity_time(parts));
    entry.at = at;
    MITOME_TRY(extensions, parts.next_if(der::tag::sequence));
    if (extensions) MITOME_CHECK(read_entry_extensions(extensions->value, entry));
    MITOME_CHECK(parts.finish());
    return entry;
}

/// Pairs of digits, four at a time, as numbers in lanes of 16 bits; absent for other octets.
std::optional<std::uint64_t> pairs_of(std::uint64_t digits) {
    constexpr std::uint64_t high_halves = 0xF0F0F0F0F0F0F0F0U;
    // A digit is 3X and stays 3X when 6 is added.
    if ((digits & high_halves) != 0x3030303030303030U ||
        ((digits + 0x0606060606060606U) & high_halves) != 0x3030303030303030U) {
        return {};
    }
    return ((digits & 0x0F0F0F0F0F0F0F0FU) * 2561 >> 8) & 0x00FF00FF00FF00FFU;  // 2561 = 10·256 + 1
}

/// What stands in a UTCTime, YYMMDDhhmmssZ of the years 1950 to 2049 (RFC 5280 §4.1.2.5.1).
struct UtcTime {
    std::uint64_t front, back;  // year, month, day, hour; day, hour, minute, second

    [[nodiscard]] unsigned year() const { return lane(front, 0); }
    [[nodiscard]] unsigned month() const { return lane(front, 16); }
    [[nodiscard]] unsigned day() const { return lane(front, 32); }
    [[nodiscard]] unsigned hour() const { return lane(back, 16); }
    [[nodiscard]] unsigned minute() const { return lane(back, 32); }
    [[nodiscard]] unsigned second() const { return lane(back, 48); }

    [[nodiscard]] bool exists() const {
        constexpr std::array<std::uint8_t, 13> days{0,  31, 28, 31, 30, 31, 30,
                                                    31, 31, 30, 31, 30, 31};
        const unsigned leap_day = month() == 2 && year() % 4 == 0 ? 1 : 0;  // 2000 was one
        return month() < days.size() && day() != 0 && day() <= days[month()] + leap_day &&
               hour() < 24 && minute() < 60 && second() < 60;
    }
    [[nodiscard]] Time time() const {
        const auto full = static_cast<int>(year() < 50 ? 2000 + year() : 1900 + year());
        return Time{std::chrono::sys_days{std::chrono::year{full} / static_cast<int>(month()) /
                                          static_cast<int>(day())} +
                    std::chrono::seconds{hour() * 3600 + minute() * 60 + second()}};
    }

private:
    [[nodiscard]] static unsigned lane(std::uint64_t pairs, int at) {
        return static_cast<unsigned>(pairs >> at & 0xFF);
    }
};

/// The whole element.
std::optional<UtcTime> read_utc_time(const std::uint8_t* element) {
    const std::uint8_t* const digits = element + 2;
    if (element[0] != der::tag::utc_time || element[1] != 13 || digits[12] != 'Z') return {};
    const auto front = pairs_of(load(digits));
    const auto back = pairs_of(load(digits + 4));
    if (!front || !back) return {};
    const UtcTime read{*front, *back};
    return read.exists() ? std::optional{read} : std::nullopt;
}

bool has_reason_head(const std::uint8_t* octets) {
    static_assert(reason_head.size() == 13);  // two loads that overlap
    return load(octets) == load(reason_head.data()) &&
           load(octets + 5) == load(reason_head.data() + 5);
}

/// An entry of the form that nearly every one has.
struct UsualEntry {
    std::size_t size = 0;  ///< 0: has another form, or breaks it, and must be read slowly
    UtcTime at{};
    Reason reason = Reason::unspecified;
};

// Inline: a list has a million of them.
[[gnu::always_inline]] inline UsualEntry read_usual(const std::uint8_t* at, std::size_t room) {
    constexpr std::size_t time_octets = 15;
    constexpr std::size_t least = usual_serial_at + 1 + time_octets;
    if (room < least || at[0] != der::tag::sequence || at[2] != der::tag::integer) return {};
    const std::size_t size = std::size_t{at[1]} + 2;
    const std::size_t serial_size = at[3];
    const std::size_t before_rest = usual_serial_at + serial_size + time_octets;
    if (at[1] >= 0x80 || room < size || serial_size == 0 || serial_size > max_serial_octets ||
        size < before_rest) {
        return {};
    }
    const std::uint8_t* const serial = at + usual_serial_at;
    if ((serial[0] & 0x80) != 0) return {};
    if (serial[0] == 0 && (serial_size == 1 || (serial[1] & 0x80) == 0)) return {};

    const auto time = read_utc_time(serial + serial_size);
    if (!time) return {};
    if (size == before_rest) return {size, *time, Reason::unspecified};
    const std::uint8_t* const rest = at + before_rest;
    if (size != before_rest + reason_head.size() + 1 || !has_reason_head(rest) ||
        !is_reason(rest[reason_head.size()])) {
        return {};
    }
    return {size, *time, static_cast<Reason>(rest[reason_head.size()])};
}

UsualEntry read_usual(BytesView octets) { return read_usual(octets.data(), octets.size()); }

/// Content octets of the serial number of a checked entry at the front.
BytesView serial_of(BytesView octets) {
    std::size_t at = 2;
    if (octets[1] >= 0x80) at += octets[1] & 0x7FU;
    return octets.subspan(at + 2, octets[at + 1]);
}

}  // namespace

Result<Crl> Crl::from_der(Bytes der) {
    if (der.size() > max_octets) return fail(Fault::malformed, "crl: too long");
    Crl crl;
    crl.der_ = std::move(der);
    MITOME_CHECK(crl.parse());
    MITOME_CHECK(crl.scan());
    return crl;
}

//     CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING }
//     TBSCertList ::= SEQUENCE {
//         version INTEGER, signature AlgorithmIdentifier, issuer Name, thisUpdate Time,
//         nextUpdate Time OPTIONAL, revokedCertificates SEQUENCE OF … OPTIONAL,
//         crlExtensions [0] EXPLICIT OPTIONAL }
Done Crl::parse() {
    MITOME_TRY(whole, der::only(der_, der::tag::sequence));
    der::Reader outer{whole.value};
    MITOME_TRY(tbs, outer.next(der::tag::sequence));
    MITOME_TRY(algorithm, outer.next(der::tag::sequence));
    MITOME_TRY(bits, outer.next(der::tag::bit_string));
    MITOME_TRY(signature, der::to_whole_octets(bits));
    MITOME_CHECK(outer.finish());
    tbs_ = tbs.whole;
    algorithm_ = algorithm.whole;
    signature_ = signature;

    der::Reader parts{tbs.value};
    MITOME_TRY(version, parts.next(der::tag::integer));
    MITOME_TRY(number, der::to_number(version));
    if (number != 1) return fail(Fault::malformed, "crl: not of version 2");
    MITOME_TRY(inner_algorithm, parts.next(der::tag::sequence));
    MITOME_CHECK(check_algorithm(inner_algorithm.whole));
    if (!same(inner_algorithm.whole, algorithm_)) {
        return fail(Fault::malformed, "crl: two signature algorithms");
    }
    MITOME_TRY(issuer, parts.next(der::tag::sequence));
    MITOME_CHECK(check_name(issuer.whole));
    issuer_ = issuer.whole;
    MITOME_TRY(this_update, read_validity_time(parts));
    this_update_ = this_update;
    if (parts.peek() == der::tag::utc_time || parts.peek() == der::tag::generalized_time) {
        MITOME_TRY(next_update, read_validity_time(parts));
        next_update_ = next_update;
    }
    MITOME_TRY(entries, parts.next_if(der::tag::sequence));
    if (entries) {
        entries_ = entries->value;
        // RFC 5280 §5.1.2.6: absent when there are none.
        if (entries_.empty()) return fail(Fault::malformed, "crl: an empty list");
    }
    MITOME_TRY(extensions, parts.next_if(der::tag::constructed(0)));
    MITOME_CHECK(parts.finish());
    if (!extensions) return {};

    MITOME_TRY(list, der::only(extensions->value, der::tag::sequence));
    MITOME_TRY(read, read_extensions(list.value));
    extensions_ = std::move(read);
    for (const Extension& extension : extensions_) {
        if (extension.oid == oid::crl_number) {
            MITOME_TRY(integer, der::only(extension.value, der::tag::integer));
            MITOME_CHECK(der::check_integer(integer.value));
            number_ = integer.value;
        } else if (extension.oid == oid::authority_key_identifier) {
            MITOME_TRY(identifier, read_authority_key_identifier(extension.value));
            authority_ = identifier;
        } else if (extension.oid == oid::delta_crl_indicator) {
            MITOME_TRY(integer, der::only(extension.value, der::tag::integer));
            MITOME_CHECK(der::check_integer(integer.value));
            is_delta_ = true;
        } else if (extension.oid == oid::issuing_distribution_point) {
            MITOME_CHECK(der::only(extension.value, der::tag::sequence));
            distribution_point_ = extension.value;
        } else if (extension.critical) {
            return fail(Fault::malformed, "crl: an unknown critical extension");
        }
    }
    return {};
}

Done Crl::scan() {
    if (entries_.empty() || scan_equal()) return {};
    return scan_any();
}

/// Entries of the usual form, one length and ascending order, which need no index beside them.
/// False: they are not such entries, or not all of them.
bool Crl::scan_equal() {
    const std::size_t stride = read_usual(entries_).size;
    if (stride == 0 || entries_.size() % stride != 0) return false;
    const BytesView last = entries_.last(stride);
    const std::size_t serial_size = entries_[3];
    if (read_usual(last).size != stride || last[3] != serial_size) return false;

    const std::size_t count = entries_.size() / stride;
    set_range(key_of(serial_of(entries_)), key_of(serial_of(last)), count);
    std::uint64_t before = first_key_;
    const std::uint8_t* at = entries_.data();
    for (std::size_t i = 0; i < count; ++i, at += stride) {
        if (read_usual(at, stride).size != stride || at[3] != serial_size) return false;
        const std::uint64_t key = key_of({at + usual_serial_at, serial_size});
        if (key < before || key > last_key_) return false;
        before = key;
        put_in_slice(key, i);
    }
    close_slices();
    stride_ = stride;
    return true;
}

Done Crl::scan_any() {
    index_.reserve(entries_.size() / usual_entry_octets + 1);
    bool ascending = true;
    for (std::size_t at = 0; at < entries_.size();) {
        const BytesView rest = entries_.subspan(at);
        std::size_t size = read_usual(rest).size;
        if (size == 0) {
            MITOME_TRY(element, der::Reader{rest}.next(der::tag::sequence));
            MITOME_CHECK(read_entry(element.value));
            size = element.whole.size();
        }
        const std::uint64_t key = key_of(serial_of(rest));
        ascending = ascending && (index_.empty() || index_.back().key <= key);
        index_.push_back({key, static_cast<std::uint32_t>(at)});
        at += size;
    }
    if (!ascending) std::ranges::stable_sort(index_, {}, &Indexed::key);
    set_range(index_.front().key, index_.back().key, index_.size());
    for (std::size_t i = 0; i < index_.size(); ++i) put_in_slice(index_[i].key, i);
    close_slices();
    return {};
}

void Crl::set_range(std::uint64_t first, std::uint64_t last, std::size_t count) {
    first_key_ = first;
    shift_ = last == first ? 0 : std::countl_zero(last - first);
    last_key_ = last;
    count_ = count;
    slices_.assign(count / entries_of_slice + 2, 0);
}

/// Where a key stands if keys are drawn at random, as serial numbers are: in which of the equal
/// slices of their range, and how far in it.
Crl::Guess Crl::guess_of(std::uint64_t key) const {
    const std::size_t slices = slices_.size() - 1;
    const std::uint64_t place = (key - first_key_) << shift_;
    return {high_product(place, slices), place * slices};
}

// In ascending order: what stays is how many entries there are up to the end of that slice.
void Crl::put_in_slice(std::uint64_t key, std::size_t at) {
    slices_[guess_of(key).slice + 1] = static_cast<std::uint32_t>(at + 1);
}

void Crl::close_slices() {
    std::uint32_t before = 0;
    for (std::uint32_t& slice : slices_) before = slice = std::max(before, slice);
}

/// The first entry that is not below `key`. A look-up waits for memory and for little else: the
/// slices stay in the cache, and the guess is a few entries off at most, so that one place of the
/// list is fetched. Keys that are not random make slices longer, which are halved.
std::size_t Crl::lower_bound(std::uint64_t key) const {
    constexpr std::size_t long_slice = 4 * entries_of_slice;
    const Guess guess = guess_of(key);
    std::size_t first = slices_[guess.slice], last = slices_[guess.slice + 1];
    if (last - first > long_slice) {
        while (first < last) {
            const std::size_t middle = first + (last - first) / 2;
            if (key_at(middle) < key) {
                first = middle + 1;
            } else {
                last = middle;
            }
        }
        return first;
    }
    std::size_t at = first + high_product(guess.fraction, last - first);
    while (at < last && key_at(at) < key) ++at;
    while (at > first && key_at(at - 1) >= key) --at;
    return at;
}

std::size_t Crl::place_at(std::size_t at) const {
    return stride_ != 0 ? at * stride_ : index_[at].place;
}

std::uint64_t Crl::key_at(std::size_t at) const {
    if (stride_ == 0) return index_[at].key;
    const std::uint8_t* const entry = entries_.data() + at * stride_;
    return key_of({entry + usual_serial_at, entry[usual_serial_at - 1]});
}

std::optional<CrlEntry> Crl::find(BytesView serial) const {
    if (count_ == 0 || serial.empty() || serial.size() > max_serial_octets) return {};
    const std::uint64_t key = key_of(serial);
    if (key < first_key_ || key > last_key_) return {};
    for (std::size_t at = lower_bound(key); at < count_ && key_at(at) == key; ++at) {
        const BytesView entry = entries_.subspan(place_at(at));
        if (!same(serial_of(entry), serial)) continue;
        const UsualEntry usual = read_usual(entry);
        if (usual.size != 0) return CrlEntry{usual.at.time(), usual.reason, {}};
        const auto element = der::Reader{entry}.next(der::tag::sequence);
        if (!element) return {};  // cannot be: it was read before
        const auto read = read_entry(element->value);
        return read ? std::optional{*read} : std::nullopt;
    }
    return {};
}

Done Crl::verify_signature(const crypto::PublicKey& key) const {
    return verify_with(key, algorithm_, tbs_, signature_);
}

}  // namespace mitome::pki
