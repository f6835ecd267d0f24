// SPDX-License-Identifier: Apache-2.0
#include "cmp_parts.hpp"

#include <array>
#include <limits>

namespace mitome::pki::part {
namespace {

constexpr std::size_t max_serial_octets = 21;  // RFC 5280 §4.1.2.2: 20, and a sign octet
constexpr std::size_t max_texts = 16;
constexpr std::uint8_t directory_name_tag = der::tag::constructed(4);

}  // namespace

Result<std::int32_t> read_id(der::Reader& from) {
    MITOME_TRY(element, from.next(der::tag::integer));
    if (element.value.size() == 1 && element.value[0] == 0xFF) {
        return -1;
    }
    MITOME_TRY(number, der::to_number(element));
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
        return fail(Fault::malformed, "cmp: request id too large");
    }
    return static_cast<std::int32_t>(number);
}

Bytes write_id(std::int32_t id) {
    if (id < 0) {
        return der::wrap(der::tag::integer, std::array<std::uint8_t, 1>{0xFF});
    }
    return der::integer(static_cast<std::uint64_t>(id));
}

Result<std::string> read_oid(der::Reader& from) {
    MITOME_TRY(element, from.next(der::tag::oid));
    return der::to_dotted(element.value);
}

Result<Bytes> read_directory_name(der::Reader& from) {
    MITOME_TRY(general_name, from.next(directory_name_tag));
    MITOME_TRY(name, der::only(general_name.value, der::tag::sequence));
    return copy(name.whole);
}

Bytes write_directory_name(BytesView name) { return der::wrap(directory_name_tag, name); }

Result<CertId> read_cert_id(BytesView content) {
    der::Reader reader{content};
    CertId id;
    MITOME_TRY(issuer, read_directory_name(reader));
    MITOME_TRY(element, reader.next(der::tag::integer));
    MITOME_TRY(serial, read_serial(element));
    MITOME_CHECK(reader.finish());
    id.issuer = std::move(issuer);
    id.serial = std::move(serial);
    return id;
}

Bytes write_cert_id(BytesView issuer, BytesView serial) {
    return der::sequence({write_directory_name(issuer), der::wrap(der::tag::integer, serial)});
}

Result<Bytes> read_serial(const der::Element& element) {
    const auto octets = element.value;
    if (octets.empty() || octets.size() > max_serial_octets) {
        return fail(Fault::malformed, "cmp: serial number of a wrong length");
    }
    // X.690 §8.3.2: the first nine bits are not all alike
    if (octets.size() > 1 &&
        ((octets[0] == 0x00 && octets[1] < 0x80) || (octets[0] == 0xFF && octets[1] >= 0x80))) {
        return fail(Fault::malformed, "cmp: serial number is not minimal");
    }
    return copy(octets);
}

Result<std::vector<std::string>> read_texts(BytesView content) {
    der::Reader reader{content};
    std::vector<std::string> texts;
    while (!reader.at_end()) {
        MITOME_TRY(element, reader.next(der::tag::utf8_string));
        texts.emplace_back(text(element.value));
        if (texts.size() > max_texts) {
            return fail(Fault::malformed, "cmp: too many texts");
        }
    }
    if (texts.empty()) {
        return fail(Fault::malformed, "cmp: PKIFreeText is empty");
    }
    return texts;
}

Bytes write_texts(const std::vector<std::string>& texts) {
    Bytes content;
    for (const auto& one : texts) {
        append(content, der::utf8_string(one));
    }
    return der::wrap(der::tag::sequence, content);
}

Bytes write_extension(std::string_view oid, bool critical, BytesView value) {
    const auto mark = critical ? der::boolean(true) : Bytes{};
    return der::sequence({der::oid(oid), mark, der::octet_string(value)});
}

Bytes complete_algorithm(BytesView algorithm) {
    // sha256WithRSAEncryption, sha384…, sha512…: 1.2.840.113549.1.1.11 to 13
    constexpr auto bare_rsa = "300B06092A864886F70D0101"_hex;
    const bool is_bare_rsa = algorithm.size() == bare_rsa.size() + 1 &&
                             same(algorithm.first(bare_rsa.size()), bare_rsa) &&
                             algorithm.back() >= 11 && algorithm.back() <= 13;
    return is_bare_rsa ? der::sequence({algorithm.subspan(2), der::null()}) : copy(algorithm);
}

}  // namespace mitome::pki::part
