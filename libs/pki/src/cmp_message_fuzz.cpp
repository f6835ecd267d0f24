// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/attestation.hpp>
#include <mitome/pki/cmp_client.hpp>
#include <mitome/pki/cmp_server.hpp>

#include <cstdlib>

// What parses encodes to the same octets, and every check copes with it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    using namespace mitome::pki;
    const mitome::BytesView input{octets, size};

    const auto request = cmp::parse_request(input);
    if (!request) {
        return 0;
    }
    if (!mitome::same(cmp::encode(request->message), input)) {
        std::abort();
    }
    static_cast<void>(cmp::check_header(*request));
    static_cast<void>(cmp::protector_of(*request, {}, mitome::Time{}));
    static_cast<void>(request->header().confirm_wait_time());
    static_cast<void>(cmp::outcome(request->message, 0, {}));
    if (const auto wanted = cmp::revocations_wanted(*request)) {
        static_cast<void>(cmp::revocation_outcomes(request->message, *wanted));
    }
    static_cast<void>(cmp::revocation_outcomes(request->message, {}));
    static_cast<void>(cmp::pin_reset_outcome(request->message));
    if (const auto wish = cmp::pin_reset_wanted(*request)) {
        const auto again = cmp::pin_reset_wish(cmp::to_info(*wish));
        if (!again || again->element != wish->element || again->kinds != wish->kinds) {
            std::abort();
        }
    }
    for (const auto& wanted : request->wanted()) {
        static_cast<void>(cmp::check_possession(wanted));
        static_cast<void>(attestation_in(wanted.request.wanted));
    }
    for (const auto& certificate : cmp::protection_candidates(request->message)) {
        static_cast<void>(cmp::check_confirmation(*request, 0, certificate));
    }
    return 0;
}
