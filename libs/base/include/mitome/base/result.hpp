// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <utility>

namespace mitome {

/// What the caller can do about a failure. Each edge maps it with one exhaustive switch.
enum class Fault : std::uint8_t {
    malformed,    ///< input breaks its specification; never retry
    unverified,   ///< a signature, chain or proof did not hold
    denied,       ///< policy or access conditions said no
    absent,       ///< the named thing does not exist
    conflict,     ///< the object is not in a state that allows this
    unavailable,  ///< reader, peer or disk is gone; retrying may help
    broken,       ///< our own invariant failed; wake someone
};

/// Text fixed at compile time. `Error` holds no other text, so no PIN, name or token can
/// travel in one: `Error{Fault::denied, pin.c_str()}` does not compile.
struct Literal {
    consteval Literal(const char* fixed) : text(fixed) {}
    const char* text;
};

struct Error {
    Fault fault;
    Literal what;            ///< "ocsp: nonce differs"
    std::uint32_t code = 0;  ///< status word, CK_RV or OpenSSL reason behind it
};

template <class T>
using Result = std::expected<T, Error>;

using Done = Result<void>;

[[nodiscard]] constexpr std::unexpected<Error> fail(Fault fault, Literal what,
                                                    std::uint32_t code = 0) {
    return std::unexpected<Error>{Error{fault, what, code}};
}

}  // namespace mitome

#define MITOME_JOIN_(a, b) a##b
#define MITOME_JOIN(a, b) MITOME_JOIN_(a, b)

/// `MITOME_TRY(chain, verify(path));` declares `chain` or returns the error to the caller.
#define MITOME_TRY(name, expression)                                           \
    auto MITOME_JOIN(name, _result) = (expression);                            \
    if (!MITOME_JOIN(name, _result))                                           \
        return std::unexpected{std::move(MITOME_JOIN(name, _result)).error()}; \
    auto name = *std::move(MITOME_JOIN(name, _result))

/// The same for a `Done`: returns the error to the caller, declares nothing that is used.
#define MITOME_CHECK(expression)                                 \
    do {                                                         \
        if (auto checked_ = (expression); !checked_)             \
            return std::unexpected{std::move(checked_).error()}; \
    } while (false)
