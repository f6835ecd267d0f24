// SPDX-License-Identifier: Apache-2.0
#include "anchors.hpp"
#include "verbs.hpp"

#include <mitome/crypto/digest.hpp>
#include <mitome/pki/attestation.hpp>
#include <mitome/pki/extension_value.hpp>
#include <mitome/pki/four_items.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mitome::cli {
namespace {

using catalogue::Word;
using pki::GeneralName;

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

/// RFC 5280 §4.2.1.3.
constexpr std::array usages{
    Usage{pki::key_usage::digital_signature, "digitalSignature", "usage.digital_signature"},
    Usage{pki::key_usage::non_repudiation, "nonRepudiation", "usage.non_repudiation"},
    Usage{pki::key_usage::key_encipherment, "keyEncipherment", "usage.key_encipherment"},
    Usage{pki::key_usage::data_encipherment, "dataEncipherment", "usage.data_encipherment"},
    Usage{pki::key_usage::key_agreement, "keyAgreement", "usage.key_agreement"},
    Usage{pki::key_usage::key_cert_sign, "keyCertSign", "usage.key_cert_sign"},
    Usage{pki::key_usage::crl_sign, "cRLSign", "usage.crl_sign"},
    Usage{pki::key_usage::encipher_only, "encipherOnly", "usage.encipher_only"},
    Usage{pki::key_usage::decipher_only, "decipherOnly", "usage.decipher_only"},
};

struct Purpose {
    std::string_view oid;
    std::string_view json;
    Word word;
};

/// RFC 5280 §4.2.1.12, RFC 6402 §2.10, RFC 9336.
constexpr std::array purposes{
    Purpose{"1.3.6.1.5.5.7.3.1", "serverAuth", "purpose.server_auth"},
    Purpose{"1.3.6.1.5.5.7.3.2", "clientAuth", "purpose.client_auth"},
    Purpose{"1.3.6.1.5.5.7.3.3", "codeSigning", "purpose.code_signing"},
    Purpose{"1.3.6.1.5.5.7.3.4", "emailProtection", "purpose.mail"},
    Purpose{"1.3.6.1.5.5.7.3.8", "timeStamping", "purpose.time_stamping"},
    Purpose{"1.3.6.1.5.5.7.3.9", "OCSPSigning", "purpose.ocsp_signing"},
    Purpose{"1.3.6.1.5.5.7.3.27", "cmcCA", "purpose.cmc_authority"},
    Purpose{"1.3.6.1.5.5.7.3.28", "cmcRA", "purpose.cmc_registration"},
    Purpose{"1.3.6.1.5.5.7.3.36", "documentSigning", "purpose.document_signing"},
    Purpose{"2.5.29.37.0", "anyExtendedKeyUsage", "purpose.any"},
};

std::string_view json_name_of(pki::Era era) {
    switch (era) {
        case pki::Era::meiji: return "meiji";
        case pki::Era::taisho: return "taisho";
        case pki::Era::showa: return "showa";
        case pki::Era::heisei: return "heisei";
        case pki::Era::reiwa: return "reiwa";
        case pki::Era::unknown: break;
    }
    return {};
}

int first_year_of(pki::Era era) {
    switch (era) {
        case pki::Era::meiji: return 1868;
        case pki::Era::taisho: return 1912;
        case pki::Era::showa: return 1926;
        case pki::Era::heisei: return 1989;
        case pki::Era::reiwa: return 2019;
        case pki::Era::unknown: break;
    }
    return 0;
}

std::string_view json_name_of(pki::Sex sex) {
    switch (sex) {
        case pki::Sex::male: return "male";
        case pki::Sex::female: return "female";
        case pki::Sex::other: break;
    }
    return "other";
}

/// `17 February 1980 (Showa 55)`. The register knows people whose month or day is not known.
std::string words_of(const Context& context, const pki::BirthDate& birth) {
    const auto year = std::to_string(static_cast<int>(birth.day.year()));
    const auto number = static_cast<unsigned>(birth.day.month());
    const auto day = std::to_string(static_cast<unsigned>(birth.day.day()));
    const auto month_word = Word::find(fmt::format("month.{}", number));
    const auto month = month_word ? context.word(*month_word) : std::string_view{};
    std::string words;
    if (!month_word) {
        words = context.sentence("date.year", {{"year", year}});
    } else if (day == "0") {
        words = context.sentence("date.month", {{"year", year}, {"month", month}});
    } else {
        words = context.sentence("date.day", {{"year", year}, {"month", month}, {"day", day}});
    }
    const auto era = Word::find(fmt::format("era.{}", json_name_of(birth.era)));
    const int year_of_era = static_cast<int>(birth.day.year()) - first_year_of(birth.era) + 1;
    if (!era || year_of_era < 1) return words;
    const auto in_era = std::to_string(year_of_era);
    return context.sentence("era.year",
                            {{"day", words}, {"era", context.word(*era)}, {"year", in_era}});
}

/// The characters of `text` that stand for others, by their places.
std::string words_of_substitutes(const Context& context, std::string_view marks,
                                 std::string_view text) {
    std::string words;
    std::size_t place = 0;
    for (std::size_t at = 0; at < text.size() && place < marks.size(); ++place) {
        std::size_t next = at + 1;
        while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80)
            ++next;
        if (marks[place] == '1') {
            const auto number = std::to_string(place + 1);
            const auto character = pki::printable(text.substr(at, next - at));
            if (!words.empty()) words += ", ";
            words += context.sentence("cert.place", {{"n", number}, {"text", character}});
        }
        at = next;
    }
    return words.empty() ? std::string{context.word("answer.none")} : words;
}

