// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"

#include <mitome/base/settings.hpp>

namespace mitome::status {

Result<Config> read_config(const std::filesystem::path& file) {
    MITOME_TRY(settings, Settings::read(file));
    const Config config{
        .port = settings.port("port"),
        .public_port = settings.port("public_port"),
        .folder = settings.path("folder"),
        .sandbox = settings.flag("sandbox"),
        .tls = http::tls_files(settings),
    };
    MITOME_CHECK(settings.finish());
    return config;
}

}  // namespace mitome::status
