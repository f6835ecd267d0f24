// SPDX-License-Identifier: Apache-2.0
#include "batches.hpp"

#include <mitome/http/json.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace mitome::registration {
namespace {

namespace json = boost::json;

Done judge(const http::Response& response) {
    if (response.status < 300) return {};
    if (response.status == 503)
        return fail(Fault::unavailable, "authority: not now", response.status);
    return fail(Fault::broken, "authority: does not take our request", response.status);
}

Result<Taken> taken_of(std::string_view word) {
    if (word == "changed") return Taken::changed;
    if (word == "unchanged") return Taken::unchanged;
    if (word == "unknown") return Taken::unknown;
    if (word == "refused") return Taken::refused;
    return fail(Fault::malformed, "authority: no such outcome");
}

Result<store::Happening> happening_of(std::string_view word) {
    if (word == "revoked") return store::Happening::revoked;
    if (word == "held") return store::Happening::held;
    if (word == "released") return store::Happening::released;
    return fail(Fault::malformed, "authority: no such change");
}

Result<store::FeedEntry> line_of(http::JsonObject& row) {
    store::FeedEntry line;
    MITOME_TRY(seq, row.number("seq"));
    line.seq = seq;
    MITOME_TRY(name, row.text("ca"));
    const auto ca = pki::ca_of(name);
    if (!ca) return fail(Fault::malformed, "authority: no such CA");
    line.ca = *ca;
    MITOME_TRY(serial, row.hex("serial"));
    line.serial = std::move(serial);
    MITOME_TRY(word, row.text("happening"));
    MITOME_TRY(happening, happening_of(word));
    line.happening = happening;
    MITOME_TRY(at, row.time("at"));
    line.at = at;
    MITOME_TRY(reason, row.text("reason"));
    line.reason = pki::reason_of(reason).value_or(pki::Reason::unspecified);
    return line;
}

}  // namespace

Result<http::Response> RemoteBatches::send(const http::Request& request) {
    std::unique_ptr<http::Client> client;
    {
        const std::lock_guard guard{mutex_};
        if (!idle_.empty()) {
            client = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (!client) {
        http::Client::Options options;
        MITOME_TRY(tls, http::read_tls(identity_));
        options.tls = std::move(tls);
        MITOME_TRY(made, http::Client::create(url_, std::move(options)));
        client = std::move(made);
    }
    auto response = client->send(request, true);
    if (response) {
        const std::lock_guard guard{mutex_};
        idle_.push_back(std::move(client));
    }
    return response;
}

Result<std::vector<Taken>> RemoteBatches::withdraw(std::span<const Wanted> wanted) {
    json::array entries;
    for (const Wanted& one : wanted)
        entries.push_back(json::object{{"ca", pki::name_of(one.ca)},
                                       {"serial", to_hex(one.serial)},
                                       {"reason", pki::name_of(one.reason)},
                                       {"cause", one.cause},
                                       {"actor", issuance::life::name_of(one.by)}});
    http::Request request;
    request.method = "POST";
    request.path = "/revoke-batch";
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = copy(view(json::serialize(json::object{{"entries", std::move(entries)}})));
    MITOME_TRY(response, send(request));
    MITOME_CHECK(judge(response));
    MITOME_TRY(body, http::JsonObject::parse(response.body));
    MITOME_TRY(words, body.texts("taken"));
    if (words.size() != wanted.size())
        return fail(Fault::malformed, "authority: an answer to another batch");
    std::vector<Taken> taken;
    for (const auto& word : words) {
        MITOME_TRY(one, taken_of(word));
        taken.push_back(one);
    }
    return taken;
}

Result<Batches::Changes> RemoteBatches::changes(std::uint64_t after) {
    http::Request request;
    request.path = "/changes";
    request.query = "after=" + std::to_string(after);
    MITOME_TRY(response, send(request));
    MITOME_CHECK(judge(response));
    MITOME_TRY(body, http::JsonObject::parse(response.body));
    MITOME_TRY(rows, body.objects("changes"));
    Changes changes;
    for (http::JsonObject& row : rows) {
        MITOME_TRY(line, line_of(row));
        changes.lines.push_back(std::move(line));
    }
    MITOME_TRY(next, body.number("next"));
    changes.next = next;
    return changes;
}

}  // namespace mitome::registration
