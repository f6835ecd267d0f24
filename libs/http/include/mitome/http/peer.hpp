// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <string>

namespace mitome::http {

/// The role of the peer whose certificate TLS has verified (`Request::peer_certificate`): the
/// one commonName of its subject, such as `registration` or `element 0123456789ABCDEF0123`.
///
/// `denied` on a plain connection (no octets) and for a subject without exactly one commonName;
/// `malformed` for what is no certificate. Says nothing about trust: TLS has done that.
[[nodiscard]] Result<std::string> role_of(BytesView certificate_der);

}  // namespace mitome::http
