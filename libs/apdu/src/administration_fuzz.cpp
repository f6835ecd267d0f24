// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/administration.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mitome;
    namespace adm = mitome::apdu::administration;
    const BytesView octets{data, size};
    if (size > 70'000) return 0;
    if (const auto operation = adm::decode_operation(octets))
        if (!same(adm::encode(*operation), octets)) std::abort();
    if (const auto state = adm::decode_state(octets))
        if (adm::decode_state(adm::encode(*state)).value() != *state) std::abort();
    if (const auto generated = adm::decode_generated(octets))
        if (adm::decode_generated(adm::encode(*generated)).value() != *generated) std::abort();
    if (const auto erased = adm::decode_erased(octets))
        if (adm::decode_erased(adm::encode(*erased)).value() != *erased) std::abort();
    if (const auto proof = adm::decode_proof(octets))
        if (adm::decode_proof(adm::encode(*proof)).value() != *proof) std::abort();
    return 0;
}
