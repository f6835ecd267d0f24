// SPDX-License-Identifier: Apache-2.0
#include "reply.hpp"

namespace mitome::wallet {

using catalogue::Code;
namespace administration = apdu::administration;
namespace cmp = pki::cmp;

Code code_of(const cmp::StatusReport& status) {
    const auto failure = status.failure();
    if (!failure) return Code::request_refused;
    if (*failure == cmp::Failure::signer_not_trusted) return Code::card_certificate_untrusted;
    if (*failure == cmp::Failure::cert_revoked) return Code::card_certificate_revoked;
    if (*failure == cmp::Failure::not_authorized) return Code::not_authorized;
    if (*failure == cmp::Failure::bad_pop) return Code::possession_unproven;
    if (*failure == cmp::Failure::bad_cert_template) return Code::attestation_refused;
    // Registration learns whose order it is when the card speaks: another phone's is open.
    if (*failure == cmp::Failure::duplicate_cert_req) return Code::order_open;
    if (*failure == cmp::Failure::system_unavail) return Code::service_unavailable;
    if (*failure == cmp::Failure::system_failure) return Code::service_unavailable;
    return Code::request_refused;
}

RunScript relay_to(reader::Channel& element) {
    return [&element](BytesView script) -> Result<Bytes> {
        MITOME_TRY(answers, apdu::ram::run(script, [&element](BytesView octets) -> Result<Bytes> {
                       MITOME_TRY(command, apdu::Command::decode(octets));
                       MITOME_TRY(response, element.transmit(command));
                       return response.encode();
                   }));
        return apdu::ram::encode_answers(answers);
    };
}

Reply<apdu::Response> ask(reader::Channel& element, const apdu::Command& command) {
    WALLET_TRY(response, element.transmit(command));
    return response;
}

Reply<void> select_application(reader::Channel& element) {
    WALLET_TRY(selected, ask(element, {.cla = 0x00,
                                       .ins = 0xA4,
                                       .p1 = 0x04,
                                       .p2 = 0x0C,
                                       .data = copy(administration::jpki_aid),
                                       .expected = {},
                                       .extended = false}));
    if (!selected.ok()) return std::unexpected{trouble(Code::element_mute)};
    return {};
}

}  // namespace mitome::wallet
