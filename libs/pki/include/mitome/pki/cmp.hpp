// SPDX-License-Identifier: Apache-2.0
#pragma once

// Certificate Management Protocol messages, RFC 9810, in DER, both ends. No state is kept here:
// who uses it keeps transaction ids and nonces. The rules of each end stand in cmp_server.hpp
// and cmp_client.hpp.
//
// Deviations: names are directoryNames; certificates are never encrypted, nor private keys
// carried; protection is a signature, a MAC is recognised and nothing more.

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/crypto/key.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/pki/crmf.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mitome::pki::cmp {

inline constexpr std::string_view media_type = "application/pkixcmp";  // RFC 9811 §3.1
inline constexpr std::string_view id_kp_cmc_ra = "1.3.6.1.5.5.7.3.28";  // RFC 9810 §8.6
inline constexpr std::size_t max_message_octets = 256 * 1024;
inline constexpr std::size_t max_revocations = 16;  ///< in one rr
inline constexpr std::size_t nonce_octets = 16;  // RFC 9483 §3.1: 128 bits

/// The numbers are the tags of PKIBody, RFC 9810 §5.1.2. A type that has no name here stays as
/// its number.
enum class BodyType : std::uint8_t {
    ir = 0,
    ip = 1,
    cr = 2,
    cp = 3,
    p10cr = 4,
    kur = 7,
    kup = 8,
    rr = 11,
    rp = 12,
    pkiconf = 19,
    genm = 21,
    genp = 22,
    error = 23,
    cert_conf = 24,
    poll_req = 25,
    poll_rep = 26,
};

/// PKIFailureInfo, RFC 9810 §5.2.3; the numbers are the bits.
enum class Failure : std::uint8_t {
    bad_alg = 0,
    bad_message_check = 1,
    bad_request = 2,
    bad_time = 3,
    bad_cert_id = 4,
    bad_data_format = 5,
    wrong_authority = 6,
    incorrect_data = 7,
    missing_time_stamp = 8,
    bad_pop = 9,
    cert_revoked = 10,
    cert_confirmed = 11,
    wrong_integrity = 12,
    bad_recipient_nonce = 13,
    time_not_available = 14,
    unaccepted_policy = 15,
    unaccepted_extension = 16,
    add_info_not_available = 17,
    bad_sender_nonce = 18,
    bad_cert_template = 19,
    signer_not_trusted = 20,
    transaction_id_in_use = 21,
    unsupported_version = 22,
    not_authorized = 23,
    system_unavail = 24,
    system_failure = 25,
    duplicate_cert_req = 26,
};

/// `badPOP`, `signerNotTrusted`, …
[[nodiscard]] std::string_view name_of(Failure failure);
[[nodiscard]] std::optional<Failure> failure_of(std::string_view name);

enum class Status : std::uint8_t {
    accepted = 0,
    granted_with_mods = 1,
    rejection = 2,
    waiting = 3,
    revocation_warning = 4,
    revocation_notification = 5,
    key_update_warning = 6,
};

/// PKIStatusInfo.
struct StatusReport {
    Status status = Status::accepted;
    std::vector<std::string> texts;
    std::optional<std::uint32_t> failures;  ///< bit n is the Failure numbered n

    /// accepted or granted_with_mods
    [[nodiscard]] bool granted() const;
    [[nodiscard]] bool has(Failure failure) const;
    /// The lowest bit that has a name.
    [[nodiscard]] std::optional<Failure> failure() const;
};

struct InfoValue {
    std::string oid;
    Bytes value;  ///< DER, empty: absent
};

/// PKIHeader. Empty octets: absent.
struct Header {
    unsigned pvno = 2;
    Bytes sender = {0x30, 0x00};     ///< DER Name
    Bytes recipient = {0x30, 0x00};  ///< DER Name
    std::optional<Time> message_time;
    Bytes protection_algorithm;  ///< DER AlgorithmIdentifier
    Bytes sender_kid;
    Bytes recipient_kid;
    Bytes transaction_id;
    Bytes sender_nonce;
    Bytes recip_nonce;
    std::vector<std::string> free_text;
    std::vector<InfoValue> general;

    [[nodiscard]] bool implicit_confirm() const;
    [[nodiscard]] std::optional<Time> confirm_wait_time() const;
    void set_implicit_confirm();
    void set_confirm_wait_time(Time until);
};

/// ir, cr, kur
struct Enrolment {
    std::vector<crmf::Request> requests;
};

struct CertAnswer {
    std::int32_t id = 0;  ///< −1 where the request had none
    StatusReport status;
    Bytes certificate;  ///< DER, empty: none
};
/// ip, cp, kup
struct EnrolmentAnswer {
    std::vector<Bytes> ca_certificates;
    std::vector<CertAnswer> answers;
};

struct CertConfirm {
    Bytes hash;
    std::int32_t id = 0;
    std::optional<StatusReport> status;  ///< absent: accepted
    Bytes hash_algorithm;                ///< DER AlgorithmIdentifier, pvno 3 only
};
struct Confirmation {
    std::vector<CertConfirm> certificates;
};

/// pkiconf
struct Confirmed {};

struct PollRequest {
    std::vector<std::int32_t> ids;
};

struct PollAnswer {
    struct Wait {
        std::int32_t id = 0;
        std::chrono::seconds check_after{};
        std::vector<std::string> reasons;
    };
    std::vector<Wait> waits;
};

struct ErrorContent {
    StatusReport status;
    std::optional<std::uint64_t> code;
    std::vector<std::string> details;
};

struct Revocation {
    crmf::Template certificate;  ///< names it: issuer and serial
    std::optional<Reason> reason;
    std::optional<Time> invalidity;
    Bytes der;
};
/// A certificate by its name, and what is to happen to it.
struct WantedRevocation {
    Bytes issuer;  ///< DER Name
    Bytes serial;  ///< content of the INTEGER
    Reason reason = Reason::unspecified;
    std::optional<Time> invalidity;

    [[nodiscard]] static WantedRevocation of(const pki::Certificate& certificate, Reason reason,
                                             std::optional<Time> invalidity = {});
};
/// rr
struct RevocationRequest {
    std::vector<Revocation> revocations;
};

/// rp
struct RevocationAnswer {
    struct Certificate {
        Bytes issuer;
        Bytes serial;
    };
    std::vector<StatusReport> statuses;
    std::vector<Certificate> certificates;  ///< empty, or as many as there are statuses
    std::vector<Bytes> crls;                ///< DER
};

/// genm, genp
struct GeneralMessage {
    std::vector<InfoValue> values;
};

/// A body of another type, unread.
struct OtherBody {
    Bytes content;
};

using Body =
    std::variant<Enrolment, EnrolmentAnswer, Confirmation, Confirmed, PollRequest, PollAnswer,
                 ErrorContent, RevocationRequest, RevocationAnswer, GeneralMessage, OtherBody>;

struct Message {
    Header header;
    BodyType type = BodyType::error;
    Body body;
    std::optional<Bytes> protection;  ///< whole octets of the BIT STRING
    std::vector<Bytes> extra_certificates;

    /// DER of ProtectedPart, RFC 9810 §5.1.3, made of the octets that came.
    Bytes protected_part;
};

/// A PKIMessage and nothing behind it. A version other than 2 or 3 is parsed, so that it can be
/// answered. `malformed` for what is no message in DER.
[[nodiscard]] Result<Message> parse(BytesView der);

/// From the parts: parse and encode give the same octets.
[[nodiscard]] Bytes encode(const Message& message);

/// `unverified` when that key did not make the message's protection, or there is none;
/// `malformed` when it is not a signature that we take.
[[nodiscard]] Done verify_protection(const Message& message, const crypto::PublicKey& key);

/// The certificates in extraCerts that may have made the protection: the sender's name, the
/// senderKID where given, and a key usage that allows it (RFC 9483 §3.2).
[[nodiscard]] std::vector<Certificate> protection_candidates(const Message& message);

/// Who makes protections.
struct Identity {
    crypto::Signer& signer;
    Bytes name;                       ///< DER Name, becomes the sender
    Bytes key_identifier;             ///< becomes senderKID
    std::vector<Bytes> certificates;  ///< go into extraCerts, that of `signer` first

    /// Name and key identifier of `own`; `others` follow it in extraCerts.
    [[nodiscard]] static Identity of(crypto::Signer& signer, const Certificate& own,
                                     std::vector<Bytes> others = {});
};

/// A message that lacks nothing but its signature, for a key that signs elsewhere or later.
class Draft {
public:
    /// Sender, senderKID, protectionAlg and extraCerts are set from the arguments.
    Draft(Message message, const Identity& identity);

    [[nodiscard]] crypto::Hash hash() const { return hash_; }
    [[nodiscard]] const Bytes& digest() const { return digest_; }
    /// The PKIMessage. The signature is not checked.
    [[nodiscard]] Bytes finish(Bytes signature) &&;

private:
    Message message_;
    crypto::Hash hash_;
    Bytes digest_;
};

/// Drafts and signs.
[[nodiscard]] Result<Bytes> protect(Message message, const Identity& identity);

/// The digest by which a certificate is confirmed: that of its signature algorithm.
/// RFC 9810 §5.3.18.
[[nodiscard]] Result<Bytes> confirmation_hash(const Certificate& certificate);

}  // namespace mitome::pki::cmp
