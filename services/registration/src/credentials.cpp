// SPDX-License-Identifier: Apache-2.0
#include "credentials.hpp"

#include <mitome/base/file.hpp>

#include <optional>
#include <utility>

namespace mitome::registration {
namespace {

constexpr std::chrono::days renew_before_end{30};

/// A certificate that is kept and still good for that key.
std::optional<pki::Certificate> kept(const std::filesystem::path& file, BytesView spki, Time now) {
    auto der = read_file(file);
    if (!der) return std::nullopt;
    auto certificate = pki::Certificate::from_der(*std::move(der));
    if (!certificate || !same(certificate->spki(), spki) ||
        certificate->not_after() < now + renew_before_end)
        return std::nullopt;
    return *std::move(certificate);
}

}  // namespace

Result<Credentials> obtain_credentials(const Config& config, RemoteAuthority& authority,
                                       const crypto::Signer& key, Time now) {
    Credentials out;
    MITOME_TRY(authorities, authority.authorities());
    out.authorities = std::move(authorities);

    const auto first_file = config.folder / "cmp-phone-sign.cer";
    const auto second_file = config.folder / "cmp-tls.cer";
    auto first = kept(first_file, key.spki(), now);
    auto second = kept(second_file, key.spki(), now);
    if (!first) {
        MITOME_TRY(made, authority.registration_certificate(key.spki()));
        MITOME_CHECK(write_file(first_file, made.der()));
        first = std::move(made);
    }
    if (!second || !same(second->subject(), first->subject())) {
        MITOME_TRY(made, maker_certificate(config.maker, config.tls, key.spki(), first->subject()));
        MITOME_CHECK(write_file(second_file, made.der()));
        second = std::move(made);
    }
    out.own.push_back(*std::move(first));
    out.own.push_back(*std::move(second));
    return out;
}

}  // namespace mitome::registration
