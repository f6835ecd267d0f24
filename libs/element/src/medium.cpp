// SPDX-License-Identifier: Apache-2.0
#include <mitome/element/medium.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace mitome::element {

namespace {

constexpr std::size_t file_size = 2 * Medium::slot_size;

std::uint32_t reason() { return static_cast<std::uint32_t>(errno); }

Done take(const Descriptor& file) {
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0)
        return fail(Fault::conflict, "element: another process has the store", reason());
    return {};
}

Done write_all(int file, BytesView content, std::size_t at) {
    while (!content.empty()) {
        const ssize_t written =
            ::pwrite(file, content.data(), content.size(), static_cast<off_t>(at));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return fail(Fault::unavailable, "element: cannot write", reason());
        content = content.subspan(static_cast<std::size_t>(written));
        at += static_cast<std::size_t>(written);
    }
    return {};
}

Done sync_folder_of(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    const Descriptor parent{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!parent || ::fsync(parent.number()) != 0)
        return fail(Fault::unavailable, "element: cannot sync the folder", reason());
    return {};
}

}  // namespace

Result<std::unique_ptr<FileMedium>> FileMedium::create(const std::filesystem::path& path) {
    Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!file) {
        if (errno == EEXIST) return fail(Fault::conflict, "element: there is one already");
        return fail(Fault::unavailable, "element: cannot make the store", reason());
    }
    const auto drop = [&](Literal what) {
        const std::uint32_t why = reason();
        ::unlink(path.c_str());
        return fail(Fault::unavailable, what, why);
    };
    MITOME_CHECK(take(file));
    // Real blocks, not a hole: a later record finds its place on a full disk.
    const Bytes zeros(file_size, 0);
    if (!write_all(file.number(), zeros, 0)) return drop("element: no room for the store");
    if (::fsync(file.number()) != 0) return drop("element: cannot sync the store");
    if (!sync_folder_of(path)) return drop("element: cannot sync the folder");
    return std::unique_ptr<FileMedium>{new FileMedium{std::move(file)}};
}

Done FileMedium::put_in_place(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0)
        return fail(Fault::unavailable, "element: cannot rename the store", reason());
    return sync_folder_of(to);
}

Result<std::unique_ptr<FileMedium>> FileMedium::open(const std::filesystem::path& path) {
    Descriptor file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    // A store that cannot be written still tells what it holds; every command that must write
    // answers with a memory failure.
    if (!file && (errno == EROFS || errno == EACCES))
        file = Descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
        if (errno == ENOENT) return fail(Fault::absent, "element: no store");
        return fail(Fault::unavailable, "element: cannot open the store", reason());
    }
    MITOME_CHECK(take(file));
    return std::unique_ptr<FileMedium>{new FileMedium{std::move(file)}};
}

Result<Bytes> FileMedium::read(unsigned slot) {
    Bytes content(slot_size);
    std::size_t have = 0;
    while (have < slot_size) {
        const ssize_t got = ::pread(file_.number(), content.data() + have, slot_size - have,
                                    static_cast<off_t>(slot * slot_size + have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(Fault::unavailable, "element: cannot read", reason());
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    content.resize(have);
    return content;
}

Done FileMedium::write(unsigned slot, BytesView content) {
    if (content.size() > slot_size) return fail(Fault::broken, "element: record is too long");
    MITOME_CHECK(write_all(file_.number(), content, slot * slot_size));
    if (::fdatasync(file_.number()) != 0)
        return fail(Fault::unavailable, "element: cannot sync", reason());
    return {};
}

}  // namespace mitome::element
