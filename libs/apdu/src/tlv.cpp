// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/tlv.hpp>

namespace mitome::apdu {

namespace {

struct Header {
    std::uint16_t tag = 0;
    std::size_t size = 0;    // of tag and length
    std::size_t length = 0;  // of the value
};

/// Absent while the header is incomplete.
Result<std::optional<Header>> header_of(BytesView octets) {
    Header header;
    std::size_t at = 0;
    if (octets.empty()) return std::optional<Header>{};
    header.tag = octets[at++];
    if ((header.tag & 0x1F) == 0x1F) {
        if (at == octets.size()) return std::optional<Header>{};
        if ((octets[at] & 0x80) != 0) return fail(Fault::malformed, "tlv: tag of three octets");
        header.tag = static_cast<std::uint16_t>(header.tag << 8 | octets[at++]);
    }
    if (at == octets.size()) return std::optional<Header>{};
    const std::uint8_t first = octets[at++];
    if (first < 0x80) {
        header.length = first;
    } else {
        const std::size_t count = first & 0x7F;
        if (count == 0 || count > 2) return fail(Fault::malformed, "tlv: length form");
        if (octets.size() - at < count) return std::optional<Header>{};
        for (std::size_t i = 0; i < count; ++i) header.length = header.length << 8 | octets[at++];
    }
    header.size = at;
    return header;
}

void append_tag(Bytes& out, std::uint16_t tag) {
    if (tag > 0xFF) out.push_back(static_cast<std::uint8_t>(tag >> 8));
    out.push_back(static_cast<std::uint8_t>(tag & 0xFF));
}

void append_long_length(Bytes& out, std::size_t size) {
    out.push_back(0x82);
    out.push_back(static_cast<std::uint8_t>(size >> 8 & 0xFF));
    out.push_back(static_cast<std::uint8_t>(size & 0xFF));
}

}  // namespace

Result<Tlv> first_tlv(BytesView octets) {
    MITOME_TRY(header, header_of(octets));
    if (!header || octets.size() - header->size < header->length)
        return fail(Fault::malformed, "tlv: object is cut short");
    return Tlv{.tag = header->tag,
               .value = octets.subspan(header->size, header->length),
               .whole = octets.first(header->size + header->length)};
}

Result<std::optional<std::size_t>> tlv_size(BytesView header) {
    MITOME_TRY(found, header_of(header));
    if (!found) return std::optional<std::size_t>{};
    return std::optional<std::size_t>{found->size + found->length};
}

Result<std::vector<Tlv>> all_tlv(BytesView octets) {
    std::vector<Tlv> objects;
    while (!octets.empty()) {
        MITOME_TRY(object, first_tlv(octets));
        octets = octets.subspan(object.whole.size());
        objects.push_back(object);
    }
    return objects;
}

std::optional<Tlv> find_tlv(const std::vector<Tlv>& objects, std::uint16_t tag) {
    for (const Tlv& object : objects)
        if (object.tag == tag) return object;
    return std::nullopt;
}

Bytes make_tlv(std::uint16_t tag, BytesView value) {
    Bytes out;
    out.reserve(value.size() + 5);
    append_tag(out, tag);
    if (value.size() < 0x80) {
        out.push_back(static_cast<std::uint8_t>(value.size()));
    } else if (value.size() <= 0xFF) {
        out.push_back(0x81);
        out.push_back(static_cast<std::uint8_t>(value.size()));
    } else {
        append_long_length(out, value.size());
    }
    append(out, value);
    return out;
}

Bytes make_card_tlv(std::uint16_t tag, BytesView value) {
    Bytes out;
    out.reserve(value.size() + 5);
    append_tag(out, tag);
    if (value.size() < 0x80)
        out.push_back(static_cast<std::uint8_t>(value.size()));
    else
        append_long_length(out, value.size());
    append(out, value);
    return out;
}

}  // namespace mitome::apdu
