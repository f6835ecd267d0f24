// SPDX-License-Identifier: Apache-2.0

// How long a program takes until it is ready, what memory it then holds, and how soon it ends.
// Usage: start_bench NAME WORD -- PROGRAM ARGUMENT…
// Ready is when it has written WORD.
#include "measure.hpp"

#include <mitome/base/file.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>

namespace mitome::bench {
namespace {

constexpr double patience = 20;  // seconds

double mebibytes_of(pid_t process, const std::string& field) {
    std::ifstream status{"/proc/" + std::to_string(process) + "/status"};
    for (std::string word; status >> word;) {
        double kibibytes = 0;
        if (word == field + ":" && status >> kibibytes) return kibibytes / 1024;
    }
    return 0;
}

int run(char** words) {
    const std::string name = words[1];
    const std::string word = words[2];
    int ends[2];
    must_hold(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0, "a pipe");
    const Descriptor from{ends[0]};
    Descriptor to{ends[1]};

    const double start = seconds();
    const pid_t process = ::fork();
    if (process == 0) {
        ::dup2(to.number(), 1);
        ::dup2(to.number(), 2);
        ::execvp(words[4], words + 4);
        ::_exit(127);
    }
    to = Descriptor{};
    std::string said;
    const auto ready = [&] {
        char piece[4096];
        ssize_t size = 0;
        while ((size = ::read(from.number(), piece, sizeof piece)) > 0) {
            said.append(piece, static_cast<std::size_t>(size));
        }
        return said.find(word) != std::string::npos;
    };
    while (!ready()) {
        const bool gone = ::waitpid(process, nullptr, WNOHANG) == process;
        if (gone || seconds() - start > patience) {
            std::fprintf(stderr, "bench: %s is not ready:\n%s\n", words[4], said.c_str());
            if (!gone) ::kill(process, SIGKILL);
            return 1;
        }
        ::usleep(200);
    }
    figure(name + ".start", (seconds() - start) * 1e3, "ms");
    ::usleep(300'000);
    figure(name + ".memory", mebibytes_of(process, "VmRSS"), "MiB");
    const double asked = seconds();
    ::kill(process, SIGTERM);
    ::waitpid(process, nullptr, 0);
    figure(name + ".end", (seconds() - asked) * 1e3, "ms");
    return 0;
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    if (count < 5 || std::strcmp(words[3], "--") != 0) return 64;
    return mitome::bench::run(words);
}
