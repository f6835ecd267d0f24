// SPDX-License-Identifier: Apache-2.0
#include "routes.hpp"

#include "new_card.hpp"

#include <mitome/base/log.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/http/json.hpp>
#include <mitome/pki/template.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <utility>

namespace mitome::maker {
namespace {

namespace json = boost::json;
using http::Call;
using http::JsonObject;
using http::Response;

constexpr std::size_t element_body = 4096;       // two public keys
constexpr std::size_t card_body = 8192;          // texts of at most 512 octets, and a key
constexpr std::size_t certificate_body = 4096;   // a public key and a name
constexpr std::size_t security_digits = 4;

Response answer(const json::object& content) {
    return http::json_response(json::serialize(content));
}

/// What each fault says on the wire.
Response refused(const Error& error) {
    log(Level::warning, "refused", {{"because", error}});
    switch (error.fault) {
        case Fault::malformed:
            return http::problem(400, "request_refused", "the request is not well formed");
        case Fault::unverified:
        case Fault::denied: return http::problem(403, "not_authorized", "refused");
        case Fault::absent: return http::problem(404, "request_refused", "no such thing");
        case Fault::conflict: return http::problem(409, "request_refused", "not in this state");
        case Fault::unavailable: return http::problem(503, "service_busy", "not now");
        case Fault::broken: break;
    }
    return http::problem(500, "broken", "our own fault");
}

Response answered(const Result<json::object>& made) {
    return made ? answer(*made) : refused(made.error());
}

std::string draw_security_code() {
    std::string code;
    for (const std::uint8_t octet : crypto::SystemRandom{}.octets(security_digits))
        code.push_back(static_cast<char>('0' + octet % 10));
    return code;
}

Result<json::object> new_element(ElementLine& line, const Factory& factory, const Clock& clock,
                                 const Call& call) {
    MITOME_TRY(body, JsonObject::parse(call.request.body));
    MITOME_TRY(attestation, body.base64("attestation_spki"));
    MITOME_TRY(device, body.base64("device_spki"));
    MITOME_CHECK(body.finish());
    MITOME_TRY(made, line.make(attestation, device, clock.now()));
    json::array keys;
    for (const auto* key : {&made.keyset.enc, &made.keyset.mac, &made.keyset.dek})
        keys.emplace_back(key->reveal([](BytesView octets) { return to_base64(octets); }));
    const std::string id = to_hex(made.id);
    log(Level::info, "element made", {{"id", id}});
    return json::object{
        {"id", id},
        {"kvn", made.keyset.version},
        {"keys", std::move(keys)},
        {"attestation_certificate", to_base64(made.attestation_certificate)},
        {"maker_root", to_base64(factory.attestation.certificate.der())},
        {"device_certificate_pem", to_pem("CERTIFICATE", made.device_certificate)},
    };
}

Result<CardOrder> card_order(BytesView octets) {
    MITOME_TRY(body, JsonObject::parse(octets));
    CardOrder order;
    MITOME_TRY(my_number, body.text("my_number"));
    MITOME_TRY(name, body.text("name"));
    MITOME_TRY(address, body.text("address"));
    MITOME_TRY(birth_text, body.text("birth"));
    MITOME_TRY(birth, to_day(birth_text));
    MITOME_TRY(sex, body.number("sex"));
    if (sex > 9) return fail(Fault::malformed, "card: sex is one digit");
    order.texts = {.my_number = std::move(my_number),
                   .name = std::move(name),
                   .address = std::move(address),
                   .birth = birth,
                   .sex = static_cast<char>('0' + static_cast<int>(sex))};
    MITOME_TRY(municipality, body.text("municipality"));
    order.municipality = std::move(municipality);
    MITOME_TRY(end_text, body.text("card_expiry"));
    MITOME_TRY(end, to_day(end_text));
    order.card_end = end;
    MITOME_TRY(code, body.optional_text("security_code"));
    order.security_code = code ? *code : draw_security_code();
    if (body.has("text_spki")) {
        MITOME_TRY(spki, body.base64("text_spki"));
        order.text_spki = std::move(spki);
    }
    MITOME_CHECK(body.finish());
    return order;
}

json::object files_of(const std::map<std::string, Bytes>& files) {
    json::object out;
    for (const auto& [id, octets] : files) out[id] = to_base64(octets);
    return out;
}

Result<json::object> new_card(Factory& factory, const Call& call) {
    MITOME_TRY(order, card_order(call.request.body));
    MITOME_TRY(made, make_card(factory, order));
    log(Level::info, "card texts signed");
    return json::object{{"files", files_of(made.text_files)},
                        {"common_files", files_of(made.common_files)},
                        {"pin_b", made.check_number_b}};
}

Result<json::object> new_registration_certificate(Factory& factory, const Clock& clock,
                                                  const Call& call) {
    MITOME_TRY(body, JsonObject::parse(call.request.body));
    MITOME_TRY(spki, body.base64("spki"));
    Bytes subject = pki::make_name({{pki::attribute::organization, "Mitome Sandbox"},
                                    {pki::attribute::common_name, "registration"}});
    if (body.has("subject")) {
        // Both certificates of that key must bear one name: the authority's certificate gives it.
        MITOME_TRY(given, body.base64("subject"));
        subject = std::move(given);
    }
    MITOME_CHECK(body.finish());
    MITOME_TRY(made, registration_certificate(factory, subject, spki, clock.now()));
    MITOME_TRY(parsed, pki::Certificate::from_der(made));
    log(Level::info, "registration certificate made");
    return json::object{{"certificate", to_base64(parsed.der())}};
}

Response well(const Call&) { return answer({{"state", "well"}}); }

}  // namespace

http::Routes routes(Factory& factory, ElementLine& line, const Clock& clock) {
    return {
        http::Listener::mutual_tls,
        {
            {"GET", "/health", {http::any_role}, 0, well},
            {"GET", "/ready", {http::any_role}, 0, well},
            {"POST",
             "/elements",
             {"desk"},
             element_body,
             [&](const Call& call) { return answered(new_element(line, factory, clock, call)); }},
            {"POST",
             "/cards",
             {"desk"},
             card_body,
             [&](const Call& call) { return answered(new_card(factory, call)); }},
            {"POST",
             "/registration-certificate",
             {"registration"},
             certificate_body,
             [&](const Call& call) {
                 return answered(new_registration_certificate(factory, clock, call));
             }},
        }};
}

}  // namespace mitome::maker
