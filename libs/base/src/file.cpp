// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace mitome {
namespace {

std::unexpected<Error> from_errno(Literal what) {
    const auto code = static_cast<std::uint32_t>(errno);
    switch (errno) {
        case ENOENT:
        case ENOTDIR: return fail(Fault::absent, what, code);
        case EACCES:
        case EPERM:
        case EROFS: return fail(Fault::denied, what, code);
        case EISDIR: return fail(Fault::malformed, what, code);
        default: return fail(Fault::unavailable, what, code);
    }
}

Done read_into(const std::filesystem::path& path, std::size_t limit, auto&& room_for) {
    Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) return from_errno("file: not opened");
    struct stat status{};
    if (::fstat(file.number(), &status) != 0) return from_errno("file: no status");
    if (S_ISDIR(status.st_mode)) return fail(Fault::malformed, "file: is a folder");
    std::size_t size = 0;
    // A pipe, and a file of /proc, has no size beforehand.
    std::size_t room = status.st_size > 0 ? static_cast<std::size_t>(status.st_size)
                                          : std::min<std::size_t>(4096, limit);
    for (;;) {
        if (room > limit) return fail(Fault::malformed, "file: too long");
        const std::span<std::uint8_t> memory = room_for(room);
        const auto got = ::read(file.number(), memory.data() + size, memory.size() - size);
        if (got < 0) {
            if (errno == EINTR) continue;
            return from_errno("file: not read");
        }
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
        if (size == room && !S_ISREG(status.st_mode)) room *= 2;
        if (size == room) {
            std::uint8_t probe = 0;  // a file that grew while it was read
            if (::read(file.number(), &probe, 1) == 0) break;
            return fail(Fault::unavailable, "file: changed while it was read");
        }
    }
    room_for(size);
    return {};
}

/// A terminal, a pipe or another device: there is nothing to put beside it and rename.
Done write_through(const std::filesystem::path& path, BytesView content) {
    const Descriptor device{::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)};
    if (!device) return from_errno("file: device not opened");
    for (std::size_t done = 0; done < content.size();) {
        const auto wrote = ::write(device.number(), content.data() + done, content.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return from_errno("file: device not written");
        done += static_cast<std::size_t>(wrote);
    }
    return {};
}

}  // namespace

Result<Bytes> read_file(const std::filesystem::path& path, std::size_t limit) {
    Bytes content;
    MITOME_CHECK(read_into(path, limit, [&](std::size_t room) {
        content.resize(room);
        return std::span{content};
    }));
    return content;
}

Result<SecretBytes> read_secret_file(const std::filesystem::path& path, std::size_t limit) {
    SecretBytes content;
    MITOME_CHECK(read_into(path, limit, [&](std::size_t room) {
        SecretBytes larger{room};
        content.reveal([&](BytesView old) {
            std::copy_n(old.begin(), std::min(old.size(), room), larger.writable().begin());
        });
        content = std::move(larger);
        return content.writable();
    }));
    return content;
}

Done write_file(const std::filesystem::path& given, BytesView content, Access access) {
    auto path = given;
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) {
        if (S_ISDIR(status.st_mode)) return fail(Fault::malformed, "file: is a folder", EISDIR);
        if (!S_ISREG(status.st_mode)) return write_through(path, content);
        std::error_code error;  // a link stays, what it names is replaced
        path = std::filesystem::canonical(path, error);
        if (error) return fail(Fault::unavailable, "file: link not followed");
    }
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    auto beside = path.string() + ".XXXXXX";
    Descriptor file{::mkostemp(beside.data(), O_CLOEXEC)};
    if (!file) return from_errno("file: not created");
    const auto give_up = [&](Literal what) {
        const auto failure = from_errno(what);
        ::unlink(beside.c_str());
        return failure;
    };
    if (::fchmod(file.number(), static_cast<mode_t>(access)) != 0)
        return give_up("file: mode not set");
    for (std::size_t done = 0; done < content.size();) {
        const auto wrote = ::write(file.number(), content.data() + done, content.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return give_up("file: not written");
        done += static_cast<std::size_t>(wrote);
    }
    if (::fsync(file.number()) != 0) return give_up("file: not synced");
    if (::rename(beside.c_str(), path.c_str()) != 0) return give_up("file: not renamed");
    const Descriptor parent{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!parent || ::fsync(parent.number()) != 0) return from_errno("file: folder not synced");
    return {};
}

Done make_private_folder(const std::filesystem::path& path) {
    std::error_code error;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return from_errno("file: folder not made");
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return fail(Fault::malformed, "file: not a folder");
    return {};
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        if (number_ >= 0) ::close(number_);
        number_ = other.release();
    }
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

}  // namespace mitome
