// SPDX-License-Identifier: Apache-2.0
#pragma once

// Signatures in CMS SignedData, RFC 5652, with the attributes of CAdES B-B (ETSI EN 319 122-1
// §6). Made detached: content is never seen, only its digest, so its size does not matter. Read
// in every form that others make: detached or with the content inside, DER, BER or PEM, with any
// number of signers.
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
    named_weakly,  ///< by a digest that is no longer taken, as ESSCertID of RFC 2634 has it
    other,         ///< the attribute names another certificate than the one found
};

enum class DigestUse : std::uint8_t {
    taken,
    outdated,  ///< SHA-1 and older
    unknown,   ///< one that this room cannot compute
};

/// One signer of a SignedData. Lives as long as that does.
class SignerPart {
public:
    [[nodiscard]] DigestUse digest_use() const;
    /// The digest to be computed over the content; absent when it is one that we do not take.
    [[nodiscard]] std::optional<crypto::Hash> hash() const;
    /// The signer's certificate if it is carried.
    [[nodiscard]] const Certificate* certificate() const;
    [[nodiscard]] std::optional<Time> claimed_signing_time() const;
    [[nodiscard]] SigningCertificate signing_certificate() const;

    /// True when the message-digest attribute is `digest`. Without signed attributes there is
    /// nothing to compare, and the signature itself must hold for the content.
    [[nodiscard]] bool covers(BytesView digest) const;
    /// `unverified` when the signer's key did not sign the attributes, or, where there are none,
    /// content of `digest`; `absent` without certificate; `denied` for a key or an algorithm that
    /// this room does not know.
    [[nodiscard]] Done verify_signature(BytesView digest) const;

private:
    friend class SignedData;
    struct State;
    explicit SignerPart(State& state) : state_(&state) {}
    State* state_;
};

/// A SignedData with at least one signer, read once.
class SignedData {
public:
    /// BER, DER, or one of them in PEM (RFC 7468 §8 and §9). `absent` for a CMS message that
    /// nobody signed; `denied` for a form that is not taken: an S/MIME message, several messages
    /// one behind the other; `malformed` for anything else, and when attributes are missing that
    /// RFC 5652 §5.3 demands.
    [[nodiscard]] static Result<SignedData> parse(BytesView octets);
    SignedData(SignedData&&) noexcept;
    SignedData& operator=(SignedData&&) noexcept;
    ~SignedData();

    [[nodiscard]] const std::vector<SignerPart>& signers() const;
    [[nodiscard]] const std::vector<Bytes>& certificates() const;
    /// The content if it is inside.
    [[nodiscard]] std::optional<BytesView> content() const;

private:
    struct State;
    explicit SignedData(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace mitome::pki::cms
