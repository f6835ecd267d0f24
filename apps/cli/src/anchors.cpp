// SPDX-License-Identifier: Apache-2.0
#include "anchors.hpp"

#include "sandbox_state.hpp"

#include <mitome/base/file.hpp>

#include <algorithm>

namespace mitome::cli {
namespace {

using catalogue::Code;

Attempt<std::vector<pki::Certificate>> read_anchors(const std::filesystem::path& path) {
    const auto pem = read_file(path);
    if (!pem) return std::unexpected{file_failure(pem.error(), path.string())};
    const auto blocks = from_pem(text(*pem), "CERTIFICATE");
    if (!blocks || blocks->empty())
        return stop(Code::certificate_malformed, {{"file", path.string()}});
    std::vector<pki::Certificate> anchors;
    for (const auto& der : *blocks) {
        auto certificate = pki::Certificate::from_der(der);
        if (!certificate) return stop(Code::certificate_malformed, {{"file", path.string()}});
        anchors.push_back(std::move(*certificate));
    }
    return anchors;
}

bool signed_by(const pki::Certificate& certificate, const pki::Certificate& issuer) {
    if (!same(certificate.issuer(), issuer.subject())) return false;
    const auto wanted = certificate.authority_key_identifier();
    const auto offered = issuer.subject_key_identifier();
    if (!wanted.empty() && !offered.empty() && !same(wanted, offered)) return false;
    const auto key = crypto::PublicKey::from_spki(issuer.spki());
    return key && certificate.verify_signature(*key);
}

}  // namespace

Attempt<std::vector<pki::Certificate>> load_anchors(
    const Context& context, const std::optional<std::filesystem::path>& trust) {
    if (trust) return read_anchors(*trust);
    if (auto state = require_sandbox(context.home); !state) return std::unexpected{state.error()};
    return read_anchors(context.home.path() / "bundle" / "cas.pem");
}

const pki::Certificate* issuer_of(const pki::Certificate& certificate,
                                  const std::vector<pki::Certificate>& anchors) {
    const auto found = std::ranges::find_if(
        anchors, [&](const pki::Certificate& anchor) { return signed_by(certificate, anchor); });
    return found == anchors.end() ? nullptr : &*found;
}

Attempt<pki::Certificate> load_certificate(const std::filesystem::path& path) {
    const auto content = read_file(path, std::size_t{1} << 20);
    if (!content) return std::unexpected{file_failure(content.error(), path.string())};
    auto certificate =
        text(*content).starts_with("-----") ||
                text(*content).find("-----BEGIN CERTIFICATE-----") != std::string_view::npos
            ? pki::Certificate::from_pem(text(*content))
            : pki::Certificate::from_der(*content);
    if (!certificate) return stop(Code::certificate_malformed, {{"file", path.string()}});
    return std::move(*certificate);
}

Attempt<std::optional<pki::Ca>> sandbox_ca_of(const Context& context,
                                              const pki::Certificate& certificate) {
    for (const auto ca : pki::all_cas) {
        auto anchors =
            read_anchors(context.home.ca_folder() / (std::string{pki::name_of(ca)} + ".pem"));
        if (!anchors) return std::unexpected{anchors.error()};
        if (issuer_of(certificate, *anchors) != nullptr) return ca;
    }
    return std::nullopt;
}

}  // namespace mitome::cli
