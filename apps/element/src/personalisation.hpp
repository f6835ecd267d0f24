// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/element/element.hpp>

namespace mitome::element_process {

/// Reads what `mitome-element personalise` is given:
///
///     {"certificates": {"sign","auth","sign_ca","auth_ca"}       base64 DER
///      "text":   {"0001": …, "0007": …}                          base64, EFs of 券面事項入力補助AP
///      "common": {"0001": …}                                     base64, records of 共通カードAP
///      "issuer": {"00F2": …}                                     base64, GET DATA of the domain
///      "expiry": "20350217"                                      the same as issuer 00F2, as text
///      "pins": {"authentication","signature","input_assistance","common","number_a","number_b"}
///      "id": "00010203040506070809"                              the maker's, ten octets
///      "keyset": {"version": 48, "enc","mac","dek"}              base64 AES keys
///      "attestation_chain": [element, root]}                     base64 DER
///
/// All members may be missing. A card is born with 1234, ABC123, 1234 and 1234 where no PIN is
/// named; a phone has none. An empty text means no PIN at all.
[[nodiscard]] Result<element::Personalisation> read_personalisation(BytesView json,
                                                                    element::PersonaName persona);

}  // namespace mitome::element_process
