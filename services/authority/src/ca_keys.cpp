// SPDX-License-Identifier: Apache-2.0
#include "ca_keys.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/crypto/token.hpp>

#include <algorithm>
#include <utility>

namespace mitome::authority {
namespace {

namespace fs = std::filesystem;

// Serial numbers of the CAs themselves; any will do, theirs are not looked up.
constexpr std::size_t ca_serial_octets = 8;

fs::path certificate_file(const Config& config, pki::Ca ca, std::string_view suffix) {
    return config.folder / "ca" / (std::string{pki::name_of(ca)} + std::string{suffix});
}

/// A sandbox's CAs have been there for a while, so that cards which have ended already can be
/// issued below them.
constexpr std::chrono::days sandbox_age{3 * 365};

Done make_ca(const Config& config, crypto::Hsm& hsm, pki::Ca ca, Time now) {
    const fs::path der_file = certificate_file(config, ca, ".cer");
    const fs::path pem_file = certificate_file(config, ca, ".pem");
    auto signer = hsm.find(pki::name_of(ca));
    if (!signer && signer.error().fault == Fault::absent) {
        signer = hsm.generate(pki::name_of(ca), crypto::KeyKind::rsa_2048);
    }
    if (!signer) return std::unexpected{signer.error()};
    if (fs::exists(der_file) && fs::exists(pem_file)) return {};

    crypto::SystemRandom random;
    Bytes serial = random.octets(ca_serial_octets);
    serial.front() = static_cast<std::uint8_t>((serial.front() & 0x3FU) | 0x40U);
    const pki::Profile profile{pki::sandbox_settings(ca, config.base_url)};
    MITOME_TRY(tbs,
               pki::ca_certificate_tbs(
                   profile, {.serial = std::move(serial),
                             .validity = pki::ca_validity(config.sandbox ? now - sandbox_age : now),
                             .spki = (*signer)->spki(),
                             .key = (*signer)->kind()}));
    MITOME_TRY(der, pki::sign_tbs(tbs, **signer));
    MITOME_CHECK(write_file(der_file, der));
    MITOME_CHECK(write_file(pem_file, view(to_pem("CERTIFICATE", der))));
    log(Level::info, "CA made", {{"ca", pki::name_of(ca)}});
    return {};
}

}  // namespace

Done initialise(const Config& config, Time now) {
    MITOME_CHECK(make_private_folder(config.folder));
    MITOME_CHECK(make_private_folder(config.folder / "ca"));
    MITOME_CHECK(crypto::make_token(config.hsm));
    MITOME_TRY(hsm, crypto::open_token(config.hsm));
    for (const pki::Ca ca : pki::all_cas) MITOME_CHECK(make_ca(config, *hsm, ca, now));
    return {};
}

Result<std::vector<issuance::CertificateAuthority>> open_cas(const Config& config) {
    MITOME_TRY(hsm, crypto::open_token(config.hsm));
    std::vector<issuance::CertificateAuthority> cas;
    for (const pki::Ca ca : pki::all_cas) {
        MITOME_TRY(signer, hsm->find(pki::name_of(ca)));
        MITOME_TRY(der, read_file(certificate_file(config, ca, ".cer")));
        MITOME_TRY(certificate, pki::Certificate::from_der(std::move(der)));
        if (!same(certificate.spki(), signer->spki())) {
            return fail(Fault::broken, "authority: the CA's certificate is not that of its key");
        }
        cas.push_back({.profile = pki::Profile{pki::sandbox_settings(ca, config.base_url)},
                       .certificate = std::move(certificate),
                       .signer = std::move(signer)});
    }
    return cas;
}

}  // namespace mitome::authority
