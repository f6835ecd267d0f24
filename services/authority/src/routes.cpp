// SPDX-License-Identifier: Apache-2.0
#include "routes.hpp"

#include "problem.hpp"

#include <mitome/base/log.hpp>
#include <mitome/http/json.hpp>
#include <mitome/http/url.hpp>

#include <boost/json.hpp>

#include <charconv>
#include <utility>

namespace mitome::authority {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr std::size_t longest_order = std::size_t{16} << 10;
constexpr std::size_t longest_revocation = std::size_t{1} << 10;
constexpr std::size_t longest_batch = std::size_t{256} << 10;
constexpr std::size_t page_size = 500;
constexpr std::size_t changes_page = 5'000;
constexpr auto patience = 5s;  // for status to have a change

http::Response answer(const json::object& body) {
    return http::json_response(json::serialize(body));
}

http::Response refuse(const Error& error, std::string_view conflict) {
    log(Level::warning, "request.refused", {{"error", error}});
    return problem_of(error, conflict);
}

Result<std::uint64_t> number_after(const http::Call& call) {
    MITOME_TRY(after, http::parameter(call.request.query, "after"));
    std::uint64_t from = 0;
    const std::string text = after.value_or("0");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), from);
    if (error != std::errc{} || end != text.data() + text.size())
        return fail(Fault::malformed, "after is no number");
    return from;
}

http::Response no_such_ca() { return http::problem(404, "authority_absent", "no such CA"); }

std::string_view word_of(store::Standing standing) {
    switch (standing) {
        case store::Standing::drawn: return "drawn";
        case store::Standing::intended: return "intended";
        case store::Standing::issued: return "issued";
        case store::Standing::held: return "held";
        case store::Standing::revoked: return "revoked";
    }
    return {};
}

std::string_view word_of(store::Happening happening) {
    switch (happening) {
        case store::Happening::issued: return "issued";
        case store::Happening::revoked: return "revoked";
        case store::Happening::held: return "held";
        case store::Happening::released: return "released";
    }
    return {};
}

json::object to_json(const store::LedgerEntry& entry) {
    json::object one{{"id", entry.id},
                     {"ca", pki::name_of(entry.ca)},
                     {"serial", to_hex(entry.serial)},
                     {"state", word_of(entry.standing)},
                     {"drawn_at", to_rfc3339(entry.drawn_at)}};
    if (entry.standing == store::Standing::drawn) return one;
    one["request"] = to_hex(entry.request);
    one["not_after"] = to_rfc3339(entry.not_after);
    one["intended_at"] = to_rfc3339(entry.intended_at);
    if (entry.issued_at) one["issued_at"] = to_rfc3339(*entry.issued_at);
    if (entry.since) {
        one["since"] = to_rfc3339(*entry.since);
        one["reason"] = pki::name_of(entry.reason);
    }
    if (entry.invalidity) one["invalidity"] = to_rfc3339(*entry.invalidity);
    return one;
}

http::Response issued(Service& service, const Result<issuance::Issued>& outcome) {
    if (!outcome) return refuse(outcome.error(), "request_refused");
    const auto head = service.ledger.head();
    if (!head) return refuse(head.error(), "broken");
    return answer({{"serial", to_hex(outcome->serial)},
                   {"certificate", to_base64(outcome->certificate)},
                   {"published", service.feeder.wait_until_fed(*head, patience)}});
}

http::Response issue(Service& service, const http::Call& call) {
    const auto body = parse_issue(call.request.body, call.caller.role, service.world);
    if (!body && body.error().fault == Fault::absent) return no_such_ca();
    if (!body && body.error().fault == Fault::denied) {
        return http::problem(403, "sandbox_only", body.error().what.text);
    }
    if (!body) return refuse(body.error(), "request_refused");
    return issued(service, service.issuers.at(body->ca)->issue_once(body->order));
}

// Registration's CMP key: certified by the CA that phones trust already.
http::Response issue_registration(Service& service, const http::Call& call) {
    const auto order = parse_registration(call.request.body, call.caller.role, service.clock.now());
    if (!order) return refuse(order.error(), "request_refused");
    return issued(service, service.issuers.at(pki::Ca::phone_sign)->issue_registration(*order));
}

http::Response revoke(Service& service, const http::Call& call) {
    const auto body = parse_revoke(call.request.body, call.caller.role);
    if (!body && body.error().fault == Fault::absent) return no_such_ca();
    if (!body) return refuse(body.error(), "request_refused");
    const auto done = service.issuers.at(body->ca)->withdraw(body->withdrawal);
    if (!done) {
        const auto refused = issuance::refused_in(done.error());
        if (refused == issuance::life::Refused::not_authorized) {
            return http::problem(403, "not_authorized", done.error().what.text);
        }
        return refuse(done.error(),
                      refused ? issuance::life::name_of(*refused) : "already_revoked");
    }
    return answer({{"revoked_at", to_rfc3339(done->at)},
                   {"published", service.feeder.wait_until_fed(done->head, patience)}});
}

