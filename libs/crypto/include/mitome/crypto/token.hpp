// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/settings.hpp>
#include <mitome/crypto/hsm.hpp>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::crypto {

/// A token of an HSM as a service's settings name it. Its user PIN is the one line of a file.
struct Token {
    std::filesystem::path module;
    std::string label;
    std::filesystem::path pin_file;
};

/// The keys `module`, `token` and `pin_file` of the table `[table]`.
[[nodiscard]] Token token_of(Settings& settings, std::string_view table);

/// The errors of `Hsm::open` and of reading the PIN. Processes whose PIN files share a folder take
/// turns: while one logs in to a token, SoftHSM2 overlooks it in another, or ends that process.
/// Hence also all tokens of a process at once.
[[nodiscard]] Result<std::vector<std::shared_ptr<Hsm>>> open_tokens(
    std::initializer_list<Token> tokens);
[[nodiscard]] Result<std::shared_ptr<Hsm>> open_token(const Token& token);

/// For set-up: makes the token if there is none of that label, and draws PINs for what has none
/// (the security officer's stands beside the user's, as `.so-pin`). What is there stays.
[[nodiscard]] Done make_token(const Token& token);

}  // namespace mitome::crypto
