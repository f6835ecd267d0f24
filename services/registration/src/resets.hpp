// SPDX-License-Identifier: Apache-2.0
#pragma once

// Leave to give a phone new PINs: asked for with the card's signature, carried into the element by
// the next administration dialog, once. The PINs themselves never come here.

#include "office.hpp"

#include <mitome/pki/cmp_server.hpp>

namespace mitome::registration {

class Resets {
public:
    explicit Resets(Office& office) : office_(office) {}

    /// The element must be the phone that counts for `resident`. `brought_by`: HEX of the device
    /// that brought the message; empty when nobody knows.
    [[nodiscard]] pki::cmp::Judged<store::ResetGrant> judge(const pki::cmp::PinResetWish& wish,
                                                            std::uint64_t resident,
                                                            std::string_view brought_by) const;
    /// What waits for the device and is not out of date.
    [[nodiscard]] Result<std::optional<store::ResetGrant>> waiting(BytesView element) const;
    /// The element has opened its window: the grant is used up.
    [[nodiscard]] Done delivered(store::ResetGrant grant) const;

private:
    Office& office_;
};

}  // namespace mitome::registration
