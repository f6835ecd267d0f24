// SPDX-License-Identifier: Apache-2.0
#include "factory.hpp"

#include <mitome/base/file.hpp>
#include <mitome/crypto/random.hpp>

#include <string>
#include <utility>

namespace mitome::maker {
namespace {

constexpr std::size_t serial_octets = 16;

std::filesystem::path file_of(const std::filesystem::path& folder, std::string_view name,
                              std::string_view suffix) {
    return folder / (std::string{name} + std::string{suffix});
}

Result<Root> open_root(const std::filesystem::path& folder, std::string_view name) {
    MITOME_TRY(key, read_key(key_file(folder, name)));
    MITOME_TRY(pem, read_file(pem_file(folder, name)));
    MITOME_TRY(certificate, pki::Certificate::from_pem(text(pem)));
    if (!same(certificate.spki(), key->spki()))
        return fail(Fault::broken, "maker: a root's certificate is not that of its key");
    return Root{.key = std::move(key), .certificate = std::move(certificate)};
}

Result<Bytes> read_public_key(const std::filesystem::path& file) {
    MITOME_TRY(pem, read_file(file));
    MITOME_TRY(blocks, from_pem(text(pem), "PUBLIC KEY"));
    if (blocks.empty()) return fail(Fault::malformed, "maker: no public key in its file");
    return std::move(blocks.front());
}

}  // namespace

std::filesystem::path key_file(const std::filesystem::path& folder, std::string_view name) {
    return file_of(folder, name, ".key");
}

std::filesystem::path pem_file(const std::filesystem::path& folder, std::string_view name) {
    return file_of(folder, name, ".pem");
}

Result<std::unique_ptr<crypto::SoftwareKey>> read_key(const std::filesystem::path& file) {
    MITOME_TRY(pem, read_secret_file(file));
    return pem.reveal([](BytesView octets) -> Result<std::unique_ptr<crypto::SoftwareKey>> {
        MITOME_TRY(blocks, from_pem(text(octets), "PRIVATE KEY"));
        if (blocks.empty()) return fail(Fault::malformed, "maker: no private key in its file");
        const SecretBytes der{std::move(blocks.front())};
        return der.reveal([](BytesView plain) { return crypto::SoftwareKey::from_pkcs8(plain); });
    });
}

Result<Factory> open_factory(const Config& config) {
    MITOME_TRY(administration, crypto::open_token(config.administration));
    MITOME_TRY(attestation, open_root(config.folder, place::attestation_root));
    MITOME_TRY(tls, open_root(config.folder, place::tls_root));
    MITOME_TRY(card_root, read_key(key_file(config.folder, place::card_root)));
    MITOME_TRY(text_signer, read_key(key_file(config.folder, place::text_signer)));
    MITOME_TRY(session, read_public_key(pem_file(config.folder, place::session_key)));
    return Factory{.administration = std::move(administration),
                   .attestation = std::move(attestation),
                   .tls = std::move(tls),
                   .card_root = std::move(card_root),
                   .text_signer = std::move(text_signer),
                   .session_spki = std::move(session)};
}

Bytes draw_serial() {
    Bytes serial = crypto::SystemRandom{}.octets(serial_octets);
    serial.front() = static_cast<std::uint8_t>((serial.front() & 0x3FU) | 0x40U);
    return serial;
}

}  // namespace mitome::maker
