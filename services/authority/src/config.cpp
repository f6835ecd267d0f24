// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"

#include <mitome/base/settings.hpp>

#include <utility>

namespace mitome::authority {

Result<Config> read_config(const std::filesystem::path& file) {
    MITOME_TRY(settings, Settings::read(file));
    Config config{
        .port = settings.port("port"),
        .folder = settings.path("folder"),
        .base_url = settings.text("base_url"),
        .status = {},
        .sandbox = settings.flag("sandbox"),
        .tls = http::tls_files(settings),
        .hsm = {.module = settings.path("hsm.module"),
                .label = settings.text("hsm.token"),
                .pin_file = settings.path("hsm.pin_file")},
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
