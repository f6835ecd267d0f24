// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/der.hpp>

#include <array>
#include <cassert>
#include <charconv>
#include <chrono>
#include <string>

namespace mitome::pki::der {

namespace {

struct Header {
    std::uint8_t tag = 0;
    std::size_t header_size = 0;
    std::size_t size = 0;
};

/// X.690 §8.14 with the types of §10.2 and §11.6: strings are primitive in DER, SEQUENCE, SET,
/// EXTERNAL and EMBEDDED PDV are constructed, and 0 is no type.
bool is_form_right(std::uint8_t tag) {
    if ((tag & 0xC0) != 0) return true;
    const unsigned number = tag & 0x1F;
    const bool constructed = (tag & 0x20) != 0;
    if (number == 0) return false;
    return constructed == (number == 8 || number == 11 || number == 16 || number == 17);
}

/// X.690 §8.1.3 and §10.1.
Result<Header> read_header(BytesView octets) {
    if (octets.size() < 2) return fail(Fault::malformed, "der: element cut short");
    Header header{.tag = octets[0]};
    if ((header.tag & 0x1F) == 0x1F) return fail(Fault::malformed, "der: high tag number");
    if (!is_form_right(header.tag)) return fail(Fault::malformed, "der: form does not fit the tag");

    const std::uint8_t first = octets[1];
    if (first < 0x80) {
        header.header_size = 2;
        header.size = first;
    } else {
        const std::size_t count = first & 0x7F;
        if (count == 0) return fail(Fault::malformed, "der: indefinite length");
        if (count > 4) return fail(Fault::malformed, "der: length of more than four octets");
        if (octets.size() < 2 + count) return fail(Fault::malformed, "der: length cut short");
        for (std::size_t i = 0; i < count; ++i) {
            header.size = header.size << 8 | octets[2 + i];
        }
        header.header_size = 2 + count;
        const std::size_t least = count == 1 ? 0x80 : std::size_t{1} << (8 * (count - 1));
        if (header.size < least) return fail(Fault::malformed, "der: length is not minimal");
    }
    if (octets.size() - header.header_size < header.size) {
        return fail(Fault::malformed, "der: content cut short");
    }
    return header;
}

std::size_t size_of_length(std::size_t size) {
    if (size < 0x80) return 1;
    std::size_t count = 1;
    while (size >> (8 * count) != 0) ++count;
    return 1 + count;
}

void append_header(Bytes& out, std::uint8_t tag, std::size_t size) {
    out.push_back(tag);
    const std::size_t count = size_of_length(size) - 1;
    if (count == 0) {
        out.push_back(static_cast<std::uint8_t>(size));
        return;
    }
    out.push_back(static_cast<std::uint8_t>(0x80 | count));
    for (std::size_t i = count; i-- > 0;) {
        out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
    }
}

/// Two decimal digits, or nothing.
std::optional<unsigned> two_digits(BytesView digits, std::size_t at) {
    const unsigned high = digits[at] - unsigned{'0'};
    const unsigned low = digits[at + 1] - unsigned{'0'};
    if (high > 9 || low > 9) return std::nullopt;
    return high * 10 + low;
}

void append_decimal(std::string& out, unsigned value, unsigned width) {
    std::array<char, 10> digits{};
    for (unsigned i = width; i-- > 0;) {
        digits[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    out.append(digits.data(), width);
}

std::string digits_of(Time time, unsigned year_width) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::string out;
    append_decimal(out, static_cast<unsigned>(static_cast<int>(date.year())), year_width);
    append_decimal(out, static_cast<unsigned>(date.month()), 2);
    append_decimal(out, static_cast<unsigned>(date.day()), 2);
    append_decimal(out, static_cast<unsigned>(clock.hours().count()), 2);
    append_decimal(out, static_cast<unsigned>(clock.minutes().count()), 2);
    append_decimal(out, static_cast<unsigned>(clock.seconds().count()), 2);
    out += 'Z';
    return out;
}

void append_base_128(Bytes& out, std::uint64_t value) {
    unsigned shift = 0;
    while (shift < 63 && value >> (shift + 7) != 0) shift += 7;
    for (; shift > 0; shift -= 7) {
        out.push_back(static_cast<std::uint8_t>(0x80 | (value >> shift & 0x7F)));
    }
    out.push_back(static_cast<std::uint8_t>(value & 0x7F));
}

}  // namespace

std::optional<std::uint8_t> Reader::peek() const {
    if (left_.empty()) return std::nullopt;
    return left_[0];
}

Result<Element> Reader::next() {
    MITOME_TRY(header, read_header(left_));
    const Element element{.tag = header.tag,
                          .value = left_.subspan(header.header_size, header.size),
                          .whole = left_.first(header.header_size + header.size)};
    left_ = left_.subspan(element.whole.size());
    return element;
}

Result<Element> Reader::next(std::uint8_t tag) {
    if (left_.empty()) return fail(Fault::malformed, "der: an element is missing");
    if (left_[0] != tag) return fail(Fault::malformed, "der: another element was expected");
    return next();
}

Result<std::optional<Element>> Reader::next_if(std::uint8_t tag) {
    if (left_.empty() || left_[0] != tag) return std::optional<Element>{};
    MITOME_TRY(element, next());
    return std::optional{element};
}

Result<Reader> Reader::enter(std::uint8_t tag) {
    MITOME_TRY(element, next(tag));
    return Reader{element.value};
}

Done Reader::finish() const {
    if (!left_.empty()) return fail(Fault::malformed, "der: octets behind the last element");
    return {};
}

Result<Element> only(BytesView octets, std::uint8_t tag) {
    Reader reader{octets};
    MITOME_TRY(element, reader.next(tag));
    MITOME_CHECK(reader.finish());
    return element;
}

Result<bool> to_boolean(const Element& element) {
    if (element.tag != tag::boolean || element.value.size() != 1 ||
        (element.value[0] != 0x00 && element.value[0] != 0xFF)) {  // X.690 §11.1
        return fail(Fault::malformed, "der: not a BOOLEAN");
    }
    return element.value[0] != 0;
}

Result<std::uint64_t> to_number(const Element& element) {
    if (element.tag != tag::integer && element.tag != tag::enumerated) {
        return fail(Fault::malformed, "der: not an INTEGER");
    }
    MITOME_CHECK(check_integer(element.value));
    BytesView octets = element.value;
    if ((octets[0] & 0x80) != 0) return fail(Fault::malformed, "der: negative INTEGER");
    if (octets[0] == 0) octets = octets.subspan(1);
    if (octets.size() > 8) return fail(Fault::malformed, "der: INTEGER too large");
    std::uint64_t value = 0;
    for (const std::uint8_t octet : octets) value = value << 8 | octet;
    return value;
}

Done check_integer(BytesView content) {
    if (content.empty()) return fail(Fault::malformed, "der: INTEGER without content");
    // X.690 §8.3.2: the first nine bits are neither all zero nor all one.
    if (content.size() > 1 && ((content[0] == 0x00 && (content[1] & 0x80) == 0) ||
                               (content[0] == 0xFF && (content[1] & 0x80) != 0))) {
        return fail(Fault::malformed, "der: INTEGER is not minimal");
    }
    return {};
}

Result<Time> to_time(const Element& element) {
    const bool short_year = element.tag == tag::utc_time;
    if (!short_year && element.tag != tag::generalized_time) {
        return fail(Fault::malformed, "der: not a time");
    }
    const BytesView digits = element.value;
    const std::size_t rest = short_year ? 2 : 4;  // where the month stands
    if (digits.size() != rest + 11 || digits.back() != 'Z') {
        return fail(Fault::malformed, "der: time in another form");
    }
    std::array<unsigned, 7> pairs{};
    for (std::size_t at = 0, i = short_year ? 1 : 0; i < pairs.size(); ++i, at += 2) {
        const auto pair = two_digits(digits, at);
        if (!pair) return fail(Fault::malformed, "der: time without digits");
        pairs[i] = *pair;
    }
    if (short_year) pairs[0] = pairs[1] >= 50 ? 19 : 20;  // RFC 5280 §4.1.2.5.1
    const std::chrono::year_month_day date{
        std::chrono::year{static_cast<int>(pairs[0] * 100 + pairs[1])},
        std::chrono::month{pairs[2]}, std::chrono::day{pairs[3]}};
    if (!date.ok() || pairs[4] > 23 || pairs[5] > 59 || pairs[6] > 59) {
        return fail(Fault::malformed, "der: no such time");
    }
    return Time{std::chrono::sys_days{date}} + std::chrono::hours{pairs[4]} +
           std::chrono::minutes{pairs[5]} + std::chrono::seconds{pairs[6]};
}

Result<BytesView> to_whole_octets(const Element& bit_string) {
    if (bit_string.tag != tag::bit_string || bit_string.value.empty()) {
        return fail(Fault::malformed, "der: not a BIT STRING");
    }
    if (bit_string.value[0] != 0) return fail(Fault::malformed, "der: BIT STRING of odd bits");
    return bit_string.value.subspan(1);
}

Result<std::string> to_dotted(BytesView oid_value) {
    if (oid_value.empty() || (oid_value.back() & 0x80) != 0) {
        return fail(Fault::malformed, "der: OBJECT IDENTIFIER cut short");
    }
    std::string out;
    std::uint64_t arc = 0;
    bool first_octet = true;
    for (const std::uint8_t octet : oid_value) {
        if (first_octet && octet == 0x80) {  // X.690 §8.19.2
            return fail(Fault::malformed, "der: OBJECT IDENTIFIER is not minimal");
        }
        if (arc >> 57 != 0) return fail(Fault::malformed, "der: OBJECT IDENTIFIER arc too large");
        arc = arc << 7 | (octet & 0x7F);
        first_octet = (octet & 0x80) == 0;
        if (!first_octet) continue;
        if (out.empty()) {  // X.690 §8.19.4: the first two arcs share a number
            const std::uint64_t root = arc < 80 ? arc / 40 : 2;
            out.push_back(static_cast<char>('0' + root));
            arc -= root * 40;
        }
        std::array<char, 21> dot_and_digits{'.'};
        const auto end = std::to_chars(dot_and_digits.data() + 1,
                                       dot_and_digits.data() + dot_and_digits.size(), arc);
        out.append(dot_and_digits.data(), end.ptr);
        arc = 0;
    }
    return out;
}

Bytes wrap(std::uint8_t tag, BytesView content) { return wrap(tag, {content}); }

Bytes wrap(std::uint8_t tag, std::initializer_list<BytesView> parts) {
    std::size_t size = 0;
    for (const BytesView part : parts) size += part.size();
    Bytes out;
    out.reserve(1 + size_of_length(size) + size);
    append_header(out, tag, size);
    for (const BytesView part : parts) append(out, part);
    return out;
}

Bytes integer(std::uint64_t value) {
    std::array<std::uint8_t, 8> octets{};
    for (std::size_t i = octets.size(); i-- > 0;) {
        octets[i] = static_cast<std::uint8_t>(value);
        value >>= 8;
    }
    return integer(BytesView{octets});
}

Bytes integer(BytesView big_endian) {
    while (!big_endian.empty() && big_endian[0] == 0) big_endian = big_endian.subspan(1);
    constexpr std::array<std::uint8_t, 1> zero{};
    if (big_endian.empty() || (big_endian[0] & 0x80) != 0) {
        return wrap(tag::integer, {zero, big_endian});
    }
    return wrap(tag::integer, big_endian);
}

Bytes boolean(bool value) {
    return {tag::boolean, 1, static_cast<std::uint8_t>(value ? 0xFF : 0x00)};
}

Bytes null() { return {tag::null, 0}; }

Bytes octet_string(BytesView content) { return wrap(tag::octet_string, content); }

Bytes bit_string(BytesView content, unsigned unused_bits) {
    const std::array unused{static_cast<std::uint8_t>(unused_bits)};
    return wrap(tag::bit_string, {unused, content});
}

Bytes utf8_string(std::string_view text) { return wrap(tag::utf8_string, view(text)); }

Bytes printable_string(std::string_view text) { return wrap(tag::printable_string, view(text)); }

Bytes ia5_string(std::string_view text) { return wrap(tag::ia5_string, view(text)); }

Bytes oid(std::string_view dotted) {
    Bytes content;
    std::uint64_t root = 0;
    std::size_t count = 0;
    const char* at = dotted.data();
    const char* const end = dotted.data() + dotted.size();
    bool good = at != end;
    while (good && at != end) {
        std::uint64_t arc = 0;
        const auto [stop, failed] = std::from_chars(at, end, arc);
        good = failed == std::errc{} && (stop == end || (*stop == '.' && stop + 1 != end));
        if (!good) break;
        if (count == 0) {
            root = arc;
            good = root <= 2;
        } else if (count == 1) {
            good = root == 2 ? arc < UINT64_MAX - 80 : arc < 40;
            append_base_128(content, root * 40 + arc);
        } else {
            append_base_128(content, arc);
        }
        ++count;
        at = stop == end ? end : stop + 1;
    }
    good = good && count >= 2;
    assert(good && "a malformed OID literal");
    return wrap(tag::oid, good ? BytesView{content} : BytesView{});
}

Bytes time(Time time) {
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
    const int year = static_cast<int>(date.year());
    if (year < 1950 || year >= 2050) return generalized_time(time);
    return wrap(tag::utc_time, view(digits_of(time, 2)));
}

Bytes generalized_time(Time time) { return wrap(tag::generalized_time, view(digits_of(time, 4))); }

}  // namespace mitome::pki::der
