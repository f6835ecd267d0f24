// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>
#include <mitome/catalogue/catalogue.hpp>

#include <boost/json/value.hpp>

#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mitome::cli {

/// A verb's failure: a row of the catalogue and what fills its placeholders.
struct Failure {
    catalogue::Code code;
    std::vector<std::pair<std::string, std::string>> values = {};
    std::optional<unsigned> tries_left = {};
};

/// What a verb found: for machines, for people, and the exit code of a verdict.
struct Answer {
    boost::json::value json;
    std::string text;
    int exit = 0;
};

template <class T>
using Attempt = std::expected<T, Failure>;
using Outcome = Attempt<Answer>;

[[nodiscard]] inline std::unexpected<Failure> stop(
    catalogue::Code code, std::vector<std::pair<std::string, std::string>> values = {}) {
    return std::unexpected{Failure{code, std::move(values)}};
}

/// The row for a fault of which the verb knows nothing more. One exhaustive switch.
[[nodiscard]] catalogue::Code code_for(const Error& error);

/// The row for a file that could not be read.
[[nodiscard]] Failure file_failure(const Error& error, const std::string& path);

/// The row for a file or folder that was to be written.
[[nodiscard]] Failure output_failure(const Error& error, const std::string& path);

}  // namespace mitome::cli

/// As MITOME_TRY, where a verb has no more to say than the fault itself.
#define MITOME_ATTEMPT(name, expression)                                                 \
    auto MITOME_JOIN(name, _attempt) = (expression);                                     \
    if (!MITOME_JOIN(name, _attempt))                                                    \
        return ::mitome::cli::stop_with(std::move(MITOME_JOIN(name, _attempt)).error()); \
    auto name = *std::move(MITOME_JOIN(name, _attempt))

namespace mitome::cli {

[[nodiscard]] std::unexpected<Failure> stop_with(const Error& error);
[[nodiscard]] inline std::unexpected<Failure> stop_with(Failure failure) {
    return std::unexpected{std::move(failure)};
}

}  // namespace mitome::cli
