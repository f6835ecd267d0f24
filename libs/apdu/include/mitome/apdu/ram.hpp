// SPDX-License-Identifier: Apache-2.0
#pragma once

// Remote application management scripts, ETSI TS 102 226 §5.2.1, as GlobalPlatform's SE Remote
// Application Management carries them over HTTP.
//
// Deviation: of the script chaining TLVs only the answer is read; we neither ask for nor do it.

#include <mitome/base/bytes.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace mitome::apdu::ram {

/// Tag AA/AB with its length, or AE/AF ended by 00 00. The objects inside are always definite.
enum class Form : std::uint8_t { definite, indefinite };

/// Limits of a script that we take from outside.
inline constexpr std::size_t largest_script = 256 * 1024;
inline constexpr std::size_t most_commands = 256;

[[nodiscard]] Bytes encode_commands(const std::vector<Bytes>& commands, Form form = Form::definite);
/// The command APDUs; `malformed` for anything else in it.
[[nodiscard]] Result<std::vector<Bytes>> decode_commands(BytesView script);

/// What went wrong with a script as a whole, behind the last answer.
enum class Trouble : std::uint8_t {
    none = 0,
    unknown_tag = 1,       ///< 90 01 01
    wrong_length = 2,      ///< 90 01 02
    length_not_found = 3,  ///< 90 01 03
    suspended,             ///< 81 01 01
    no_previous_script,    ///< 83 01 01
    chaining_refused,      ///< 83 01 02
    chaining_failed,       ///< 83 01 03
};

struct Answers {
    std::vector<Bytes> responses;  ///< response APDUs, in the order of their commands
    Trouble trouble = Trouble::none;

    bool operator==(const Answers&) const = default;
};

[[nodiscard]] Bytes encode_answers(const Answers& answers, Form form = Form::definite);
[[nodiscard]] Result<Answers> decode_answers(BytesView script);

/// Whether a script goes on behind an error word. 9000, 61xx, 62xx and 63xx are none.
enum class OnError : std::uint8_t { stop, carry_on };

/// Carries the commands of a script to a token one by one. A script that cannot be read is
/// answered by its trouble alone, nothing of it runs. Only a failure of `transmit` is an error.
[[nodiscard]] Result<Answers> run(BytesView script,
                                  const std::function<Result<Bytes>(BytesView command)>& transmit,
                                  OnError on_error = OnError::stop);

}  // namespace mitome::apdu::ram
