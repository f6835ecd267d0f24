// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>
#include <mitome/catalogue/codes.hpp>
#include <mitome/http/problem.hpp>

#include <expected>

namespace mitome::registration {

/// Why a request is turned down, as the catalogue knows it; says nothing about a person.
struct Refused {
    catalogue::Code code;
    Literal title;
};
template <class T>
using Judged = std::expected<T, Refused>;

[[nodiscard]] inline std::unexpected<Refused> refuse(catalogue::Code code, Literal title) {
    return std::unexpected{Refused{code, title}};
}

/// A failure of ours in the words of the wire.
[[nodiscard]] Refused refused(const Error& error);
[[nodiscard]] inline Refused refused(const Refused& already) { return already; }

/// The problem document; also writes the refusal to the operator log.
[[nodiscard]] http::Response problem_of(const Refused& refused);

}  // namespace mitome::registration

/// As MITOME_TRY and MITOME_CHECK, into a `Judged`: an `Error` becomes a `Refused`.
#define REGISTRATION_TRY(name, expression)                                    \
    auto MITOME_JOIN(name, _outcome) = (expression);                          \
    if (!MITOME_JOIN(name, _outcome))                                         \
        return std::unexpected{refused(MITOME_JOIN(name, _outcome).error())}; \
    auto name = *std::move(MITOME_JOIN(name, _outcome))

#define REGISTRATION_CHECK(expression)                         \
    do {                                                       \
        if (auto checked_ = (expression); !checked_)           \
            return std::unexpected{refused(checked_.error())}; \
    } while (false)
