// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/pki/certificate.hpp>

#include <filesystem>
#include <optional>

namespace mitome::wallet {

/// The certificates of one token that the token itself shows only behind a PIN: kept here so that
/// looking at them costs no PIN. Signature certificates hold the four items, so the folder is
/// readable by its owner alone.
class Shelf {
public:
    explicit Shelf(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// `absent` when none was put there, `malformed` when what is there is no certificate.
    [[nodiscard]] Result<pki::Certificate> find(pki::Kind kind) const;
    /// Both or, after a power cut, whichever was written; `issue` puts them again.
    [[nodiscard]] Done put(pki::Kind kind, const pki::Certificate& certificate);
    /// Forgets both. Nothing there is no failure.
    [[nodiscard]] Done clear();

private:
    [[nodiscard]] std::filesystem::path path_of(pki::Kind kind) const;
    std::filesystem::path folder_;
};

}  // namespace mitome::wallet
