// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the bodies say by which the desk, the call desk and holders without their phone act on
// certificates that exist.

#include <mitome/base/bytes.hpp>
#include <mitome/base/secret.hpp>
#include <mitome/pki/certificate.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace mitome::registration {

enum class Whose : std::uint8_t { phone, card, both };

/// A person's certificates, or one certificate.
struct Subject {
    std::optional<std::uint64_t> resident = {};
    Whose whose = Whose::phone;
    Bytes certificate = {};  ///< DER; empty with a resident
};

/// {"resident":N,"whose"?:"phone"|"card"|"both"} or {"certificate":BASE64}
[[nodiscard]] Result<Subject> parse_subject(BytesView json);

/// A subject and "reason"?: unspecified (usual), keyCompromise, affiliationChanged, superseded,
/// cessationOfOperation or privilegeWithdrawn.
struct DeskRevocation {
    Subject subject;
    pki::Reason reason = pki::Reason::unspecified;
};
[[nodiscard]] Result<DeskRevocation> parse_desk_revocation(BytesView json);

/// {"address":TEXT,"municipality"?:"13221"}
struct NewAddress {
    std::string address;
    std::optional<std::string> municipality;
};
[[nodiscard]] Result<NewAddress> parse_new_address(BytesView json);

/// {"name":TEXT}
[[nodiscard]] Result<std::string> parse_new_name(BytesView json);

/// {} or nothing at all.
[[nodiscard]] Done parse_nothing(BytesView json);

/// {"resident":N}
[[nodiscard]] Result<std::uint64_t> parse_resident(BytesView json);

/// {"reject"?:true}
[[nodiscard]] Result<bool> parse_rejection(BytesView json);

/// {"phone":HEX,"code":"0123456789"}
struct StopRequest {
    Bytes element;
    Secret<10> code;
};
[[nodiscard]] Result<StopRequest> parse_stop(BytesView json);

}  // namespace mitome::registration
