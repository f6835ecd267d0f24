// SPDX-License-Identifier: Apache-2.0
#include "desk_routes.hpp"

#include <mitome/http/json.hpp>
#include <mitome/http/url.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <functional>
#include <utility>

namespace mitome::registration {
namespace {

namespace json = boost::json;
using catalogue::Code;
using http::Call;
using http::Response;

constexpr std::size_t longest_action = 8192;  // a certificate in it
constexpr std::size_t longest_stop = 256;

Response answer(const json::value& content, unsigned status = 200) {
    return http::json_response(json::serialize(content), status);
}

Result<std::uint64_t> to_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        return fail(Fault::malformed, "routes: not a number");
    return number;
}

/// Whose certificate TLS has verified: two persons have two.
Bytes person_of(const Call& call) {
    return crypto::digest(crypto::Hash::sha256, call.request.peer_certificate);
}

json::object words_of(pki::Ca ca, BytesView serial) {
    return {{"ca", pki::name_of(ca)}, {"serial", to_hex(serial)}};
}

/// 202 while the authority has not heard of it.
Response words_of(const Decision& decision, json::object also = {}) {
    json::array revoked;
    for (const auto& task : decision.tasks) {
        auto row = words_of(task.ca, task.serial);
        row["reason"] = pki::name_of(task.reason);
        row["cause"] = task.cause;
        revoked.push_back(std::move(row));
    }
    also["revoked"] = std::move(revoked);
    also["waiting"] = decision.waiting;
    return answer(also, decision.waiting ? 202 : 200);
}

Response words_of(const Judged<Decision>& decision) {
    return decision ? words_of(*decision) : problem_of(decision.error());
}

json::object words_of(const store::Approval& approval) {
    json::object row{{"approval", to_hex(approval.id)},
                     {"action", name_of(approval.action)},
                     {"resident", approval.resident},
                     {"deadline", to_rfc3339(approval.deadline)}};
    if (!approval.element.empty()) row["phone"] = to_hex(approval.element);
    return row;
}

std::string_view word_of(Standing standing) {
    switch (standing) {
        case Standing::unknown: return "unknown";
        case Standing::alive: return "issued";
        case Standing::held: return "held";
        case Standing::revoked: return "revoked";
    }
    return {};
}

std::string_view word_of(store::CardState state) {
    switch (state) {
        case store::CardState::valid: return "valid";
        case store::CardState::revoked: return "revoked";
        case store::CardState::retired: return "expired";
    }
    return {};
}

std::string_view word_of(store::EraseState state) {
    switch (state) {
        case store::EraseState::ordered: return "ordered";
        case store::EraseState::delivered: return "delivered";
        case store::EraseState::erased: return "erased";
        case store::EraseState::unconfirmed: return "not_confirmed";
        case store::EraseState::withdrawn: return "withdrawn";
    }
    return {};
}

std::string_view word_of(Taken taken) {
    switch (taken) {
        case Taken::changed:
        case Taken::unchanged: return "held";
        case Taken::unknown: return "unknown";
        case Taken::refused: return "refused";
    }
    return {};
}

json::object words_of(const Recorded& recorded) {
    json::object row{{"state", word_of(recorded.standing)}};
    if (recorded.standing == Standing::held || recorded.standing == Standing::revoked)
        row["reason"] = pki::name_of(recorded.reason);
    return row;
}

json::value words_of(const std::optional<Desk::Half>& half) {
    if (!half) return nullptr;
    auto row = words_of(half->recorded);
    row["serial"] = to_hex(half->serial);
    return row;
}

// ---------------------------------------------------------------- the desks

Response hold(Casework& at, const Call& call) {
    const auto subject = parse_subject(call.request.body);
    if (!subject) return problem_of(refused(subject.error()));
    const auto held = at.desk.hold(*subject);
    if (!held) return problem_of(held.error());
    json::array rows;
    for (const auto& one : *held) {
        auto row = words_of(one.ca, one.serial);
        row["state"] = word_of(one.taken);
        rows.push_back(std::move(row));
    }
    return answer(json::object{{"certificates", std::move(rows)}});
}

Response revoke(Casework& at, const Call& call) {
    const auto wanted = parse_desk_revocation(call.request.body);
    if (!wanted) return problem_of(refused(wanted.error()));
    return words_of(at.desk.revoke(*wanted));
}

Response propose(Casework& at, const Call& call, store::Dangerous action, std::uint64_t resident,
                 BytesView element) {
    const auto approval = at.approvals.propose(action, resident, element, person_of(call));
    return approval ? answer(words_of(*approval), 202) : problem_of(approval.error());
}

Response propose_erasure(Casework& at, const Call& call) {
    const auto resident = parse_resident(call.request.body);
    if (!resident) return problem_of(refused(resident.error()));
    const auto phone = at.desk.phone_of(*resident);
    if (!phone) return problem_of(phone.error());
    return propose(at, call, store::Dangerous::erase, *resident, phone->element);
}

/// `N/move`, `N/rename`, `N/decease`.
Response change_resident(Casework& at, const Call& call) {
    const auto slash = call.rest.find('/');
    const auto resident = to_number(call.rest.substr(0, slash));
    if (!resident) return problem_of({Code::resident_absent, "no such resident"});
    const std::string_view what =
        slash == std::string_view::npos ? std::string_view{} : call.rest.substr(slash + 1);
    if (what == "move") {
        const auto to = parse_new_address(call.request.body);
        if (!to) return problem_of(refused(to.error()));
        return words_of(at.desk.move(*resident, *to));
    }
    if (what == "rename") {
        const auto name = parse_new_name(call.request.body);
        if (!name) return problem_of(refused(name.error()));
        return words_of(at.desk.rename(*resident, *name));
    }
    if (what == "decease") {
        if (const Done empty = parse_nothing(call.request.body); !empty)
            return problem_of(refused(empty.error()));
        if (const auto living = at.desk.living(*resident); !living)
            return problem_of(living.error());
        return propose(at, call, store::Dangerous::decease, *resident, {});
    }
    return http::problem(404, "request_refused", "no such path");
}

Response approvals(Casework& at, const Call&) {
    const auto waiting = at.approvals.waiting();
    if (!waiting) return problem_of(refused(waiting.error()));
    json::array rows;
    for (const auto& one : *waiting) rows.push_back(words_of(one));
    return answer(rows);
}

Response decide(Casework& at, const Call& call) {
    const auto id = from_hex(call.rest);
    if (!id) return problem_of({Code::approval_absent, "there is no such approval"});
    const auto rejection = parse_rejection(call.request.body);
    if (!rejection) return problem_of(refused(rejection.error()));
    const auto verdict = *rejection ? Approvals::Verdict::rejected : Approvals::Verdict::agreed;
    auto decided = at.approvals.decide(*id, verdict, person_of(call));
    if (!decided) return problem_of(decided.error());
    auto row = words_of(decided->approval);
    row["state"] = *rejection ? "rejected" : "carried_out";
    return words_of(at.desk.carried_out(std::move(decided->tasks)), std::move(row));
}

Response status_of_one(Casework& at, const std::string& name, const std::string& hex) {
    const auto ca = pki::ca_of(name);
    const auto serial = from_hex(hex);
    if (!ca || !serial || serial->empty())
        return problem_of({Code::request_refused, "a CA and a serial number"});
    const auto recorded = at.desk.status(*ca, *serial);
    if (!recorded) return problem_of(recorded.error());
    auto row = words_of(*recorded);
    row["ca"] = name;
    row["serial"] = to_hex(*serial);
    return answer(row);
}

/// `?resident=N`, or `?ca=NAME&serial=HEX`. Nothing that names the person: the call desk asks the
/// caller, not the register.
Response status(Casework& at, const Call& call) {
    const auto& query = call.request.query;
    const auto resident = http::parameter(query, "resident");
    const auto ca = http::parameter(query, "ca");
    const auto serial = http::parameter(query, "serial");
    if (!resident || !ca || !serial) return problem_of({Code::request_refused, "the query"});
    if (*ca && *serial && !*resident) return status_of_one(at, **ca, **serial);
    const auto number = to_number(resident->value_or(""));
    if (!number) return problem_of({Code::request_refused, "a resident"});
    const auto found = at.desk.status(*number);
    if (!found) return problem_of(found.error());

    json::array cards;
    for (const auto& one : found->cards)
        cards.push_back(json::object{{"number", one.card.number},
                                     {"state", word_of(one.card.state)},
                                     {"not_after", to_rfc3339(one.card.not_after)},
                                     {"sign", words_of(one.sign)},
                                     {"auth", words_of(one.auth)}});
    json::object row{{"resident", *number},
                     {"state", name_of(found->resident.state)},
                     {"cards", std::move(cards)},
                     {"phone", nullptr}};
    if (!found->phone) return answer(row);
    json::array erasures;
    for (const auto& one : found->phone->erasures)
        erasures.push_back(json::object{{"number", one.number},
                                        {"state", word_of(one.state)},
                                        {"since", to_rfc3339(one.changed)}});
    row["phone"] = json::object{{"element", to_hex(found->phone->phone.element)},
                                {"since", to_rfc3339(found->phone->phone.since)},
                                {"sign", words_of(found->phone->sign)},
                                {"auth", words_of(found->phone->auth)},
                                {"erasures", std::move(erasures)}};
    return answer(row);
}

// ---------------------------------------------------------------- holders

Response notices(Casework& at, const Call& call) {
    const auto element = from_hex(call.caller.element);
    if (!element) return problem_of(refused(element.error()));
    const auto after = http::parameter(call.request.query, "after");
    if (!after) return problem_of({Code::request_refused, "the query"});
    const auto from = to_number(after->value_or("0"));
    if (!from) return problem_of({Code::request_refused, "after is no number"});
    const auto page = at.notices.page(*element, *from);
    if (!page) return problem_of(refused(page.error()));
    json::array rows;
    for (const auto& one : *page)
        rows.push_back(json::object{{"number", one.number},
                                    {"at", to_rfc3339(one.at)},
                                    {"code", one.code},
                                    {"detail", one.detail}});
    return answer(rows);
}

Response make_stop_code(Casework& at, const Call& call) {
    const auto element = from_hex(call.caller.element);
    if (!element) return problem_of(refused(element.error()));
    if (const Done empty = parse_nothing(call.request.body); !empty)
        return problem_of(refused(empty.error()));
    const auto code = at.stop_codes.make(*element);
    if (!code) return problem_of(code.error());
    return code->reveal(
        [](BytesView digits) { return answer(json::object{{"code", text(digits)}}); });
}

/// With how many entries are left, which a problem document has no other place for.
Response wrong_code(std::uint32_t tries_left) {
    auto response = tries_left == 0 ? problem_of({Code::stop_code_locked, "the code is locked"})
                                    : problem_of({Code::stop_code_wrong, "the code is wrong"});
    auto document = json::parse(text(response.body)).as_object();
    document["tries_left"] = tries_left;
    response.body = copy(view(json::serialize(document)));
    return response;
}

Response stop(Casework& at, const Call& call) {
    const auto request = parse_stop(call.request.body);
    if (!request) return problem_of(refused(request.error()));
    const auto stopped = at.stop_codes.stop(request->element, request->code);
    if (!stopped) {
        if (stopped.error().code == Code::stop_code_locked) return wrong_code(0);
        return problem_of(stopped.error());
    }
    if (stopped->tries_left) return wrong_code(*stopped->tries_left);
    json::array held;
    for (const auto kind : stopped->held) held.emplace_back(pki::name_of(kind));
    return answer(json::object{{"held", std::move(held)}, {"at", to_rfc3339(stopped->at)}});
}

using Serve = Response (*)(Casework&, const Call&);

}  // namespace

