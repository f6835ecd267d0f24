// SPDX-License-Identifier: Apache-2.0
#include "feeder.hpp"

#include <mitome/base/log.hpp>
#include <mitome/http/json.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace mitome::authority {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr auto heartbeat = 2s;  // status is content with 5 s
constexpr std::size_t longest_batch = 5'000;
constexpr auto crl_validity = 24h;
constexpr auto crl_life = crl_validity / 2;  // a new one is made then
constexpr auto responder_validity = std::chrono::days{30};
constexpr auto least_responder_life = responder_validity / 2;
constexpr auto first_pause = 200ms;
constexpr auto longest_pause = 5s;
constexpr unsigned failures_of_an_outage = 3;

std::string_view word_of(store::Happening happening) {
    switch (happening) {
        case store::Happening::issued: return "issued";
        case store::Happening::revoked: return "revoked";
        case store::Happening::held: return "held";
        case store::Happening::released: return "released";
    }
    return {};
}

json::object to_json(const store::FeedEntry& entry) {
    json::object one{{"ca", pki::name_of(entry.ca)},
                     {"serial", to_hex(entry.serial)},
                     {"happening", word_of(entry.happening)},
                     {"at", to_rfc3339(entry.at)},
                     {"not_after", to_rfc3339(entry.not_after)}};
    if (entry.happening == store::Happening::revoked || entry.happening == store::Happening::held) {
        one["reason"] = pki::name_of(entry.reason);
        if (entry.invalidity) one["invalidity"] = to_rfc3339(*entry.invalidity);
    }
    return one;
}

json::object to_json(const std::map<pki::Ca, Bytes>& files) {
    json::object object;
    for (const auto& [ca, der] : files) object[pki::name_of(ca)] = to_base64(der);
    return object;
}

}  // namespace

Feeder::Feeder(Options options, Issuers& issuers, const store::Ledger& ledger, const Clock& clock,
               crypto::Random& random)
    : options_(std::move(options)),
      issuers_(issuers),
      ledger_(ledger),
      clock_(clock),
      random_(random) {
    if (options_.status.target == "/") options_.status.target = "/feed";
}

Feeder::~Feeder() = default;

