// SPDX-License-Identifier: Apache-2.0
#include "desk.hpp"

#include "anchors.hpp"
#include "sandbox_state.hpp"
#include "services.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <optional>

namespace mitome::cli {
namespace {

using catalogue::Code;
namespace json = boost::json;

std::string word_in(const json::object& row, std::string_view key) {
    const auto* value = row.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->get_string()} : "-";
}

Attempt<json::object> call(const Context& context, std::string_view role, std::string_view method,
                           std::string path, const json::value& body = nullptr) {
    auto registration = Service::connect(context.home, Service::Name::registration, role);
    if (!registration) return std::unexpected{registration.error()};
    auto answer = registration->call(method, std::move(path), body);
    if (!answer) return std::unexpected{answer.error()};
    if (!answer->is_object()) return stop(Code::answer_malformed);
    return std::move(answer->get_object());
}

/// A person or a certificate, not both and not neither.
std::optional<Failure> fault_of(const DeskSubject& subject) {
    if (subject.resident == 0 && subject.certificate.empty())
        return Failure{catalogue::variant(Code::usage, "missing"), {{"argument", "--resident"}}};
    if (subject.resident != 0 && !subject.certificate.empty())
        return Failure{catalogue::variant(Code::usage, "value"), {{"argument", "--certificate"}}};
    if (!subject.whose.empty() && subject.whose != "phone" && subject.whose != "card" &&
        subject.whose != "both")
        return Failure{catalogue::variant(Code::usage, "value"), {{"argument", "--whose"}}};
    return std::nullopt;
}

Attempt<json::object> body_of(const DeskSubject& subject) {
    if (const auto fault = fault_of(subject)) return std::unexpected{*fault};
    if (subject.resident != 0) {
        json::object body{{"resident", subject.resident}};
        if (!subject.whose.empty()) body["whose"] = subject.whose;
        return body;
    }
    auto certificate = load_certificate(subject.certificate);
    if (!certificate) return std::unexpected{certificate.error()};
    return json::object{{"certificate", to_base64(certificate->der())}};
}

std::string lines_of(const Context& context, const json::object& answer, std::string_view key,
                     std::string_view otherwise) {
    std::string words;
    const auto* rows = answer.if_contains(key);
    if (rows == nullptr || !rows->is_array()) return words;
    for (const auto& row : rows->get_array()) {
        if (!row.is_object()) continue;
        const auto reason = word_in(row.get_object(), "reason");
        words += context.sentence("cli.revoke.which",
                                  {{"issuer", word_in(row.get_object(), "ca")},
                                   {"serial", word_in(row.get_object(), "serial")},
                                   {"reason", reason == "-" ? std::string{otherwise} : reason}}) +
                 "\n";
    }
    return words;
}

/// What was decided, and whether the authority has heard of it.
Answer answer_of(const Context& context, json::object decision) {
    const auto lines = lines_of(context, decision, "revoked", "-");
    const auto* waiting = decision.if_contains("waiting");
    std::string words{lines.empty() ? context.word("cli.desk.nothing")
                                    : context.word("cli.revoke.done")};
    if (waiting != nullptr && waiting->is_bool() && waiting->get_bool()) {
        const auto count = decision.at("revoked").as_array().size();
        context.tell(Code::revocation_waiting, {{"n", std::to_string(count)}});
    }
    words += "\n" + lines;
    return {std::move(decision), words};
}

/// Proposes as the desk and agrees as the supervisor: a sandbox has both certificates.
Attempt<json::object> with_two_persons(const Context& context, std::string path,
                                       const json::value& body) {
    auto proposed = call(context, "desk", "POST", std::move(path), body);
    if (!proposed) return std::unexpected{proposed.error()};
    const auto id = word_in(*proposed, "approval");
    context.note(context.word("cli.desk.second_person"));
    return call(context, "supervisor", "POST", "/desk/approvals/" + id, json::object{});
}

std::string path_of(std::uint64_t resident, std::string_view what) {
    return fmt::format("/desk/residents/{}/{}", resident, what);
}

std::string half_line(std::string_view name, const json::object& half) {
    auto line =
        fmt::format("  {:<11} {}  {}", name, word_in(half, "serial"), word_in(half, "state"));
    if (const auto reason = word_in(half, "reason"); reason != "-") line += " (" + reason + ")";
    return line + "\n";
}

std::string pair_lines(std::string_view owner, const json::value& holder) {
    std::string words;
    if (!holder.is_object()) return words;
    for (const std::string_view kind : {"sign", "auth"}) {
        const auto* half = holder.get_object().if_contains(kind);
        if (half != nullptr && half->is_object())
            words += half_line(fmt::format("{}-{}", owner, kind), half->get_object());
    }
    return words;
}

}  // namespace

