// SPDX-License-Identifier: Apache-2.0
#include <mitome/signature/content.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace mitome::signature {
namespace {

constexpr std::size_t chunk = std::size_t{256} << 10;

}  // namespace

Result<std::size_t> OctetContent::read(std::span<std::uint8_t> into) {
    const auto count = std::min(into.size(), left_.size());
    std::ranges::copy(left_.first(count), into.begin());
    left_ = left_.subspan(count);
    return count;
}

Result<FileContent> FileContent::open(const std::filesystem::path& path) {
    Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status{};
    if (file && ::fstat(file.number(), &status) == 0 && S_ISDIR(status.st_mode)) {
        return fail(Fault::malformed, "content: is a folder", EISDIR);
    }
    if (file) {
        return FileContent{std::move(file)};
    }
    const auto code = static_cast<std::uint32_t>(errno);
    switch (code) {
        case ENOENT:
        case ENOTDIR: return fail(Fault::absent, "content: no such file", code);
        case EACCES: return fail(Fault::denied, "content: may not be read", code);
        default: return fail(Fault::unavailable, "content: cannot be opened", code);
    }
}

Result<std::size_t> FileContent::read(std::span<std::uint8_t> into) {
    for (;;) {
        const auto count = ::read(file_.number(), into.data(), into.size());
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (errno != EINTR) {
            return fail(Fault::unavailable, "content: cannot be read",
                        static_cast<std::uint32_t>(errno));
        }
    }
}

Result<std::vector<Bytes>> digests(std::span<const crypto::Hash> hashes, Content& content) {
    std::vector<crypto::Hasher> hashers;
    hashers.reserve(hashes.size());
    for (const auto hash : hashes) {
        hashers.emplace_back(hash);
    }
    std::vector<std::uint8_t> buffer(chunk);
    for (;;) {
        MITOME_TRY(count, content.read(buffer));
        if (count == 0) {
            break;
        }
        for (auto& hasher : hashers) {
            hasher.add(BytesView{buffer}.first(count));
        }
    }
    std::vector<Bytes> finished;
    finished.reserve(hashers.size());
    for (auto& hasher : hashers) {
        finished.push_back(hasher.finish());
    }
    return finished;
}

Result<Bytes> digest(crypto::Hash hash, Content& content) {
    MITOME_TRY(one, digests(std::span{&hash, 1}, content));
    return std::move(one.front());
}

}  // namespace mitome::signature
