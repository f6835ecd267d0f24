// SPDX-License-Identifier: Apache-2.0
#include <mitome/issuance/interruption.hpp>

#include <array>
#include <csignal>
#include <utility>

namespace mitome::issuance {
namespace {

constexpr std::array<std::pair<Step, std::string_view>, 5> names{{
    {Step::serial_drawn, "serial-drawn"},
    {Step::intent_recorded, "intent-recorded"},
    {Step::certificate_signed, "signed"},
    {Step::certificate_stored, "stored"},
    {Step::change_fed, "fed"},
}};

}  // namespace

std::string_view name_of(Step step) {
    for (const auto& [known, name] : names) {
        if (known == step) return name;
    }
    return {};
}

std::optional<Step> step_of(std::string_view name) {
    for (const auto& [step, known] : names) {
        if (known == name) return step;
    }
    return std::nullopt;
}

Interruption crash_at(Step at) {
    return [at](Step reached) {
        if (reached == at) static_cast<void>(::raise(SIGKILL));
    };
}

}  // namespace mitome::issuance
