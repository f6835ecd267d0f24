// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <mitome/base/file.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace mitome::cli {
namespace {

/// Field 22 of /proc/PID/stat: clock ticks from boot to the start. Tells a process from a later
/// one with the same number. proc(5).
std::optional<unsigned long long> start_ticks(pid_t pid) {
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
    if (!stat) return std::nullopt;
    const std::string_view line = text(*stat);
    const auto name_end = line.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    std::size_t at = name_end + 2;
    const char state = line[at];
    if (state == 'Z' || state == 'X') return std::nullopt;
    for (int field = 3; field < 22; ++field) {
        at = line.find(' ', at);
        if (at == std::string_view::npos) return std::nullopt;
        ++at;
    }
    unsigned long long ticks = 0;
    std::from_chars(line.data() + at, line.data() + line.size(), ticks);
    return ticks;
}

/// Enters the user and network namespaces of `pid`. Called between fork and exec.
bool join_network(pid_t pid) {
    const auto folder = "/proc/" + std::to_string(pid) + "/ns/";
    if (::geteuid() != 0) {
        const Descriptor user{::open((folder + "user").c_str(), O_RDONLY | O_CLOEXEC)};
        if (!user || ::setns(user.number(), CLONE_NEWUSER) != 0) return false;
    }
    const Descriptor net{::open((folder + "net").c_str(), O_RDONLY | O_CLOEXEC)};
    return net && ::setns(net.number(), CLONE_NEWNET) == 0;
}

[[noreturn]] void become(const Launch& launch) {
    if (launch.join_network_of && !join_network(*launch.join_network_of)) ::_exit(126);
    for (const auto& [name, value] : launch.environment) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<std::string> words{launch.program.string()};
    words.insert(words.end(), launch.arguments.begin(), launch.arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
}

}  // namespace

std::filesystem::path program_folder() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

Result<pid_t> start_daemon(const Launch& launch, const std::filesystem::path& log,
                           const std::filesystem::path& record) {
    const Descriptor output{::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    if (!output)
        return fail(Fault::unavailable, "process: log not opened",
                    static_cast<std::uint32_t>(errno));
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Fault::unavailable, "process: no pipe");
    Descriptor reading{ends[0]};
    Descriptor writing{ends[1]};
    // Two forks: the daemon becomes a child of init, so that nothing of it is left to us.
    const pid_t between = ::fork();
    if (between < 0) return fail(Fault::unavailable, "process: not forked");
    if (between == 0) {
        ::setsid();
        const pid_t daemon = ::fork();
        if (daemon != 0) {
            [[maybe_unused]] const auto sent = ::write(writing.number(), &daemon, sizeof daemon);
            ::_exit(daemon > 0 ? 0 : 1);
        }
        const int nothing = ::open("/dev/null", O_RDONLY);
        ::dup2(nothing, STDIN_FILENO);
        ::dup2(output.number(), STDOUT_FILENO);
        ::dup2(output.number(), STDERR_FILENO);
        ::close_range(3, ~0U, 0);
        become(launch);
    }
    writing = Descriptor{};
    pid_t daemon = -1;
    const bool told = ::read(reading.number(), &daemon, sizeof daemon) == sizeof daemon;
    int status = 0;
    ::waitpid(between, &status, 0);
    if (!told || daemon <= 0) return fail(Fault::unavailable, "process: not started");
    const auto ticks = start_ticks(daemon);
    const auto line = std::to_string(daemon) + " " + std::to_string(ticks.value_or(0)) + "\n";
    MITOME_CHECK(write_file(record, view(line), Access::owner));
    return daemon;
}

Result<Output> run_program(const Launch& launch, BytesView input) {
    int in[2];
    int out[2];
    int err[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0)
        return fail(Fault::unavailable, "process: no pipe");
    Descriptor in_read{in[0]}, in_write{in[1]}, out_read{out[0]}, out_write{out[1]},
        err_read{err[0]}, err_write{err[1]};
    const pid_t child = ::fork();
    if (child < 0) return fail(Fault::unavailable, "process: not forked");
    if (child == 0) {
        ::dup2(in_read.number(), STDIN_FILENO);
        ::dup2(out_write.number(), STDOUT_FILENO);
        ::dup2(err_write.number(), STDERR_FILENO);
        become(launch);
    }
    in_read = Descriptor{};
    out_write = Descriptor{};
    err_write = Descriptor{};
    ::signal(SIGPIPE, SIG_IGN);
    Output output;
    std::size_t sent = 0;
    if (input.empty()) in_write = Descriptor{};
    while (out_read || err_read) {
        pollfd waits[3]{{out_read.number(), POLLIN, 0},
                        {err_read.number(), POLLIN, 0},
                        {in_write.number(), POLLOUT, 0}};
        if (::poll(waits, 3, -1) < 0 && errno != EINTR) break;
        if (in_write && (waits[2].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
            const auto wrote = ::write(in_write.number(), input.data() + sent, input.size() - sent);
            if (wrote > 0) sent += static_cast<std::size_t>(wrote);
            if (wrote < 0 || sent == input.size()) in_write = Descriptor{};
        }
        const auto take = [](Descriptor& from, short events, Bytes& into) {
            if (!from || events == 0) return;
            std::uint8_t buffer[16384];
            const auto got = ::read(from.number(), buffer, sizeof buffer);
            if (got > 0)
                append(into, {buffer, static_cast<std::size_t>(got)});
            else if (got == 0 || errno != EINTR)
                from = Descriptor{};
        };
        take(out_read, waits[0].revents, output.out);
        take(err_read, waits[1].revents, output.err);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return output;
}

std::optional<pid_t> alive(const std::filesystem::path& record) {
    const auto line = read_file(record, 128);
    if (!line) return std::nullopt;
    int pid = 0;
    unsigned long long ticks = 0;
    const std::string words{text(*line)};
    if (std::sscanf(words.c_str(), "%d %llu", &pid, &ticks) != 2 || pid <= 1) return std::nullopt;
    const auto now = start_ticks(pid);
    if (!now || *now != ticks) return std::nullopt;
    return pid;
}

void end_process(const std::filesystem::path& record, std::chrono::milliseconds patience) {
    using std::chrono::steady_clock;
    if (const auto pid = alive(record)) {
        ::kill(*pid, SIGTERM);
        const auto until = steady_clock::now() + patience;
        while (alive(record) && steady_clock::now() < until)
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        if (alive(record)) {
            ::kill(*pid, SIGKILL);
            while (alive(record)) std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
    }
    std::error_code error;
    std::filesystem::remove(record, error);
}

}  // namespace mitome::cli