void Feeder::start() {
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void Feeder::changed() {
    {
        const std::scoped_lock lock{mutex_};
        changed_ = true;
    }
    wake_.notify_one();
}

bool Feeder::connected() const {
    const std::scoped_lock lock{mutex_};
    return answered_ && failures_ < failures_of_an_outage;
}

bool Feeder::wait_until_fed(std::uint64_t head, std::chrono::milliseconds patience) {
    changed();
    std::unique_lock lock{mutex_};
    fed_.wait_for(lock, patience,
                  [&] { return have_ >= head || failures_ >= failures_of_an_outage; });
    return have_ >= head;
}

void Feeder::run(const std::stop_token& stop) {
    std::chrono::milliseconds pause{first_pause};
    while (!stop.stop_requested()) {
        const auto more = feed_once(stop);
        if (more) {
            pause = first_pause;
            if (*more) continue;
        } else if (!stop.stop_requested()) {
            log(Level::warning, "feed.failed", {{"error", more.error()}});
            known_.reset();
            const std::scoped_lock lock{mutex_};
            ++failures_;
            fed_.notify_all();
        }
        std::unique_lock lock{mutex_};
        if (more) {
            wake_.wait_for(lock, stop, heartbeat, [&] { return changed_; });
        } else {
            // Not by a change: a status that does not answer is not asked more often for it.
            wake_.wait_for(lock, stop, pause, [] { return false; });
            pause = std::min<std::chrono::milliseconds>(pause * 2, longest_pause);
        }
        changed_ = false;
    }
}

// Asks what status has, and gives it what a new one cannot do without.
Done Feeder::greet(const std::stop_token& stop) {
    MITOME_TRY(head, ledger_.head());
    Batch batch{
        .first = head + 1, .entries = {}, .head = head, .cas = {}, .responders = {}, .crls = {}};
    for (const auto& [ca, issuer] : issuers_) {
        batch.cas.emplace(ca, issuer->certificate().der());
        unsent_crls_.insert(ca);
    }
    MITOME_TRY(answer, send(batch, stop));
    accept(std::move(answer));
    return {};
}

Result<bool> Feeder::feed_once(const std::stop_token& stop) {
    if (!known_) MITOME_CHECK(greet(stop));
    const std::uint64_t have = known_->have;
    Batch batch;
    MITOME_TRY(entries, ledger_.entries_after(have, longest_batch));
    MITOME_TRY(head, ledger_.head());
    batch.first = have + 1;
    batch.entries = std::move(entries);
    batch.head = head;
    const std::uint64_t last = have + batch.entries.size();
    for (const store::FeedEntry& entry : batch.entries) {
        if (entry.happening != store::Happening::issued) stale_crls_.insert(entry.ca);
    }
    const bool is_last = last >= head;
    if (is_last) {
        MITOME_CHECK(add_crls(batch));
        MITOME_CHECK(add_responders(batch));
    }
    MITOME_TRY(answer, send(batch, stop));
    const bool progress = answer.have > have;
    accept(std::move(answer));
    for (const auto& [ca, der] : batch.crls) unsent_crls_.erase(ca);
    if (progress && options_.interruption) options_.interruption(issuance::Step::change_fed);
    if (!progress && !batch.entries.empty()) {
        return fail(Fault::broken, "feed: status takes nothing");
    }
    MITOME_TRY(now_head, ledger_.head());
    return known_->have < now_head;
}

Done Feeder::add_crls(Batch& batch) {
    const Time now = clock_.now();
    const bool changes_count =
        options_.cadence == CrlCadence::each_change || now - crls_made_ >= 15min;
    for (auto& [ca, issuer] : issuers_) {
        const bool changed = changes_count && stale_crls_.contains(ca);
        const auto due = next_crl_.find(ca);
        if (changed || due == next_crl_.end() || due->second <= now) {
            MITOME_TRY(made, issuer->make_crl(crl_validity));
            next_crl_[ca] = now + crl_life;
            stale_crls_.erase(ca);
            batch.crls[ca] = std::move(made.der);
        } else if (unsent_crls_.contains(ca)) {
            MITOME_TRY(latest, ledger_.latest_crl(ca));
            if (latest) batch.crls[ca] = std::move(latest->der);
        }
    }
    if (changes_count) crls_made_ = now;
    return {};
}

// For each key that status shows, in time before the certificate it has ends.
Done Feeder::add_responders(Batch& batch) {
    const Time now = clock_.now();
    for (const auto& [ca, shown] : known_->responders) {
        if (shown.not_after && *shown.not_after - now > least_responder_life) continue;
        const auto issuer = issuers_.find(ca);
        if (issuer == issuers_.end()) continue;
        constexpr std::size_t key_octets = 16;
        MITOME_TRY(issued,
                   issuer->second->issue_responder({.key = random_.octets(key_octets),
                                                    .role = "status",
                                                    .spki = shown.spki,
                                                    .not_before = {},
                                                    .not_after = now + responder_validity}));
        log(Level::info, "responder.certified", {{"ca", pki::name_of(ca)}});
        batch.responders[ca] = std::move(issued.certificate);
    }
    return {};
}

Result<Feeder::Answer> Feeder::parse_answer(BytesView body) {
    MITOME_TRY(object, http::JsonObject::parse(body));
    MITOME_TRY(have, object.number("have"));
    MITOME_TRY(responders, object.object("responders"));
    MITOME_CHECK(object.finish());
    Answer answer{.have = have, .responders = {}};
    for (const std::string& name : responders.names()) {
        const auto ca = pki::ca_of(name);
        if (!ca) return fail(Fault::malformed, "feed: answer names an unknown CA");
        MITOME_TRY(one, responders.object(name));
        MITOME_TRY(spki, one.base64("spki"));
        MITOME_TRY(not_after, one.optional_time("not_after"));
        MITOME_CHECK(one.finish());
        answer.responders.emplace(*ca, Shown{.spki = std::move(spki), .not_after = not_after});
    }
    return answer;
}

Result<Feeder::Answer> Feeder::send(const Batch& batch, const std::stop_token& stop) {
    json::object body{{"first", batch.first}, {"head", batch.head}};
    json::array entries;
    entries.reserve(batch.entries.size());
    for (const store::FeedEntry& entry : batch.entries) entries.push_back(to_json(entry));
    body["entries"] = std::move(entries);
    body["cas"] = to_json(batch.cas);
    body["responders"] = to_json(batch.responders);
    body["crls"] = to_json(batch.crls);

    if (!client_) {
        http::Client::Options options;
        options.timeout = 30s;
        MITOME_TRY(identity, http::read_tls(options_.tls));
        options.tls = std::move(identity);
        MITOME_TRY(client, http::Client::create(options_.status, std::move(options)));
        client_ = std::move(client);
    }
    http::Request request;
    request.method = "POST";
    request.path = options_.status.target;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = copy(view(json::serialize(body)));
    // Status passes over what it has, so sending twice does no harm.
    MITOME_TRY(response, client_->send(request, stop, true));
    if (response.status == 409) return fail(Fault::conflict, "feed: status refuses", 409);
    if (response.status != 200) {
        return fail(Fault::unavailable, "feed: status refuses", response.status);
    }
    return parse_answer(response.content());
}

void Feeder::accept(Answer answer) {
    const std::uint64_t have = answer.have;
    known_ = std::move(answer);
    {
        const std::scoped_lock lock{mutex_};
        have_ = have;
        failures_ = 0;
        answered_ = true;
    }
    fed_.notify_all();
}

}  // namespace mitome::authority
