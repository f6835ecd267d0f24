// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace mitome::crypto {

enum class Hash : std::uint8_t {
    sha1,  ///< key identifiers only (RFC 5280 §4.2.1.2), never a signature of ours
    sha256,
    sha384,
    sha512,
};

[[nodiscard]] constexpr std::size_t size_of(Hash hash) {
    switch (hash) {
        case Hash::sha1: return 20;
        case Hash::sha256: return 32;
        case Hash::sha384: return 48;
        case Hash::sha512: return 64;
    }
    return 0;
}

/// The digest of `content`. Ends the process if the library cannot digest at all.
[[nodiscard]] Bytes digest(Hash hash, BytesView content);

/// The same piece by piece.
class Hasher {
public:
    explicit Hasher(Hash hash);
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;
    ~Hasher();

    void add(BytesView content);
    [[nodiscard]] Bytes finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// DER DigestInfo, RFC 8017 §9.2 note 1: what a JPKI token is given to sign.
[[nodiscard]] Bytes digest_info(Hash hash, BytesView digest);

/// A digest and the algorithm that made it; the view is into the octets that were read.
struct Digested {
    Hash hash;
    BytesView digest;
};

/// Exactly what `digest_info` writes; all else is `malformed`, absent parameters included.
[[nodiscard]] Result<Digested> from_digest_info(BytesView der);

}  // namespace mitome::crypto
