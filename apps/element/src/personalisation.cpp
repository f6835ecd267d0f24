// SPDX-License-Identifier: Apache-2.0
#include "personalisation.hpp"

#include <mitome/http/json.hpp>

namespace mitome::element_process {

namespace {

using http::JsonObject;

Result<Bytes> optional_base64(JsonObject& object, std::string_view name) {
    if (!object.has(name)) return Bytes{};
    return object.base64(name);
}

/// Members named by two octets in hexadecimal: an EF id or a tag.
Result<std::map<std::uint16_t, Bytes>> numbered(JsonObject& from, std::string_view name) {
    std::map<std::uint16_t, Bytes> out;
    MITOME_TRY(object, from.optional_object(name));
    if (!object) return out;
    for (const std::string& each : object->names()) {
        MITOME_TRY(id, from_hex(each));
        if (id.size() != 2) return fail(Fault::malformed, "personalise: not an id of two octets");
        MITOME_TRY(content, object->base64(each));
        out[static_cast<std::uint16_t>(id[0] << 8 | id[1])] = std::move(content);
    }
    MITOME_CHECK(object->finish());
    return out;
}

Done take_pin(JsonObject& pins, std::string_view name, Pin& to) {
    MITOME_TRY(given, pins.optional_text(name));
    if (!given) return {};
    const bool fits = to.assign(view(*given));
    wipe({reinterpret_cast<std::uint8_t*>(given->data()), given->size()});
    if (!fits) return fail(Fault::malformed, "personalise: a PIN is longer than 16");
    return {};
}

Done take_key(JsonObject& object, std::string_view name, crypto::AesKey& to) {
    MITOME_TRY(octets, object.base64(name));
    const bool fits =
        (octets.size() == 16 || octets.size() == 24 || octets.size() == 32) && to.assign(octets);
    wipe(octets);
    if (!fits) return fail(Fault::malformed, "personalise: not an AES key");
    return {};
}

}  // namespace

Result<element::Personalisation> read_personalisation(BytesView json,
                                                      element::PersonaName persona) {
    MITOME_TRY(root, JsonObject::parse(json));
    element::Personalisation out;

    MITOME_TRY(certificates, root.optional_object("certificates"));
    if (certificates) {
        for (const auto& [name, to] :
             {std::pair{"sign", &out.certificates.sign}, std::pair{"auth", &out.certificates.auth},
              std::pair{"sign_ca", &out.certificates.sign_ca},
              std::pair{"auth_ca", &out.certificates.auth_ca}}) {
            MITOME_TRY(der, optional_base64(*certificates, name));
            *to = std::move(der);
        }
        MITOME_CHECK(certificates->finish());
    }
    MITOME_TRY(text_files, numbered(root, "text"));
    out.text_files = std::move(text_files);
    MITOME_TRY(common_files, numbered(root, "common"));
    out.common_files = std::move(common_files);
    MITOME_TRY(objects, numbered(root, "issuer"));
    out.objects = std::move(objects);
    MITOME_TRY(expiry, root.optional_text("expiry"));
    if (expiry) out.objects[0x00F2] = copy(view(*expiry));

    auto& pins = out.pins;
    if (persona == element::PersonaName::card) {
        const bool born =
            pins.authentication.assign(view("1234")) && pins.signature.assign(view("ABC123")) &&
            pins.input_assistance.assign(view("1234")) && pins.common.assign(view("1234"));
        if (!born) return fail(Fault::broken, "personalise: PINs at birth");
    }
    MITOME_TRY(given, root.optional_object("pins"));
    if (given) {
        MITOME_CHECK(take_pin(*given, "authentication", pins.authentication));
        MITOME_CHECK(take_pin(*given, "signature", pins.signature));
        MITOME_CHECK(take_pin(*given, "input_assistance", pins.input_assistance));
        MITOME_CHECK(take_pin(*given, "common", pins.common));
        MITOME_CHECK(take_pin(*given, "number_a", pins.number_a));
        MITOME_CHECK(take_pin(*given, "number_b", pins.number_b));
        MITOME_CHECK(given->finish());
    }

    if (root.has("id")) {
        MITOME_TRY(octets, root.hex("id"));
        element::Id id{};
        if (octets.size() != id.size())
            return fail(Fault::malformed, "personalise: id is ten octets");
        std::copy(octets.begin(), octets.end(), id.begin());
        out.id = id;
    }
    MITOME_TRY(keyset, root.optional_object("keyset"));
    if (keyset) {
        MITOME_TRY(version, keyset->number("version"));
        if (version == 0 || version > 0x7F)
            return fail(Fault::malformed, "personalise: version of the keyset");
        out.keyset.emplace();
        out.keyset->version = static_cast<std::uint8_t>(version);
        MITOME_CHECK(take_key(*keyset, "enc", out.keyset->enc));
        MITOME_CHECK(take_key(*keyset, "mac", out.keyset->mac));
        MITOME_CHECK(take_key(*keyset, "dek", out.keyset->dek));
        MITOME_CHECK(keyset->finish());
    }
    if (root.has("attestation_chain")) {
        MITOME_TRY(chain, root.texts("attestation_chain"));
        for (const std::string& each : chain) {
            MITOME_TRY(der, from_base64(each));
            out.attestation_chain.push_back(std::move(der));
        }
    }
    MITOME_CHECK(root.finish());
    return out;
}

}  // namespace mitome::element_process
