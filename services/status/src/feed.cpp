// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include <mitome/http/json.hpp>

#include <utility>

namespace mitome::status {
namespace {

constexpr std::size_t longest_serial = 16;  // octets, as authority draws them

std::optional<store::Happening> happening_of(std::string_view word) {
    if (word == "issued") return store::Happening::issued;
    if (word == "revoked") return store::Happening::revoked;
    if (word == "held") return store::Happening::held;
    if (word == "released") return store::Happening::released;
    return std::nullopt;
}

bool has_reason(store::Happening happening) {
    return happening == store::Happening::revoked || happening == store::Happening::held;
}

Result<store::FeedEntry> to_entry(http::JsonObject& from, std::uint64_t number) {
    MITOME_TRY(name, from.text("ca"));
    const auto ca = pki::ca_of(name);
    if (!ca) return fail(Fault::malformed, "feed: unknown CA");
    MITOME_TRY(serial, from.hex("serial"));
    if (serial.empty() || serial.size() > longest_serial) {
        return fail(Fault::malformed, "feed: no serial");
    }
    MITOME_TRY(word, from.text("happening"));
    const auto happening = happening_of(word);
    if (!happening) return fail(Fault::malformed, "feed: unknown happening");
    MITOME_TRY(at, from.time("at"));
    MITOME_TRY(not_after, from.time("not_after"));
    store::FeedEntry entry{.seq = number,
                           .happening = *happening,
                           .ca = *ca,
                           .serial = std::move(serial),
                           .at = at,
                           .not_after = not_after,
                           .reason = pki::Reason::unspecified,
                           .invalidity = {}};
    if (has_reason(*happening)) {
        MITOME_TRY(reason_word, from.text("reason"));
        const auto reason = pki::reason_of(reason_word);
        if (!reason) return fail(Fault::malformed, "feed: unknown reason");
        entry.reason = *reason;
        MITOME_TRY(invalidity, from.optional_time("invalidity"));
        entry.invalidity = invalidity;
    }
    MITOME_CHECK(from.finish());
    return entry;
}

Result<std::map<pki::Ca, Bytes>> to_files(http::JsonObject& feed, std::string_view member) {
    std::map<pki::Ca, Bytes> files;
    MITOME_TRY(object, feed.optional_object(member));
    if (!object) return files;
    for (const std::string& name : object->names()) {
        const auto ca = pki::ca_of(name);
        if (!ca) return fail(Fault::malformed, "feed: unknown CA");
        MITOME_TRY(der, object->base64(name));
        files.emplace(*ca, std::move(der));
    }
    return files;
}

}  // namespace

Result<Feed> parse_feed(BytesView json) {
    MITOME_TRY(object, http::JsonObject::parse(json));
    Feed feed;
    MITOME_TRY(first, object.number("first"));
    MITOME_TRY(head, object.number("head"));
    MITOME_TRY(entries, object.objects("entries"));
    MITOME_TRY(cas, to_files(object, "cas"));
    MITOME_TRY(responders, to_files(object, "responders"));
    MITOME_TRY(crls, to_files(object, "crls"));
    MITOME_CHECK(object.finish());
    if (first == 0 || first > head + 1 || entries.size() > head + 1 - first) {
        return fail(Fault::malformed, "feed: numbers do not fit");
    }
    feed.entries.reserve(entries.size());
    for (http::JsonObject& one : entries) {
        MITOME_TRY(entry, to_entry(one, first + feed.entries.size()));
        feed.entries.push_back(std::move(entry));
    }
    feed.first = first;
    feed.head = head;
    feed.cas = std::move(cas);
    feed.responders = std::move(responders);
    feed.crls = std::move(crls);
    return feed;
}

}  // namespace mitome::status
