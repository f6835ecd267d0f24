// SPDX-License-Identifier: Apache-2.0
#include "resets.hpp"

#include <mitome/base/log.hpp>

#include <utility>

namespace mitome::registration {
namespace {

namespace cmp = pki::cmp;
using cmp::Failure;

constexpr std::chrono::minutes life{10};

std::unexpected<cmp::Refusal> no(Failure failure, Literal what) {
    return std::unexpected{cmp::Refusal{failure, what}};
}

}  // namespace

cmp::Judged<store::ResetGrant> Resets::judge(const cmp::PinResetWish& wish, std::uint64_t resident,
                                             std::string_view brought_by) const {
    const auto phone = office_.people.phone_of(resident);
    if (!phone) return no(Failure::system_failure, "our own fault");
    if (!*phone || (*phone)->element != wish.element ||
        (!brought_by.empty() && brought_by != to_hex(wish.element)))
        return no(Failure::not_authorized, "not the phone of this person");
    const auto device = office_.people.device(wish.element);
    if (!device) return no(Failure::system_failure, "our own fault");
    if (*device && (*device)->state == store::DeviceState::rolled_back)
        return no(Failure::not_authorized, "element_rolled_back: an older copy was put back");
    if ((wish.includes(pki::Kind::sign) && (*phone)->sign_serial.empty()) ||
        (wish.includes(pki::Kind::auth) && (*phone)->auth_serial.empty()))
        return no(Failure::bad_request, "the phone has no certificate of that kind");
    const Time now = office_.clock.now();
    return store::ResetGrant{.order = office_.random.octets(cmp::reset_order_octets),
                             .element = wish.element,
                             .kinds = static_cast<std::uint8_t>(wish.kinds),
                             .created = now,
                             .expires = now + life};
}

Result<std::optional<store::ResetGrant>> Resets::waiting(BytesView element) const {
    MITOME_TRY(grant, office_.people.waiting_reset(element));
    if (!grant || grant->expires <= office_.clock.now()) return std::optional<store::ResetGrant>{};
    return grant;
}

Done Resets::delivered(store::ResetGrant grant) const {
    MITOME_TRY(change, office_.database.begin());
    grant.state = store::ResetState::delivered;
    MITOME_CHECK(office_.people.change(change, grant));
    MITOME_CHECK(office_.note(change, "element", "pin.reset", order_reference(grant.order)));
    return change.commit();
}

}  // namespace mitome::registration