std::vector<http::Route> casework_routes(Casework& casework) {
    const auto by = [&casework](Serve serve) {
        return [&casework, serve](const Call& call) { return serve(casework, call); };
    };
    return {
        {"POST", "/desk/hold", {"call-desk"}, longest_action, by(hold)},
        {"GET", "/desk/status", {"call-desk", "desk", "supervisor"}, 0, by(status)},
        {"POST", "/desk/revoke", {"desk"}, longest_action, by(revoke)},
        {"POST", "/desk/erase", {"desk"}, longest_action, by(propose_erasure)},
        {"POST", "/desk/residents/*", {"desk"}, longest_action, by(change_resident)},
        {"GET", "/desk/approvals", {"desk", "supervisor"}, 0, by(approvals)},
        {"POST", "/desk/approvals/*", {"supervisor"}, longest_action, by(decide)},
        {"GET", "/notices", {"element"}, 0, by(notices)},
        {"POST", "/stop-code", {"element"}, longest_stop, by(make_stop_code)},
        {"POST", "/stop", {http::any_role}, longest_stop, by(stop)},
    };
}

std::vector<http::Route> open_casework_routes(Casework& casework) {
    return {{"POST", "/stop", {}, longest_stop, [&casework](const Call& call) {
                 return stop(casework, call);
             }}};
}

}  // namespace mitome::registration
