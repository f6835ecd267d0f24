// SPDX-License-Identifier: Apache-2.0
#include "desk_actions.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome;
    if (size > 8192) return 0;
    const BytesView json{octets, size};
    if (const auto subject = registration::parse_subject(json);
        subject && subject->resident.has_value() != subject->certificate.empty())
        std::abort();
    if (const auto revocation = registration::parse_desk_revocation(json);
        revocation && revocation->reason == pki::Reason::remove_from_crl)
        std::abort();
    if (const auto address = registration::parse_new_address(json);
        address && address->address.empty())
        std::abort();
    if (const auto stop = registration::parse_stop(json); stop && stop->code.size() != 10)
        std::abort();
    static_cast<void>(registration::parse_new_name(json));
    static_cast<void>(registration::parse_resident(json));
    static_cast<void>(registration::parse_rejection(json));
    return 0;
}
