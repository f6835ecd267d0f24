// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace mitome::cli {

/// The one folder that holds all state; docs/contract.md, "Places".
class Home {
public:
    /// `--home`, then MITOME_HOME, then $XDG_STATE_HOME/mitome, then ~/.local/state/mitome.
    /// `absent` when none of them says where.
    [[nodiscard]] static Result<Home> find(const std::optional<std::string>& option);

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path run() const { return path_ / "run"; }
    [[nodiscard]] std::filesystem::path log(const std::string& process) const {
        return path_ / "log" / (process + ".log");
    }
    [[nodiscard]] std::filesystem::path config(const std::string& process) const {
        return path_ / "config" / (process + ".toml");
    }
    [[nodiscard]] std::filesystem::path tls() const { return path_ / "tls"; }
    [[nodiscard]] std::filesystem::path hsm() const { return path_ / "hsm"; }
    [[nodiscard]] std::filesystem::path ca_folder() const { return path_ / "authority" / "ca"; }
    [[nodiscard]] std::filesystem::path card(std::uint64_t number) const {
        return path_ / "cards" / std::to_string(number);
    }
    [[nodiscard]] std::filesystem::path phone(const std::string& name) const {
        return path_ / "phones" / name;
    }
    [[nodiscard]] std::filesystem::path phone_socket(const std::string& name) const {
        return run() / ("phone-" + name + ".sock");
    }
    [[nodiscard]] std::filesystem::path card_socket() const { return run() / "card.sock"; }
    [[nodiscard]] std::filesystem::path wallet() const { return path_ / "wallet"; }
    [[nodiscard]] std::filesystem::path pcsc_socket() const { return run() / "pcscd.comm"; }

private:
    explicit Home(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

/// Longest path of a Unix socket, without the closing zero. unix(7), sun_path.
inline constexpr std::size_t longest_socket_path = 107;

}  // namespace mitome::cli
