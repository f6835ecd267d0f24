// SPDX-License-Identifier: Apache-2.0
#pragma once

// Checks over the exact octets that are about to be signed. They share no code with the builders:
// what a builder writes wrong, a lint must find. docs/lints.md lists them.

#include <mitome/pki/profile.hpp>

#include <span>
#include <string_view>
#include <vector>

namespace mitome::pki {

/// What kind of certificate the CA is asked to sign.
enum class Shape : std::uint8_t {
    authority,       ///< one of the four CAs itself
    end_entity,      ///< of a person
    ocsp_responder,  ///< delegated, of the status service
    registration,    ///< CMP key of the registration service
};

struct Lint {
    std::string_view name;    ///< stable: `rfc5280_serial_positive`
    std::string_view clause;  ///< `RFC 5280 §4.1.2.2`, `JPKI profile, key usage`
    std::string_view says;    ///< one sentence
    std::vector<Shape> shapes;
};

/// All of them, in the order in which they run.
[[nodiscard]] std::span<const Lint> lints();

struct LintContext {
    Shape shape = Shape::end_entity;
    const Profile* profile = nullptr;
    /// The issuing CA; for `authority` nothing.
    const Certificate* ca = nullptr;
    /// The end of what the certificate hangs on (card, card signature certificate).
    std::optional<Time> latest_not_after;
};

struct LintReport {
    std::vector<std::string_view> failed;  ///< names, in order
    [[nodiscard]] bool clean() const { return failed.empty(); }
};

/// Runs every lint of that shape over a DER TBSCertificate. Octets that are no TBSCertificate fail
/// `rfc5280_structure` alone, since the others cannot look at them.
[[nodiscard]] LintReport lint(BytesView tbs, const LintContext& context);

}  // namespace mitome::pki
