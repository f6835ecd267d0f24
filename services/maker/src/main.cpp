// SPDX-License-Identifier: Apache-2.0
#include "initialise.hpp"
#include "routes.hpp"

#include <mitome/base/log.hpp>
#include <mitome/http/server.hpp>

#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>

namespace mitome::maker {
namespace {

Done serve(const Config& config, const sigset_t& stop) {
    static_cast<void>(guard_memory());  // refused in many containers; dumps are off all the same
    const SystemClock clock;
    MITOME_TRY(factory, open_factory(config));
    ElementLine line{factory, config.folder};
    const http::Routes table = routes(factory, line, clock);
    MITOME_TRY(identity, http::read_tls(config.tls));
    http::Server::Options options{.port = config.port,
                                  .threads = 2,
                                  .limits = {.body = table.longest_body()},
                                  .tls = std::move(identity)};
    MITOME_TRY(server, http::Server::start(std::move(options), table));
    log(Level::info, "ready", {{"port", server->port()}});
    int signal = 0;
    sigwait(&stop, &signal);
    server->stop();
    log(Level::info, "stopped", {{"signal", signal}});
    return {};
}

}  // namespace
}  // namespace mitome::maker

int main(int count, char** words) {
    using namespace mitome;
    start_log("mitome-maker", Level::info);
    const bool set_up = count == 4 && std::string_view{words[3]} == "--initialise";
    if ((count != 3 && !set_up) || std::string_view{words[1]} != "--config") {
        std::fputs("usage: mitome-maker --config FILE [--initialise]\n", stderr);
        return 64;
    }
    sigset_t stop;  // before any thread is made, so that only sigwait takes them
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, nullptr);

    const auto config = maker::read_config(words[2]);
    const Done done = !config  ? Done{std::unexpected{config.error()}}
                      : set_up ? maker::initialise(*config, SystemClock{}.now())
                               : maker::serve(*config, stop);
    if (done) return 0;
    log(Level::error, "failed", {{"because", done.error()}});
    return 70;
}
