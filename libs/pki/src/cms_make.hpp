// SPDX-License-Identifier: Apache-2.0
#pragma once

// SignedData with its content inside, for the objects of this room that are signed. Private.

#include <mitome/pki/cms.hpp>

#include <string_view>

namespace mitome::pki::cms {

struct Enclosed {
    std::string_view type;  ///< dotted eContentType
    BytesView content;
};

/// As `make_detached`, with the content and its type inside.
[[nodiscard]] Result<Bytes> make_enclosed(const Enclosed& what, crypto::Hash hash,
                                          crypto::Signer& signer, const Certificate& certificate,
                                          std::span<const Bytes> others = {});

}  // namespace mitome::pki::cms
