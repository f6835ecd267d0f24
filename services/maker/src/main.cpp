// SPDX-License-Identifier: Apache-2.0
#include "initialise.hpp"
#include "routes.hpp"

#include <mitome/base/log.hpp>
#include <mitome/base/service.hpp>
#include <mitome/http/server.hpp>

#include <utility>

namespace mitome::maker {
namespace {

Done serve(const Config& config, const EndSignals& ends) {
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
    ends.wait();
    server->stop();
    return {};
}

Done run(const ServiceArguments& arguments, const EndSignals& ends) {
    MITOME_TRY(config, read_config(arguments.config));
    return arguments.initialise ? initialise(config, SystemClock{}.now()) : serve(config, ends);
}

}  // namespace
}  // namespace mitome::maker

int main(int count, char** words) {
    return mitome::run_service("mitome-maker", {words, static_cast<std::size_t>(count)},
                               mitome::maker::run);
}
