// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cascade.hpp"
#include "refused.hpp"

namespace mitome::registration {

/// What cannot be undone needs two persons: the resident desk proposes, a supervisor agrees. The
/// roles are two, and so are the certificates: nobody agrees to what the same key has proposed.
class Approvals {
public:
    static constexpr std::chrono::hours validity{24};

    Approvals(Office& office, store::Casebook& casebook, Cascade& cascade)
        : office_(office), casebook_(casebook), cascade_(cascade) {}

    /// `proposer`: digest of the TLS certificate. One that waits for the same thing is given again.
    [[nodiscard]] Judged<store::Approval> propose(store::Dangerous action, std::uint64_t resident,
                                                  BytesView element, BytesView proposer);

    enum class Verdict : std::uint8_t { agreed, rejected };
    struct Decided {
        store::Approval approval;
        std::vector<store::Task> tasks;  ///< that follow from it
    };
    /// What was agreed to happens in the same change. Agreeing again to what is done changes
    /// nothing. `approval_absent`, `approval_closed`, `second_person_needed`.
    [[nodiscard]] Judged<Decided> decide(BytesView id, Verdict verdict, BytesView decider);

    [[nodiscard]] Result<std::vector<store::Approval>> waiting() const;

private:
    [[nodiscard]] Judged<std::vector<store::Task>> decease(store::Transaction& in,
                                                           std::uint64_t resident);
    [[nodiscard]] Judged<std::vector<store::Task>> erase(store::Transaction& in,
                                                         const store::Approval& approval);

    Office& office_;
    store::Casebook& casebook_;
    Cascade& cascade_;
};

[[nodiscard]] std::string_view name_of(store::Dangerous action);

}  // namespace mitome::registration
