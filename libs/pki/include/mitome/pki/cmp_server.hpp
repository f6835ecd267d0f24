// SPDX-License-Identifier: Apache-2.0
#pragma once

// The server's end of CMP as pure functions.
//
// Left to the caller: whether a transaction id is new, revocation of the protecting certificate,
// what each requester may have, one certificate per transaction, and remembering the
// `sender_nonce` of the last answer (the next request must show it).

#include <mitome/crypto/random.hpp>
#include <mitome/pki/cmp.hpp>
#include <mitome/pki/path.hpp>
#include <mitome/pki/pin_reset.hpp>

#include <cstddef>
#include <expected>
#include <memory>
#include <span>

namespace mitome::pki::cmp {

/// Why a request is turned down, in words for the wire.
struct Refusal {
    Failure failure;
    Literal what;
};
template <class T>
using Judged = std::expected<T, Refusal>;

enum class RequestKind : std::uint8_t {
    initial,   ///< ir
    further,   ///< cr
    confirm,   ///< certConf
    poll,      ///< pollReq
    revoke,    ///< rr
    general,   ///< genm
    error,     ///< the client gave up; answered by pkiconf
    unserved,  ///< anything else
};

enum class Protection : std::uint8_t { absent, signature, other };

struct Request {
    Message message;
    RequestKind kind = RequestKind::unserved;
    Protection protection = Protection::absent;

    [[nodiscard]] const Header& header() const { return message.header; }
    /// What ir and cr ask for; empty for other kinds.
    [[nodiscard]] const std::vector<crmf::Request>& wanted() const;
};

/// `malformed`: answer with `error_message` to an empty header, badDataFormat.
[[nodiscard]] Result<Request> parse_request(BytesView der);

/// The rules that need no memory, RFC 9483 §3.5: version, transaction id, nonce, kind of
/// protection, kind of body.
[[nodiscard]] Judged<void> check_header(const Request& request);

/// Also for everything after the first message of a transaction: badRecipientNonce, and
/// badRequest when the transaction id is another.
[[nodiscard]] Judged<void> check_follow_up(const Request& request, BytesView transaction_id,
                                           BytesView last_sender_nonce);

/// Who made a protection, and under which CA.
struct Protector {
    Certificate certificate;
    std::size_t anchor = 0;  ///< which of the anchors issued it: what it may ask depends on that
};

/// The CAs whose certificates may protect requests. Only what they issued themselves is taken, so
/// that no chain that a stranger sends is followed. The certificates of the last hundreds of
/// protectors are remembered as truly signed, which spares the messages that follow in a
/// transaction that check; validity, usage and the protection itself are judged every time. Safe
/// to use from several threads.
class Protectors {
public:
    /// `malformed` when a CA's key cannot be read. The order of `anchors` counts.
    [[nodiscard]] static Result<Protectors> create(Anchors anchors);
    Protectors(Protectors&&) noexcept;
    Protectors& operator=(Protectors&&) noexcept;
    ~Protectors();

    /// Whose certificate made the protection: signerNotTrusted, badMessageCheck, or notAuthorized
    /// when it has expired. A CA also certifies OCSP responders and registration itself: that the
    /// certificate is a person's is the caller's to see, and so is revocation.
    [[nodiscard]] Judged<Protector> judge(const Request& request, Time at) const;

private:
    struct State;
    explicit Protectors(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// One request alone. Whoever gets many keeps `Protectors`.
[[nodiscard]] Judged<Protector> protector_of(const Request& request, Anchors anchors, Time at);
[[nodiscard]] Judged<Certificate> protected_by(const Request& request, Anchors anchors, Time at);

/// badPOP unless `crmf::verify_possession` holds.
[[nodiscard]] Judged<void> check_possession(const crmf::Request& request);

enum class Taken : std::uint8_t { accepted, rejected };

/// What an rr asks for, in its order. badCertId when a certificate is not named by issuer and
/// serial number; badRequest when one is named twice, or the message is no rr; badCertTemplate
/// for an invalidity date beside removeFromCRL, which says that the certificate was never bad.
[[nodiscard]] Judged<std::vector<WantedRevocation>> revocations_wanted(const Request& request);

/// What a genm asks for when it holds one value of the type `id_pin_reset` and no other:
/// badRequest otherwise, badDataFormat when that value has a wrong form.
[[nodiscard]] Judged<PinResetWish> pin_reset_wanted(const Request& request);

/// What a certConf says of `issued`, asked for under `id`: badCertId when it speaks of another
/// certificate. A certConf without entries rejects (RFC 9810 §5.3.18). After `rejected` the
/// caller revokes; both are answered by pkiconf.
[[nodiscard]] Judged<Taken> check_confirmation(const Request& request, std::int32_t id,
                                               const Certificate& issued);

/// Whom and what is answered, and by whom.
struct Answering {
    const Header& request;
    const Identity& as;
    crypto::Random& random;
    Time now;
};

struct Answer {
    Bytes der;
    Bytes sender_nonce;
};

/// ip for ir, cp for cr. `kind` is the request's.
[[nodiscard]] Result<Answer> certificate_response(const Answering& to, RequestKind kind,
                                                  std::int32_t id, const Certificate& issued,
                                                  Status status = Status::accepted,
                                                  std::optional<Time> confirm_until = {},
                                                  std::vector<Bytes> ca_certificates = {});
[[nodiscard]] Result<Answer> refusal_response(const Answering& to, RequestKind kind,
                                              std::int32_t id, const Refusal& refusal);
/// The client asks again with pollReq.
[[nodiscard]] Result<Answer> waiting_response(const Answering& to, RequestKind kind,
                                              std::int32_t id);
[[nodiscard]] Result<Answer> poll_response(const Answering& to, std::int32_t id,
                                           std::chrono::seconds check_after);
[[nodiscard]] Result<Answer> pki_confirm(const Answering& to);
[[nodiscard]] Result<Answer> error_message(const Answering& to, const Refusal& refusal);
/// One status for each revocation asked for, in that order.
[[nodiscard]] Result<Answer> revocation_response(const Answering& to, RevocationAnswer answer);

/// What is found of one revocation: nothing against it, or why not.
using Verdict = std::optional<Refusal>;
/// All or none: accepted throughout when there is nothing against any of them. Otherwise each one
/// that is refused has its own failure, and what could have been done is rejected without one and
/// says that it was left alone. As many `verdicts` as are `wanted`.
[[nodiscard]] RevocationAnswer revocation_answer(std::span<const WantedRevocation> wanted,
                                                 std::span<const Verdict> verdicts);

/// genp.
[[nodiscard]] Result<Answer> general_response(const Answering& to, GeneralMessage answer);
[[nodiscard]] Result<Answer> pin_reset_response(const Answering& to, const PinResetGrant& grant);

[[nodiscard]] StatusReport rejection(const Refusal& refusal);

}  // namespace mitome::pki::cmp
