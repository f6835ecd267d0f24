// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/secret.hpp>
#include <mitome/crypto/key.hpp>

#include <filesystem>
#include <memory>
#include <string_view>

namespace mitome::crypto {

/// A token of a hardware security module, opened through PKCS#11 2.40. Keys are made in it and
/// stay in it (CKA_SENSITIVE, not CKA_EXTRACTABLE). Safe to use from several threads; one
/// session per thread that signs.
class Hsm : public std::enable_shared_from_this<Hsm> {
public:
    /// `absent` when no token has that label, `denied` for a wrong PIN, `unavailable` when the
    /// module does not load. The module stays loaded until the last `Hsm` of it is gone.
    ///
    /// A token that this process has open already takes any PIN: its login is the process's.
    /// Sessions that the module loses are opened anew, with a new login, once per call; every
    /// other failure of the module is a fault with its CK_RV as the code.
    [[nodiscard]] static Result<std::shared_ptr<Hsm>> open(const std::filesystem::path& module,
                                                           std::string_view token_label,
                                                           const Secret<64>& user_pin);
    /// Makes a token in the first free slot. For set-up; `conflict` when the label is taken.
    [[nodiscard]] static Done create_token(const std::filesystem::path& module,
                                           std::string_view token_label,
                                           const Secret<64>& security_officer_pin,
                                           const Secret<64>& user_pin);
    ~Hsm();

    /// `conflict` when a key of that label exists.
    [[nodiscard]] Result<std::unique_ptr<Signer>> generate(std::string_view label, KeyKind kind);
    /// `absent` when there is none. The signer keeps its token open.
    [[nodiscard]] Result<std::unique_ptr<Signer>> find(std::string_view label);

    /// An AES-256 key for `cmac`.
    [[nodiscard]] Done generate_mac_key(std::string_view label);
    /// AES-CMAC (CKM_AES_CMAC) computed inside the token.
    [[nodiscard]] Result<Bytes> cmac(std::string_view label, BytesView content);

    struct State;

private:
    explicit Hsm(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace mitome::crypto
