// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/ram.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mitome;
    namespace ram = mitome::apdu::ram;
    const BytesView octets{data, size};
    for (const auto form : {ram::Form::definite, ram::Form::indefinite}) {
        if (const auto commands = ram::decode_commands(octets))
            if (ram::decode_commands(ram::encode_commands(*commands, form)).value() != *commands)
                std::abort();
        if (const auto answers = ram::decode_answers(octets))
            if (ram::decode_answers(ram::encode_answers(*answers, form)).value() != *answers)
                std::abort();
    }
    return 0;
}
