// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>
#include <mitome/base/secret.hpp>

#include <cstdint>
#include <filesystem>

namespace mitome {

enum class Access : std::uint16_t {
    owner = 0600,  ///< keys and other secrets
    everyone = 0644,
};

/// `absent` when there is no such file, `denied` when it may not be read, `malformed` when it
/// is longer than `limit` octets, `unavailable` for an input error.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& path,
                                      std::size_t limit = std::size_t{64} << 20);
[[nodiscard]] Result<SecretBytes> read_secret_file(const std::filesystem::path& path,
                                                   std::size_t limit = std::size_t{1} << 20);

/// Writes beside the place, syncs, renames, syncs the folder: a reader sees the old file or
/// the whole new one. A link is followed; a device or a pipe is written to as it is; a folder is
/// `malformed` (code = EISDIR). `denied` without permission or on a read-only disk, `unavailable`
/// on a full disk (code = errno); the old file is then untouched.
[[nodiscard]] Done write_file(const std::filesystem::path& path, BytesView content,
                              Access access = Access::everyone);

/// Makes the folder and its parents, the last one with mode 0700.
[[nodiscard]] Done make_private_folder(const std::filesystem::path& path);

/// An open file descriptor, closed once.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    [[nodiscard]] int number() const noexcept { return number_; }
    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
    [[nodiscard]] int release() noexcept {
        const int given = number_;
        number_ = -1;
        return given;
    }

private:
    int number_ = -1;
};

}  // namespace mitome
