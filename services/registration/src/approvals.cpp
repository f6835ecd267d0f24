// SPDX-License-Identifier: Apache-2.0
#include "approvals.hpp"

#include "erasures.hpp"

#include <algorithm>
#include <utility>

namespace mitome::registration {
namespace {

using catalogue::Code;

constexpr std::size_t id_octets = 16;
constexpr std::size_t most_shown = 200;
constexpr std::string_view erasure_cause =
    "desk";  // of an erasure that a new set does not take back

std::string reference(BytesView id) { return "approval/" + to_hex(id); }

}  // namespace

std::string_view name_of(store::Dangerous action) {
    switch (action) {
        case store::Dangerous::decease: return "decease";
        case store::Dangerous::erase: return "erase";
    }
    return {};
}

Result<std::vector<store::Approval>> Approvals::waiting() const {
    return casebook_.waiting_approvals(office_.clock.now(), most_shown);
}

Judged<store::Approval> Approvals::propose(store::Dangerous action, std::uint64_t resident,
                                           BytesView element, BytesView proposer) {
    const Time now = office_.clock.now();
    REGISTRATION_TRY(open, casebook_.waiting_approvals(now, most_shown));
    const auto same_thing = std::ranges::find_if(open, [&](const store::Approval& one) {
        return one.action == action && one.resident == resident && same(one.element, element) &&
               same(one.proposer, proposer);
    });
    if (same_thing != open.end()) return *same_thing;
    store::Approval approval{.id = office_.random.octets(id_octets),
                             .action = action,
                             .resident = resident,
                             .element = copy(element),
                             .proposer = copy(proposer),
                             .state = store::ApprovalState::waiting,
                             .proposed = now,
                             .deadline = now + validity};
    REGISTRATION_TRY(change, office_.database.begin());
    REGISTRATION_CHECK(casebook_.add(change, approval));
    REGISTRATION_CHECK(office_.note(change, "desk", std::string{name_of(action)} + ".propose",
                                    "resident/" + std::to_string(resident),
                                    reference(approval.id)));
    REGISTRATION_CHECK(change.commit());
    return approval;
}

Judged<Approvals::Decided> Approvals::decide(BytesView id, Verdict verdict, BytesView decider) {
    REGISTRATION_TRY(change, office_.database.begin());
    REGISTRATION_TRY(found, casebook_.approval(id, change));
    if (!found) return refuse(Code::approval_absent, "there is no such approval");
    Decided decided{.approval = *std::move(found), .tasks = {}};
    store::Approval& approval = decided.approval;
    if (same(approval.proposer, decider))
        return refuse(Code::second_person_needed, "whoever proposed it cannot decide it");
    if (approval.state == store::ApprovalState::carried_out && verdict == Verdict::agreed)
        return decided;
    if (approval.state != store::ApprovalState::waiting)
        return refuse(Code::approval_closed, "it is decided already");
    if (approval.deadline <= office_.clock.now())
        return refuse(Code::approval_absent, "its time is over");

    if (verdict == Verdict::agreed) {
        auto tasks = approval.action == store::Dangerous::decease
                         ? decease(change, approval.resident)
                         : erase(change, approval);
        if (!tasks) return std::unexpected{tasks.error()};
        decided.tasks = *std::move(tasks);
    }
    approval.state = verdict == Verdict::agreed ? store::ApprovalState::carried_out
                                                : store::ApprovalState::rejected;
    REGISTRATION_CHECK(casebook_.change(change, approval));
    REGISTRATION_CHECK(office_.note(
        change, "supervisor",
        std::string{name_of(approval.action)} + (verdict == Verdict::agreed ? ".agree" : ".reject"),
        "resident/" + std::to_string(approval.resident), reference(approval.id)));
    REGISTRATION_CHECK(change.commit());
    return decided;
}

Judged<std::vector<store::Task>> Approvals::decease(store::Transaction& in, std::uint64_t number) {
    REGISTRATION_TRY(resident, office_.people.resident(number, in));
    if (!resident) return refuse(Code::resident_absent, "no such resident");
    if (resident->state == store::ResidentState::deceased)
        return refuse(Code::approval_closed, "it has happened already");
    resident->state = store::ResidentState::deceased;
    REGISTRATION_CHECK(office_.people.change(in, *resident));
    REGISTRATION_TRY(tasks, cascade_.person(in, Event::deceased, number));
    REGISTRATION_TRY(phone, office_.people.phone_of(number, in));
    if (phone) REGISTRATION_CHECK(order_erasure(office_, in, phone->element, number, "revoked"));
    return tasks;
}

Judged<std::vector<store::Task>> Approvals::erase(store::Transaction& in,
                                                  const store::Approval& approval) {
    REGISTRATION_TRY(phone, office_.people.phone_of(approval.element, in));
    std::vector<store::Task> tasks;
    // In other hands meanwhile: what is dead of it is erased by the order that changed hands.
    if (!phone || phone->resident != approval.resident)
        return refuse(Code::approval_closed, "the phone is no longer this person's");
    REGISTRATION_TRY(made, cascade_.phone(in, Event::phone_erased, *phone));
    tasks = std::move(made);
    REGISTRATION_CHECK(
        order_erasure(office_, in, approval.element, approval.resident, erasure_cause));
    return tasks;
}

}  // namespace mitome::registration
