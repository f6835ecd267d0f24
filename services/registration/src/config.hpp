// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/crypto/token.hpp>
#include <mitome/http/tls_files.hpp>
#include <mitome/http/url.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace mitome::registration {

struct Config {
    std::uint16_t port = 0;         ///< mutual TLS
    std::uint16_t public_port = 0;  ///< CMP on plain HTTP
    std::filesystem::path folder;
    std::string base_url;  ///< of status, as certificates name it; no slash at its end
    http::Url authority;
    http::Url maker;
    std::filesystem::path maker_root;  ///< PEM
    std::chrono::seconds confirm_wait{};
    std::chrono::days lease{};           ///< how long a phone works without hearing of us
    std::chrono::days erase_patience{};  ///< until an erasure counts as not confirmed
    bool sandbox = false;
    http::TlsFiles tls;
    crypto::Token own;             ///< holds the CMP key
    crypto::Token administration;  ///< holds the master of the elements' keysets

    [[nodiscard]] std::filesystem::path database() const { return folder / "registration.db"; }
};

[[nodiscard]] Result<Config> read_config(const std::filesystem::path& file);

}  // namespace mitome::registration
