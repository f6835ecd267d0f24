// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/ram.hpp>
#include <mitome/apdu/tlv.hpp>

namespace mitome::apdu::ram {

namespace {

constexpr std::uint8_t tag_commands = 0xAA;             // TS 102 226 §5.2.1.2
constexpr std::uint8_t tag_commands_indefinite = 0xAE;
constexpr std::uint8_t tag_answers = 0xAB;              // §5.2.1.3
constexpr std::uint8_t tag_answers_indefinite = 0xAF;
constexpr std::uint8_t tag_command = 0x22;
constexpr std::uint8_t tag_answer = 0x23;
constexpr std::uint8_t tag_count = 0x80;
constexpr std::uint8_t tag_suspension = 0x81;
constexpr std::uint8_t tag_chaining = 0x83;
constexpr std::uint8_t tag_bad_format = 0x90;
constexpr std::uint8_t indefinite = 0x80;

/// Lengths of scripts may pass 65,535, which card objects never do.
Bytes object(std::uint8_t tag, BytesView value) {
    Bytes out{tag};
    const std::size_t size = value.size();
    int octets = 0;
    if (size > 0xFFFF)
        octets = 3;
    else if (size > 0xFF)
        octets = 2;
    else if (size > 0x7F)
        octets = 1;
    if (octets != 0) out.push_back(static_cast<std::uint8_t>(0x80 | octets));
    for (int i = octets == 0 ? 0 : octets - 1; i >= 0; --i)
        out.push_back(static_cast<std::uint8_t>(size >> (8 * i) & 0xFF));
    append(out, value);
    return out;
}

struct Object {
    std::uint8_t tag = 0;
    BytesView value;
    BytesView rest;
};

/// `absent` where the length itself cannot be read, `malformed` where the value is cut short.
Result<Object> take(BytesView octets) {
    if (octets.size() < 2) return fail(Fault::absent, "ram: length not found");
    std::size_t size = octets[1];
    std::size_t at = 2;
    if (size > 0x7F) {
        const std::size_t count = size & 0x7F;
        if (count == 0 || count > 3 || octets.size() < 2 + count)
            return fail(Fault::absent, "ram: length not found");
        size = 0;
        for (std::size_t i = 0; i < count; ++i) size = size << 8 | octets[at++];
    }
    if (octets.size() - at < size) return fail(Fault::malformed, "ram: object is cut short");
    return Object{octets[0], octets.subspan(at, size), octets.subspan(at + size)};
}

/// The objects inside a script of either form.
Result<std::vector<Object>> contents(BytesView script, std::uint8_t tag, std::uint8_t open_tag) {
    if (script.size() > largest_script) return fail(Fault::malformed, "ram: script is too long");
    if (script.empty()) return fail(Fault::absent, "ram: empty script");
    const bool open = script[0] == open_tag;
    BytesView inside;
    if (open) {
        if (script.size() < 2 || script[1] != indefinite)
            return fail(Fault::absent, "ram: indefinite length");
        inside = script.subspan(2);
    } else if (script[0] == tag) {
        MITOME_TRY(whole, take(script));
        if (!whole.rest.empty()) return fail(Fault::malformed, "ram: octets behind the script");
        inside = whole.value;
    } else {
        return fail(Fault::denied, "ram: unknown script");
    }
    std::vector<Object> objects;
    while (true) {
        if (open) {
            if (inside.size() < 2) return fail(Fault::malformed, "ram: no end of contents");
            if (inside[0] == 0 && inside[1] == 0) {
                if (inside.size() != 2)
                    return fail(Fault::malformed, "ram: octets behind the script");
                return objects;
            }
        } else if (inside.empty()) {
            return objects;
        }
        if (objects.size() > most_commands + 2)
            return fail(Fault::malformed, "ram: too many objects");
        MITOME_TRY(next, take(inside));
        inside = next.rest;
        objects.push_back(next);
    }
}

Bytes closed(Form form, std::uint8_t tag, std::uint8_t open_tag, Bytes inside) {
    if (form == Form::definite) return object(tag, inside);
    Bytes out{open_tag, indefinite};
    append(out, inside);
    out.push_back(0);
    out.push_back(0);
    return out;
}

struct TroubleRow {
    Trouble trouble;
    std::uint8_t tag;
    std::uint8_t value;
};
constexpr TroubleRow troubles[]{
    {Trouble::unknown_tag, tag_bad_format, 1},      {Trouble::wrong_length, tag_bad_format, 2},
    {Trouble::length_not_found, tag_bad_format, 3}, {Trouble::suspended, tag_suspension, 1},
    {Trouble::no_previous_script, tag_chaining, 1}, {Trouble::chaining_refused, tag_chaining, 2},
    {Trouble::chaining_failed, tag_chaining, 3},
};

bool is_error(BytesView response) {
    if (response.size() < 2) return true;
    const std::uint8_t first = response[response.size() - 2];
    const std::uint8_t second = response[response.size() - 1];
    if (first == 0x90) return second != 0;
    return first != 0x61 && first != 0x62 && first != 0x63;
}

}  // namespace

Bytes encode_commands(const std::vector<Bytes>& commands, Form form) {
    Bytes inside;
    for (const Bytes& command : commands) append(inside, object(tag_command, command));
    return closed(form, tag_commands, tag_commands_indefinite, std::move(inside));
}

Result<std::vector<Bytes>> decode_commands(BytesView script) {
    MITOME_TRY(objects, contents(script, tag_commands, tag_commands_indefinite));
    std::vector<Bytes> commands;
    for (const Object& each : objects) {
        if (each.tag != tag_command) return fail(Fault::denied, "ram: unknown object");
        if (each.value.size() < 4) return fail(Fault::malformed, "ram: command is short");
        commands.push_back(copy(each.value));
    }
    if (commands.size() > most_commands) return fail(Fault::malformed, "ram: too many commands");
    return commands;
}

Bytes encode_answers(const Answers& answers, Form form) {
    Bytes inside;
    if (form == Form::definite) {
        // The number of executed commands, one octet up to 127, then as an INTEGER's content.
        const std::size_t count = answers.responses.size();
        Bytes number;
        if (count > 0x7F) number.push_back(static_cast<std::uint8_t>(count >> 8));
        number.push_back(static_cast<std::uint8_t>(count & 0xFF));
        append(inside, object(tag_count, number));
    }
    for (const Bytes& response : answers.responses) append(inside, object(tag_answer, response));
    for (const TroubleRow& row : troubles)
        if (row.trouble == answers.trouble) append(inside, object(row.tag, Bytes{row.value}));
    return closed(form, tag_answers, tag_answers_indefinite, std::move(inside));
}

Result<Answers> decode_answers(BytesView script) {
    MITOME_TRY(objects, contents(script, tag_answers, tag_answers_indefinite));
    Answers answers;
    std::optional<std::size_t> count;
    bool first = true;
    for (const Object& each : objects) {
        if (answers.trouble != Trouble::none)
            return fail(Fault::malformed, "ram: objects behind the trouble");
        if (each.tag == tag_count && first) {
            if (each.value.empty() || each.value.size() > 2)
                return fail(Fault::malformed, "ram: count");
            std::size_t number = 0;
            for (const std::uint8_t octet : each.value) number = number << 8 | octet;
            count = number;
        } else if (each.tag == tag_answer) {
            if (each.value.size() < 2) return fail(Fault::malformed, "ram: answer is short");
            answers.responses.push_back(copy(each.value));
        } else {
            if (each.value.size() != 1) return fail(Fault::malformed, "ram: trouble");
            for (const TroubleRow& row : troubles)
                if (row.tag == each.tag && row.value == each.value[0])
                    answers.trouble = row.trouble;
            if (answers.trouble == Trouble::none)
                return fail(Fault::malformed, "ram: unknown object");
        }
        first = false;
    }
    if (count && *count != answers.responses.size())
        return fail(Fault::malformed, "ram: count differs");
    return answers;
}

Result<Answers> run(BytesView script,
                    const std::function<Result<Bytes>(BytesView command)>& transmit,
                    OnError on_error) {
    Answers answers;
    const auto commands = decode_commands(script);
    if (!commands) {
        answers.trouble = Trouble::wrong_length;
        if (commands.error().fault == Fault::absent) answers.trouble = Trouble::length_not_found;
        if (commands.error().fault == Fault::denied) answers.trouble = Trouble::unknown_tag;
        return answers;
    }
    for (const Bytes& command : *commands) {
        MITOME_TRY(response, transmit(command));
        const bool failed = is_error(response);
        answers.responses.push_back(std::move(response));
        if (failed && on_error == OnError::stop) break;
    }
    return answers;
}

}  // namespace mitome::apdu::ram