// A cascade of registration's: one change of the ledger, and one CRL behind it.
http::Response revoke_batch(Service& service, const http::Call& call) {
    const auto entries = parse_revoke_batch(call.request.body, call.caller.role);
    if (!entries && entries.error().fault == Fault::absent) return no_such_ca();
    if (!entries) return refuse(entries.error(), "request_refused");
    const auto done = issuance::withdraw_all(service.records, *entries);
    if (!done) return refuse(done.error(), "request_refused");
    json::array taken;
    for (const issuance::Taken one : done->taken) taken.emplace_back(issuance::name_of(one));
    return answer({{"at", to_rfc3339(done->at)},
                   {"taken", std::move(taken)},
                   {"published", service.feeder.wait_until_fed(done->head, patience)}});
}

// Holds, releases and revocations in sequence, whoever asked for them.
http::Response changes(Service& service, const http::Call& call) {
    const auto from = number_after(call);
    if (!from) return refuse(from.error(), "request_refused");
    const auto lines = service.ledger.entries_after(*from, changes_page);
    if (!lines) return refuse(lines.error(), "broken");
    json::array rows;
    for (const store::FeedEntry& line : *lines) {
        if (line.happening == store::Happening::issued) continue;
        rows.push_back(json::object{{"seq", line.seq},
                                    {"ca", pki::name_of(line.ca)},
                                    {"serial", to_hex(line.serial)},
                                    {"happening", word_of(line.happening)},
                                    {"at", to_rfc3339(line.at)},
                                    {"reason", pki::name_of(line.reason)}});
    }
    return answer(
        {{"changes", std::move(rows)}, {"next", lines->empty() ? *from : lines->back().seq}});
}

http::Response certificate(Service& service, const http::Call& call) {
    const auto name = http::parameter(call.request.query, "ca");
    const auto ca = name && *name ? pki::ca_of(**name) : std::nullopt;
    if (!ca) return no_such_ca();
    const auto hex = http::parameter(call.request.query, "serial");
    if (!hex || !*hex) return http::problem(400, "request_refused", "serial is missing");
    const auto serial = from_hex(**hex);
    if (!serial) return http::problem(400, "request_refused", "serial is not hexadecimal");
    const auto entry = service.ledger.entry(*ca, *serial);
    if (!entry) return refuse(entry.error(), "broken");
    if (!*entry) return http::problem(404, "certificate_unknown", "no such serial");
    json::object body = to_json(**entry);
    if ((*entry)->issued_at) {
        const auto der = service.ledger.certificate(*ca, *serial);
        if (!der) return refuse(der.error(), "broken");
        body["certificate"] = to_base64(*der);
    }
    return answer(body);
}

// The CAs themselves, for those who judge certificates by them.
http::Response authorities(Service& service, const http::Call&) {
    json::object body;
    for (const auto& [ca, issuer] : service.issuers) {
        body[pki::name_of(ca)] = to_base64(issuer->certificate().der());
    }
    return answer(body);
}

http::Response ledger(Service& service, const http::Call& call) {
    const auto from = number_after(call);
    if (!from) return refuse(from.error(), "request_refused");
    const auto page = service.ledger.page(*from, page_size);
    if (!page) return refuse(page.error(), "broken");
    json::array entries;
    for (const store::LedgerEntry& entry : *page) entries.push_back(to_json(entry));
    json::object body{{"entries", std::move(entries)}};
    if (page->size() == page_size) body["next"] = page->back().id;
    return answer(body);
}

}  // namespace

http::Routes routes(Service& service) {
    const auto on = [&service](http::Response (*handle)(Service&, const http::Call&)) {
        return [&service, handle](const http::Call& call) { return handle(service, call); };
    };
    const auto health = [](const http::Call&) { return answer({{"healthy", true}}); };
    const auto ready = [&service](const http::Call&) {
        if (!service.feeder.connected()) {
            return http::problem(503, "service_unavailable", "status does not answer");
        }
        return answer({{"ready", true}});
    };
    return {http::Listener::mutual_tls,
            {
                {"POST", "/issue", {"registration"}, longest_order, on(issue)},
                {"POST",
                 "/issue-registration",
                 {"registration"},
                 longest_order,
                 on(issue_registration)},
                {"POST", "/revoke", {"registration", "operator"}, longest_revocation, on(revoke)},
                {"POST", "/revoke-batch", {"registration"}, longest_batch, on(revoke_batch)},
                {"GET", "/changes", {"registration"}, 0, on(changes)},
                {"GET", "/certificates", {"registration", "operator"}, 0, on(certificate)},
                {"GET", "/authorities", {"registration"}, 0, on(authorities)},
                {"GET", "/ledger", {"operator"}, 0, on(ledger)},
                {"GET", "/health", {http::any_role}, 0, health},
                {"GET", "/ready", {http::any_role}, 0, ready},
            }};
}

}  // namespace mitome::authority
