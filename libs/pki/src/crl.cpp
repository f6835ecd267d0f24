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
constexpr std::size_t max_serial_octets = 20;  // RFC 5280 §4.1.2.2
constexpr std::size_t max_octets = std::numeric_limits<std::uint32_t>::max();

constexpr auto reason_head = "300C300A0603551D1504030A01"_hex;  // before the reason itself
constexpr std::size_t digits_of_day = 6;

/// Orders serial numbers as numbers as far as it reaches: length, then the first seven octets.
std::uint64_t key_of(BytesView serial) {
    std::uint64_t key = serial.size() << 56;
    const std::size_t count = std::min<std::size_t>(serial.size(), 7);
    for (std::size_t i = 0; i < count; ++i) key |= std::uint64_t{serial[i]} << (48 - 8 * i);
    return key;
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

/// Knows the form that nearly every entry has, and the day that the entry before had.
class EntryScanner {
public:
    /// How many octets the entry at the front takes, when it has that form; 0 when it has not, and
    /// must be read slowly.
    std::size_t size_of(BytesView octets) {
        constexpr std::size_t least = 2 + 3 + 15;
        if (octets.size() < least || octets[0] != der::tag::sequence) return 0;
        const std::size_t size = octets[1];
        const std::size_t serial_size = octets[3];
        if (size >= 0x80 || octets.size() < 2 + size || octets[2] != der::tag::integer ||
            serial_size == 0 || serial_size > max_serial_octets || size < 2 + serial_size + 15) {
            return 0;
        }
        const std::uint8_t* const serial = octets.data() + 4;
        if ((serial[0] & 0x80) != 0) return 0;
        if (serial[0] == 0 && (serial_size == 1 || (serial[1] & 0x80) == 0)) return 0;

        const std::uint8_t* const time = serial + serial_size;
        if (time[0] != der::tag::utc_time || time[1] != 13 || !is_time(time + 2)) return 0;

        const std::uint8_t* const rest = time + 15;
        const std::size_t left = size - 2 - serial_size - 15;
        if (left == 0) return 2 + size;
        if (left != reason_head.size() + 1 ||
            std::memcmp(rest, reason_head.data(), reason_head.size()) != 0 ||
            !is_reason(rest[reason_head.size()])) {
            return 0;
        }
        return 2 + size;
    }

    /// Such an entry's content; absent when it has another form.
    std::optional<CrlEntry> read(BytesView octets) {
        const std::size_t size = size_of(octets);
        if (size == 0) return {};
        const std::size_t time = std::size_t{4} + octets[3];
        const BytesView whole = octets.subspan(time, 15);
        const auto at = der::to_time({der::tag::utc_time, whole.subspan(2), whole});
        if (!at) return {};
        const bool reason = size > time + 15;
        return CrlEntry{
            *at, reason ? static_cast<Reason>(octets[size - 1]) : Reason::unspecified, {}};
    }

private:
    bool is_time(const std::uint8_t* digits) {
        if (std::memcmp(digits, day_.data(), digits_of_day) != 0) {
            const BytesView whole{digits - 2, 15};
            if (!der::to_time({der::tag::utc_time, whole.subspan(2), whole})) return false;
            std::memcpy(day_.data(), digits, digits_of_day);
            return true;
        }
        const auto pair = [digits](std::size_t at) {
            const unsigned high = digits[at] - unsigned{'0'};
            const unsigned low = digits[at + 1] - unsigned{'0'};
            return high > 9 || low > 9 ? 99U : high * 10 + low;
        };
        return pair(6) < 24 && pair(8) < 60 && pair(10) < 60 && digits[12] == 'Z';
    }

    // The last day that was checked; it begins as one that exists, since any octets may come.
    std::array<std::uint8_t, digits_of_day> day_{'0', '0', '0', '1', '0', '1'};
};

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
    index_.reserve(entries_.size() / usual_entry_octets + 1);
    EntryScanner scanner;
    bool ascending = true;
    for (std::size_t at = 0; at < entries_.size();) {
        const BytesView rest = entries_.subspan(at);
        std::size_t size = scanner.size_of(rest);
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
    make_buckets();
    return {};
}

/// Serial numbers are drawn at random, so equal slices of their range hold about one each: a
/// look-up touches one slice instead of halving the whole list. Ones that are not random only
/// make slices longer, which are then searched by halves.
std::size_t Crl::bucket_of(std::uint64_t key) const {
    const std::uint64_t first = index_.front().key;
    const std::uint64_t width = index_.back().key - first;
    const int shift = width == 0 ? 0 : std::countl_zero(width);
    return high_product((key - first) << shift, index_.size());
}

void Crl::make_buckets() {
    if (index_.empty()) return;
    buckets_.resize(index_.size() + 1);
    std::size_t next = 0;
    for (std::size_t i = 0; i < index_.size(); ++i) {
        const std::size_t bucket = bucket_of(index_[i].key);
        while (next <= bucket) buckets_[next++] = static_cast<std::uint32_t>(i);
    }
    while (next < buckets_.size()) buckets_[next++] = static_cast<std::uint32_t>(index_.size());
}

std::optional<CrlEntry> Crl::find(BytesView serial) const {
    if (index_.empty() || serial.empty() || serial.size() > max_serial_octets) return {};
    const std::uint64_t key = key_of(serial);
    if (key < index_.front().key || key > index_.back().key) return {};
    const std::size_t bucket = bucket_of(key);
    const auto first = index_.begin() + buckets_[bucket];
    const auto last = index_.begin() + buckets_[bucket + 1];
    for (auto at = std::ranges::lower_bound(first, last, key, {}, &Indexed::key);
         at != index_.end() && at->key == key; ++at) {
        const BytesView entry = entries_.subspan(at->place);
        if (!same(serial_of(entry), serial)) continue;
        if (const auto usual = EntryScanner{}.read(entry)) return usual;
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
