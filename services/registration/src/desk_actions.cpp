// SPDX-License-Identifier: Apache-2.0
#include "desk_actions.hpp"

#include "places.hpp"

#include <mitome/http/json.hpp>
#include <mitome/pki/four_items.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace mitome::registration {
namespace {

constexpr std::size_t longest_text = 200;  // characters, as certificates allow
constexpr std::size_t element_octets = 10;

/// Those for which a desk has papers. A hold has a route of its own, and nothing is released here.
constexpr std::array desk_reasons{pki::Reason::unspecified,
                                  pki::Reason::key_compromise,
                                  pki::Reason::affiliation_changed,
                                  pki::Reason::superseded,
                                  pki::Reason::cessation_of_operation,
                                  pki::Reason::privilege_withdrawn};

Result<Whose> whose_of(std::string_view word) {
    if (word == "phone") return Whose::phone;
    if (word == "card") return Whose::card;
    if (word == "both") return Whose::both;
    return fail(Fault::malformed, "desk: whose");
}

Result<Subject> subject_in(http::JsonObject& body) {
    Subject subject;
    if (body.has("certificate")) {
        MITOME_TRY(der, body.base64("certificate"));
        if (body.has("resident")) return fail(Fault::malformed, "desk: a person or a certificate");
        if (der.empty()) return fail(Fault::malformed, "desk: no certificate");
        subject.certificate = std::move(der);
        return subject;
    }
    MITOME_TRY(resident, body.number("resident"));
    subject.resident = resident;
    if (!body.has("whose")) return subject;
    MITOME_TRY(word, body.text("whose"));
    MITOME_TRY(whose, whose_of(word));
    subject.whose = whose;
    return subject;
}

Result<std::string> text_in(http::JsonObject& body, std::string_view name) {
    MITOME_TRY(given, body.text(name));
    MITOME_TRY(count, pki::count_characters(given));
    if (count == 0 || count > longest_text)
        return fail(Fault::malformed, "desk: a text is empty or too long");
    return given;
}

}  // namespace

Result<Subject> parse_subject(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    MITOME_TRY(subject, subject_in(body));
    MITOME_CHECK(body.finish());
    return subject;
}

Result<DeskRevocation> parse_desk_revocation(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    MITOME_TRY(subject, subject_in(body));
    DeskRevocation revocation{.subject = std::move(subject)};
    MITOME_TRY(word, body.optional_text("reason"));
    if (word) {
        const auto reason = pki::reason_of(*word);
        if (!reason || std::ranges::find(desk_reasons, *reason) == desk_reasons.end())
            return fail(Fault::malformed, "desk: not a reason of a desk");
        revocation.reason = *reason;
    }
    MITOME_CHECK(body.finish());
    return revocation;
}

Result<NewAddress> parse_new_address(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    NewAddress made;
    MITOME_TRY(address, text_in(body, "address"));
    made.address = std::move(address);
    MITOME_TRY(municipality, body.optional_text("municipality"));
    if (municipality && !place_of(*municipality))
        return fail(Fault::malformed, "desk: no such municipality here");
    made.municipality = std::move(municipality);
    MITOME_CHECK(body.finish());
    return made;
}

Result<std::string> parse_new_name(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    MITOME_TRY(name, text_in(body, "name"));
    MITOME_CHECK(body.finish());
    return name;
}

Done parse_nothing(BytesView json) {
    if (json.empty()) return {};
    MITOME_TRY(body, http::JsonObject::parse(json));
    return body.finish();
}

Result<std::uint64_t> parse_resident(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    MITOME_TRY(resident, body.number("resident"));
    MITOME_CHECK(body.finish());
    return resident;
}

Result<bool> parse_rejection(BytesView json) {
    if (json.empty()) return false;
    MITOME_TRY(body, http::JsonObject::parse(json));
    bool rejected = false;
    if (body.has("reject")) {
        MITOME_TRY(given, body.flag("reject"));
        rejected = given;
    }
    MITOME_CHECK(body.finish());
    return rejected;
}

Result<StopRequest> parse_stop(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    StopRequest request;
    MITOME_TRY(element, body.hex("phone"));
    if (element.size() != element_octets) return fail(Fault::malformed, "stop: no such element");
    request.element = std::move(element);
    MITOME_TRY(code, body.text("code"));
    const bool fits = code.size() == request.code.capacity() &&
                      std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; }) &&
                      request.code.assign(view(code));
    wipe({reinterpret_cast<std::uint8_t*>(code.data()), code.size()});
    if (!fits) return fail(Fault::malformed, "stop: a code has ten digits");
    MITOME_CHECK(body.finish());
    return request;
}

}  // namespace mitome::registration
