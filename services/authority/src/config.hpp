// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>
#include <mitome/crypto/token.hpp>
#include <mitome/http/tls_files.hpp>
#include <mitome/http/url.hpp>
#include <mitome/issuance/life.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace mitome::authority {

struct Config {
    std::uint16_t port = 0;
    std::filesystem::path folder;
    std::string base_url;  ///< of status, as certificates name it; no slash at its end
    http::Url status;      ///< where the feed goes
    bool sandbox = false;
    http::TlsFiles tls;
    crypto::Token hsm;
    issuance::HoldRules hold_rules;
};

[[nodiscard]] Result<Config> read_config(const std::filesystem::path& file);

}  // namespace mitome::authority
