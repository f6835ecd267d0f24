// SPDX-License-Identifier: Apache-2.0
#include "cms_make.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/pki/erase_order.hpp>

namespace mitome::pki {

Bytes encode(const EraseOrder& order) {
    constexpr std::uint64_t version = 1;
    return der::sequence({der::integer(version), der::octet_string(order.element),
                          der::octet_string(order.order), der::integer(order.number),
                          der::utf8_string(order.cause), der::generalized_time(order.time)});
}

Result<Bytes> sign_erase_order(const EraseOrder& order, crypto::Signer& signer,
                               const Certificate& certificate, std::span<const Bytes> others) {
    const Bytes content = encode(order);
    return cms::make_enclosed({.type = id_erase_order, .content = content},
                              crypto::usual_hash(signer.kind()), signer, certificate, others);
}

}  // namespace mitome::pki
