// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

namespace mitome::registration {

/// Wakes a phone that may be asleep: a push service stands behind this. It is told which phone,
/// never what for; the phone fetches its notices itself. May lose a hint, must not wait.
class Push {
public:
    virtual ~Push() = default;
    virtual void hint(BytesView element) = 0;
};

/// No push service: phones find out when they ask.
class NoPush final : public Push {
public:
    void hint(BytesView) override {}
};

}  // namespace mitome::registration
