// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>
#include <mitome/http/tls_files.hpp>

#include <cstdint>
#include <filesystem>

namespace mitome::status {

struct Config {
    std::uint16_t port = 0;         ///< feed, mutual TLS
    std::uint16_t public_port = 0;  ///< plain HTTP: signed answers need no TLS
    std::filesystem::path folder;
    bool sandbox = false;
    http::TlsFiles tls;
};

[[nodiscard]] Result<Config> read_config(const std::filesystem::path& file);

}  // namespace mitome::status
