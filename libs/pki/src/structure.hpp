// SPDX-License-Identifier: Apache-2.0
#pragma once

// The productions that certificates, CRLs and OCSP share. Private to this room.

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/der.hpp>

namespace mitome::pki {

/// Name ::= CHOICE { RDNSequence }, with the content of its strings. RFC 5280 §4.1.2.4.
[[nodiscard]] Done check_name(BytesView name);

/// AlgorithmIdentifier ::= SEQUENCE { OBJECT IDENTIFIER, ANY OPTIONAL }. RFC 5280 §4.1.1.2.
[[nodiscard]] Done check_algorithm(BytesView algorithm);

/// Time as certificates and CRLs carry it: GeneralizedTime from 2050 on only. RFC 5280 §4.1.2.5.
[[nodiscard]] Result<Time> read_validity_time(der::Reader& reader);

/// Content of Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension; none may come twice.
/// RFC 5280 §4.2.
[[nodiscard]] Result<std::vector<Extension>> read_extensions(BytesView content);

/// Content of GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName. RFC 5280 §4.2.1.6.
[[nodiscard]] Done check_general_names(BytesView content);

/// Value of an AuthorityKeyIdentifier extension: its keyIdentifier, empty when it has none.
/// RFC 5280 §4.2.1.1.
[[nodiscard]] Result<BytesView> read_authority_key_identifier(BytesView value);

[[nodiscard]] const Extension* find(const std::vector<Extension>& extensions, std::string_view oid);

/// Content octets of a serial number, RFC 5280 §4.1.2.2: positive, at most 20 octets.
[[nodiscard]] Done check_serial(BytesView content);

/// CRLReason ::= ENUMERATED, as a whole element. RFC 5280 §5.3.1.
[[nodiscard]] Result<Reason> read_reason(BytesView enumerated);

/// GeneralizedTime and nothing else, as OCSP and the extensions of CRL entries have it.
[[nodiscard]] Result<Time> read_generalized_time(der::Reader& reader);

/// Checks `signature` over `content` by `key`, as the DER AlgorithmIdentifier `algorithm` says.
[[nodiscard]] Done verify_with(const crypto::PublicKey& key, BytesView algorithm, BytesView content,
                               BytesView signature);

}  // namespace mitome::pki
