// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/administration.hpp>
#include <mitome/apdu/tlv.hpp>

#include <algorithm>
#include <limits>

namespace mitome::apdu::administration {

namespace {

// Data grouping identifiers of our own; D1xx is left to issuers by the CPS table.
constexpr std::uint16_t dgi_begin = 0xD101;
constexpr std::uint16_t dgi_generate = 0xD102;
constexpr std::uint16_t dgi_state = 0xD103;
constexpr std::uint16_t dgi_store_certificate = 0xD104;
constexpr std::uint16_t dgi_swap = 0xD105;
constexpr std::uint16_t dgi_drop = 0xD106;
constexpr std::uint16_t dgi_unblock = 0xD107;
// D108 was TERMINATE, which proved nothing; the number is not given again.
constexpr std::uint16_t dgi_reset_pin = 0xD109;
constexpr std::uint16_t dgi_erase = 0xD10A;
constexpr std::uint16_t dgi_lease = 0xD10B;
constexpr std::uint16_t dgi_receipt_taken = 0xD10C;

constexpr std::uint8_t last_block_dgi_with_answer = 0x89;  // GlobalPlatform 2.3.1 table 11-89
constexpr std::uint32_t longest_short = 255;
constexpr std::size_t cipher_growth = 16 + 8;  // padding and MAC of SCP03

constexpr Kinds all_kinds = static_cast<Kinds>(Kind::sign) | static_cast<Kinds>(Kind::auth);

constexpr std::uint16_t tag_element = 0xC0;
constexpr std::uint16_t tag_record = 0xC1;
constexpr std::uint16_t tag_swapped = 0xC2;
constexpr std::uint16_t tag_erased = 0xC3;
constexpr std::uint16_t tag_reset = 0xC6;
constexpr std::uint16_t tag_erase_number = 0xC8;
constexpr std::uint16_t tag_lease = 0xC9;
constexpr std::uint16_t tag_local_receipt = 0xCA;
constexpr std::uint16_t tag_present = 0xE1;
constexpr std::uint16_t tag_pending = 0xE2;
constexpr std::uint16_t tag_spki = 0xC5;
constexpr std::uint16_t tag_request = 0xC6;
constexpr std::uint16_t tag_signature = 0xC7;
constexpr std::uint16_t tag_kind = 0xC4;
constexpr std::uint16_t tag_receipt = 0xC7;

Bytes eight_octets(std::uint64_t number) {
    Bytes out(8);
    for (std::size_t i = 0; i < 8; ++i)
        out[7 - i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xFF);
    return out;
}

Result<std::uint64_t> number_of(BytesView value) {
    if (value.size() != 8) return fail(Fault::malformed, "administration: number");
    std::uint64_t number = 0;
    for (const std::uint8_t each : value) number = number << 8 | each;
    return number;
}

// Seconds since 1970.
Bytes eight_octets(Time time) {
    return eight_octets(static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

Result<Time> time_of(BytesView value) {
    MITOME_TRY(seconds, number_of(value));
    if (seconds > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return fail(Fault::malformed, "administration: time");
    return Time{std::chrono::seconds{static_cast<std::int64_t>(seconds)}};
}

Bytes group(std::uint16_t dgi, BytesView value) {
    Bytes out{static_cast<std::uint8_t>(dgi >> 8), static_cast<std::uint8_t>(dgi & 0xFF)};
    if (value.size() < 0xFF) {
        out.push_back(static_cast<std::uint8_t>(value.size()));
    } else {
        out.push_back(0xFF);
        out.push_back(static_cast<std::uint8_t>(value.size() >> 8 & 0xFF));
        out.push_back(static_cast<std::uint8_t>(value.size() & 0xFF));
    }
    append(out, value);
    return out;
}

struct Group {
    std::uint16_t dgi = 0;
    BytesView value;
};

/// Exactly one data group in its shortest form.
Result<Group> only_group(BytesView octets) {
    if (octets.size() < 3) return fail(Fault::malformed, "administration: short data group");
    Group found;
    found.dgi = static_cast<std::uint16_t>(octets[0] << 8 | octets[1]);
    std::size_t size = octets[2];
    std::size_t at = 3;
    if (size == 0xFF) {
        if (octets.size() < 5) return fail(Fault::malformed, "administration: length");
        size = static_cast<std::size_t>(octets[3]) << 8 | octets[4];
        if (size < 0xFF) return fail(Fault::malformed, "administration: length form");
        at = 5;
    }
    if (octets.size() - at != size) return fail(Fault::malformed, "administration: length");
    found.value = octets.subspan(at);
    return found;
}

Result<Kind> kind_from(std::uint8_t octet) {
    if (octet == static_cast<std::uint8_t>(Kind::sign)) return Kind::sign;
    if (octet == static_cast<std::uint8_t>(Kind::auth)) return Kind::auth;
    return fail(Fault::malformed, "administration: kind");
}

Result<Kind> only_kind(BytesView value) {
    if (value.size() != 1) return fail(Fault::malformed, "administration: kind");
    return kind_from(value[0]);
}

bool are_kinds(std::uint8_t octet) { return (octet & ~all_kinds) == 0; }

Bytes octet(Kind kind) { return {static_cast<std::uint8_t>(kind)}; }

Bytes group_of(const Begin& begin) {
    const Bytes tail{begin.kinds, static_cast<std::uint8_t>(begin.algorithm)};
    return group(dgi_begin, join({begin.order, tail}));
}
Bytes group_of(const Generate& generate) { return group(dgi_generate, octet(generate.kind)); }
Bytes group_of(const AskState&) { return group(dgi_state, {}); }
Bytes group_of(const StoreCertificate& store) {
    const Bytes head{static_cast<std::uint8_t>(store.kind), static_cast<std::uint8_t>(store.role)};
    return group(dgi_store_certificate, join({head, store.certificate}));
}
Bytes group_of(const Swap& swap) { return group(dgi_swap, swap.order); }
Bytes group_of(const Drop& drop) { return group(dgi_drop, drop.order); }
Bytes group_of(const Unblock& unblock) { return group(dgi_unblock, octet(unblock.kind)); }
Bytes group_of(const ResetPin& reset) {
    return group(dgi_reset_pin, join({reset.order, octet(reset.kind)}));
}
Bytes group_of(const Erase& erase) {
    return group(dgi_erase, join({erase.order, eight_octets(erase.number), erase.challenge,
                                  erase.signed_order}));
}
Bytes value_of(const Lease& lease) {
    return join({eight_octets(lease.signed_time), eight_octets(lease.until)});
}
Bytes group_of(const Lease& lease) { return group(dgi_lease, value_of(lease)); }
Bytes group_of(const ReceiptTaken& taken) { return group(dgi_receipt_taken, taken.receipt); }

Result<Begin> begin_from(BytesView value) {
    if (value.size() != 18) return fail(Fault::malformed, "administration: BEGIN");
    MITOME_TRY(order, order_of(value.first(16)));
    const std::uint8_t wanted = value[16];
    const std::uint8_t algorithm = value[17];
    if (wanted == 0 || !are_kinds(wanted) ||
        (algorithm != static_cast<std::uint8_t>(Algorithm::rsa_2048) &&
         algorithm != static_cast<std::uint8_t>(Algorithm::ec_p256)))
        return fail(Fault::malformed, "administration: BEGIN");
    return Begin{order, wanted, Algorithm{algorithm}};
}

Result<StoreCertificate> store_from(BytesView value) {
    if (value.size() < 3 || value[1] > static_cast<std::uint8_t>(Role::issuer))
        return fail(Fault::malformed, "administration: STORE CERTIFICATE");
    const auto kind = kind_from(value[0]);
    if (!kind) return fail(Fault::malformed, "administration: STORE CERTIFICATE");
    return StoreCertificate{*kind, Role{value[1]}, copy(value.subspan(2))};
}

template <std::size_t Size>
Result<std::array<std::uint8_t, Size>> fixed(BytesView value) {
    std::array<std::uint8_t, Size> out{};
    if (value.size() != Size) return fail(Fault::malformed, "administration: length of a field");
    std::copy(value.begin(), value.end(), out.begin());
    return out;
}

/// 16 octets and a kind, in either order of STATE and RESET PIN.
Result<ResetPin> reset_from(BytesView order, BytesView kind) {
    MITOME_TRY(which, order_of(order));
    MITOME_TRY(whose, only_kind(kind));
    return ResetPin{which, whose};
}

Result<Erase> erase_from(BytesView value) {
    if (value.size() != 72) return fail(Fault::malformed, "administration: ERASE");
    MITOME_TRY(order, order_of(value.first(16)));
    MITOME_TRY(number, number_of(value.subspan(16, 8)));
    MITOME_TRY(challenge, fixed<16>(value.subspan(24, 16)));
    MITOME_TRY(signed_order, fixed<32>(value.subspan(40)));
    return Erase{order, number, challenge, signed_order};
}

Result<Lease> lease_from(BytesView value) {
    if (value.size() != 16) return fail(Fault::malformed, "administration: lease");
    MITOME_TRY(signed_time, time_of(value.first(8)));
    MITOME_TRY(until, time_of(value.subspan(8)));
    return Lease{signed_time, until};
}

Result<ReceiptTaken> taken_from(BytesView value) {
    MITOME_TRY(receipt, fixed<32>(value));
    return ReceiptTaken{receipt};
}

template <class Which>
Result<Operation> operation(Result<Which>&& read) {
    if (!read) return std::unexpected{read.error()};
    return *std::move(read);
}

template <class Which>
Result<Operation> only_kind_as(BytesView value) {
    MITOME_TRY(kind, only_kind(value));
    return Which{kind};
}

template <class Which>
Result<Operation> order_as(BytesView value) {
    MITOME_TRY(order, order_of(value));
    return Which{order};
}

Result<State::Present> present_from(BytesView value) {
    if (value.size() != 35 || value[2] > 1)
        return fail(Fault::malformed, "administration: present key");
    MITOME_TRY(kind, kind_from(value[0]));
    MITOME_TRY(key, fixed<32>(value.subspan(3)));
    return State::Present{kind, value[1], key, value[2] == 1};
}

Result<State::Pending> pending_from(BytesView value) {
    if (value.size() != 21) return fail(Fault::malformed, "administration: pending set");
    for (const std::uint8_t set : value.subspan(16))
        if (!are_kinds(set)) return fail(Fault::malformed, "administration: kinds");
    MITOME_TRY(order, order_of(value.first(16)));
    return State::Pending{order, value[16], value[17], value[18], value[19], value[20]};
}

}  // namespace

Result<Order> order_of(BytesView octets) { return fixed<16>(octets); }

Command install_for_personalization(BytesView aid) {
    Command command{.cla = 0x80,
                    .ins = 0xE6,
                    .p1 = 0x20,
                    .p2 = 0,
                    .data = {0, 0},
                    .expected = 256,
                    .extended = false};
    command.data.push_back(static_cast<std::uint8_t>(aid.size()));
    append(command.data, aid);
    for (int i = 0; i < 3; ++i) command.data.push_back(0);
    return command;
}

Command store(const Operation& operation) {
    Command command{.cla = 0x80,
                    .ins = 0xE2,
                    .p1 = last_block_dgi_with_answer,
                    .p2 = 0,
                    .data = encode(operation),
                    .expected = 256,
                    .extended = false};
    // A public key or a receipt does not fit a short answer, nor a certificate a short command.
    if (std::holds_alternative<Generate>(operation) || std::holds_alternative<Erase>(operation) ||
        command.data.size() + cipher_growth > longest_short) {
        command.extended = true;
        command.expected = 65536;
    }
    return command;
}

Bytes encode(const Operation& operation) {
    return std::visit([](const auto& which) { return group_of(which); }, operation);
}

Result<Operation> decode_operation(BytesView data_group) {
    MITOME_TRY(found, only_group(data_group));
    const BytesView value = found.value;
    switch (found.dgi) {
        case dgi_begin: return operation(begin_from(value));
        case dgi_generate: return only_kind_as<Generate>(value);
        case dgi_state:
            if (!value.empty()) break;
            return AskState{};
        case dgi_store_certificate: return operation(store_from(value));
        case dgi_swap: return order_as<Swap>(value);
        case dgi_drop: return order_as<Drop>(value);
        case dgi_unblock: return only_kind_as<Unblock>(value);
        case dgi_reset_pin:
            if (value.size() != 17) break;
            return operation(reset_from(value.first(16), value.subspan(16)));
        case dgi_erase: return operation(erase_from(value));
        case dgi_lease: return operation(lease_from(value));
        case dgi_receipt_taken: return operation(taken_from(value));
        default: break;
    }
    return fail(Fault::malformed, "administration: unknown operation");
}

namespace {

constexpr auto set_flag = "01"_hex;

/// The objects of STATE that follow element and record, up to the keys. False for another tag.
Result<bool> take_standing(State& state, const Tlv& object) {
    switch (object.tag) {
        case tag_swapped: {
            MITOME_TRY(order, order_of(object.value));
            state.swapped = order;
            return true;
        }
        case tag_erased: {
            MITOME_TRY(order, order_of(object.value));
            state.erased = order;
            return true;
        }
        case tag_reset: {
            if (object.value.size() != 17) return fail(Fault::malformed, "administration: reset");
            MITOME_TRY(reset, reset_from(object.value.subspan(1), object.value.first(1)));
            if (!state.resets.empty() && state.resets.back().kind >= reset.kind)
                return fail(Fault::malformed, "administration: order of the resets");
            state.resets.push_back({reset.kind, reset.order});
            return true;
        }
        case tag_erase_number: {
            MITOME_TRY(number, number_of(object.value));
            if (number == 0) return fail(Fault::malformed, "administration: erase number");
            state.erase_number = number;
            return true;
        }
        case tag_lease: {
            MITOME_TRY(lease, lease_from(object.value));
            state.lease = lease;
            return true;
        }
        case tag_local_receipt:
            if (!same(object.value, set_flag))
                return fail(Fault::malformed, "administration: flag");
            state.local_receipt = true;
            return true;
        default: return false;
    }
}

}  // namespace

Bytes encode(const State& state) {
    Bytes value = make_tlv(tag_element, state.element);
    append(value, make_tlv(tag_record, eight_octets(state.record)));
    if (state.swapped) append(value, make_tlv(tag_swapped, *state.swapped));
    if (state.erased) append(value, make_tlv(tag_erased, *state.erased));
    for (const State::Reset& reset : state.resets)
        append(value, make_tlv(tag_reset, join({octet(reset.kind), reset.order})));
    if (state.erase_number != 0)
        append(value, make_tlv(tag_erase_number, eight_octets(state.erase_number)));
    if (state.lease) append(value, make_tlv(tag_lease, value_of(*state.lease)));
    if (state.local_receipt) append(value, make_tlv(tag_local_receipt, set_flag));
    for (const State::Present& present : state.present) {
        const Bytes head{static_cast<std::uint8_t>(present.kind), present.tries,
                         static_cast<std::uint8_t>(present.certificate ? 1 : 0)};
        append(value, make_tlv(tag_present, join({head, present.key})));
    }
    if (state.pending) {
        const Bytes tail{state.pending->wanted, state.pending->generated,
                         state.pending->certificates, state.pending->pins, state.pending->proved};
        append(value, make_tlv(tag_pending, join({state.pending->order, tail})));
    }
    return group(dgi_state, value);
}

Result<State> decode_state(BytesView answer) {
    MITOME_TRY(found, only_group(answer));
    if (found.dgi != dgi_state) return fail(Fault::malformed, "administration: not a state");
    MITOME_TRY(objects, all_tlv(found.value));
    State state;
    bool element = false;
    bool record = false;
    std::uint16_t last = 0;
    for (const Tlv& object : objects) {
        // One order of the objects, so that one state has one encoding.
        const bool repeats = object.tag == tag_present || object.tag == tag_reset;
        if (object.tag < last || (object.tag == last && !repeats))
            return fail(Fault::malformed, "administration: order of the state");
        last = object.tag;
        switch (object.tag) {
            case tag_element: {
                MITOME_TRY(id, fixed<10>(object.value));
                state.element = id;
                element = true;
                break;
            }
            case tag_record: {
                MITOME_TRY(number, number_of(object.value));
                state.record = number;
                record = true;
                break;
            }
            case tag_present: {
                MITOME_TRY(present, present_from(object.value));
                if (!state.present.empty() && state.present.back().kind >= present.kind)
                    return fail(Fault::malformed, "administration: order of the keys");
                state.present.push_back(present);
                break;
            }
            case tag_pending: {
                MITOME_TRY(pending, pending_from(object.value));
                state.pending = pending;
                break;
            }
            default: {
                MITOME_TRY(known, take_standing(state, object));
                if (!known) return fail(Fault::malformed, "administration: unknown field");
                break;
            }
        }
    }
    if (!element || !record) return fail(Fault::malformed, "administration: state is incomplete");
    return state;
}

Bytes encode(const Generated& generated) {
    return group(dgi_generate, join({make_tlv(tag_kind, octet(generated.kind)),
                                     make_tlv(tag_spki, generated.spki)}));
}

Result<Generated> decode_generated(BytesView answer) {
    MITOME_TRY(found, only_group(answer));
    MITOME_TRY(objects, all_tlv(found.value));
    if (found.dgi != dgi_generate || objects.size() != 2 || objects[0].tag != tag_kind ||
        objects[1].tag != tag_spki)
        return fail(Fault::malformed, "administration: not a public key");
    MITOME_TRY(kind, only_kind(objects[0].value));
    return Generated{kind, copy(objects[1].value)};
}

Bytes encode(const Erased& erased) {
    return group(dgi_erase, make_tlv(tag_receipt, erased.receipt));
}

Result<Erased> decode_erased(BytesView answer) {
    MITOME_TRY(found, only_group(answer));
    MITOME_TRY(objects, all_tlv(found.value));
    if (found.dgi != dgi_erase || objects.size() != 1 || objects[0].tag != tag_receipt)
        return fail(Fault::malformed, "administration: not a receipt");
    return Erased{copy(objects[0].value)};
}

bool is_pin_form(Kind kind, BytesView pin) {
    const auto is_digit = [](std::uint8_t c) { return c >= '0' && c <= '9'; };
    const auto is_letter = [](std::uint8_t c) { return c >= 'A' && c <= 'Z'; };
    if (kind == Kind::auth) return pin.size() == 4 && std::all_of(pin.begin(), pin.end(), is_digit);
    return pin.size() >= 6 && pin.size() <= 16 &&
           std::all_of(pin.begin(), pin.end(),
                       [&](std::uint8_t c) { return is_digit(c) || is_letter(c); }) &&
           std::any_of(pin.begin(), pin.end(), is_digit) &&
           std::any_of(pin.begin(), pin.end(), is_letter);
}

namespace {

Command set_pin(std::uint8_t which, Kind kind, BytesView pin) {
    return {.cla = 0x80,
            .ins = ins_set_pin,
            .p1 = which,
            .p2 = static_cast<std::uint8_t>(kind),
            .data = copy(pin),
            .expected = {},
            .extended = false};
}

}  // namespace

Command set_pending_pin(Kind kind, BytesView pin) { return set_pin(p1_pending_pin, kind, pin); }

Command set_new_pin(Kind kind, BytesView pin) { return set_pin(p1_new_pin, kind, pin); }

Command prove(Kind kind, const Order& order) {
    return {.cla = 0x80,
            .ins = ins_prove,
            .p1 = 0,
            .p2 = static_cast<std::uint8_t>(kind),
            .data = {order.begin(), order.end()},
            .expected = 65536,
            .extended = true};
}

Bytes encode(const Proof& proof) {
    return join(
        {make_tlv(tag_request, proof.cert_request), make_tlv(tag_signature, proof.signature)});
}

Result<Proof> decode_proof(BytesView answer) {
    MITOME_TRY(objects, all_tlv(answer));
    if (objects.size() != 2 || objects[0].tag != tag_request || objects[1].tag != tag_signature)
        return fail(Fault::malformed, "administration: not a proof");
    return Proof{copy(objects[0].value), copy(objects[1].value)};
}

Command attest(Kind kind) {
    return {.cla = 0x80,
            .ins = ins_attest,
            .p1 = 0,
            .p2 = static_cast<std::uint8_t>(kind),
            .data = {},
            .expected = 65536,
            .extended = true};
}

Command erase_locally() {
    return {.cla = 0x80,
            .ins = ins_erase_locally,
            .p1 = 0,
            .p2 = 0,
            .data = {},
            .expected = 65536,
            .extended = true};
}

Command read_receipt(ReceiptOf which) {
    return {.cla = 0x80,
            .ins = ins_read_receipt,
            .p1 = 0,
            .p2 = static_cast<std::uint8_t>(which),
            .data = {},
            .expected = 65536,
            .extended = true};
}

Command element_id() {
    return {.cla = 0x00,
            .ins = 0xCA,
            .p1 = 0x00,
            .p2 = 0x45,
            .data = {},
            .expected = 256,
            .extended = false};
}

}  // namespace mitome::apdu::administration
