// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "office.hpp"
#include "push.hpp"

#include <mitome/store/casebook.hpp>

namespace mitome::registration {

/// What holders are told. Most of it `Cascade` hears from the authority; this adds what time and
/// erasure bring, and hands it out.
class Notices {
public:
    Notices(Office& office, store::Casebook& casebook, Push& push)
        : office_(office), casebook_(casebook), push_(push) {}

    /// For that device, and for the person whose phone it is; above `after`, oldest first.
    [[nodiscard]] Result<std::vector<store::Notice>> page(BytesView element,
                                                          std::uint64_t after) const;

    /// 90, 30 and 7 days before the end, each once. A phone that gets near it all at once is told
    /// the nearest only. Not when nothing of it lives.
    [[nodiscard]] Done look_at_endings();
    /// Erasures whose receipt has come, for the person who asked for them.
    [[nodiscard]] Done look_at_erasures();

private:
    Office& office_;
    store::Casebook& casebook_;
    Push& push_;
};

}  // namespace mitome::registration
