// SPDX-License-Identifier: Apache-2.0
#include "recovery.hpp"

#include <mitome/base/log.hpp>
#include <mitome/pki/certificate.hpp>

namespace mitome::authority {
namespace {

// Longer than any order stays open.
constexpr auto patience = std::chrono::days{1};

}  // namespace

Done recover(Issuers& issuers, const store::Ledger& ledger, const Clock& clock) {
    MITOME_TRY(open, ledger.open_intents());
    for (const store::LedgerEntry& entry : open) {
        log(Level::warning, "intent.open",
            {{"ca", pki::name_of(entry.ca)}, {"serial", to_hex(entry.serial)}});
        if (clock.now() - entry.intended_at < patience) continue;
        MITOME_TRY(closed,
                   issuers.at(entry.ca)->withdraw({.serial = entry.serial,
                                                   .reason = pki::Reason::cessation_of_operation,
                                                   .invalidity = {},
                                                   .role = "authority",
                                                   .cause = "interrupted"}));
        log(Level::info, "intent.closed",
            {{"serial", to_hex(entry.serial)}, {"head", static_cast<std::int64_t>(closed.head)}});
    }
    return {};
}

}  // namespace mitome::authority
