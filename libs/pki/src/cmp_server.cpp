// SPDX-License-Identifier: Apache-2.0
#include "cmp_parts.hpp"

#include <mitome/crypto/digest.hpp>
#include <mitome/pki/cmp_server.hpp>
#include <mitome/pki/der.hpp>

#include <algorithm>
#include <array>

namespace mitome::pki::cmp {
namespace {

constexpr std::string_view id_sha256 = "2.16.840.1.101.3.4.2.1";
constexpr std::string_view id_sha384 = "2.16.840.1.101.3.4.2.2";
constexpr std::string_view id_sha512 = "2.16.840.1.101.3.4.2.3";

std::unexpected<Refusal> refuse(Failure failure, Literal what) {
    return std::unexpected{Refusal{failure, what}};
}

RequestKind kind_of(BodyType type) {
    constexpr std::array<std::pair<BodyType, RequestKind>, 7> kinds{{
        {BodyType::ir, RequestKind::initial},
        {BodyType::cr, RequestKind::further},
        {BodyType::cert_conf, RequestKind::confirm},
        {BodyType::poll_req, RequestKind::poll},
        {BodyType::rr, RequestKind::revoke},
        {BodyType::genm, RequestKind::general},
        {BodyType::error, RequestKind::error},
    }};
    const auto found = std::ranges::find(kinds, type, &std::pair<BodyType, RequestKind>::first);
    return found == kinds.end() ? RequestKind::unserved : found->second;
}

Protection protection_of(const Message& message) {
    if (!message.protection || message.header.protection_algorithm.empty()) {
        return Protection::absent;
    }
    const auto algorithm = part::complete_algorithm(message.header.protection_algorithm);
    return parse_signature_algorithm(algorithm) ? Protection::signature : Protection::other;
}

/// AlgorithmIdentifier of a digest, its parameters absent or NULL (RFC 5754 §2).
Result<crypto::Hash> hash_of(BytesView algorithm) {
    MITOME_TRY(sequence, der::only(algorithm, der::tag::sequence));
    der::Reader reader{sequence.value};
    MITOME_TRY(element, reader.next(der::tag::oid));
    MITOME_TRY(parameters, reader.next_if(der::tag::null));
    static_cast<void>(parameters);
    MITOME_CHECK(reader.finish());
    MITOME_TRY(oid, der::to_dotted(element.value));
    if (oid == id_sha256) {
        return crypto::Hash::sha256;
    }
    if (oid == id_sha384) {
        return crypto::Hash::sha384;
    }
    if (oid == id_sha512) {
        return crypto::Hash::sha512;
    }
    return fail(Fault::malformed, "cmp: digest that we do not take");
}

BodyType answer_to(RequestKind kind) {
    return kind == RequestKind::initial ? BodyType::ip : BodyType::cp;
}

Result<Answer> answer(const Answering& to, BodyType type, Body body,
                      std::optional<Time> confirm_until = {}) {
    Message message;
    message.type = type;
    message.body = std::move(body);
    auto& header = message.header;
    header.pvno = to.request.pvno == 3 ? 3 : 2;  // RFC 9810 §7: the client's, if we know it
    header.recipient = to.request.sender;
    header.message_time = to.now;
    header.recipient_kid = to.request.sender_kid;
    header.transaction_id = to.request.transaction_id;
    header.recip_nonce = to.request.sender_nonce;
    header.sender_nonce = to.random.octets(nonce_octets);
    if (confirm_until) {
        header.set_confirm_wait_time(*confirm_until);
    }
    Answer made;
    made.sender_nonce = header.sender_nonce;
    MITOME_TRY(der, protect(std::move(message), to.as));
    made.der = std::move(der);
    return made;
}

EnrolmentAnswer only(CertAnswer one) {
    EnrolmentAnswer body;
    body.answers.push_back(std::move(one));
    return body;
}

}  // namespace

const std::vector<crmf::Request>& Request::wanted() const {
    static const std::vector<crmf::Request> none;
    const auto* enrolment = std::get_if<Enrolment>(&message.body);
    return enrolment == nullptr ? none : enrolment->requests;
}

Result<Request> parse_request(BytesView der) {
    Request request;
    MITOME_TRY(message, parse(der));
    request.kind = kind_of(message.type);
    request.protection = protection_of(message);
    request.message = std::move(message);
    return request;
}

Judged<void> check_header(const Request& request) {
    const auto& header = request.header();
    if (header.pvno != 2 && header.pvno != 3) {
        return refuse(Failure::unsupported_version, "only CMP versions 2 and 3 are spoken here");
    }
    if (header.transaction_id.size() < nonce_octets) {
        return refuse(Failure::bad_data_format, "transactionID needs 128 bits");
    }
    if (header.sender_nonce.size() < nonce_octets) {
        return refuse(Failure::bad_sender_nonce, "senderNonce needs 128 bits");
    }
    switch (request.protection) {
        case Protection::absent:
            return refuse(Failure::bad_message_check, "the message is not protected");
        case Protection::other:
            return refuse(Failure::wrong_integrity, "protection must be a signature we take");
        case Protection::signature: break;
    }
    if (request.kind == RequestKind::unserved) {
        return refuse(Failure::bad_request, "this kind of message is not served");
    }
    return {};
}

Judged<void> check_follow_up(const Request& request, BytesView transaction_id,
                             BytesView last_sender_nonce) {
    if (!same(request.header().transaction_id, transaction_id)) {
        return refuse(Failure::bad_request, "no such transaction");
    }
    if (!same(request.header().recip_nonce, last_sender_nonce)) {
        return refuse(Failure::bad_recipient_nonce, "recipNonce is not our last senderNonce");
    }
    return {};
}

Judged<void> check_possession(const crmf::Request& request) {
    if (!crmf::verify_possession(request)) {
        return refuse(Failure::bad_pop, "possession of the requested key is not proven");
    }
    return {};
}

Judged<std::vector<WantedRevocation>> revocations_wanted(const Request& request) {
    const auto* body = std::get_if<RevocationRequest>(&request.message.body);
    if (body == nullptr || body->revocations.empty()) {
        return refuse(Failure::bad_request, "not an rr");
    }
    std::vector<WantedRevocation> wanted;
    for (const auto& one : body->revocations) {
        const auto& named = one.certificate;
        if (named.issuer.empty() || named.serial.empty()) {
            return refuse(Failure::bad_cert_id, "a certificate is named by issuer and serial");
        }
        if (std::ranges::any_of(wanted, [&](const WantedRevocation& before) {
                return same(before.issuer, named.issuer) && same(before.serial, named.serial);
            })) {
            return refuse(Failure::bad_request, "a certificate is named twice");
        }
        const auto reason = one.reason.value_or(Reason::unspecified);
        if (reason == Reason::remove_from_crl && one.invalidity) {
            return refuse(Failure::bad_cert_template, "a release has no invalidity date");
        }
        wanted.push_back({named.issuer, named.serial, reason, one.invalidity});
    }
    return wanted;
}

Judged<PinResetWish> pin_reset_wanted(const Request& request) {
    const auto* body = std::get_if<GeneralMessage>(&request.message.body);
    if (body == nullptr || request.message.type != BodyType::genm || body->values.size() != 1 ||
        body->values.front().oid != id_pin_reset) {
        return refuse(Failure::bad_request, "this general message is not served");
    }
    auto wish = pin_reset_wish(body->values.front());
    if (!wish) {
        return refuse(Failure::bad_data_format, "pinReset has a wrong form");
    }
    return *std::move(wish);
}

Judged<Taken> check_confirmation(const Request& request, std::int32_t id,
                                 const Certificate& issued) {
    const auto* confirmation = std::get_if<Confirmation>(&request.message.body);
    if (confirmation == nullptr) {
        return refuse(Failure::bad_request, "not a certConf");
    }
    if (confirmation->certificates.empty()) {
        return Taken::rejected;
    }
    const auto& one = confirmation->certificates.front();
    if (confirmation->certificates.size() != 1 || one.id != id) {
        return refuse(Failure::bad_request, "certConf is not for the one certificate asked for");
    }
    auto hash = confirmation_hash(issued);
    if (!one.hash_algorithm.empty()) {
        if (request.header().pvno < 3) {  // RFC 9810 §5.3.18
            return refuse(Failure::bad_request, "hashAlg needs CMP version 3");
        }
        const auto named = hash_of(one.hash_algorithm);
        if (!named) {
            return refuse(Failure::bad_alg, "hashAlg is not taken");
        }
        hash = crypto::digest(*named, issued.der());
    }
    if (!hash || !same(*hash, one.hash)) {
        return refuse(Failure::bad_cert_id, "certHash is not that of the issued certificate");
    }
    const bool taken = !one.status || one.status->status == Status::accepted ||
                       one.status->status == Status::granted_with_mods;
    return taken ? Taken::accepted : Taken::rejected;
}

StatusReport rejection(const Refusal& refusal) {
    StatusReport report;
    report.status = Status::rejection;
    report.texts.emplace_back(refusal.what.text);
    report.failures = std::uint32_t{1} << static_cast<unsigned>(refusal.failure);
    return report;
}

Result<Answer> certificate_response(const Answering& to, RequestKind kind, std::int32_t id,
                                    const Certificate& issued, Status status,
                                    std::optional<Time> confirm_until,
                                    std::vector<Bytes> ca_certificates) {
    CertAnswer one;
    one.id = id;
    one.status.status = status;
    one.certificate = issued.der();
    auto body = only(std::move(one));
    body.ca_certificates = std::move(ca_certificates);
    return answer(to, answer_to(kind), std::move(body), confirm_until);
}

Result<Answer> refusal_response(const Answering& to, RequestKind kind, std::int32_t id,
                                const Refusal& refusal) {
    CertAnswer one;
    one.id = id;
    one.status = rejection(refusal);
    return answer(to, answer_to(kind), only(std::move(one)));
}

Result<Answer> waiting_response(const Answering& to, RequestKind kind, std::int32_t id) {
    CertAnswer one;
    one.id = id;
    one.status.status = Status::waiting;
    return answer(to, answer_to(kind), only(std::move(one)));
}

Result<Answer> poll_response(const Answering& to, std::int32_t id,
                             std::chrono::seconds check_after) {
    PollAnswer body;
    body.waits.push_back({id, check_after, {}});
    return answer(to, BodyType::poll_rep, std::move(body));
}

Result<Answer> pki_confirm(const Answering& to) {
    return answer(to, BodyType::pkiconf, Confirmed{});
}

Result<Answer> error_message(const Answering& to, const Refusal& refusal) {
    ErrorContent body;
    body.status = rejection(refusal);
    return answer(to, BodyType::error, std::move(body));
}

Result<Answer> revocation_response(const Answering& to, RevocationAnswer body) {
    return answer(to, BodyType::rp, std::move(body));
}

RevocationAnswer revocation_answer(std::span<const WantedRevocation> wanted,
                                   std::span<const Verdict> verdicts) {
    const bool all = std::ranges::none_of(verdicts, &Verdict::has_value);
    RevocationAnswer answer;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        StatusReport report;
        if (verdicts[i]) {
            report = rejection(*verdicts[i]);
        } else if (!all) {
            report.status = Status::rejection;
            report.texts.emplace_back("left alone because another one was refused");
        }
        answer.statuses.push_back(std::move(report));
        answer.certificates.push_back({wanted[i].issuer, wanted[i].serial});
    }
    return answer;
}

Result<Answer> general_response(const Answering& to, GeneralMessage body) {
    return answer(to, BodyType::genp, std::move(body));
}

Result<Answer> pin_reset_response(const Answering& to, const PinResetGrant& grant) {
    return general_response(to, {{to_info(grant)}});
}

}  // namespace mitome::pki::cmp