std::string words_of(const Context& context, const GeneralName& name) {
    const auto with = [&](Word kind) {
        return fmt::format("{}: {}", context.word(kind), name.text);
    };
    switch (name.kind) {
        case GeneralName::Kind::directory:
        case GeneralName::Kind::url: break;  // their form says what they are
        case GeneralName::Kind::mail: return with("name.mail");
        case GeneralName::Kind::host: return with("name.host");
        case GeneralName::Kind::address: return with("name.address");
        case GeneralName::Kind::registered: return with("name.registered");
        case GeneralName::Kind::other: return with("name.other");
        case GeneralName::Kind::foreign: return with("name.foreign");
    }
    return name.text;
}

/// What is said of a certificate, in JSON and in words, row by row.
class Description {
public:
    Description(const Context& context, const pki::Certificate& certificate)
        : context_(context), certificate_(certificate) {}

    Answer tell() {
        tell_basics();
        for (const auto& extension : certificate_.extensions()) {
            critical_ = extension.critical;
            if (!tell_extension(extension)) tell_by_size(extension);
        }
        critical_ = false;
        keep_for_scripts();
        return Answer{std::move(json_), std::move(words_)};
    }

private:
    using Extension = pki::Extension;

    void row(Word label, std::string_view value) { line(context_.word(label), value); }
    void line(std::string_view label, std::string_view value) {
        if (value.empty()) return;
        words_ += critical_
                      ? fmt::format("{} ({}): {}\n", label, context_.word("field.critical"), value)
                      : fmt::format("{}: {}\n", label, value);
    }
    void row(Word label, std::string_view key, const std::string& value) {
        json_[key] = value;
        row(label, pki::printable(value));
    }
    boost::json::array& list(std::string_view key) {
        auto& value = json_[key];
        if (!value.is_array()) value.emplace_array();
        return value.get_array();
    }
    /// A row of words beside an entry of a list.
    void entry(Word label, std::string_view key, std::string_view value, std::string_view words) {
        list(key).emplace_back(value);
        row(label, words);
    }

    void tell_basics() {
        row("field.serial", "serial", to_hex(certificate_.serial()));
        row("field.issuer", "issuer", pki::to_text_name(certificate_.issuer()));
        row("field.subject", "subject", pki::to_text_name(certificate_.subject()));
        row("field.not_before", "not_before", to_rfc3339(certificate_.not_before()));
        row("field.not_after", "not_after", to_rfc3339(certificate_.not_after()));
        if (const auto key = crypto::PublicKey::from_spki(certificate_.spki()))
            row("field.key", "key", std::string{words_of(key->kind())});
        if (const auto algorithm =
                pki::parse_signature_algorithm(certificate_.signature_algorithm())) {
            const std::string hash = algorithm->hash == crypto::Hash::sha384   ? "SHA-384"
                                     : algorithm->hash == crypto::Hash::sha512 ? "SHA-512"
                                                                               : "SHA-256";
            row("field.signature_algorithm", "signature_algorithm",
                (algorithm->rsa ? "RSASSA-PKCS1-v1_5, " : "ECDSA, ") + hash);
        }
        row("field.fingerprint", "sha256",
            to_hex(crypto::digest(crypto::Hash::sha256, certificate_.der())));
        if (certificate_.extension("2.5.29.19") == nullptr) tell_ca();
    }

