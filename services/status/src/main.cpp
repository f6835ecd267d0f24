// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"
#include "feed_routes.hpp"
#include "public_routes.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>

#include <csignal>
#include <cstring>
#include <span>
#include <thread>

namespace mitome::status {
namespace {

struct Arguments {
    std::filesystem::path config;
    bool initialise = false;
};

std::optional<Arguments> read_arguments(std::span<char*> words) {
    Arguments arguments;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word == "--config" && i + 1 < words.size()) {
            arguments.config = words[++i];
        } else if (word == "--initialise") {
            arguments.initialise = true;
        } else {
            return std::nullopt;
        }
    }
    if (arguments.config.empty()) return std::nullopt;
    return arguments;
}

http::Server::Options listener(std::uint16_t port, unsigned threads, const http::Routes& routes) {
    http::Server::Options options;
    options.port = port;
    options.threads = threads;
    options.limits.body = routes.longest_body();
    return options;
}

Done run(const Arguments& arguments) {
    MITOME_TRY(config, read_config(arguments.config));
    MITOME_CHECK(make_private_folder(config.folder));
    MITOME_TRY(database,
               store::Database::open(config.folder / "status.db", store::status_schema()));
    const SystemClock clock;
    Publication publication{clock};
    MITOME_TRY(reception, Reception::open(config.folder, *database, publication));
    if (arguments.initialise) return {};

    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    constexpr unsigned feeders = 1;
    const http::Routes feed = feed_routes(*reception, publication);
    auto feed_options = listener(config.port, feeders, feed);
    MITOME_TRY(identity, http::read_tls(config.tls));
    feed_options.tls = std::move(identity);
    MITOME_TRY(feed_server, http::Server::start(std::move(feed_options), feed));
    const http::Routes open = public_routes(publication);
    const unsigned threads = std::max(2U, std::thread::hardware_concurrency());
    MITOME_TRY(public_server,
               http::Server::start(listener(config.public_port, threads, open), open));
    log(Level::info, "ready",
        {{"port", feed_server->port()}, {"public_port", public_server->port()}});

    int received = 0;
    sigwait(&ends, &received);
    log(Level::info, "ending", {{"signal", received}});
    public_server->stop();
    feed_server->stop();
    return {};
}

}  // namespace
}  // namespace mitome::status

int main(int count, char** words) {
    mitome::start_log("mitome-status", mitome::Level::info);
    const auto arguments = mitome::status::read_arguments({words, static_cast<std::size_t>(count)});
    if (!arguments) {
        mitome::log(mitome::Level::error, "usage: mitome-status --config FILE [--initialise]");
        return 64;
    }
    const mitome::Done done = mitome::status::run(*arguments);
    if (!done) {
        mitome::log(mitome::Level::error, "ended", {{"error", done.error()}});
        return done.error().fault == mitome::Fault::unavailable ? 7 : 70;
    }
    return 0;
}
