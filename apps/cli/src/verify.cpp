// SPDX-License-Identifier: Apache-2.0
#include "anchors.hpp"
#include "verbs.hpp"

#include <mitome/base/file.hpp>
#include <mitome/client/revocation.hpp>
#include <mitome/pki/four_items.hpp>
#include <mitome/signature/cades.hpp>
#include <mitome/signature/content.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <utility>

namespace mitome::cli {
namespace {

using catalogue::Code;
using catalogue::Word;
using signature::Ground;
using signature::Verdict;

constexpr std::size_t largest_signature = std::size_t{64} << 20;  // the content may be inside

/// The words for a ground. One exhaustive switch.
Code code_of(Ground ground) {
    switch (ground) {
        case Ground::valid: return Code::signature_valid;
        case Ground::malformed: return Code::signature_malformed;
        case Ground::unsupported: return Code::signature_unsupported;
        case Ground::unsigned_message: return Code::signature_absent;
        case Ground::digest_mismatch: return Code::digest_differs;
        case Ground::bad_signature: return Code::signature_bad;
        case Ground::signer_untrusted: return Code::signer_untrusted;
        case Ground::signer_absent: return Code::signer_absent;
        case Ground::signer_exchanged: return Code::signer_substituted;
        case Ground::weak_algorithm: return Code::algorithm_weak;
        case Ground::chain_unfit: return Code::signer_purpose;
        case Ground::not_yet_valid: return Code::signer_not_yet_valid;
        case Ground::expired_no_timestamp: return Code::expired_no_timestamp;
        case Ground::revoked_no_timestamp: return Code::revoked_no_timestamp;
        case Ground::on_hold: return Code::signer_on_hold;
        case Ground::status_unknown:
        case Ground::status_unavailable: return Code::status_unavailable;
        case Ground::signer_not_named: return Code::signer_unbound;
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

/// What is said of one signer, in JSON and in words.
class Account {
public:
    Account(const Context& context, const signature::Validation& validation, Time when,
            std::string file)
        : context_(context),
          validation_(validation),
          date_(date_of(validation)),
          file_(std::move(file)) {
        tell_verdict();
        tell_signer();
        row("cli.verify.checked_at", to_rfc3339(when));
        tell_revocation();
        tell_reason();
    }

    boost::json::object json;
    std::string words;

private:
    void row(Word label, std::string_view value) {
        words += fmt::format("  {}: {}\n", context_.word(label), value);
    }

    void tell_verdict() {
        const auto verdict = validation_.verdict();
        json["verdict"] = signature::name_of(verdict);
        json["reason"] = catalogue::failure(code_of(validation_.ground)).code;
        json["etsi"] = signature::etsi_name_of(validation_.ground);
        json["signer"] = nullptr;
        words += std::string{context_.word(title_of(verdict))} + "\n";
    }

    void tell_signer() {
        if (validation_.signer) {
            const auto name = name_of_signer(*validation_.signer);
            json["signer"] = name;
            json["serial"] = to_hex(validation_.signer->serial());
            row("cli.verify.signer", name);
            row("cli.verify.issuer", pki::to_text_name(validation_.signer->issuer()));
        }
        if (validation_.claimed_signing_time) {
            const auto time = to_rfc3339(*validation_.claimed_signing_time);
            json["claimed_signing_time"] = time;
            row("cli.verify.signed_at", time);
        }
    }

    void tell_revocation() {
        if (validation_.revoked_at) {
            json["revoked_at"] = date_;
            row("cli.verify.revoked_at", date_);
        }
        if (validation_.revocation_reason) {
            const auto reason = pki::name_of(*validation_.revocation_reason);
            json["revocation_reason"] = reason;
            const auto plain = Word::find("reason." + std::string{reason});
            row("cli.verify.revocation_reason",
                plain ? fmt::format("{} ({})", context_.word(*plain), reason)
                      : std::string{reason});
        }
    }

    void tell_reason() {
        const auto code = code_of(validation_.ground);
        const std::array values{catalogue::Value{"date", date_}, catalogue::Value{"file", file_}};
        const auto message = catalogue::message(code, context_.language, values);
        json["message"] = message;
        row("cli.verify.reason", message);
        if (const auto hint = catalogue::hint(code, context_.language, values); !hint.empty()) {
            json["hint"] = hint;
            row("cli.label.hint", hint);
        }
    }

    const Context& context_;
    const signature::Validation& validation_;
    std::string date_;
    std::string file_;
};

/// What changes no verdict, on standard error and in `warnings`.
boost::json::array warnings_of(const Context& context, const signature::Report& report, Time when) {
    boost::json::array warnings;
    for (const auto& one : report.signers) {
        if (!one.claims_to_be_younger_than(when)) continue;
        const auto date = to_rfc3339(*one.claimed_signing_time);
        warnings.push_back(context.warn(Code::signed_later, {{"date", date}}));
    }
    return warnings;
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

    const auto ask = [&](const pki::Certificate& signer) {
        const auto* issuer = issuer_of(signer, *anchors);
        return issuer == nullptr ? signature::RevocationState{}
                                 : client::ask_revocation(signer, *issuer, clock);
    };
    const auto report = signature::validate(*content, *cms, *anchors, when, ask);
    if (!report) return std::unexpected{file_failure(report.error(), file.string())};

    // The worst signer speaks for all; who signed beside it stands in the list.
    Account whole{context, report->worst(), when, file.string()};
    boost::json::array signers;
    std::string others;
    for (const auto& one : report->signers) {
        if (!one.signer && one.ground != Ground::signer_absent) continue;  // no signature at all
        Account account{context, one, when, file.string()};
        if (&one != &report->worst()) others += account.words;
        signers.push_back(std::move(account.json));
    }
    whole.json["signers"] = std::move(signers);
    whole.json["warnings"] = warnings_of(context, *report, when);
    return Answer{std::move(whole.json), whole.words + others, exit_of(report->verdict())};
}

}  // namespace mitome::cli
