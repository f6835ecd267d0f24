// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "context.hpp"

#include <mitome/pki/certificate.hpp>

#include <filesystem>
#include <optional>
#include <vector>

namespace mitome::cli {

/// The CAs to believe: those of the PEM file given, or the sandbox's four.
[[nodiscard]] Attempt<std::vector<pki::Certificate>> load_anchors(
    const Context& context, const std::optional<std::filesystem::path>& trust);

/// The anchor whose key signed `certificate`; chosen by key identifier and signature, never by
/// name, since generations of one CA share it. Null when there is none.
[[nodiscard]] const pki::Certificate* issuer_of(const pki::Certificate& certificate,
                                                const std::vector<pki::Certificate>& anchors);

/// A certificate in PEM or DER.
[[nodiscard]] Attempt<pki::Certificate> load_certificate(const std::filesystem::path& path);

/// Which of the sandbox's CAs issued `certificate`, if one did.
[[nodiscard]] Attempt<std::optional<pki::Ca>> sandbox_ca_of(const Context& context,
                                                            const pki::Certificate& certificate);

}  // namespace mitome::cli
