// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>
#include <mitome/base/file.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace mitome::element {

/// Where the record of an element lies: two slots of fixed size and place.
class Medium {
public:
    static constexpr std::size_t slot_size = 64 * 1024;

    virtual ~Medium() = default;
    /// Up to `slot_size` octets of slot 0 or 1.
    [[nodiscard]] virtual Result<Bytes> read(unsigned slot) = 0;
    /// Writes the front of a slot; durable when it returns. After an error the slot may hold
    /// anything, the other one is untouched.
    [[nodiscard]] virtual Done write(unsigned slot, BytesView content) = 0;
};

/// One file, all of its blocks taken at creation, so that a full disk does not stop a record.
class FileMedium final : public Medium {
public:
    /// `conflict` when the file is there. Syncs file and folder.
    [[nodiscard]] static Result<std::unique_ptr<FileMedium>> create(
        const std::filesystem::path& path);
    /// `absent` when it is not there, `conflict` while another process has it.
    [[nodiscard]] static Result<std::unique_ptr<FileMedium>> open(
        const std::filesystem::path& path);

    /// Renames a store that was made beside its place, durably.
    [[nodiscard]] static Done put_in_place(const std::filesystem::path& from,
                                           const std::filesystem::path& to);

    [[nodiscard]] Result<Bytes> read(unsigned slot) override;
    [[nodiscard]] Done write(unsigned slot, BytesView content) override;

private:
    explicit FileMedium(Descriptor file) : file_(std::move(file)) {}
    Descriptor file_;
};

}  // namespace mitome::element
