// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a token's certificates were used for, for its holder alone: on this device, told to
// nobody, and chained by hashes so that a line that is changed or left out is found.

#include <mitome/base/clock.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/store/audit.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::wallet {

enum class Deed : std::uint8_t {
    signed_document,
    authenticated,
    issued,
    renewed,
    released,
    held,
    revoked,
    pin_changed,
    pin_reset,
    erased,
    failed,  ///< what the line before announced did not come about
};

/// `signed_document` and so on.
[[nodiscard]] std::string_view name_of(Deed deed);
[[nodiscard]] std::optional<Deed> deed_of(std::string_view name);

struct HistoryLine {
    std::uint64_t number = 0;  ///< from 1, without a gap
    Time at{};
    Deed deed = Deed::failed;
    std::optional<pki::Kind> kind;
    Bytes serial;      ///< of the certificate used; empty where none was
    std::string with;  ///< a relying party, or the name of a document; UTF-8
    Bytes hash;        ///< of this line and all before it, SHA-256
};

class History {
public:
    /// Opens or makes the file (mode 0600). Another program that has it open is waited for, five
    /// seconds at most: `conflict`.
    [[nodiscard]] static Result<History> open(const std::filesystem::path& file);

    /// On disk when it returns: write what is about to be done, then do it. `unavailable`: the
    /// disk is full or gone. Of `with`, the first 200 octets are kept, whole characters only.
    [[nodiscard]] Done note(Time at, Deed deed, std::optional<pki::Kind> kind, BytesView serial,
                            std::string_view with);

    /// Lines with a number above `after`, in order.
    [[nodiscard]] Result<std::vector<HistoryLine>> page(std::uint64_t after,
                                                        std::size_t limit) const;

    /// The number of the first line that is missing or was changed; nothing when all hold. Lines
    /// cut off at the end are noticed only by who kept a later hash.
    [[nodiscard]] Result<std::optional<std::uint64_t>> first_broken() const;

private:
    explicit History(std::unique_ptr<store::Database> database) : database_(std::move(database)) {}
    std::unique_ptr<store::Database> database_;
};

}  // namespace mitome::wallet
