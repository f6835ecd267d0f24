// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"

#include <mitome/base/settings.hpp>

namespace mitome::maker {

Result<Config> read_config(const std::filesystem::path& file) {
    MITOME_TRY(settings, Settings::read(file));
    Config config{
        .port = settings.port("port"),
        .folder = settings.path("folder"),
        .tls = http::tls_files(settings),
        .administration = crypto::token_of(settings, "hsm"),
    };
    const bool sandbox = settings.flag("sandbox");
    MITOME_CHECK(settings.finish());
    if (!sandbox) return fail(Fault::denied, "settings: this factory is for sandboxes only");
    return config;
}

}  // namespace mitome::maker
