// SPDX-License-Identifier: Apache-2.0
#include "anchors.hpp"
#include "verbs.hpp"

#include <mitome/base/file.hpp>
#include <mitome/client/revocation.hpp>
#include <mitome/pki/four_items.hpp>
#include <mitome/signature/cades.hpp>
#include <mitome/signature/content.hpp>

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace mitome::cli {
namespace {

using catalogue::Code;
using catalogue::Word;
using signature::Ground;
using signature::Verdict;

constexpr std::size_t largest_signature = std::size_t{4} << 20;

/// The words for a ground. One exhaustive switch.
Code code_of(Ground ground) {
    switch (ground) {
        case Ground::valid: return Code::signature_valid;
        case Ground::malformed: return Code::signature_malformed;
        case Ground::digest_mismatch: return Code::digest_differs;
        case Ground::bad_signature: return Code::signature_bad;
        case Ground::signer_untrusted: return Code::signer_untrusted;
        case Ground::signer_absent: return Code::signer_absent;
        case Ground::signer_not_named: return Code::signer_substituted;
        case Ground::weak_algorithm: return Code::algorithm_weak;
        case Ground::chain_unfit: return Code::signer_purpose;
        case Ground::not_yet_valid: return Code::signer_not_yet_valid;
        case Ground::expired_no_timestamp: return Code::expired_no_timestamp;
        case Ground::revoked_no_timestamp: return Code::revoked_no_timestamp;
        case Ground::on_hold: return Code::signer_on_hold;
        case Ground::status_unknown: return Code::status_unavailable;
        case Ground::status_unavailable: return Code::status_unavailable;
    }
    return Code::broken;
}

int exit_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::passed: return 0;
        case Verdict::failed: return 1;
        case Verdict::indeterminate: return 2;
    }
    return 2;
}

Word title_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::passed: return "check.ok.title";
        case Verdict::failed: return "check.bad.title";
        case Verdict::indeterminate: return "check.open.title";
    }
    return "check.open.title";
}

/// The name that a signature certificate carries; the subject's text for any other.
std::string name_of_signer(const pki::Certificate& signer) {
    if (const auto items = pki::basic_four_items(signer)) return items->name;
    return pki::to_text_name(signer.subject());
}

/// The day that the words for a ground speak of.
std::string date_of(const signature::Validation& validation) {
    if (validation.revoked_at) return to_rfc3339(*validation.revoked_at);
    if (!validation.signer) return {};
    return to_rfc3339(validation.ground == Ground::not_yet_valid ? validation.signer->not_before()
                                                                 : validation.signer->not_after());
}

}  // namespace

Outcome verify_file(const Context& context, const std::filesystem::path& file,
                    const std::filesystem::path& signature_file,
                    const std::optional<std::filesystem::path>& trust,
                    const std::optional<std::string>& at) {
    const SystemClock clock;
    auto when = clock.now();
    if (at) {
        const auto time = from_rfc3339(*at);
        if (!time) return stop(catalogue::variant(Code::usage, "value"), {{"argument", "--at"}});
        when = *time;
    }
    auto content = signature::FileContent::open(file);
    if (!content) return std::unexpected{file_failure(content.error(), file.string())};
    const auto cms = read_file(signature_file, largest_signature);
    if (!cms) return std::unexpected{file_failure(cms.error(), signature_file.string())};
    const auto anchors = load_anchors(context, trust);
    if (!anchors) return std::unexpected{anchors.error()};

    signature::RevocationState revocation;
    if (const auto signer = signature::signer_of(*cms))
        if (const auto* issuer = issuer_of(*signer, *anchors); issuer != nullptr)
            revocation = client::ask_revocation(*signer, *issuer, clock);
    const auto validation = signature::validate(*content, *cms, *anchors, when, revocation);
    if (!validation) return std::unexpected{file_failure(validation.error(), file.string())};

    const auto verdict = validation->verdict();
    const auto code = code_of(validation->ground);
    boost::json::object json{{"verdict", signature::name_of(verdict)},
                             {"reason", catalogue::failure(code).code},
                             {"etsi", signature::etsi_name_of(validation->ground)},
                             {"signer", nullptr}};
    std::string words = std::string{context.word(title_of(verdict))} + "\n";
    const auto row = [&](Word label, std::string_view value) {
        words += fmt::format("  {}: {}\n", context.word(label), value);
    };
    if (validation->signer) {
        const auto name = name_of_signer(*validation->signer);
        json["signer"] = name;
        json["serial"] = to_hex(validation->signer->serial());
        row("cli.verify.signer", name);
        row("cli.verify.issuer", pki::to_text_name(validation->signer->issuer()));
    }
    if (validation->claimed_signing_time) {
        json["claimed_signing_time"] = to_rfc3339(*validation->claimed_signing_time);
        row("cli.verify.signed_at", to_rfc3339(*validation->claimed_signing_time));
    }
    row("cli.verify.checked_at", to_rfc3339(when));
    std::string revoked_at;
    if (validation->revoked_at) {
        revoked_at = to_rfc3339(*validation->revoked_at);
        json["revoked_at"] = revoked_at;
        row("cli.verify.revoked_at", revoked_at);
    }
    if (validation->revocation_reason) {
        const auto reason = pki::name_of(*validation->revocation_reason);
        json["revocation_reason"] = reason;
        const auto plain = Word::find("reason." + std::string{reason});
        row("cli.verify.revocation_reason",
            plain ? fmt::format("{} ({})", context.word(*plain), reason) : std::string{reason});
    }
    const auto date = date_of(*validation);
    const std::array values{catalogue::Value{"date", date},
                            catalogue::Value{"file", file.native()}};
    row("cli.verify.reason", catalogue::message(code, context.language, values));
    json["message"] = catalogue::message(code, context.language, values);
    if (const auto hint = catalogue::hint(code, context.language, values); !hint.empty()) {
        row("cli.label.hint", hint);
        json["hint"] = hint;
    }
    return Answer{std::move(json), words, exit_of(verdict)};
}

}  // namespace mitome::cli