    /// False for an extension that is not known here or cannot be read.
    bool tell_extension(const Extension& extension) {
        const auto name = pki::name_of_extension(extension.oid);
        if (name == "keyUsage") return tell_key_usage();
        if (name == "extKeyUsage") return tell_purposes();
        if (name == "basicConstraints") return tell_ca();
        if (name == "subjectAltName") return tell_subject_names(extension);
        if (name == "issuerAltName")
            return tell_names(extension, "field.issuer_alternative", "issuer_alternative_names");
        if (name == "certificatePolicies") return tell_policies(extension);
        if (name == "cRLDistributionPoints") return tell_distribution_points(extension);
        if (name == "authorityInfoAccess") return tell_accesses(extension);
        if (name == "subjectKeyIdentifier") {
            row("field.subject_key", to_hex(certificate_.subject_key_identifier()));
            return true;
        }
        if (name == "authorityKeyIdentifier") return tell_authority_key(extension);
        if (name == "keyDescription") return tell_attestation(extension);
        if (name == "ocspNoCheck") {
            json_["ocsp_no_check"] = true;
            row("field.no_check", context_.word("answer.yes"));
            return true;
        }
        return false;
    }

    bool tell_key_usage() {
        std::string words;
        for (const auto& [bit, name, word] : usages) {
            if ((certificate_.key_usage() & bit) == 0) continue;
            words += (words.empty() ? "" : ", ") + std::string{context_.word(word)};
        }
        row("field.key_usage", words);
        return true;
    }

    bool tell_purposes() {
        std::string words;
        for (const auto& oid : certificate_.extended_key_usages()) {
            const auto known = std::ranges::find(purposes, oid, &Purpose::oid);
            const bool is_known = known != purposes.end();
            list("extended_key_usage").emplace_back(is_known ? known->json : oid);
            words += words.empty() ? "" : ", ";
            words += is_known ? context_.word(known->word) : std::string_view{oid};
        }
        row("field.extended_key_usage", words);
        return true;
    }

    bool tell_ca() {
        row("field.basic_constraints",
            context_.word(certificate_.is_ca() ? Word{"answer.yes"} : Word{"answer.no"}));
        if (const auto length = certificate_.path_length()) {
            json_["path_length"] = *length;
            row("field.path_length", std::to_string(*length));
        }
        return true;
    }

    bool tell_subject_names(const Extension& extension) {
        const auto names = pki::read_alternative_names(extension.value);
        if (!names) return false;
        const auto items = pki::basic_four_items(certificate_);
        if (items) tell_four_items(*items);
        for (const auto& name : *names) {
            // The four items are otherNames, and have just been said.
            if (items && name.kind == GeneralName::Kind::other &&
                name.text.starts_with("1.2.392.200149.8.5.5."))
                continue;
            entry("field.subject_alternative", "subject_alternative_names", name.text,
                  words_of(context_, name));
        }
        return true;
    }

    void tell_four_items(const pki::BasicFourItems& items) {
        row("item.name", "name", items.name);
        row("item.address", "address", items.address);
        json_["birth_date"] = pki::to_text(items.birth);
        json_["birth_day"] =
            fmt::format("{:04}-{:02}-{:02}", static_cast<int>(items.birth.day.year()),
                        static_cast<unsigned>(items.birth.day.month()),
                        static_cast<unsigned>(items.birth.day.day()));
        if (const auto era = json_name_of(items.birth.era); !era.empty()) json_["era"] = era;
        row("item.birth", words_of(context_, items.birth));
        json_["sex"] = pki::to_text(items.sex);
        const auto sex = json_name_of(items.sex);
        json_["sex_word"] = sex;
        if (const auto word = Word::find(fmt::format("sex.{}", sex)))
            row("item.sex", context_.word(*word));
        json_["name_substitutes"] = items.name_substitutes;
        row("field.substitutes.name",
            words_of_substitutes(context_, items.name_substitutes, items.name));
        json_["address_substitutes"] = items.address_substitutes;
        row("field.substitutes.address",
            words_of_substitutes(context_, items.address_substitutes, items.address));
    }

    bool tell_names(const Extension& extension, Word label, std::string_view key) {
        const auto names = pki::read_alternative_names(extension.value);
        if (!names) return false;
        for (const auto& name : *names) entry(label, key, name.text, words_of(context_, name));
        return true;
    }

    bool tell_policies(const Extension& extension) {
        const auto policies = pki::read_policy_texts(extension.value);
        if (!policies) return false;
        for (const auto& one : *policies) {
            row("field.policy", one.policy);
            for (const auto& text : one.practice_texts)
                entry("field.policy.practice", "practice_urls", text, text);
            for (const auto& text : one.notice_texts)
                entry("field.policy.notice", "policy_notices", text, text);
            for (const auto& oid : one.other_qualifiers) row("field.policy.qualifier", oid);
        }
        return true;
    }

