// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"
#include "feed_routes.hpp"
#include "public_routes.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/base/service.hpp>

#include <algorithm>
#include <thread>

namespace mitome::status {
namespace {

http::Server::Options listener(std::uint16_t port, unsigned threads, const http::Routes& routes) {
    http::Server::Options options;
    options.port = port;
    options.threads = threads;
    options.limits.body = routes.longest_body();
    return options;
}

Done run(const ServiceArguments& arguments, const EndSignals& ends) {
    MITOME_TRY(config, read_config(arguments.config));
    MITOME_CHECK(make_private_folder(config.folder));
    MITOME_TRY(database,
               store::Database::open(config.folder / "status.db", store::status_schema()));
    const SystemClock clock;
    Publication publication{clock};
    MITOME_TRY(reception, Reception::open(config.folder, *database, publication));
    if (arguments.initialise) return {};

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

    ends.wait();
    public_server->stop();
    feed_server->stop();
    return {};
}

}  // namespace
}  // namespace mitome::status

int main(int count, char** words) {
    return mitome::run_service("mitome-status", {words, static_cast<std::size_t>(count)},
                               mitome::status::run);
}
