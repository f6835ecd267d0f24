// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <mitome/http/peer.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/pki/der.hpp>

namespace mitome::http {
namespace {

constexpr std::array<std::uint8_t, 3> common_name{0x55, 0x04, 0x03};  // 2.5.4.3, X.520 §6.2.2
constexpr std::size_t longest_common_name = 64;                       // RFC 5280, ub-common-name

// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }. RFC 5280 §4.1.2.4
Done add_if_common_name(pki::der::Reader& attributes, std::string& role, unsigned& count) {
    MITOME_TRY(attribute, attributes.enter(pki::der::tag::sequence));
    MITOME_TRY(type, attribute.next(pki::der::tag::oid));
    MITOME_TRY(value, attribute.next());
    MITOME_CHECK(attribute.finish());
    if (!same(type.value, common_name)) return {};
    ++count;
    if (value.tag == pki::der::tag::utf8_string || value.tag == pki::der::tag::printable_string) {
        role = text(value.value);
    }
    return {};
}

}  // namespace

Result<std::string> role_of(BytesView certificate_der) {
    if (certificate_der.empty()) return fail(Fault::denied, "peer: no certificate");
    MITOME_TRY(certificate, pki::Certificate::from_der(copy(certificate_der)));

    std::string role;
    unsigned count = 0;
    pki::der::Reader whole{certificate.subject()};
    MITOME_TRY(names, whole.enter(pki::der::tag::sequence));
    while (!names.at_end()) {
        MITOME_TRY(attributes, names.enter(pki::der::tag::set));
        while (!attributes.at_end()) {
            MITOME_CHECK(add_if_common_name(attributes, role, count));
        }
    }
    // Two names, or one with characters that look like nothing, would leave it to the reader
    // which of them counts.
    if (count != 1 || role.empty() || role.size() > longest_common_name || !is_field_value(role)) {
        return fail(Fault::denied, "peer: subject names no role");
    }
    return role;
}

}  // namespace mitome::http
