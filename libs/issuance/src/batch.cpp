// SPDX-License-Identifier: Apache-2.0
#include "judgement.hpp"

#include <mitome/issuance/batch.hpp>

namespace mitome::issuance {
namespace {

store::Standing goal_of(life::Event event) {
    if (event == life::Event::hold) return store::Standing::held;
    if (event == life::Event::release) return store::Standing::issued;
    return store::Standing::revoked;
}

/// What `withdraw` would say of it, or that there is nothing to do.
Result<Taken> judge(const Records& records, const BatchEntry& entry, Time now,
                    const store::View& view) {
    MITOME_TRY(found, records.ledger.entry(entry.ca, entry.withdrawal.serial, view));
    if (!found || found->standing == store::Standing::drawn) return Taken::unknown;
    if (found->standing == goal_of(life::event_of(entry.withdrawal.reason))) {
        return Taken::unchanged;
    }
    return refusal_of(*found, entry.withdrawal, records.hold_rules, now) ? Taken::refused
                                                                         : Taken::changed;
}

}  // namespace

std::string_view name_of(Taken taken) {
    switch (taken) {
        case Taken::changed: return "changed";
        case Taken::unchanged: return "unchanged";
        case Taken::unknown: return "unknown";
        case Taken::refused: return "refused";
    }
    return {};
}

Result<WithdrawnBatch> withdraw_all(const Records& records, std::span<const BatchEntry> entries) {
    if (entries.empty() || entries.size() > largest_batch)
        return fail(Fault::malformed, "issuance: no such batch");
    WithdrawnBatch batch;
    batch.at = records.clock.now();
    MITOME_TRY(change, records.database.begin());
    for (const BatchEntry& entry : entries) {
        const Withdrawal& wanted = entry.withdrawal;
        MITOME_TRY(taken, judge(records, entry, batch.at, change));
        batch.taken.push_back(taken);
        if (batch.taken.back() != Taken::changed) continue;
        MITOME_CHECK(records.ledger.record_revocation(change, {.ca = entry.ca,
                                                               .serial = wanted.serial,
                                                               .at = batch.at,
                                                               .reason = wanted.reason,
                                                               .invalidity = wanted.invalidity,
                                                               .role = wanted.role,
                                                               .cause = wanted.cause}));
        MITOME_CHECK(records.audit.append(
            change, {.at = batch.at,
                     .role = wanted.role,
                     .action = "revoke",
                     .subject = std::string{pki::name_of(entry.ca)} + "/" + to_hex(wanted.serial),
                     .detail = std::string{pki::name_of(wanted.reason)}}));
    }
    MITOME_TRY(head, records.ledger.head(change));
    batch.head = head;
    MITOME_CHECK(change.commit());
    return batch;
}

}  // namespace mitome::issuance
