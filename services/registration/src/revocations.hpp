// SPDX-License-Identifier: Apache-2.0
#pragma once

// Revocation, hold and release of a phone's certificates as their holder asks for them over CMP:
// who may what, all or none, and carried out also when a crash comes between.

#include "office.hpp"

#include <mitome/issuance/life.hpp>
#include <mitome/pki/cmp_server.hpp>

#include <span>
#include <vector>

namespace mitome::registration {

/// Whose certificate protects a request: `card`, `phone` (about its own pair alone) or
/// `card_login`. What each of them may ask stands in issuance/life.hpp.
struct Speaker {
    issuance::life::Actor by = issuance::life::Actor::card;
    std::uint64_t resident = 0;
    Bytes serial;   ///< of the protecting certificate
    Bytes element;  ///< of the phone that speaks; else empty
};

class Revocations {
public:
    explicit Revocations(Office& office) : office_(office) {}

    /// One for each certificate that is wanted.
    struct Judgement {
        std::vector<pki::cmp::Verdict> verdicts;
        std::vector<store::Withdrawal> withdrawals;  ///< empty when anything speaks against one
    };
    [[nodiscard]] Result<Judgement> judge(const Speaker& speaker,
                                          std::span<const pki::cmp::WantedRevocation> wanted) const;

    /// Writes down what is about to happen; `carry_out` or `tend` does it after the commit.
    [[nodiscard]] Done record(store::Transaction& in, const Speaker& speaker, BytesView transaction,
                              const std::vector<store::Withdrawal>& withdrawals) const;
    /// May be begun again. A verdict for each: nothing where it is done. `unavailable` leaves the
    /// rest to `tend`.
    [[nodiscard]] Result<std::vector<pki::cmp::Verdict>> carry_out(BytesView transaction);

    /// Carries out what a crash or a silent authority left.
    void tend();

private:
    [[nodiscard]] pki::cmp::Judged<store::Withdrawal> judge_one(
        const Speaker& speaker, const pki::cmp::WantedRevocation& wanted) const;
    [[nodiscard]] Result<std::vector<store::ActivePhone>> dead_phones(
        const std::vector<store::Withdrawal>& withdrawals) const;

    Office& office_;
};

}  // namespace mitome::registration
