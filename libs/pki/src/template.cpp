// SPDX-License-Identifier: Apache-2.0
#include "oid.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/pki/template.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <utility>

namespace mitome::pki {

namespace {

Bytes make_attribute(const Attribute& attribute) {
    const Bytes value = attribute.oid == attribute::country
                            ? der::printable_string(attribute.value)  // RFC 5280 appendix A.1
                            : der::utf8_string(attribute.value);
    return der::wrap(der::tag::set, der::sequence({der::oid(attribute.oid), value}));
}

/// Four numbers of 0 to 255; anything else gives an empty address, which no certificate reader
/// takes for one.
Bytes ipv4_octets(std::string_view dotted) {
    Bytes octets;
    const char* at = dotted.data();
    const char* const end = at + dotted.size();
    while (octets.size() < 4) {
        unsigned number = 0;
        const auto [stop, failed] = std::from_chars(at, end, number);
        if (failed != std::errc{} || number > 255) return {};
        octets.push_back(static_cast<std::uint8_t>(number));
        if (octets.size() == 4) return stop == end ? octets : Bytes{};
        if (stop == end || *stop != '.') return {};
        at = stop + 1;
    }
    return octets;
}

Template start(const Issuer& issuer, BytesView name, BytesView spki, BytesView serial,
               Validity validity) {
    return {.serial = copy(serial),
            .signature_algorithm = issuer.signature_algorithm,
            .issuer = issuer.name,
            .not_before = validity.not_before,
            .not_after = validity.not_after,
            .subject = copy(name),
            .spki = copy(spki),
            .extensions = {}};
}

/// A certificate of a service: no CA, one set of key usages, its purposes, both identifiers.
Result<Template> service_template(const Issuer& issuer, BytesView name, BytesView spki,
                                  BytesView serial, Validity validity,
                                  std::initializer_list<std::string_view> purposes) {
    MITOME_TRY(identifier, key_identifier(spki));
    Template out = start(issuer, name, spki, serial, validity);
    out.extensions = {extension::no_authority(), extension::key_usage(key_usage::digital_signature),
                      extension::extended_key_usage(purposes),
                      extension::authority_key_identifier(issuer.key_identifier),
                      extension::subject_key_identifier(identifier)};
    return out;
}

}  // namespace

Bytes make_name(std::span<const Attribute> attributes) {
    Bytes rdns;
    for (const Attribute& attribute : attributes) append(rdns, make_attribute(attribute));
    return der::sequence({rdns});
}

Bytes make_name(std::initializer_list<Attribute> attributes) {
    return make_name(std::span{attributes.begin(), attributes.size()});
}

std::optional<std::string> attribute_of(BytesView name, std::string_view oid) {
    const Bytes wanted = der::oid(oid);
    auto rdns = der::Reader{name}.enter(der::tag::sequence);
    while (rdns && !rdns->at_end()) {
        auto set = rdns->enter(der::tag::set);
        while (set && !set->at_end()) {
            auto parts = set->enter(der::tag::sequence);
            if (!parts) return std::nullopt;
            const auto type = parts->next(der::tag::oid);
            const auto value = parts->next();
            if (!type || !value) return std::nullopt;
            if (!same(type->whole, wanted)) continue;
            if (value->tag != der::tag::utf8_string && value->tag != der::tag::printable_string &&
                value->tag != der::tag::ia5_string) {
                return std::nullopt;
            }
            return std::string{text(value->value)};
        }
        if (!set) return std::nullopt;
    }
    return std::nullopt;
}

namespace extension {

NewExtension key_usage(std::uint16_t bits) {
    const auto first = static_cast<std::uint8_t>(bits & 0xFF);
    const bool second = (bits & key_usage::decipher_only) != 0;
    // X.690 §11.2.2: trailing zero bits of a named bit list are left out.
    const std::array<std::uint8_t, 2> octets{first, 0x80};
    const Bytes value =
        second ? der::bit_string(octets, 7)
               : der::bit_string(BytesView{octets}.first(1),
                                 static_cast<unsigned>(first == 0 ? 0 : std::countr_zero(first)));
    return {std::string{oid::key_usage}, true, value};
}

NewExtension authority(std::optional<unsigned> path_length) {
    const Bytes length = path_length ? der::integer(*path_length) : Bytes{};
    return {std::string{oid::basic_constraints}, true, der::sequence({der::boolean(true), length})};
}

NewExtension no_authority() {
    return {std::string{oid::basic_constraints}, true, der::sequence({})};
}

NewExtension extended_key_usage(std::initializer_list<std::string_view> purposes) {
    Bytes list;
    for (const std::string_view purpose : purposes) append(list, der::oid(purpose));
    return {std::string{oid::extended_key_usage}, false, der::sequence({list})};
}

NewExtension subject_key_identifier(BytesView identifier) {
    return {std::string{oid::subject_key_identifier}, false, der::octet_string(identifier)};
}

NewExtension authority_key_identifier(BytesView identifier) {
    return {std::string{oid::authority_key_identifier}, false,
            der::sequence({der::wrap(der::tag::context(0), identifier)})};
}

NewExtension subject_alt_name(std::span<const std::string> dns_names,
                              std::span<const std::string> ipv4_addresses) {
    Bytes list;
    for (const std::string& name : dns_names) {
        append(list, der::wrap(der::tag::context(2), view(name)));
    }
    for (const std::string& address : ipv4_addresses) {
        append(list, der::wrap(der::tag::context(7), ipv4_octets(address)));
    }
    return {std::string{oid::subject_alt_name}, false, der::sequence({list})};
}

NewExtension ocsp_no_check() { return {std::string{oid::ocsp_no_check}, false, der::null()}; }

}  // namespace extension

Bytes certificate_tbs(const Template& what) {
    Bytes list;
    for (const NewExtension& extension : what.extensions) {
        append(list, der::sequence({der::oid(extension.oid),
                                    extension.critical ? der::boolean(true) : Bytes{},
                                    der::octet_string(extension.value)}));
    }
    const Bytes extensions =
        list.empty() ? Bytes{} : der::wrap(der::tag::constructed(3), der::sequence({list}));
    return der::sequence({der::wrap(der::tag::constructed(0), der::integer(2)),
                          der::integer(what.serial), what.signature_algorithm, what.issuer,
                          der::sequence({der::time(what.not_before), der::time(what.not_after)}),
                          what.subject, what.spki, extensions});
}

Bytes assemble(BytesView tbs, BytesView algorithm, BytesView signature) {
    return der::sequence({tbs, algorithm, der::bit_string(signature)});
}

namespace {

struct Signed {
    BytesView algorithm;
    crypto::Hash hash;
    Bytes signature;
};

Result<Signed> sign_octets(BytesView tbs, crypto::Signer& signer) {
    MITOME_TRY(content, der::only(tbs, der::tag::sequence));
    der::Reader parts{content.value};
    MITOME_CHECK(parts.next(der::tag::constructed(0)));
    MITOME_CHECK(parts.next(der::tag::integer));
    MITOME_TRY(algorithm, parts.next(der::tag::sequence));
    MITOME_TRY(parsed, parse_signature_algorithm(algorithm.whole));
    if (parsed.rsa != crypto::is_rsa(signer.kind())) {
        return fail(Fault::broken, "certificate: its algorithm is not one of the signer's key");
    }
    MITOME_TRY(signature, signer.sign(parsed.hash, tbs));
    return Signed{algorithm.whole, parsed.hash, std::move(signature)};
}

}  // namespace

Result<Bytes> sign_tbs(BytesView tbs, crypto::Signer& signer) {
    MITOME_TRY(made, sign_octets(tbs, signer));
    return assemble(tbs, made.algorithm, made.signature);
}

Result<Bytes> sign_tbs_and_verify(BytesView tbs, crypto::Signer& signer,
                                  const crypto::PublicKey& key) {
    MITOME_TRY(made, sign_octets(tbs, signer));
    if (!key.verify(made.hash, tbs, made.signature)) {
        return fail(Fault::broken, "certificate: the key signed something else");
    }
    return assemble(tbs, made.algorithm, made.signature);
}

Result<Issuer> issuer_of(const Certificate& ca) {
    MITOME_TRY(key, crypto::PublicKey::from_spki(ca.spki()));
    if (ca.subject_key_identifier().empty()) {
        return fail(Fault::malformed, "issuer: no subject key identifier");
    }
    return Issuer{
        .name = copy(ca.subject()),
        .key_identifier = copy(ca.subject_key_identifier()),
        .signature_algorithm = signature_algorithm(key.kind(), crypto::usual_hash(key.kind()))};
}

Result<Template> root_template(BytesView name, const crypto::Signer& key, BytesView serial,
                               Validity validity, std::optional<unsigned> path_length) {
    MITOME_TRY(identifier, key_identifier(key.spki()));
    const Issuer self{
        .name = copy(name),
        .key_identifier = identifier,
        .signature_algorithm = signature_algorithm(key.kind(), crypto::usual_hash(key.kind()))};
    Template out = start(self, name, key.spki(), serial, validity);
    out.extensions = {extension::authority(path_length),
                      extension::key_usage(key_usage::key_cert_sign | key_usage::crl_sign),
                      extension::subject_key_identifier(identifier)};
    return out;
}

Result<Template> subordinate_template(const Issuer& issuer, BytesView name, BytesView spki,
                                      BytesView serial, Validity validity, unsigned path_length) {
    MITOME_TRY(identifier, key_identifier(spki));
    Template out = start(issuer, name, spki, serial, validity);
    out.extensions = {extension::authority(path_length),
                      extension::key_usage(key_usage::key_cert_sign | key_usage::digital_signature),
                      extension::authority_key_identifier(issuer.key_identifier),
                      extension::subject_key_identifier(identifier)};
    return out;
}

Result<Template> ocsp_responder_template(const Issuer& issuer, BytesView name, BytesView spki,
                                         BytesView serial, Validity validity) {
    MITOME_TRY(out,
               service_template(issuer, name, spki, serial, validity, {purpose::ocsp_signing}));
    out.extensions.push_back(extension::ocsp_no_check());
    return out;
}

Result<Template> registration_template(const Issuer& issuer, BytesView name, BytesView spki,
                                       BytesView serial, Validity validity) {
    return service_template(issuer, name, spki, serial, validity, {purpose::cmc_ra});
}

Result<Template> tls_template(const Issuer& issuer, BytesView name, BytesView spki,
                              BytesView serial, Validity validity, TlsSide side,
                              std::span<const std::string> dns_names,
                              std::span<const std::string> ipv4_addresses) {
    const auto make = [&](std::initializer_list<std::string_view> purposes) {
        return service_template(issuer, name, spki, serial, validity, purposes);
    };
    Result<Template> made = side == TlsSide::client ? make({purpose::client_auth})
                            : side == TlsSide::server
                                ? make({purpose::server_auth})
                                : make({purpose::server_auth, purpose::client_auth});
    MITOME_TRY(out, std::move(made));
    if (!dns_names.empty() || !ipv4_addresses.empty()) {
        out.extensions.push_back(extension::subject_alt_name(dns_names, ipv4_addresses));
    }
    return out;
}

}  // namespace mitome::pki
