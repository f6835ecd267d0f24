// SPDX-License-Identifier: Apache-2.0
#include "casework.hpp"

#include <mitome/base/log.hpp>

namespace mitome::registration {
namespace {

constexpr unsigned rounds_between_looks = 30;  // at cards and notices

/// What failed is found again in a later round.
bool tended(Literal what, const Done& done) {
    if (!done) log(Level::warning, "not tended", {{"what", what.text}, {"because", done.error()}});
    return done.has_value();
}

}  // namespace

void Casework::tend() {
    const bool look = rounds_++ % rounds_between_looks == 0;
    if (look) tended("cards", cascade.look_at_ended_cards());
    // One sign is enough that the authority does not answer.
    if (!tended("changes", cascade.follow()) || !tended("tasks", cascade.carry_out()) || !look)
        return;
    tended("endings", notices.look_at_endings());
    tended("erasures", notices.look_at_erasures());
}

}  // namespace mitome::registration
