// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/settings.hpp>
#include <mitome/http/server.hpp>

#include <filesystem>

namespace mitome::http {

/// Where a service's TLS identity lies: PEM files.
struct TlsFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::filesystem::path trusted;
};

/// The table `[tls]` of a service's settings.
[[nodiscard]] TlsFiles tls_files(Settings& settings);

/// The errors of `read_file`.
[[nodiscard]] Result<TlsIdentity> read_tls(const TlsFiles& files);

}  // namespace mitome::http
