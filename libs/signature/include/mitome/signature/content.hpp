// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>
#include <mitome/base/file.hpp>
#include <mitome/crypto/digest.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace mitome::signature {

/// What is signed, read once from front to back; it may be larger than memory.
class Content {
public:
    virtual ~Content() = default;
    /// Fills the front of `into` and says how much; 0 only at the end.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

/// Octets that somebody else owns.
class OctetContent final : public Content {
public:
    explicit OctetContent(BytesView octets) : left_(octets) {}
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> into) override;

private:
    BytesView left_;
};

class FileContent final : public Content {
public:
    /// `absent`, `denied`, `malformed` for a folder, `unavailable` for an input error.
    [[nodiscard]] static Result<FileContent> open(const std::filesystem::path& path);
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> into) override;

private:
    explicit FileContent(Descriptor file) : file_(std::move(file)) {}
    Descriptor file_;
};

/// Reads to the end, in memory of fixed size.
[[nodiscard]] Result<Bytes> digest(crypto::Hash hash, Content& content);
/// Several digests in one reading, in the order of `hashes`.
[[nodiscard]] Result<std::vector<Bytes>> digests(std::span<const crypto::Hash> hashes,
                                                 Content& content);

}  // namespace mitome::signature
