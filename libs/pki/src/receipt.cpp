// SPDX-License-Identifier: Apache-2.0
#include "cms_make.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/pki/path.hpp>
#include <mitome/pki/receipt.hpp>

#include <algorithm>
#include <string>

namespace mitome::pki {
namespace {

constexpr std::uint64_t version = 1;
constexpr std::uint64_t result_erased = 0;
constexpr std::size_t max_keys = 8;  // two sets of two
constexpr std::string_view common_name = "2.5.4.3";

template <std::size_t Size>
Done read_octets(der::Reader& from, std::array<std::uint8_t, Size>& to) {
    MITOME_TRY(element, from.next(der::tag::octet_string));
    if (element.value.size() != Size) return fail(Fault::malformed, "receipt: length of a field");
    std::ranges::copy(element.value, to.begin());
    return {};
}

Done read_number(der::Reader& from, std::uint64_t& to) {
    MITOME_TRY(element, from.next(der::tag::integer));
    MITOME_TRY(number, der::to_number(element));
    to = number;
    return {};
}

// ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT SignedData }, RFC 5652 §3
Result<std::string> content_type_of(BytesView cms) {
    MITOME_TRY(outer, der::only(cms, der::tag::sequence));
    der::Reader reader{outer.value};
    MITOME_TRY(type, reader.next(der::tag::oid));
    static_cast<void>(type);
    MITOME_TRY(content, reader.enter(der::tag::constructed(0)));
    MITOME_TRY(signed_data, content.enter(der::tag::sequence));
    MITOME_TRY(number, signed_data.next(der::tag::integer));
    MITOME_TRY(digests, signed_data.next(der::tag::set));
    static_cast<void>(number);
    static_cast<void>(digests);
    MITOME_TRY(encapsulated, signed_data.enter(der::tag::sequence));
    MITOME_TRY(inner, encapsulated.next(der::tag::oid));
    return der::to_dotted(inner.value);
}

/// Whether one of the relative names is the common name `text`.
Result<bool> is_named(BytesView name, std::string_view wanted) {
    MITOME_TRY(names, der::only(name, der::tag::sequence));
    der::Reader reader{names.value};
    while (!reader.at_end()) {
        MITOME_TRY(relative, reader.enter(der::tag::set));
        MITOME_TRY(attribute, relative.enter(der::tag::sequence));
        MITOME_TRY(type, attribute.next(der::tag::oid));
        MITOME_TRY(value, attribute.next());
        MITOME_TRY(dotted, der::to_dotted(type.value));
        if (dotted == common_name && text(value.value) == wanted) return true;
    }
    return false;
}

}  // namespace

Bytes encode(const ErasureReceipt& receipt) {
    Bytes keys;
    for (const auto& each : receipt.keys) append(keys, der::octet_string(each));
    return der::sequence({der::integer(version), der::octet_string(receipt.element),
                          der::octet_string(receipt.order), der::integer(receipt.number),
                          der::octet_string(receipt.signed_order),
                          der::octet_string(receipt.challenge), der::wrap(der::tag::sequence, keys),
                          der::integer(receipt.record), der::integer(result_erased)});
}

Result<ErasureReceipt> parse_erasure_receipt(BytesView content) {
    MITOME_TRY(outer, der::only(content, der::tag::sequence));
    der::Reader reader{outer.value};
    ErasureReceipt receipt;
    std::uint64_t stated = 0;
    MITOME_CHECK(read_number(reader, stated));
    if (stated != version) return fail(Fault::malformed, "receipt: version");
    MITOME_CHECK(read_octets(reader, receipt.element));
    MITOME_CHECK(read_octets(reader, receipt.order));
    MITOME_CHECK(read_number(reader, receipt.number));
    MITOME_CHECK(read_octets(reader, receipt.signed_order));
    MITOME_CHECK(read_octets(reader, receipt.challenge));
    MITOME_TRY(keys, reader.enter(der::tag::sequence));
    while (!keys.at_end()) {
        if (receipt.keys.size() == max_keys) return fail(Fault::malformed, "receipt: keys");
        MITOME_CHECK(read_octets(keys, receipt.keys.emplace_back()));
    }
    MITOME_CHECK(read_number(reader, receipt.record));
    MITOME_CHECK(read_number(reader, stated));
    if (stated != result_erased) return fail(Fault::malformed, "receipt: result");
    MITOME_CHECK(reader.finish());
    return receipt;
}

Result<Bytes> sign_receipt(const ErasureReceipt& receipt, crypto::Signer& attestation_key,
                           const Certificate& element, std::span<const Bytes> others) {
    const Bytes content = encode(receipt);
    return cms::make_enclosed({.type = id_erasure_receipt, .content = content},
                              crypto::usual_hash(attestation_key.kind()), attestation_key, element,
                              others);
}

Result<ErasureReceipt> verify_receipt(BytesView der, const Certificate& maker_root, Time at) {
    MITOME_TRY(type, content_type_of(der));
    if (type != id_erasure_receipt) return fail(Fault::malformed, "receipt: of something else");
    MITOME_TRY(signed_data, cms::SignedData::parse(der));
    const auto content = signed_data.content();
    if (!content) return fail(Fault::malformed, "receipt: no content");
    MITOME_TRY(receipt, parse_erasure_receipt(*content));

    if (signed_data.signers().size() != 1) return fail(Fault::malformed, "receipt: signers");
    const cms::SignerPart& signer = signed_data.signers().front();
    const Certificate* element = signer.certificate();
    if (element == nullptr || !signer.hash())
        return fail(Fault::unverified, "receipt: no signer's certificate");
    const Bytes digest = crypto::digest(*signer.hash(), *content);
    if (!signer.covers(digest) || !signer.verify_signature(digest))
        return fail(Fault::unverified, "receipt: the signature does not hold");
    // The maker's own issue: a key that an element attests is no element.
    if (!same(element->issuer(), maker_root.subject()) ||
        check_path(*element, {}, Anchors{&maker_root, 1}, at) != PathOutcome::trusted)
        return fail(Fault::unverified, "receipt: does not lead to the maker");
    MITOME_TRY(named, is_named(element->subject(), "element " + to_hex(receipt.element)));
    if (!named) return fail(Fault::unverified, "receipt: signed by another element");
    return receipt;
}

}  // namespace mitome::pki