Outcome desk_hold(const Context& context, const DeskSubject& subject) {
    auto body = body_of(subject);
    if (!body) return std::unexpected{body.error()};
    auto answer = call(context, "call-desk", "POST", "/desk/hold", *body);
    if (!answer) return std::unexpected{answer.error()};
    const std::string words = std::string{context.word("cli.revoke.held")} + "\n" +
                              lines_of(context, *answer, "certificates", "certificateHold");
    return Answer{std::move(*answer), words};
}

Outcome desk_revoke(const Context& context, const DeskSubject& subject, const std::string& reason) {
    auto body = body_of(subject);
    if (!body) return std::unexpected{body.error()};
    if (!reason.empty()) {
        const auto known = pki::reason_of(reason);
        if (!known || *known == pki::Reason::remove_from_crl ||
            *known == pki::Reason::certificate_hold)
            return stop(Code::reason_unknown, {{"name", reason}});
        (*body)["reason"] = reason;
    }
    auto answer = call(context, "desk", "POST", "/desk/revoke", *body);
    if (!answer) return std::unexpected{answer.error()};
    return answer_of(context, std::move(*answer));
}

Outcome desk_erase(const Context& context, std::uint64_t resident) {
    auto answer = with_two_persons(context, "/desk/erase", json::object{{"resident", resident}});
    if (!answer) return std::unexpected{answer.error()};
    context.tell(Code::erase_ordered);
    return answer_of(context, std::move(*answer));
}

Outcome desk_status(const Context& context, const DeskSubject& subject) {
    if (const auto fault = fault_of(subject)) return std::unexpected{*fault};
    if (subject.resident == 0) {
        auto certificate = load_certificate(subject.certificate);
        if (!certificate) return std::unexpected{certificate.error()};
        if (auto state = require_sandbox(context.home); !state)
            return std::unexpected{state.error()};
        const auto ca = sandbox_ca_of(context, *certificate);
        if (!ca) return std::unexpected{ca.error()};
        if (!*ca) return stop(Code::certificate_unknown);
        auto answer = call(context, "call-desk", "GET",
                           fmt::format("/desk/status?ca={}&serial={}", pki::name_of(**ca),
                                       to_hex(certificate->serial())));
        if (!answer) return std::unexpected{answer.error()};
        const auto words = half_line(pki::name_of(**ca), *answer);
        return Answer{std::move(*answer), words};
    }
    auto answer = call(context, "call-desk", "GET",
                       fmt::format("/desk/status?resident={}", subject.resident));
    if (!answer) return std::unexpected{answer.error()};
    const auto state = word_in(*answer, "state");
    const auto known = catalogue::Word::find("resident.state." + state);
    std::string words = fmt::format("{}  {}\n", subject.resident,
                                    known ? std::string{context.word(*known)} : state);
    if (const auto* cards = answer->if_contains("cards"); cards != nullptr && cards->is_array())
        for (const auto& card : cards->get_array()) words += pair_lines("card", card);
    if (const auto* phone = answer->if_contains("phone")) words += pair_lines("phone", *phone);
    return Answer{std::move(*answer), words};
}

Outcome resident_move(const Context& context, std::uint64_t id, const std::string& address,
                      const std::string& municipality) {
    json::object body{{"address", address}};
    if (!municipality.empty()) body["municipality"] = municipality;
    auto answer = call(context, "desk", "POST", path_of(id, "move"), body);
    if (!answer) return std::unexpected{answer.error()};
    return answer_of(context, std::move(*answer));
}

Outcome resident_rename(const Context& context, std::uint64_t id, const std::string& name) {
    auto answer =
        call(context, "desk", "POST", path_of(id, "rename"), json::object{{"name", name}});
    if (!answer) return std::unexpected{answer.error()};
    return answer_of(context, std::move(*answer));
}

Outcome resident_decease(const Context& context, std::uint64_t id) {
    auto answer = with_two_persons(context, path_of(id, "decease"), json::object{});
    if (!answer) return std::unexpected{answer.error()};
    return answer_of(context, std::move(*answer));
}

}  // namespace mitome::cli
