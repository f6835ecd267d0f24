// SPDX-License-Identifier: Apache-2.0
#include "services.hpp"
#include "verbs.hpp"

#include <mitome/base/clock.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace mitome::cli {
namespace {

using catalogue::Code;

std::string words_of(const boost::json::value& row, std::string_view key) {
    const auto* value = row.is_object() ? row.get_object().if_contains(key) : nullptr;
    if (value == nullptr || value->is_null()) return "-";
    if (value->is_string()) return std::string{value->get_string()};
    return boost::json::serialize(*value);
}

std::string state_words(const Context& context, const boost::json::value& row) {
    const auto state = words_of(row, "state");
    const auto word = catalogue::Word::find("resident.state." + state);
    return word ? std::string{context.word(*word)} : state;
}

std::string line_of(const Context& context, const boost::json::value& row) {
    return fmt::format("{:>4}  {}  {:<12}  {:<10}  {}\n", words_of(row, "id"),
                       words_of(row, "birth_date"), state_words(context, row),
                       words_of(row, "cards"), words_of(row, "name"));
}

Attempt<Service> desk(const Context& context) {
    return Service::connect(context.home, Service::Name::registration, "desk");
}

}  // namespace

Outcome resident_list(const Context& context) {
    auto registration = desk(context);
    if (!registration) return std::unexpected{registration.error()};
    auto rows = registration->call("GET", "/desk/residents");
    if (!rows) return std::unexpected{rows.error()};
    if (!rows->is_array()) return stop(Code::answer_malformed);
    std::string words;
    for (const auto& row : rows->get_array()) words += line_of(context, row);
    return Answer{std::move(*rows), words};
}

Outcome resident_show(const Context& context, std::uint64_t id) {
    auto registration = desk(context);
    if (!registration) return std::unexpected{registration.error()};
    auto row = registration->call("GET", fmt::format("/desk/residents/{}", id));
    if (!row) return std::unexpected{row.error()};
    if (!row->is_object()) return stop(Code::answer_malformed);
    std::string words = line_of(context, *row);
    for (const auto& [key, value] : row->get_object())
        if (key != "id" && key != "name" && key != "birth_date" && key != "state" && key != "cards")
            words += fmt::format("      {}: {}\n", std::string_view{key}, words_of(*row, key));
    return Answer{std::move(*row), words};
}

Outcome resident_new(const Context& context, const NewResident& resident) {
    if (!resident.birth_date.empty() && !to_day(resident.birth_date))
        return stop(catalogue::variant(Code::usage, "value"), {{"argument", "--birth-date"}});
    if (!resident.sex.empty() && resident.sex != "1" && resident.sex != "2" && resident.sex != "9")
        return stop(catalogue::variant(Code::usage, "value"), {{"argument", "--sex"}});
    auto registration = desk(context);
    if (!registration) return std::unexpected{registration.error()};
    boost::json::object wanted;
    const auto put = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) wanted[key] = value;
    };
    put("name", resident.name);
    put("birth_date", resident.birth_date);
    put("address", resident.address);
    if (!resident.sex.empty()) wanted["sex"] = resident.sex.front() - '0';
    auto row = registration->call("POST", "/desk/residents", wanted);
    if (!row) return std::unexpected{row.error()};
    const auto words = context.sentence("cli.resident.made", {{"n", words_of(*row, "id")}}) + "\n";
    return Answer{std::move(*row), words};
}

}  // namespace mitome::cli
