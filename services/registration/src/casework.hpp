// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "approvals.hpp"
#include "desk.hpp"
#include "notices.hpp"
#include "stop_codes.hpp"

namespace mitome::registration {

/// Everything about certificates that exist: what people, cards and desks cause, and what holders
/// are told of it.
class Casework {
public:
    /// All of them outlive this.
    Casework(Office& office, Batches& batches, Push& push)
        : casebook_(office.database),
          cascade(office, casebook_, batches, push),
          notices(office, casebook_, push),
          stop_codes(office, casebook_, batches),
          approvals(office, casebook_, cascade),
          desk(office, batches, cascade) {}

    /// What time brings: tasks that wait, changes at the authority, cards that end, notices that
    /// are due. May be called once a second.
    void tend();

private:
    store::Casebook casebook_;
    unsigned rounds_ = 0;

public:
    Cascade cascade;
    Notices notices;
    StopCodes stop_codes;
    Approvals approvals;
    Desk desk;
};

}  // namespace mitome::registration
