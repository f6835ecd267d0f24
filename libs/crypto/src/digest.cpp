// SPDX-License-Identifier: Apache-2.0
#include "handle.hpp"

#include <mitome/base/log.hpp>
#include <mitome/crypto/digest.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace mitome::crypto {
namespace {

[[noreturn]] void end_without_digest() {
    static_cast<void>(drain_errors("crypto: no digest"));
    std::abort();
}

const EVP_MD* fetch(const char* name) {
    const EVP_MD* fetched = ::EVP_MD_fetch(nullptr, name, nullptr);
    if (fetched == nullptr) end_without_digest();
    return fetched;
}

// DigestInfo ::= SEQUENCE { digestAlgorithm AlgorithmIdentifier, digest OCTET STRING }
// The octets before the digest, RFC 8017 §9.2 note 1; parameters are NULL, not absent.
constexpr auto before_sha1 = "3021300906052B0E03021A05000414"_hex;
constexpr auto before_sha256 = "3031300D060960864801650304020105000420"_hex;
constexpr auto before_sha384 = "3041300D060960864801650304020205000430"_hex;
constexpr auto before_sha512 = "3051300D060960864801650304020305000440"_hex;

BytesView before_digest(Hash hash) {
    switch (hash) {
        case Hash::sha1: return before_sha1;
        case Hash::sha256: return before_sha256;
        case Hash::sha384: return before_sha384;
        case Hash::sha512: return before_sha512;
    }
    return {};
}

}  // namespace

const EVP_MD* algorithm_of(Hash hash) {
    static const std::array fetched{fetch("SHA1"), fetch("SHA2-256"), fetch("SHA2-384"),
                                    fetch("SHA2-512")};
    return fetched.at(static_cast<std::size_t>(hash));
}

Bytes digest(Hash hash, BytesView content) {
    Bytes out(size_of(hash));
    if (::EVP_Digest(content.data(), content.size(), out.data(), nullptr, algorithm_of(hash),
                     nullptr) != 1)
        end_without_digest();
    return out;
}

struct Hasher::State {
    DigestContext context{::EVP_MD_CTX_new()};
    Hash hash;
};

Hasher::Hasher(Hash hash) : state_(new State{.hash = hash}) {
    if (!state_->context ||
        ::EVP_DigestInit_ex(state_->context.get(), algorithm_of(hash), nullptr) != 1)
        end_without_digest();
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::add(BytesView content) {
    if (::EVP_DigestUpdate(state_->context.get(), content.data(), content.size()) != 1)
        end_without_digest();
}

Bytes Hasher::finish() {
    Bytes out(size_of(state_->hash));
    if (::EVP_DigestFinal_ex(state_->context.get(), out.data(), nullptr) != 1) end_without_digest();
    return out;
}

Bytes digest_info(Hash hash, BytesView digest) { return join({before_digest(hash), digest}); }

Result<Digested> from_digest_info(BytesView der) {
    for (const auto hash : {Hash::sha256, Hash::sha384, Hash::sha512, Hash::sha1}) {
        const auto before = before_digest(hash);
        if (der.size() == before.size() + size_of(hash) && same(der.first(before.size()), before))
            return Digested{hash, der.subspan(before.size())};
    }
    return fail(Fault::malformed, "crypto: not a DigestInfo");
}

}  // namespace mitome::crypto
