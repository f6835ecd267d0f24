// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/der.hpp>
#include <mitome/pki/pin_reset.hpp>

namespace mitome::pki::cmp {
namespace {

/// The SEQUENCE in a value of our type.
Result<der::Reader> value_of(const InfoValue& from) {
    if (from.oid != id_pin_reset) {
        return fail(Fault::malformed, "cmp: not a PIN reset");
    }
    MITOME_TRY(sequence, der::only(from.value, der::tag::sequence));
    return der::Reader{sequence.value};
}

}  // namespace

bool PinResetWish::includes(Kind kind) const {
    const auto bit = kind == Kind::sign ? ResetKinds::sign : ResetKinds::auth;
    return (static_cast<unsigned>(kinds) & static_cast<unsigned>(bit)) != 0;
}

InfoValue to_info(const PinResetWish& wish) {
    return {std::string{id_pin_reset},
            der::sequence({der::octet_string(wish.element),
                           der::integer(static_cast<std::uint64_t>(wish.kinds))})};
}

InfoValue to_info(const PinResetGrant& grant) {
    return {std::string{id_pin_reset}, der::sequence({der::octet_string(grant.order)})};
}

Result<PinResetWish> pin_reset_wish(const InfoValue& from) {
    MITOME_TRY(reader, value_of(from));
    MITOME_TRY(element, reader.next(der::tag::octet_string));
    MITOME_TRY(integer, reader.next(der::tag::integer));
    MITOME_CHECK(reader.finish());
    if (element.value.empty() || element.value.size() > max_element_octets) {
        return fail(Fault::malformed, "cmp: element of a wrong length");
    }
    MITOME_TRY(kinds, der::to_number(integer));
    if (kinds < static_cast<std::uint64_t>(ResetKinds::sign) ||
        kinds > static_cast<std::uint64_t>(ResetKinds::both)) {
        return fail(Fault::malformed, "cmp: no such kinds of PIN");
    }
    return PinResetWish{copy(element.value), static_cast<ResetKinds>(kinds)};
}

Result<PinResetGrant> pin_reset_grant(const InfoValue& from) {
    MITOME_TRY(reader, value_of(from));
    MITOME_TRY(order, reader.next(der::tag::octet_string));
    MITOME_CHECK(reader.finish());
    if (order.value.size() != reset_order_octets) {
        return fail(Fault::malformed, "cmp: order of a wrong length");
    }
    return PinResetGrant{copy(order.value)};
}

}  // namespace mitome::pki::cmp
