// SPDX-License-Identifier: Apache-2.0
#pragma once

// What both ends of OCSP share. Private to this room.

#include <mitome/pki/der.hpp>
#include <mitome/pki/ocsp.hpp>

namespace mitome::pki {

/// CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
[[nodiscard]] Result<CertId> read_cert_id(der::Reader& reader);

/// Value of a nonce extension: 1 to 128 octets in an OCTET STRING. RFC 9654 §2.1.
[[nodiscard]] Result<BytesView> read_nonce(BytesView value);

/// Whole Extension with that nonce.
[[nodiscard]] Bytes nonce_extension(BytesView nonce);

}  // namespace mitome::pki
