// SPDX-License-Identifier: Apache-2.0
#include "credentials.hpp"
#include "initialise.hpp"
#include "routes.hpp"

#include <mitome/apdu/scp03.hpp>
#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/base/service.hpp>
#include <mitome/http/server.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>

namespace mitome::registration {
namespace {

using namespace std::chrono_literals;

constexpr auto shortest_pause = 100ms;  // between attempts to reach authority and maker
constexpr auto longest_pause = 5s;
constexpr auto tending_pause = 1s;
constexpr unsigned threads = 8;  // each may wait for the authority

Result<Interruption> interruption_of(const Config& config) {
    const char* const wanted = std::getenv("MITOME_CRASH_AT");
    if (wanted == nullptr || *wanted == '\0' || !config.sandbox) return Interruption{};
    MITOME_TRY(parsed, Interruption::parse(wanted));
    log(Level::warning, "will crash", {{"at", std::string_view{wanted}}});
    return parsed;
}

Result<pki::Certificate> read_certificate(const std::filesystem::path& file) {
    MITOME_TRY(pem, read_file(file));
    return pki::Certificate::from_pem(text(pem));
}

/// Sleeps, but not beyond the end.
void pause(std::stop_token end, std::chrono::milliseconds time) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock guard{mutex};
    woken.wait_for(guard, end, time, [] { return false; });
}

/// Gets what only the peers can give, for as long as it takes; then does what time brings.
void tend(const std::stop_token& end, const Config& config, RemoteAuthority& authority,
          const crypto::Signer& key, CredentialsPlace& credentials, Orders& orders,
          Revocations& revocations, Casework& casework, const Clock& clock) {
    auto wait = std::chrono::milliseconds{shortest_pause};
    while (!end.stop_requested()) {
        auto obtained = obtain_credentials(config, authority, key, clock.now());
        if (obtained) {
            credentials.set(*std::move(obtained));
            log(Level::info, "peers answered");
            break;
        }
        log(Level::info, "peers do not answer", {{"because", obtained.error()}});
        pause(end, wait);
        wait = std::min<std::chrono::milliseconds>(wait * 2, longest_pause);
    }
    while (!end.stop_requested()) {
        orders.tend();
        revocations.tend();
        casework.tend();
        pause(end, tending_pause);
    }
}

Result<std::unique_ptr<http::Server>> listen(std::uint16_t port, const http::Routes& routes,
                                             std::optional<http::TlsIdentity> tls) {
    return http::Server::start({.port = port,
                                .threads = threads,
                                .limits = {.body = routes.longest_body()},
                                .tls = std::move(tls)},
                               routes);
}

Done serve(const Config& config, const EndSignals& ends) {
    static_cast<void>(guard_memory());  // refused in many containers; dumps are off all the same
    const SystemClock clock;
    crypto::SystemRandom random;
    MITOME_TRY(interruption, interruption_of(config));
    MITOME_TRY(maker_root, read_certificate(config.maker_root));
    MITOME_TRY(tokens, crypto::open_tokens({config.own, config.administration}));
    MITOME_TRY(signer, tokens[0]->find(cmp_label));
    MITOME_TRY(database, store::Database::open(config.database(), store::registration_schema()));
    store::Register people{*database};
    store::Audit audit{*database};
    RemoteAuthority authority{config.authority, config.tls};
    CredentialsPlace credentials;
    Office office{.database = *database,
                  .people = people,
                  .audit = audit,
                  .authority = authority,
                  .credentials = credentials,
                  .clock = clock,
                  .random = random,
                  .confirm_wait = config.confirm_wait,
                  .lease = config.lease,
                  .erase_patience = config.erase_patience,
                  .interruption = std::move(interruption)};
    Orders orders{office};
    HsmKeysets keysets{std::move(tokens[1]), config.sandbox ? apdu::scp03::sandbox_key_size
                                                            : apdu::scp03::production_key_size};
    Revocations revocations{office};
    Resets resets{office};
    Erasures erasures{office, *signer, maker_root};
    Administration administration{office, orders, resets, erasures, keysets};
    Certification certification{office, orders,  revocations,
                                resets, *signer, std::move(maker_root)};
    RemoteBatches batches{config.authority, config.tls};
    NoPush push;
    Casework casework{office, batches, push};
    Service service{office, orders, administration, certification, erasures, casework};

    MITOME_TRY(identity, http::read_tls(config.tls));
    MITOME_TRY(inner, listen(config.port, private_routes(service), std::move(identity)));
    MITOME_TRY(outer, listen(config.public_port, public_routes(service), std::nullopt));
    std::jthread tending{[&](const std::stop_token& end) {
        tend(end, config, authority, *signer, credentials, orders, revocations, casework, clock);
    }};
    log(Level::info, "ready", {{"port", inner->port()}, {"public_port", outer->port()}});
    ends.wait();
    outer->stop();
    inner->stop();
    return {};
}

Done run(const ServiceArguments& arguments, const EndSignals& ends) {
    MITOME_TRY(config, read_config(arguments.config));
    return arguments.initialise ? initialise(config, SystemClock{}.now()) : serve(config, ends);
}

}  // namespace
}  // namespace mitome::registration

int main(int count, char** words) {
    return mitome::run_service("mitome-registration", {words, static_cast<std::size_t>(count)},
                               mitome::registration::run);
}
