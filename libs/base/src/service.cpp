// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/log.hpp>
#include <mitome/base/service.hpp>

#include <cstdio>
#include <optional>
#include <string_view>

namespace mitome {
namespace {

constexpr int exit_unavailable = 7;
constexpr int exit_usage = 64;
constexpr int exit_broken = 70;

std::optional<ServiceArguments> read_arguments(std::span<char*> words) {
    ServiceArguments arguments;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word == "--config" && i + 1 < words.size())
            arguments.config = words[++i];
        else if (word == "--initialise")
            arguments.initialise = true;
        else
            return std::nullopt;
    }
    if (arguments.config.empty()) return std::nullopt;
    return arguments;
}

}  // namespace

EndSignals::EndSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

void EndSignals::wait() const {
    int received = 0;
    sigwait(&set_, &received);
    log(Level::info, "ending", {{"signal", received}});
}

int run_service(const char* name, std::span<char*> words, ServiceRun run) {
    start_log(name, Level::info);
    const auto arguments = read_arguments(words);
    if (!arguments) {
        std::fprintf(stderr, "usage: %s --config FILE [--initialise]\n", name);
        return exit_usage;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const EndSignals ends;
    const Done done = run(*arguments, ends);
    if (done) return 0;
    log(Level::error, "ended", {{"because", done.error()}});
    return done.error().fault == Fault::unavailable ? exit_unavailable : exit_broken;
}

}  // namespace mitome
