// SPDX-License-Identifier: Apache-2.0
#include "ca_keys.hpp"
#include "recovery.hpp"
#include "routes.hpp"

#include <mitome/base/log.hpp>
#include <mitome/base/secret.hpp>
#include <mitome/base/service.hpp>

#include <cstdlib>

namespace mitome::authority {
namespace {

// A sandbox may be told to die at a step of issuance, so that a test sees what is left.
Result<issuance::Interruption> interruption_of(const Config& config) {
    const char* wanted = std::getenv("MITOME_CRASH_AT");
    if (wanted == nullptr || *wanted == '\0' || !config.sandbox) return issuance::Interruption{};
    const auto step = issuance::step_of(wanted);
    if (!step) return fail(Fault::malformed, "authority: MITOME_CRASH_AT names no step");
    log(Level::warning, "will crash", {{"at", issuance::name_of(*step)}});
    return issuance::crash_at(*step);
}

Done run(const ServiceArguments& arguments, const EndSignals& ends) {
    if (const Done guarded = guard_memory(); !guarded) {
        log(Level::warning, "memory.unlocked", {{"error", guarded.error()}});
    }
    MITOME_TRY(config, read_config(arguments.config));
    const SystemClock clock;
    if (arguments.initialise) MITOME_CHECK(initialise(config, clock.now()));
    MITOME_TRY(database,
               store::Database::open(config.folder / "ledger.db", store::authority_schema()));
    if (arguments.initialise) return {};

    MITOME_TRY(interruption, interruption_of(config));
    store::Ledger ledger{*database};
    store::Audit audit{*database};
    crypto::SystemRandom random;
    const issuance::Records records{.database = *database,
                                    .ledger = ledger,
                                    .audit = audit,
                                    .clock = clock,
                                    .random = random,
                                    .interruption = interruption,
                                    .hold_rules = config.hold_rules};
    Issuers issuers;
    MITOME_TRY(cas, open_cas(config));
    for (issuance::CertificateAuthority& ca : cas) {
        const pki::Ca name = ca.profile.ca();
        MITOME_TRY(issuer, issuance::Issuer::create(std::move(ca), records));
        issuers.emplace(name, std::move(issuer));
    }
    MITOME_CHECK(recover(issuers, ledger, clock));

    const CrlCadence cadence = config.sandbox ? CrlCadence::each_change : CrlCadence::quarter_hour;
    Feeder feeder{{.status = config.status,
                   .tls = config.tls,
                   .cadence = cadence,
                   .interruption = interruption},
                  issuers,
                  ledger,
                  clock,
                  random};
    Service service{.issuers = issuers,
                    .ledger = ledger,
                    .feeder = feeder,
                    .clock = clock,
                    .records = records,
                    .world = config.sandbox ? World::sandbox : World::production};
    const http::Routes table = routes(service);
    constexpr unsigned threads = 8;  // each waits for the disk, the HSM and status
    http::Server::Options options;
    options.port = config.port;
    options.threads = threads;
    options.limits.body = table.longest_body();
    MITOME_TRY(identity, http::read_tls(config.tls));
    options.tls = std::move(identity);
    MITOME_TRY(server, http::Server::start(std::move(options), table));
    feeder.start();
    log(Level::info, "ready", {{"port", server->port()}});

    ends.wait();
    server->stop();
    return {};
}

}  // namespace
}  // namespace mitome::authority

int main(int count, char** words) {
    return mitome::run_service("mitome-authority", {words, static_cast<std::size_t>(count)},
                               mitome::authority::run);
}
