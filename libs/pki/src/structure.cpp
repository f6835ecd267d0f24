// SPDX-License-Identifier: Apache-2.0
#include "structure.hpp"

#include "utf8.hpp"

#include <algorithm>

namespace mitome::pki {

namespace {

constexpr std::size_t max_serial_octets = 20;  // RFC 5280 §4.1.2.2
constexpr std::uint8_t teletex_string = 0x14;
constexpr std::uint8_t universal_string = 0x1C;
constexpr std::uint8_t bmp_string = 0x1E;

bool is_printable(std::uint8_t octet) {  // X.680 §41.4
    constexpr std::string_view marks = " '()+,-./:=?";
    return (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z') ||
           (octet >= '0' && octet <= '9') || marks.contains(static_cast<char>(octet));
}

/// A value of DirectoryString, IA5String or whatever else an attribute type defines.
Done check_attribute_value(const der::Element& value) {
    bool good = true;
    switch (value.tag) {
        case der::tag::printable_string:
            good = std::ranges::all_of(value.value, is_printable);
            break;
        case der::tag::utf8_string: good = count_utf8(value.value).has_value(); break;
        case der::tag::ia5_string:
            good =
                std::ranges::all_of(value.value, [](std::uint8_t octet) { return octet < 0x80; });
            break;
        case bmp_string: good = value.value.size() % 2 == 0; break;
        case universal_string: good = value.value.size() % 4 == 0; break;
        default: break;
    }
    if (!good) return fail(Fault::malformed, "name: a string holds what its type does not allow");
    const bool is_string = value.tag == der::tag::printable_string ||
                           value.tag == der::tag::utf8_string ||
                           value.tag == der::tag::ia5_string || value.tag == bmp_string ||
                           value.tag == universal_string || value.tag == teletex_string;
    if (is_string && value.value.empty()) {  // DirectoryString … (SIZE (1..MAX))
        return fail(Fault::malformed, "name: an empty string");
    }
    return {};
}

}  // namespace

Done check_name(BytesView name) {
    MITOME_TRY(sequence, der::only(name, der::tag::sequence));
    der::Reader rdns{sequence.value};
    while (!rdns.at_end()) {
        MITOME_TRY(set, rdns.enter(der::tag::set));
        if (set.at_end()) return fail(Fault::malformed, "name: an empty RDN");
        BytesView before;
        while (!set.at_end()) {
            MITOME_TRY(attribute, set.next(der::tag::sequence));
            if (!before.empty() && !std::ranges::lexicographical_compare(before, attribute.whole)) {
                return fail(Fault::malformed, "name: an RDN out of order");  // X.690 §11.6
            }
            before = attribute.whole;
            der::Reader parts{attribute.value};
            MITOME_TRY(type, parts.next(der::tag::oid));
            MITOME_CHECK(der::to_dotted(type.value));
            MITOME_TRY(value, parts.next());
            MITOME_CHECK(check_attribute_value(value));
            MITOME_CHECK(parts.finish());
        }
    }
    return {};
}

Done check_algorithm(BytesView algorithm) {
    MITOME_TRY(sequence, der::only(algorithm, der::tag::sequence));
    der::Reader parts{sequence.value};
    MITOME_TRY(identifier, parts.next(der::tag::oid));
    MITOME_CHECK(der::to_dotted(identifier.value));
    if (!parts.at_end()) MITOME_CHECK(parts.next());
    return parts.finish();
}

Result<Time> read_validity_time(der::Reader& reader) {
    MITOME_TRY(element, reader.next());
    MITOME_TRY(time, der::to_time(element));
    if (!same(der::time(time), element.whole)) {
        return fail(Fault::malformed, "der: GeneralizedTime before 2050");
    }
    return time;
}

Result<std::vector<Extension>> read_extensions(BytesView content) {
    std::vector<Extension> extensions;
    der::Reader list{content};
    if (list.at_end()) return fail(Fault::malformed, "extensions: an empty list");
    while (!list.at_end()) {
        MITOME_TRY(parts, list.enter(der::tag::sequence));
        MITOME_TRY(oid, parts.next(der::tag::oid));
        MITOME_TRY(dotted, der::to_dotted(oid.value));
        MITOME_TRY(critical, parts.next_if(der::tag::boolean));
        if (critical) {
            MITOME_TRY(flag, der::to_boolean(*critical));
            // X.690 §11.5: DEFAULT FALSE is left out.
            if (!flag) return fail(Fault::malformed, "extensions: a default written out");
        }
        MITOME_TRY(value, parts.next(der::tag::octet_string));
        MITOME_CHECK(parts.finish());
        if (find(extensions, dotted) != nullptr) {
            return fail(Fault::malformed, "extensions: one comes twice");
        }
        extensions.push_back({std::move(dotted), critical.has_value(), value.value});
    }
    return extensions;
}

const Extension* find(const std::vector<Extension>& extensions, std::string_view oid) {
    const auto found = std::ranges::find(extensions, oid, &Extension::oid);
    return found == extensions.end() ? nullptr : &*found;
}

Done check_general_names(BytesView content) {
    der::Reader names{content};
    if (names.at_end()) return fail(Fault::malformed, "general names: none");
    while (!names.at_end()) {
        MITOME_TRY(name, names.next());
        switch (name.tag) {
            case der::tag::constructed(0): {  // otherName
                der::Reader parts{name.value};
                MITOME_TRY(type, parts.next(der::tag::oid));
                MITOME_CHECK(der::to_dotted(type.value));
                MITOME_TRY(value, parts.enter(der::tag::constructed(0)));
                MITOME_CHECK(value.next());
                MITOME_CHECK(value.finish());
                MITOME_CHECK(parts.finish());
                break;
            }
            case der::tag::context(1):  // rfc822Name
            case der::tag::context(2):  // dNSName
            case der::tag::context(6):  // uniformResourceIdentifier
                if (!std::ranges::all_of(name.value,
                                         [](std::uint8_t octet) { return octet < 0x80; })) {
                    return fail(Fault::malformed, "general names: not an IA5String");
                }
                break;
            case der::tag::constructed(4): MITOME_CHECK(check_name(name.value)); break;
            case der::tag::constructed(3):  // x400Address
            case der::tag::constructed(5):  // ediPartyName
            case der::tag::context(7):      // iPAddress
                break;
            case der::tag::context(8): MITOME_CHECK(der::to_dotted(name.value)); break;
            default: return fail(Fault::malformed, "general names: no such choice");
        }
    }
    return {};
}

Result<BytesView> read_authority_key_identifier(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    der::Reader parts{sequence.value};
    MITOME_TRY(identifier, parts.next_if(der::tag::context(0)));
    MITOME_TRY(issuer, parts.next_if(der::tag::constructed(1)));
    if (issuer) MITOME_CHECK(check_general_names(issuer->value));
    MITOME_TRY(serial, parts.next_if(der::tag::context(2)));
    if (serial) MITOME_CHECK(der::check_integer(serial->value));
    MITOME_CHECK(parts.finish());
    if (issuer.has_value() != serial.has_value()) {
        return fail(Fault::malformed, "authority key identifier: half of issuer and serial");
    }
    return identifier ? identifier->value : BytesView{};
}

Done check_serial(BytesView content) {
    MITOME_CHECK(der::check_integer(content));
    if ((content[0] & 0x80) != 0 || (content.size() == 1 && content[0] == 0)) {
        return fail(Fault::malformed, "serial number is not positive");
    }
    if (content.size() > max_serial_octets) return fail(Fault::malformed, "serial number too long");
    return {};
}

Result<Reason> read_reason(BytesView enumerated) {
    MITOME_TRY(element, der::only(enumerated, der::tag::enumerated));
    MITOME_TRY(number, der::to_number(element));
    constexpr std::uint64_t unused = 7;
    constexpr std::uint64_t last = 10;
    if (number == unused || number > last) return fail(Fault::malformed, "reason: no such one");
    return static_cast<Reason>(number);
}

Result<Time> read_generalized_time(der::Reader& reader) {
    MITOME_TRY(element, reader.next(der::tag::generalized_time));
    return der::to_time(element);
}

Done verify_with(const crypto::PublicKey& key, BytesView algorithm, BytesView content,
                 BytesView signature) {
    MITOME_TRY(parsed, parse_signature_algorithm(algorithm));
    if (parsed.rsa != crypto::is_rsa(key.kind())) {
        return fail(Fault::unverified, "signature by a key of another kind");
    }
    return key.verify(parsed.hash, content, signature);
}

}  // namespace mitome::pki
