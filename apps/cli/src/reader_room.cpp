// SPDX-License-Identifier: Apache-2.0
#include "reader_room.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string>

namespace mitome::cli {
namespace {

bool write_line(const char* path, const std::string& line) {
    const Descriptor file{::open(path, O_WRONLY | O_CLOEXEC)};
    return file &&
           ::write(file.number(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

/// user_namespaces(7): one identity maps to root inside, so that mounts are ours to make.
bool enter_namespaces() {
    const auto user = ::geteuid();
    const auto group = ::getegid();
    const int kinds = CLONE_NEWNET | CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER);
    if (::unshare(kinds) != 0) return false;
    if (user == 0) return true;
    return write_line("/proc/self/setgroups", "deny") &&
           write_line("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") &&
           write_line("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

bool loopback_up() {
    const Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ifreq request{};
    std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
    if (!socket || ::ioctl(socket.number(), SIOCGIFFLAGS, &request) != 0) return false;
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
    return ::ioctl(socket.number(), SIOCSIFFLAGS, &request) == 0;
}

/// `run` in the place of /run/pcscd. The folder itself may be missing, so a private /run comes
/// over the machine's; `run` is held open across that, since it may lie below /run itself.
bool stand_in(const std::filesystem::path& run) {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    const Descriptor held{::open(run.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!held) return false;
    if (::mount("mitome", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") != 0)
        return false;
    if (::mkdir("/run/pcscd", 0755) != 0) return false;
    const auto source = "/proc/self/fd/" + std::to_string(held.number());
    return ::mount(source.c_str(), "/run/pcscd", nullptr, MS_BIND, nullptr) == 0;
}

volatile std::sig_atomic_t ending = 0;
volatile pid_t child = 0;

extern "C" void on_end(int) {
    ending = 1;
    if (child > 0) ::kill(child, SIGTERM);
}

pid_t start_pcscd(const std::filesystem::path& reader_conf, const std::filesystem::path& run) {
    std::error_code error;
    std::filesystem::remove(run / "pcscd.comm", error);
    std::filesystem::remove(run / "pcscd.pid", error);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != parent) ::_exit(1);
        const auto conf = reader_conf.string();
        ::execl("/usr/sbin/pcscd", "pcscd", "--foreground", "--config", conf.c_str(),
                static_cast<char*>(nullptr));
        ::_exit(127);
    }
    return pid;
}

}  // namespace

bool reader_room_possible() {
    const pid_t probe = ::fork();
    if (probe < 0) return false;
    if (probe == 0) {
        const bool can = enter_namespaces() && loopback_up() &&
                         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         ::mount("mitome", "/run", "tmpfs", 0, "size=64k") == 0;
        ::_exit(can ? 0 : 1);
    }
    int status = 0;
    ::waitpid(probe, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int keep_reader_room(const std::filesystem::path& run, const std::filesystem::path& reader_conf) {
    start_log("readers", Level::info);
    if (!enter_namespaces() || !loopback_up() || !stand_in(run)) {
        log(Level::error, "room: namespaces refused", {{"errno", errno}});
        return reader_room_refused;
    }
    struct sigaction action{};
    action.sa_handler = on_end;
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    while (ending == 0) {
        child = start_pcscd(reader_conf, run);
        if (child < 0) return 1;
        log(Level::info, "room: pcscd started", {{"pid", child}});
        int status = 0;
        bool closed = false;
        while (!closed && ::waitpid(child, &status, WNOHANG) == 0) {
            // pcscd opens its folder to everyone when it starts; ours is for its owner.
            closed = ::access((run / "pcscd.comm").c_str(), F_OK) == 0 &&
                     ::chmod(run.c_str(), 0700) == 0;
            if (!closed) {
                const timespec moment{0, 5'000'000};
                ::nanosleep(&moment, nullptr);
            }
        }
        if (closed)
            while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
            }
        child = 0;
        if (ending != 0) break;
        log(Level::warning, "room: pcscd ended", {{"status", status}});
        const timespec pause{0, 200'000'000};  // a pcscd that cannot start must not spin
        ::nanosleep(&pause, nullptr);
    }
    return 0;
}

}  // namespace mitome::cli
