// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "context.hpp"

#include <mitome/pki/certificate.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace mitome::cli {

// One function a verb; contract.md says what each does. Every one may be called on a home that
// does not exist yet and says then what is missing.

[[nodiscard]] Outcome sandbox_up(const Context& context);
[[nodiscard]] Outcome sandbox_down(const Context& context);
[[nodiscard]] Outcome sandbox_status(const Context& context);
enum class TestKeys : std::uint8_t { hidden, shown };
[[nodiscard]] Outcome sandbox_env(const Context& context, TestKeys keys);

[[nodiscard]] Outcome resident_list(const Context& context);
[[nodiscard]] Outcome resident_show(const Context& context, std::uint64_t id);
struct NewResident {
    std::string name;
    std::string birth_date;
    std::string address;
    std::string sex;
};
[[nodiscard]] Outcome resident_new(const Context& context, const NewResident& resident);

[[nodiscard]] Outcome card_new(const Context& context, std::uint64_t resident,
                               const std::optional<std::filesystem::path>& keys);
[[nodiscard]] Outcome card_insert(const Context& context, std::uint64_t number);
[[nodiscard]] Outcome card_remove(const Context& context);
[[nodiscard]] Outcome card_list(const Context& context);

/// Which token a verb speaks to.
struct Token {
    enum class Owner : std::uint8_t { card, phone };
    Owner owner = Owner::card;
    std::string phone;  ///< empty: the first one
};
[[nodiscard]] Outcome token_show(const Context& context, const Token& token);
[[nodiscard]] Outcome token_certs(const Context& context, const Token& token,
                                  const std::filesystem::path& out);
[[nodiscard]] Outcome token_sign(const Context& context, const Token& token,
                                 const std::filesystem::path& file,
                                 const std::filesystem::path& out);
[[nodiscard]] Outcome token_auth(const Context& context, const Token& token,
                                 const std::filesystem::path& challenge,
                                 const std::filesystem::path& out);
[[nodiscard]] Outcome token_pin_status(const Context& context, const Token& token);
[[nodiscard]] Outcome token_pin_change(const Context& context, const Token& token,
                                       const std::string& which);

/// Letters, digits and hyphens (not first), sixteen at most: the name becomes a folder, a socket, a
/// process.
[[nodiscard]] bool is_phone_name(std::string_view name);
enum class Reset : std::uint8_t { no, yes };
[[nodiscard]] Outcome phone_init(const Context& context, const std::string& phone, Reset reset);
[[nodiscard]] Outcome phone_issue(const Context& context, const std::string& phone);
[[nodiscard]] Outcome phone_renew(const Context& context, const std::string& phone,
                                  const std::optional<pki::Kind>& only);
[[nodiscard]] Outcome phone_release(const Context& context, const std::string& phone);
[[nodiscard]] Outcome phone_revoke(const Context& context, const std::string& phone);
/// `element`: hexadecimal, another phone than `phone`; empty otherwise.
[[nodiscard]] Outcome phone_hold(const Context& context, const std::string& phone,
                                 const std::string& element);
[[nodiscard]] Outcome phone_stop_code(const Context& context, const std::string& phone);
[[nodiscard]] Outcome phone_pin_reset(const Context& context, const std::string& phone,
                                      pki::Kind kind);
[[nodiscard]] Outcome phone_sync(const Context& context, const std::string& phone);
[[nodiscard]] Outcome phone_former(const Context& context, const std::string& phone);
/// Certificates onto the phone `to`; `from` is erased when it is at hand.
[[nodiscard]] Outcome phone_move(const Context& context, const std::string& from,
                                 const std::string& to);
[[nodiscard]] Outcome phone_notices(const Context& context, const std::string& phone);
enum class Confirmed : std::uint8_t { no, yes };
[[nodiscard]] Outcome phone_erase(const Context& context, const std::string& phone,
                                  Confirmed confirmed);
enum class Verify : std::uint8_t { no, yes };
[[nodiscard]] Outcome phone_history(const Context& context, const std::string& phone,
                                    Verify verify);

[[nodiscard]] Outcome verify_file(const Context& context, const std::filesystem::path& file,
                                  const std::filesystem::path& signature,
                                  const std::optional<std::filesystem::path>& trust,
                                  const std::optional<std::string>& at);
[[nodiscard]] Outcome cert_show(const Context& context, const std::filesystem::path& file);

struct Revocation {
    std::optional<std::filesystem::path> certificate;
    std::string ca;
    std::string serial;
    std::string reason;
};
[[nodiscard]] Outcome authority_revoke(const Context& context, const Revocation& revocation);

}  // namespace mitome::cli
