// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/http/tls_files.hpp>

#include <utility>

namespace mitome::http {

TlsFiles tls_files(Settings& settings) {
    return {.certificate = settings.path("tls.certificate"),
            .key = settings.path("tls.key"),
            .trusted = settings.path("tls.trusted")};
}

Result<TlsIdentity> read_tls(const TlsFiles& files) {
    MITOME_TRY(certificate, read_file(files.certificate));
    MITOME_TRY(key, read_secret_file(files.key));
    MITOME_TRY(trusted, read_file(files.trusted));
    return TlsIdentity{.certificate_pem = std::string{text(certificate)},
                       .key_pem = std::move(key),
                       .trusted_pem = std::string{text(trusted)}};
}

}  // namespace mitome::http
