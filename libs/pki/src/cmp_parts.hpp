// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pieces that crmf.cpp and cmp.cpp read and write alike.

#include <mitome/pki/der.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::pki::part {

/// certReqId: not negative, or the −1 of RFC 9483 §4.1.4.
[[nodiscard]] Result<std::int32_t> read_id(der::Reader& from);
[[nodiscard]] Bytes write_id(std::int32_t id);

/// An OID element in dotted form.
[[nodiscard]] Result<std::string> read_oid(der::Reader& from);

/// GeneralName that is a directoryName: [4] EXPLICIT Name.
[[nodiscard]] Result<Bytes> read_directory_name(der::Reader& from);
[[nodiscard]] Bytes write_directory_name(BytesView name);

/// CertId, RFC 4211 §6.5: issuer GeneralName and serialNumber.
struct CertId {
    Bytes issuer;
    Bytes serial;
};
[[nodiscard]] Result<CertId> read_cert_id(BytesView content);
[[nodiscard]] Bytes write_cert_id(BytesView issuer, BytesView serial);

/// An INTEGER's content octets, minimal and at most 21 of them.
[[nodiscard]] Result<Bytes> read_serial(const der::Element& element);

/// PKIFreeText, RFC 9810 §5.1.1: the content of the SEQUENCE.
[[nodiscard]] Result<std::vector<std::string>> read_texts(BytesView content);
[[nodiscard]] Bytes write_texts(const std::vector<std::string>& texts);

[[nodiscard]] Bytes write_extension(std::string_view oid, bool critical, BytesView value);

/// The AlgorithmIdentifier with the NULL that an RSA signature's parameters should be. RFC 4055
/// §5: "Implementations MUST accept the parameters being absent as well as present", and
/// OpenSSL's CMP leaves them out.
[[nodiscard]] Bytes complete_algorithm(BytesView algorithm);

}  // namespace mitome::pki::part
