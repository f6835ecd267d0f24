// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/crypto/token.hpp>
#include <mitome/http/tls_files.hpp>

#include <cstdint>
#include <filesystem>

namespace mitome::maker {

struct Config {
    std::uint16_t port = 0;
    std::filesystem::path folder;
    http::TlsFiles tls;
    crypto::Token administration;  ///< holds the master of the elements' keysets

    /// Where the TLS identities of all roles go: beside our own.
    [[nodiscard]] std::filesystem::path identities() const { return tls.certificate.parent_path(); }
};

/// `denied` outside a sandbox: the signing keys of this factory are plain files.
[[nodiscard]] Result<Config> read_config(const std::filesystem::path& file);

}  // namespace mitome::maker
