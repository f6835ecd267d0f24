// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"

#include <mitome/base/settings.hpp>

#include <utility>

namespace mitome::registration {
namespace {

constexpr std::int64_t usual_wait = 600;  // seconds until an unconfirmed certificate is revoked
constexpr std::int64_t longest_wait = 86'400;
constexpr std::int64_t usual_lease = 30;  // days
constexpr std::int64_t longest_lease = 366;
constexpr std::int64_t usual_patience = 7;  // days
constexpr std::int64_t longest_patience = 366;

Result<http::Url> peer(const std::string& text) {
    MITOME_TRY(url, http::Url::parse(text));
    if (!url.tls) return fail(Fault::malformed, "settings: a peer's URL must be https");
    return url;
}

}  // namespace

Result<Config> read_config(const std::filesystem::path& file) {
    MITOME_TRY(settings, Settings::read(file));
    Config config{
        .port = settings.port("port"),
        .public_port = settings.port("public_port"),
        .folder = settings.path("folder"),
        .base_url = settings.text("base_url"),
        .authority = {},
        .maker = {},
        .maker_root = settings.path("maker_root"),
        .confirm_wait = std::chrono::seconds{settings.number("confirm_wait_seconds", 1,
                                                             longest_wait, usual_wait)},
        .lease = std::chrono::days{settings.number("lease_days", 1, longest_lease, usual_lease)},
        .erase_patience = std::chrono::days{settings.number("erase_patience_days", 0,
                                                            longest_patience, usual_patience)},
        .sandbox = settings.flag("sandbox"),
        .tls = http::tls_files(settings),
        .own = crypto::token_of(settings, "hsm"),
        .administration = crypto::token_of(settings, "administration_hsm"),
    };
    const std::string authority = settings.text("authority_url");
    const std::string maker = settings.text("maker_url");
    MITOME_CHECK(settings.finish());
    while (config.base_url.ends_with('/')) config.base_url.pop_back();
    MITOME_CHECK(http::Url::parse(config.base_url));
    MITOME_TRY(authority_url, peer(authority));
    config.authority = std::move(authority_url);
    MITOME_TRY(maker_url, peer(maker));
    config.maker = std::move(maker_url);
    return config;
}

}  // namespace mitome::registration
