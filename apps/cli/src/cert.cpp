// SPDX-License-Identifier: Apache-2.0
#include "anchors.hpp"
#include "verbs.hpp"

#include <mitome/crypto/digest.hpp>
#include <mitome/pki/four_items.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace mitome::cli {
namespace {

using catalogue::Word;

std::string_view words_of(crypto::KeyKind kind) {
    switch (kind) {
        case crypto::KeyKind::rsa_2048: return "RSA 2048";
        case crypto::KeyKind::rsa_3072: return "RSA 3072";
        case crypto::KeyKind::rsa_4096: return "RSA 4096";
        case crypto::KeyKind::ec_p256: return "EC P-256";
        case crypto::KeyKind::ec_p384: return "EC P-384";
    }
    return "";
}

struct Usage {
    std::uint16_t bit;
    const char* json;
    Word word;
};

/// RFC 5280 §4.2.1.3, as far as certificates here use it.
constexpr std::array usages{
    Usage{pki::key_usage::digital_signature, "digitalSignature", "usage.digital_signature"},
    Usage{pki::key_usage::non_repudiation, "nonRepudiation", "usage.non_repudiation"},
    Usage{pki::key_usage::key_cert_sign, "keyCertSign", "usage.key_cert_sign"},
    Usage{pki::key_usage::crl_sign, "cRLSign", "usage.crl_sign"},
};

}  // namespace

Outcome cert_show(const Context& context, const std::filesystem::path& file) {
    const auto loaded = load_certificate(file);
    if (!loaded) return std::unexpected{loaded.error()};
    const auto& certificate = *loaded;
    boost::json::object json;
    std::string words;
    const auto row = [&](Word label, std::string_view key, const std::string& value) {
        json[key] = value;
        words += fmt::format("{}: {}\n", context.word(label), value);
    };
    const auto rows = [&](Word label, std::string_view key,
                          const std::vector<std::string>& values) {
        if (values.empty()) return;
        json[key] = boost::json::array(values.begin(), values.end());
        for (const auto& value : values)
            words += fmt::format("{}: {}\n", context.word(label), value);
    };

    row("field.serial", "serial", to_hex(certificate.serial()));
    row("field.issuer", "issuer", pki::to_text_name(certificate.issuer()));
    row("field.subject", "subject", pki::to_text_name(certificate.subject()));
    row("field.not_before", "not_before", to_rfc3339(certificate.not_before()));
    row("field.not_after", "not_after", to_rfc3339(certificate.not_after()));
    if (const auto items = pki::basic_four_items(certificate)) {
        row("item.name", "name", items->name);
        row("item.address", "address", items->address);
        row("item.birth", "birth_date", pki::to_text(items->birth));
        row("item.sex", "sex", std::string{pki::to_text(items->sex)});
        row("field.substitutes.name", "name_substitutes", items->name_substitutes);
        row("field.substitutes.address", "address_substitutes", items->address_substitutes);
    }
    if (const auto key = crypto::PublicKey::from_spki(certificate.spki()))
        row("field.key", "key", std::string{words_of(key->kind())});
    std::vector<std::string> json_usages;
    std::string plain_usages;
    for (const auto& [bit, name, word] : usages) {
        if ((certificate.key_usage() & bit) == 0) continue;
        json_usages.emplace_back(name);
        plain_usages += (plain_usages.empty() ? "" : ", ") + std::string{context.word(word)};
    }
    json["key_usage"] = boost::json::array(json_usages.begin(), json_usages.end());
    if (!plain_usages.empty())
        words += fmt::format("{}: {}\n", context.word("field.key_usage"), plain_usages);
    json["ca"] = certificate.is_ca();
    words +=
        fmt::format("{}: {}\n", context.word("field.basic_constraints"),
                    context.word(certificate.is_ca() ? Word{"answer.yes"} : Word{"answer.no"}));
    rows("field.policy", "policies", certificate.policies());
    rows("field.crl", "crl_urls", certificate.crl_urls());
    rows("field.ocsp", "ocsp_urls", certificate.ocsp_urls());
    row("field.subject_key", "subject_key_identifier",
        to_hex(certificate.subject_key_identifier()));
    row("field.authority_key", "authority_key_identifier",
        to_hex(certificate.authority_key_identifier()));
    if (const auto algorithm = pki::parse_signature_algorithm(certificate.signature_algorithm())) {
        const std::string hash = algorithm->hash == crypto::Hash::sha384   ? "SHA-384"
                                 : algorithm->hash == crypto::Hash::sha512 ? "SHA-512"
                                                                           : "SHA-256";
        row("field.signature_algorithm", "signature_algorithm",
            (algorithm->rsa ? "RSASSA-PKCS1-v1_5, " : "ECDSA, ") + hash);
    }
    row("field.fingerprint", "sha256",
        to_hex(crypto::digest(crypto::Hash::sha256, certificate.der())));
    boost::json::array extensions;
    for (const auto& extension : certificate.extensions()) {
        extensions.push_back(boost::json::object{{"oid", extension.oid},
                                                 {"critical", extension.critical},
                                                 {"value", to_hex(extension.value)}});
        words += fmt::format(
            "  {} {}{}\n", context.word("field.other"), extension.oid,
            extension.critical ? fmt::format(" ({})", context.word("field.critical")) : "");
    }
    json["extensions"] = std::move(extensions);
    return Answer{std::move(json), words};
}

}  // namespace mitome::cli
