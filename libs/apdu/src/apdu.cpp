// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/apdu.hpp>

namespace mitome::apdu {

namespace {

constexpr std::size_t header_size = 4;
constexpr std::uint32_t short_limit = 256;

std::uint8_t high(std::size_t number) { return static_cast<std::uint8_t>(number >> 8 & 0xFF); }
std::uint8_t low(std::size_t number) { return static_cast<std::uint8_t>(number & 0xFF); }

std::uint32_t pair_at(BytesView octets, std::size_t at) {
    return static_cast<std::uint32_t>(octets[at]) << 8 | octets[at + 1];
}

std::uint32_t expected_of(std::uint32_t field, std::uint32_t when_zero) {
    return field == 0 ? when_zero : field;
}

}  // namespace

bool Command::is_extended() const {
    if (data.empty() && !expected) return false;  // case 1 has no length at all
    return extended || data.size() > 255 || expected.value_or(0) > short_limit;
}

Bytes Command::encode() const {
    Bytes out{cla, ins, p1, p2};
    out.reserve(data.size() + 10);
    if (is_extended()) {
        out.push_back(0);
        if (!data.empty()) {
            out.push_back(high(data.size()));
            out.push_back(low(data.size()));
            append(out, data);
        }
        if (expected) {
            out.push_back(high(*expected));
            out.push_back(low(*expected));
        }
        return out;
    }
    if (!data.empty()) {
        out.push_back(low(data.size()));
        append(out, data);
    }
    if (expected) out.push_back(low(*expected));
    return out;
}

Result<Command> Command::decode(BytesView octets) {
    if (octets.size() < header_size) return fail(Fault::malformed, "apdu: header is incomplete");
    Command command{.cla = octets[0],
                    .ins = octets[1],
                    .p1 = octets[2],
                    .p2 = octets[3],
                    .data = {},
                    .expected = {},
                    .extended = false};
    const BytesView body = octets.subspan(header_size);

    if (body.empty()) return command;  // case 1
    if (body.size() == 1) {            // case 2S
        command.expected = expected_of(body[0], 256);
        return command;
    }
    if (body[0] != 0) {  // cases 3S and 4S
        const std::size_t count = body[0];
        if (body.size() != 1 + count && body.size() != 2 + count)
            return fail(Fault::malformed, "apdu: Lc does not fit");
        command.data = copy(body.subspan(1, count));
        if (body.size() == 2 + count) command.expected = expected_of(body[1 + count], 256);
        return command;
    }

    command.extended = true;
    if (body.size() < 3) return fail(Fault::malformed, "apdu: extended length is incomplete");
    if (body.size() == 3) {  // case 2E
        command.expected = expected_of(pair_at(body, 1), 65536);
        return command;
    }
    const std::size_t count = pair_at(body, 1);  // cases 3E and 4E
    if (count == 0 || (body.size() != 3 + count && body.size() != 5 + count))
        return fail(Fault::malformed, "apdu: extended Lc does not fit");
    command.data = copy(body.subspan(3, count));
    if (body.size() == 5 + count) command.expected = expected_of(pair_at(body, 3 + count), 65536);
    return command;
}

Bytes Response::encode() const {
    Bytes out = data;
    out.push_back(high(sw));
    out.push_back(low(sw));
    return out;
}

Result<Response> Response::decode(BytesView octets) {
    if (octets.size() < 2) return fail(Fault::malformed, "apdu: response without status word");
    const std::size_t at = octets.size() - 2;
    return Response{.data = copy(octets.first(at)),
                    .sw = static_cast<std::uint16_t>(pair_at(octets, at))};
}

}  // namespace mitome::apdu
