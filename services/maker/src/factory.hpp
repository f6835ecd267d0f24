// SPDX-License-Identifier: Apache-2.0
#pragma once

// The keys of the factory as this process holds them.

#include "config.hpp"

#include <mitome/crypto/hsm.hpp>
#include <mitome/crypto/key.hpp>
#include <mitome/pki/certificate.hpp>

#include <filesystem>
#include <memory>
#include <string_view>

namespace mitome::maker {

/// A CA of the factory's own: key and self-signed certificate.
struct Root {
    std::unique_ptr<crypto::SoftwareKey> key;
    pki::Certificate certificate;
};

struct Factory {
    std::shared_ptr<crypto::Hsm> administration;
    Root attestation;  ///< vouches for elements
    Root tls;          ///< names devices and services
    std::unique_ptr<crypto::SoftwareKey> card_root;    ///< signs the signers of card texts
    std::unique_ptr<crypto::SoftwareKey> text_signer;  ///< signs the texts of 券面事項入力補助AP
    Bytes session_spki;  ///< EF 0006: nobody holds its private half, and no reader needs it
};

/// The master of the elements' keysets in the administration token.
inline constexpr std::string_view master_label = "element-master";

// Where things lie in the maker's folder.
namespace place {
inline constexpr std::string_view attestation_root = "root";  // .key and .pem
inline constexpr std::string_view tls_root = "tls-ca";        // .key and .pem
inline constexpr std::string_view card_root = "cv-root";      // .key; .pem is the public key
inline constexpr std::string_view text_signer = "text-signer";  // .key
inline constexpr std::string_view session_key = "session";      // .pem is the public key
inline constexpr std::string_view elements = "elements";        // a certificate for each
}  // namespace place

[[nodiscard]] std::filesystem::path key_file(const std::filesystem::path& folder,
                                             std::string_view name);
[[nodiscard]] std::filesystem::path pem_file(const std::filesystem::path& folder,
                                             std::string_view name);

/// `absent` before `--initialise`.
[[nodiscard]] Result<Factory> open_factory(const Config& config);

[[nodiscard]] Result<std::unique_ptr<crypto::SoftwareKey>> read_key(
    const std::filesystem::path& file);

/// A serial number: 16 random octets, positive.
[[nodiscard]] Bytes draw_serial();

}  // namespace mitome::maker
