// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"

#include <mitome/base/settings.hpp>

#include <utility>

namespace mitome::authority {

namespace {

// Default: what the service is known to do, which is the phone's authentication certificate.
issuance::HoldRules hold_rules(Settings& settings) {
    issuance::HoldRules rules;
    for (const auto& [ca, key] : {std::pair{pki::Ca::card_sign, "hold.releasable.card.sign"},
                                  std::pair{pki::Ca::card_auth, "hold.releasable.card.auth"},
                                  std::pair{pki::Ca::phone_sign, "hold.releasable.phone.sign"},
                                  std::pair{pki::Ca::phone_auth, "hold.releasable.phone.auth"}}) {
        bool& releasable = rules.releasable[static_cast<std::size_t>(ca)];
        releasable = settings.flag(key, releasable);
    }
    return rules;
}

}  // namespace

Result<Config> read_config(const std::filesystem::path& file) {
    MITOME_TRY(settings, Settings::read(file));
    Config config{
        .port = settings.port("port"),
        .folder = settings.path("folder"),
        .base_url = settings.text("base_url"),
        .status = {},
        .sandbox = settings.flag("sandbox"),
        .tls = http::tls_files(settings),
        .hsm = crypto::token_of(settings, "hsm"),
        .hold_rules = hold_rules(settings),
    };
    const std::string status_url = settings.text("status_url");
    MITOME_CHECK(settings.finish());
    while (config.base_url.ends_with('/')) config.base_url.pop_back();
    MITOME_CHECK(http::Url::parse(config.base_url));
    MITOME_TRY(status, http::Url::parse(status_url));
    if (!status.tls) return fail(Fault::malformed, "settings: status_url must be https");
    config.status = std::move(status);
    return config;
}

}  // namespace mitome::authority
