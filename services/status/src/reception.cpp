// SPDX-License-Identifier: Apache-2.0
#include "reception.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>

#include <boost/json.hpp>

#include <utility>

namespace mitome::status {
namespace {

std::string kept_name(std::string_view what, pki::Ca ca) {
    return std::string{what} + '/' + std::string{pki::name_of(ca)};
}

Result<std::unique_ptr<crypto::SoftwareKey>> open_or_make_key(const std::filesystem::path& file) {
    const auto kept = read_secret_file(file);
    if (kept) {
        return kept->reveal([](BytesView der) { return crypto::SoftwareKey::from_pkcs8(der); });
    }
    if (kept.error().fault != Fault::absent) return std::unexpected{kept.error()};
    MITOME_TRY(key, crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256));
    MITOME_TRY(pkcs8, key->to_pkcs8());
    MITOME_CHECK(pkcs8.reveal([&](BytesView der) { return write_file(file, der, Access::owner); }));
    return key;
}

}  // namespace

std::string to_json(const FeedAnswer& answer) {
    boost::json::object responders;
    for (const auto& [ca, shown] : answer.responders) {
        boost::json::object one{{"spki", to_base64(shown.spki)}};
        if (shown.not_after) one["not_after"] = to_rfc3339(*shown.not_after);
        responders[std::string{pki::name_of(ca)}] = std::move(one);
    }
    return boost::json::serialize(
        boost::json::object{{"have", answer.have}, {"responders", std::move(responders)}});
}

Result<std::unique_ptr<Reception>> Reception::open(const std::filesystem::path& folder,
                                                   store::Database& database,
                                                   Publication& publication) {
    std::unique_ptr<Reception> reception{new Reception{database, publication}};
    MITOME_CHECK(reception->open_keys(folder));
    MITOME_CHECK(reception->restore());
    return reception;
}

Done Reception::open_keys(const std::filesystem::path& folder) {
    for (const pki::Ca ca : pki::all_cas) {
        const std::string name = "responder-" + std::string{pki::name_of(ca)} + ".key";
        MITOME_TRY(key, open_or_make_key(folder / name));
        keys_.emplace(ca, std::move(key));
    }
    return {};
}

Done Reception::publish(pki::Ca ca, BytesView serial, store::Happening happening, Time at,
                        pki::Reason reason) {
    switch (happening) {
        case store::Happening::issued:
        case store::Happening::released: return publication_.put(ca, serial, {});
        case store::Happening::revoked:
        case store::Happening::held:
            return publication_.put(ca, serial, {Standing::Revoked{at, reason}});
    }
    return fail(Fault::broken, "status: unknown happening");
}

Done Reception::restore() {
    for (const pki::Ca ca : pki::all_cas) {
        MITOME_TRY(authority, copy_.kept(kept_name("ca", ca)));
        if (!authority) continue;
        MITOME_TRY(certificate, pki::Certificate::from_der(*std::move(authority)));
        MITOME_CHECK(publication_.set_ca(std::move(certificate), ca));
        MITOME_TRY(responder, copy_.kept(kept_name("responder", ca)));
        if (responder) {
            MITOME_TRY(delegated, pki::Certificate::from_der(*std::move(responder)));
            const Done set = publication_.set_responder(ca, keys_.at(ca), std::move(delegated));
            if (!set) log(Level::warning, "status.responder_refused", {{"error", set.error()}});
        }
        Done all{};
        MITOME_CHECK(copy_.each(ca, [&](BytesView serial, const store::StatusEntry& entry) {
            if (all) all = publish(ca, serial, entry.happening, entry.at, entry.reason);
        }));
        MITOME_CHECK(all);
        MITOME_TRY(crl, copy_.crl(ca));
        if (!crl.empty()) MITOME_CHECK(publication_.set_crl(ca, std::move(crl)));
    }
    return {};
}

Done Reception::take_cas(const Feed& feed) {
    for (const auto& [ca, der] : feed.cas) {
        MITOME_TRY(certificate, pki::Certificate::from_der(der));
        MITOME_CHECK(publication_.set_ca(std::move(certificate), ca));
        MITOME_TRY(change, database_.begin());
        MITOME_CHECK(copy_.keep(change, kept_name("ca", ca), der));
        MITOME_CHECK(change.commit());
    }
    return {};
}

Done Reception::take_changes(const Feed& feed) {
    if (feed.entries.empty() && feed.crls.empty()) return {};
    MITOME_TRY(change, database_.begin());
    MITOME_CHECK(copy_.apply(change, feed.entries));
    for (const auto& [ca, der] : feed.crls) MITOME_CHECK(copy_.keep_crl(change, ca, der));
    MITOME_CHECK(change.commit());
    for (const store::FeedEntry& entry : feed.entries) {
        MITOME_CHECK(publish(entry.ca, entry.serial, entry.happening, entry.at, entry.reason));
    }
    for (const auto& [ca, der] : feed.crls) MITOME_CHECK(publication_.set_crl(ca, der));
    return {};
}

Done Reception::take_responders(const Feed& feed) {
    for (const auto& [ca, der] : feed.responders) {
        MITOME_TRY(certificate, pki::Certificate::from_der(der));
        MITOME_CHECK(publication_.set_responder(ca, keys_.at(ca), std::move(certificate)));
        MITOME_TRY(change, database_.begin());
        MITOME_CHECK(copy_.keep(change, kept_name("responder", ca), der));
        MITOME_CHECK(change.commit());
    }
    return {};
}

Result<FeedAnswer> Reception::take(const Feed& feed) {
    const std::scoped_lock lock{mutex_};
    MITOME_TRY(before, copy_.last());
    if (feed.head < before) {
        log(Level::error, "status.feed_behind",
            {{"have", static_cast<std::int64_t>(before)},
             {"head", static_cast<std::int64_t>(feed.head)}});
        return fail(Fault::conflict, "status: the ledger that feeds us has lost entries");
    }
    MITOME_CHECK(take_cas(feed));
    if (feed.first <= before + 1) MITOME_CHECK(take_changes(feed));
    MITOME_CHECK(take_responders(feed));

    MITOME_TRY(have, copy_.last());
    if (have == feed.head) publication_.heard();
    FeedAnswer answer{.have = have, .responders = {}};
    for (const auto& [ca, key] : keys_) {
        answer.responders.emplace(
            ca, FeedAnswer::Shown{.spki = key->spki(),
                                  .not_after = publication_.responder_not_after(ca)});
    }
    return answer;
}

}  // namespace mitome::status
