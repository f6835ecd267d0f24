// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"

#include "places.hpp"

#include <mitome/base/log.hpp>
#include <mitome/http/json.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <utility>

namespace mitome::registration {
namespace {

namespace json = boost::json;

http::Request post(std::string path, const json::object& body) {
    http::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = copy(view(json::serialize(body)));
    return request;
}

/// What a peer's status says that we can do about it.
Done judge(const http::Response& response) {
    if (response.status < 300) return {};
    std::string code;
    if (auto body = http::JsonObject::parse(response.body))
        if (const auto word = body->text("code")) code = *word;
    log(Level::warning, "a peer refused",
        {{"status", static_cast<std::int64_t>(response.status)}, {"code", code}});
    switch (response.status) {
        case 403:
        case 422: return fail(Fault::denied, "peer: refused", response.status);
        case 404: return fail(Fault::absent, "peer: no such thing", response.status);
        case 409: return fail(Fault::conflict, "peer: not in this state", response.status);
        case 503: return fail(Fault::unavailable, "peer: not now", response.status);
        default: return fail(Fault::broken, "peer: does not take our request", response.status);
    }
}

int number_of(pki::Sex sex) {  // JIS X 0303
    switch (sex) {
        case pki::Sex::male: return 1;
        case pki::Sex::female: return 2;
        case pki::Sex::other: return 9;
    }
    return 9;
}

json::object four_of(const pki::BasicFourItems& items) {
    return {{"name", items.name},
            {"address", items.address},
            {"birth", to_text(items.birth.day)},
            {"sex", number_of(items.sex)},
            {"name_substitutes", items.name_substitutes},
            {"address_substitutes", items.address_substitutes}};
}

Result<pki::Certificate> certificate_in(const http::Response& response) {
    MITOME_CHECK(judge(response));
    MITOME_TRY(body, http::JsonObject::parse(response.body));
    MITOME_TRY(der, body.base64("certificate"));
    return pki::Certificate::from_der(std::move(der));
}

Result<std::unique_ptr<http::Client>> connect(const http::Url& url,
                                              const http::TlsFiles& identity) {
    http::Client::Options options;
    MITOME_TRY(tls, http::read_tls(identity));
    options.tls = std::move(tls);
    return http::Client::create(url, std::move(options));
}

}  // namespace

std::optional<issuance::life::State> state_of(const Recorded& found, Time now) {
    switch (found.standing) {
        case Standing::unknown: return std::nullopt;
        case Standing::alive:
            return issuance::life::state_of(store::Standing::issued, found.reason, found.not_after,
                                            now);
        case Standing::held:
            return issuance::life::state_of(store::Standing::held, found.reason, found.not_after,
                                            now);
        case Standing::revoked:
            return issuance::life::state_of(store::Standing::revoked, found.reason, found.not_after,
                                            now);
    }
    return std::nullopt;
}

Result<Standing> Authority::standing(pki::Ca ca, BytesView serial) {
    MITOME_TRY(found, look_up(ca, serial));
    return found.standing;
}

Result<http::Response> RemoteAuthority::send(const http::Request& request, bool repeatable) {
    std::unique_ptr<http::Client> client;
    {
        const std::lock_guard guard{mutex_};
        if (!idle_.empty()) {
            client = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (!client) {
        MITOME_TRY(made, connect(url_, identity_));
        client = std::move(made);
    }
    auto response = client->send(request, repeatable);
    if (response) {
        const std::lock_guard guard{mutex_};
        idle_.push_back(std::move(client));
    }
    return response;
}

Result<pki::Certificate> RemoteAuthority::issue(const Approval& approval,
                                                const store::Resident& resident) {
    const auto place = place_of(resident.municipality);
    if (!place) return fail(Fault::denied, "registration: no certificates for that place");
    json::object body{
        {"request", to_hex(approval.request)}, {"ca", pki::name_of(approval.ca)},
        {"spki", to_base64(approval.spki)},    {"not_after", to_rfc3339(approval.not_after)},
        {"municipality", place->code},         {"prefecture", place->prefecture},
        {"city", place->municipality}};
    if (approval.not_before) body["not_before"] = to_rfc3339(*approval.not_before);
    if (pki::kind_of(approval.ca) == pki::Kind::sign) body["four"] = four_of(resident.items);
    if (approval.test_file) body["policy"] = "test-file";
    MITOME_TRY(response, send(post("/issue", body), true));
    return certificate_in(response);
}

Done RemoteAuthority::revoke(pki::Ca ca, BytesView serial, pki::Reason reason,
                             std::string_view cause) {
    const Done done = withdraw(ca, serial, reason, std::nullopt, cause);
    if (!done && done.error().fault == Fault::conflict) return {};  // revoked before
    return done;
}

Done RemoteAuthority::withdraw(pki::Ca ca, BytesView serial, pki::Reason reason,
                               std::optional<Time> invalidity, std::string_view cause) {
    json::object body{{"ca", pki::name_of(ca)},
                      {"serial", to_hex(serial)},
                      {"reason", pki::name_of(reason)},
                      {"cause", cause}};
    if (invalidity) body["invalidity"] = to_rfc3339(*invalidity);
    MITOME_TRY(response, send(post("/revoke", body), true));
    return judge(response);
}

Result<Recorded> RemoteAuthority::look_up(pki::Ca ca, BytesView serial) {
    http::Request request;
    request.path = "/certificates";
    request.query = fmt::format("ca={}&serial={}", pki::name_of(ca), to_hex(serial));
    MITOME_TRY(response, send(request, true));
    const Done done = judge(response);
    if (!done && done.error().fault == Fault::absent) return Recorded{};
    if (!done) return std::unexpected{done.error()};
    MITOME_TRY(body, http::JsonObject::parse(response.body));
    MITOME_TRY(state, body.text("state"));
    Recorded found;
    if (state == "issued") found.standing = Standing::alive;
    if (state == "held") found.standing = Standing::held;
    if (state == "revoked") found.standing = Standing::revoked;
    MITOME_TRY(reason, body.optional_text("reason"));
    if (reason) found.reason = pki::reason_of(*reason).value_or(pki::Reason::unspecified);
    MITOME_TRY(invalidity, body.optional_time("invalidity"));
    found.invalidity = invalidity;
    MITOME_TRY(not_after, body.optional_time("not_after"));
    found.not_after = not_after.value_or(Time{});
    return found;
}

Result<pki::Certificate> RemoteAuthority::registration_certificate(BytesView spki) {
    MITOME_TRY(response, send(post("/issue-registration", {{"spki", to_base64(spki)}}), true));
    return certificate_in(response);
}

Result<std::vector<pki::Certificate>> RemoteAuthority::authorities() {
    http::Request request;
    request.path = "/authorities";
    MITOME_TRY(response, send(request, true));
    MITOME_CHECK(judge(response));
    MITOME_TRY(body, http::JsonObject::parse(response.body));
    std::vector<pki::Certificate> out;
    for (const pki::Ca ca : pki::all_cas) {
        MITOME_TRY(der, body.base64(pki::name_of(ca)));
        MITOME_TRY(certificate, pki::Certificate::from_der(std::move(der)));
        out.push_back(std::move(certificate));
    }
    return out;
}

Result<pki::Certificate> maker_certificate(const http::Url& maker, const http::TlsFiles& identity,
                                           BytesView spki, BytesView subject) {
    MITOME_TRY(client, connect(maker, identity));
    MITOME_TRY(response,
               client->send(post("/registration-certificate",
                                 {{"spki", to_base64(spki)}, {"subject", to_base64(subject)}}),
                            true));
    return certificate_in(response);
}

}  // namespace mitome::registration
