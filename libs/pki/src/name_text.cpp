// SPDX-License-Identifier: Apache-2.0
#include "utf8.hpp"

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/der.hpp>

#include <array>
#include <utility>

namespace mitome::pki {

namespace {

// RFC 4514 §3.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> short_names{{
    {"2.5.4.3", "CN"},
    {"2.5.4.7", "L"},
    {"2.5.4.8", "ST"},
    {"2.5.4.10", "O"},
    {"2.5.4.11", "OU"},
    {"2.5.4.6", "C"},
    {"2.5.4.9", "STREET"},
    {"0.9.2342.19200300.100.1.25", "DC"},
    {"0.9.2342.19200300.100.1.1", "UID"},
}};

std::string type_text(BytesView oid) {
    const auto dotted = der::to_dotted(oid);
    if (!dotted) return "?";
    for (const auto& [known, name] : short_names) {
        if (known == *dotted) return std::string{name};
    }
    return *dotted;
}

/// RFC 4514 §2.4, and control characters escaped too: the text may end on a terminal.
std::string value_text(const der::Element& value) {
    const bool is_text = value.tag == der::tag::utf8_string ||
                         value.tag == der::tag::printable_string ||
                         value.tag == der::tag::ia5_string;
    if (!is_text) return "#" + to_hex(value.whole);
    constexpr std::string_view special = "\"+,;<>\\";
    const std::string_view raw = text(value.value);
    std::string out;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const char letter = raw[i];
        const bool at_edge =
            (i == 0 && (letter == ' ' || letter == '#')) || (i + 1 == raw.size() && letter == ' ');
        if (const auto steering = steering_octets(raw.substr(i)); steering != 0) {
            for (const char octet : raw.substr(i, steering)) {
                out += '\\';
                out += to_hex(view({&octet, 1}));
            }
            i += steering - 1;
        } else {
            if (at_edge || special.contains(letter)) out += '\\';
            out += letter;
        }
    }
    return out;
}

Result<std::string> rdn_text(BytesView set) {
    std::string out;
    der::Reader attributes{set};
    while (!attributes.at_end()) {
        MITOME_TRY(parts, attributes.enter(der::tag::sequence));
        MITOME_TRY(type, parts.next(der::tag::oid));
        MITOME_TRY(value, parts.next());
        if (!out.empty()) out += '+';
        out += type_text(type.value) + '=' + value_text(value);
    }
    return out;
}

Result<std::string> name_text(BytesView name) {
    MITOME_TRY(sequence, der::only(name, der::tag::sequence));
    std::string out;
    der::Reader rdns{sequence.value};
    while (!rdns.at_end()) {
        MITOME_TRY(rdn, rdns.next(der::tag::set));
        MITOME_TRY(one, rdn_text(rdn.value));
        out = out.empty() ? one : one + ',' + out;  // RFC 4514 §2.1: the last one first
    }
    return out;
}

}  // namespace

std::string to_text_name(BytesView name) { return name_text(name).value_or("?"); }

}  // namespace mitome::pki
