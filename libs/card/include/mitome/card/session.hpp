// SPDX-License-Identifier: Apache-2.0
#pragma once

// The JPKI application of a token, whether My Number card or phone.
//
// Deviations: a PIN that is verified stays so on a My Number card until another application is
// selected or power goes, through resets and disconnections; so a session selects another one
// when it ends, and takes the power where no other can be selected.
// Duties left to the caller: letters of a signature password to upper case, and saying so; asking
// the holder again after `Rejected`, never on its own.

#include <mitome/card/pin.hpp>
#include <mitome/crypto/digest.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/reader/channel.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace mitome::card {

/// `Error::code` of `Session::open` for a token without the JPKI application.
inline constexpr std::uint32_t wrong_card = apdu::sw::file_not_found;

/// An open, exclusive conversation with one token's JPKI application. While it lives no other
/// program comes in between; when it ends, in whatever way, the token has forgotten every PIN.
class Session {
public:
    /// Selects the application. `absent` with `wrong_card` when the token has none; the
    /// channel's own failures otherwise, `unavailable` above all.
    [[nodiscard]] static Result<std::unique_ptr<Session>> open(
        std::unique_ptr<reader::Channel> channel);

    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();  ///< as `log_out`

    /// Makes the token forget every PIN presented so far; the session goes on. `conflict` when
    /// only the loss of power will do it, which then comes with the session's end.
    Done log_out();

    /// A command of the application that has no function below, such as a phone's own ones.
    /// The application is selected again first where it has to be.
    [[nodiscard]] Result<apdu::Response> transmit(const apdu::Command& command);

    /// The DER object at the front of the file with this short identifier, without the filler
    /// behind it. Read once in a session. The view lives until `forget_files`.
    [[nodiscard]] Result<BytesView> read_object(std::uint8_t short_id);
    /// Up to `size` octets of a file, 256 at the most. Read once in a session.
    [[nodiscard]] Result<BytesView> read_octets(std::uint8_t short_id, std::uint16_t size);
    /// After something wrote to the token.
    void forget_files();

    [[nodiscard]] reader::Channel::Count count() const { return channel_->count(); }

private:
    explicit Session(std::unique_ptr<reader::Channel> channel);
    [[nodiscard]] Result<std::uint16_t> select(BytesView aid);
    [[nodiscard]] Result<Bytes> read_whole_object(std::uint8_t short_id);
    [[nodiscard]] Result<apdu::Response> read_front(std::uint8_t short_id);

    std::unique_ptr<reader::Channel> channel_;
    std::optional<reader::Exclusive> exclusive_;
    std::map<std::uint8_t, Bytes> files_;
    bool selected_ = false;
    bool pin_presented_ = false;
    bool takes_extended_ = true;  // until the token refuses
};

enum class TokenKind : std::uint8_t {
    card,
    android,
    iphone,
    resident_card,  ///< 住民基本台帳カード, the My Number card's predecessor
    unknown,
};

/// What a token says of itself; a PKCS#11 CK_TOKEN_INFO in EF 0006.
struct Token {
    TokenKind kind = TokenKind::unknown;
    std::string label;
    std::string manufacturer;
    std::string model;
    std::string serial;
};
[[nodiscard]] Result<Token> read_token(Session& session);

/// Which holder's certificates the token says it has, EF 0008. Costs no PIN.
struct Held {
    bool signature = false;
    bool authentication = false;
};
[[nodiscard]] Result<Held> read_held(Session& session);

enum class CertificateRef : std::uint8_t {
    signature,          ///< opened by the signature password
    signature_ca,
    authentication,     ///< on a phone opened by the authentication PIN
    authentication_ca,
};
[[nodiscard]] constexpr CertificateRef certificate_of(pki::Kind kind) {
    return kind == pki::Kind::sign ? CertificateRef::signature : CertificateRef::authentication;
}
[[nodiscard]] constexpr CertificateRef ca_of(pki::Kind kind) {
    return kind == pki::Kind::sign ? CertificateRef::signature_ca
                                   : CertificateRef::authentication_ca;
}
[[nodiscard]] constexpr PinRef pin_of(pki::Kind kind) {
    return kind == pki::Kind::sign ? PinRef::signature : PinRef::authentication;
}

/// `denied` with 6982 while its PIN has not been verified; `absent` when the token has none.
[[nodiscard]] Result<Bytes> read_certificate_der(Session& session, CertificateRef ref);
[[nodiscard]] Result<pki::Certificate> read_certificate(Session& session, CertificateRef ref);

struct Accepted {};
struct Rejected {
    std::uint8_t tries_left;
};  // at least one
struct Blocked {};

/// A wrong PIN is an outcome, not an error: callers must face all three.
using PinOutcome = std::variant<Accepted, Rejected, Blocked>;

/// Presents `pin`. ISO/IEC 7816-4:2005 §7.5.6, VERIFY.
///
/// Consumes and wipes `pin` whatever happens. Never retries: every call may cost the holder
/// a try. `malformed` with a `PinForm` as code: such a secret cannot be the right one, and no try
/// was spent. `unavailable` means the card left and it is unknown whether a try was spent.
[[nodiscard]] Result<PinOutcome> verify_pin(Session& session, PinRef ref, Pin&& pin);

/// How many tries are left, without spending one; 0 when blocked. Empty when the token does not
/// say, as some do once the PIN has been verified.
[[nodiscard]] Result<std::optional<std::uint8_t>> tries_left(Session& session, PinRef ref);

/// Presents the present PIN and puts the chosen one in its place. `chosen` is held to every rule
/// before the token is asked. Anything but `Accepted`: the PIN is the old one. `unavailable` after
/// the card left: it may be either.
[[nodiscard]] Result<PinOutcome> change_pin(Session& session, PinRef ref, Pin&& present,
                                            Pin&& chosen);

/// COMPUTE DIGITAL SIGNATURE over the DigestInfo of `digest`; the PIN of the key must have been
/// verified (`denied`, 6982). SHA-256 or stronger (`denied`). `signature_size` is how many octets
/// the key's signatures have at the most.
[[nodiscard]] Result<Bytes> sign_digest(Session& session, pki::Kind key, crypto::Hash hash,
                                        BytesView digest, std::uint32_t signature_size = 256);

}  // namespace mitome::card