    bool tell_distribution_points(const Extension& extension) {
        const auto points = pki::read_distribution_points(extension.value);
        if (!points) return false;
        for (const auto& point : *points) {
            for (const auto& name : point.full_name) {
                if (name.kind == GeneralName::Kind::url)
                    row("field.crl", name.text);
                else
                    entry("field.crl.name", "crl_names", name.text, words_of(context_, name));
            }
            if (!point.relative_text.empty())
                entry("field.crl.name", "crl_names", point.relative_text, point.relative_text);
            for (const auto& name : point.issuers)
                entry("field.crl.issuer", "crl_issuers", name.text, words_of(context_, name));
        }
        return true;
    }

    bool tell_accesses(const Extension& extension) {
        const auto accesses = pki::read_accesses(extension.value);
        if (!accesses) return false;
        for (const auto& [method, location] : *accesses) {
            const auto words = words_of(context_, location);
            if (method == "1.3.6.1.5.5.7.48.1")  // RFC 5280 §4.2.2.1
                row("field.ocsp", words);
            else if (method == "1.3.6.1.5.5.7.48.2")
                entry("field.issuer_certificate", "issuer_urls", location.text, words);
            else
                row("field.access", fmt::format("{}: {}", method, words));
        }
        return true;
    }

    bool tell_authority_key(const Extension& extension) {
        row("field.authority_key", to_hex(certificate_.authority_key_identifier()));
        const auto authority = pki::read_authority_certificate(extension.value);
        if (!authority) return true;
        for (const auto& name : authority->issuers)
            row("field.authority_issuer", words_of(context_, name));
        row("field.authority_serial", authority->serial);
        return true;
    }

    bool tell_attestation(const Extension& extension) {
        const auto description = pki::parse_key_description(extension.value);
        if (!description) return false;
        constexpr std::array levels{Word{"attestation.software"},
                                    Word{"attestation.trusted_environment"},
                                    Word{"attestation.secure_element"}};
        const auto challenge = to_hex(description->challenge);
        json_["attestation"] = boost::json::object{{"security_level", description->security_level},
                                                   {"generated", description->generated},
                                                   {"challenge", challenge}};
        row("field.attestation", description->generated
                                     ? context_.word(levels.at(description->security_level))
                                     : context_.word("attestation.elsewhere"));
        row("field.attestation.challenge", challenge);
        return true;
    }

    /// An extension of which no more is said than its name, if it has one, and its size.
    void tell_by_size(const Extension& extension) {
        const auto size = std::to_string(extension.value.size());
        const auto octets = context_.sentence("cert.octets", {{"n", size}});
        const auto name =
            Word::find(fmt::format("extension.{}", pki::name_of_extension(extension.oid)));
        const auto label = context_.word(name ? *name : Word{"field.other"});
        line(label, fmt::format("{}, {}", extension.oid, octets));
    }

    /// Members that are there whatever the certificate says.
    void keep_for_scripts() {
        auto& usage = list("key_usage");
        for (const auto& [bit, name, word] : usages)
            if ((certificate_.key_usage() & bit) != 0) usage.emplace_back(name);
        json_["ca"] = certificate_.is_ca();
        keep_list("policies", certificate_.policies());
        keep_list("crl_urls", certificate_.crl_urls());
        keep_list("ocsp_urls", certificate_.ocsp_urls());
        json_["subject_key_identifier"] = to_hex(certificate_.subject_key_identifier());
        json_["authority_key_identifier"] = to_hex(certificate_.authority_key_identifier());
        auto& extensions = list("extensions");
        for (const auto& extension : certificate_.extensions()) {
            const auto name = pki::name_of_extension(extension.oid);
            boost::json::value json_name;
            if (!name.empty()) json_name = name;
            extensions.push_back(boost::json::object{{"oid", extension.oid},
                                                     {"name", std::move(json_name)},
                                                     {"critical", extension.critical},
                                                     {"value", to_hex(extension.value)}});
        }
    }
    void keep_list(std::string_view key, const std::vector<std::string>& values) {
        if (!values.empty()) json_[key] = boost::json::array(values.begin(), values.end());
    }

    const Context& context_;
    const pki::Certificate& certificate_;
    boost::json::object json_;
    std::string words_;
    bool critical_ = false;  // of the extension that is being told
};

}  // namespace

Outcome cert_show(const Context& context, const std::filesystem::path& file) {
    const auto certificate = load_certificate(file);
    if (!certificate) return std::unexpected{certificate.error()};
    return Description{context, *certificate}.tell();
}

}  // namespace mitome::cli
