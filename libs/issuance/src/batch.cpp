// SPDX-License-Identifier: Apache-2.0
#include <mitome/issuance/batch.hpp>

#include <optional>

namespace mitome::issuance {
namespace {

store::Standing goal_of(Change change) {
    switch (change) {
        case Change::hold: return store::Standing::held;
        case Change::release: return store::Standing::issued;
        case Change::revoke: return store::Standing::revoked;
    }
    return store::Standing::revoked;
}

/// Absent: this CA has no such certificate.
Result<std::optional<store::Standing>> standing(const Records& records, const BatchEntry& entry,
                                                const store::View& view) {
    const auto found = records.ledger.entry(entry.ca, entry.withdrawal.serial, view);
    if (!found) return std::unexpected{found.error()};
    if (!*found || (*found)->standing == store::Standing::drawn)
        return std::optional<store::Standing>{};
    return std::optional{(*found)->standing};
}

/// What `withdraw` would say of it, or that there is nothing to do.
Taken judge(const Records& records, const BatchEntry& entry, store::Standing now) {
    const Change change = change_of(entry.withdrawal.reason);
    if (now == goal_of(change)) return Taken::unchanged;
    if (change == Change::release && !records.hold_rules.may_release(entry.ca))
        return Taken::refused;
    return next(now, change) ? Taken::changed : Taken::refused;
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
        MITOME_TRY(now, standing(records, entry, change));
        batch.taken.push_back(now ? judge(records, entry, *now) : Taken::unknown);
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
