// SPDX-License-Identifier: Apache-2.0
#pragma once

// Detached signatures in CMS SignedData, RFC 5652, with the attributes of CAdES B-B (ETSI EN
// 319 122-1 §6). Content is never seen here, only its digest, so its size does not matter.
//
// Made by our own encoder, so that the signer's own error (a wrong PIN, a card that left)
// reaches the caller; read and verified by OpenSSL.

#include <mitome/pki/certificate.hpp>
#include <mitome/pki/path.hpp>

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace mitome::pki::cms {

/// What the signer puts its name to.
struct ToSign {
    crypto::Hash hash = crypto::Hash::sha256;  ///< of content and attributes alike
    BytesView content_digest;
    std::optional<Time> signing_time;  ///< what the signer claims
};

/// One DER SignedData without content: signed attributes content-type, message-digest,
/// signing-certificate-v2 and, if given, signing-time. `others` are further certificates to
/// carry. `malformed` when the digest has the wrong length; the signer's error is passed on.
[[nodiscard]] Result<Bytes> make_detached(const ToSign& what, crypto::Signer& signer,
                                          const Certificate& certificate,
                                          std::span<const Bytes> others = {});

enum class SigningCertificate : std::uint8_t {
    absent,  ///< no signing-certificate attribute: not CAdES
    named,
    other,  ///< the attribute names another certificate than the one found
};

/// A SignedData with exactly one signer, read once.
class Detached {
public:
    /// BER or DER. `malformed` for anything else, or when content is inside or attributes
    /// are missing that RFC 5652 §5.3 demands.
    [[nodiscard]] static Result<Detached> parse(BytesView der);
    Detached(Detached&&) noexcept;
    Detached& operator=(Detached&&) noexcept;
    ~Detached();

    /// The digest to be computed over the content; absent when it is one that we do not take.
    [[nodiscard]] std::optional<crypto::Hash> hash() const;
    /// The signer's certificate if it is carried.
    [[nodiscard]] const Certificate* signer() const;
    [[nodiscard]] const std::vector<Bytes>& certificates() const;
    [[nodiscard]] std::optional<Time> claimed_signing_time() const;
    [[nodiscard]] SigningCertificate signing_certificate() const;

    /// True when the message-digest attribute is `digest`.
    [[nodiscard]] bool covers(BytesView digest) const;
    /// `unverified` when the signer's key did not sign the attributes; `absent` without signer.
    [[nodiscard]] Done verify_signature() const;

private:
    struct State;
    explicit Detached(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace mitome::pki::cms
