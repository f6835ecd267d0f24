// SPDX-License-Identifier: Apache-2.0
#include "ca_keys.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/crypto/hsm.hpp>
#include <mitome/crypto/random.hpp>

#include <algorithm>
#include <utility>

namespace mitome::authority {
namespace {

namespace fs = std::filesystem;

using TokenPin = Secret<64>;

// Serial numbers of the CAs themselves; any will do, theirs are not looked up.
constexpr std::size_t ca_serial_octets = 8;
constexpr std::size_t pin_octets = 16;  // written as twice as many digits

fs::path certificate_file(const Config& config, pki::Ca ca, std::string_view suffix) {
    return config.folder / "ca" / (std::string{pki::name_of(ca)} + std::string{suffix});
}

Result<TokenPin> read_pin(const fs::path& file) {
    MITOME_TRY(content, read_secret_file(file));
    TokenPin pin;
    const bool fits = content.reveal([&](BytesView octets) {
        while (!octets.empty() && octets.back() == '\n') octets = octets.first(octets.size() - 1);
        return pin.assign(octets);
    });
    if (!fits) return fail(Fault::malformed, "authority: PIN of the token too long");
    return pin;
}

Result<TokenPin> read_or_make_pin(const fs::path& file) {
    auto pin = read_pin(file);
    if (pin || pin.error().fault != Fault::absent) return pin;
    std::string digits = to_hex(crypto::SystemRandom{}.octets(pin_octets));
    const Done written = write_file(file, view(digits), Access::owner);
    wipe({reinterpret_cast<std::uint8_t*>(digits.data()), digits.size()});
    MITOME_CHECK(written);
    return read_pin(file);
}

Result<std::shared_ptr<crypto::Hsm>> open_token(const HsmToken& token) {
    MITOME_TRY(pin, read_pin(token.pin_file));
    return crypto::Hsm::open(token.module, token.label, pin);
}

Done make_token(const HsmToken& token) {
    MITOME_TRY(pin, read_or_make_pin(token.pin_file));
    const auto opened = crypto::Hsm::open(token.module, token.label, pin);
    if (opened) return {};
    if (opened.error().fault != Fault::absent) return std::unexpected{opened.error()};
    fs::path officer_file = token.pin_file;
    officer_file.replace_extension("so-pin");
    MITOME_TRY(officer, read_or_make_pin(officer_file));
    return crypto::Hsm::create_token(token.module, token.label, officer, pin);
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
    MITOME_CHECK(make_token(config.hsm));
    MITOME_TRY(hsm, open_token(config.hsm));
    for (const pki::Ca ca : pki::all_cas) MITOME_CHECK(make_ca(config, *hsm, ca, now));
    return {};
}

Result<std::vector<issuance::CertificateAuthority>> open_cas(const Config& config) {
    MITOME_TRY(hsm, open_token(config.hsm));
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
