// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/cmp_client.hpp>

#include <algorithm>

namespace mitome::pki::cmp {
namespace {

bool is_anchor(const Certificate& certificate, Anchors anchors) {
    return std::ranges::any_of(
        anchors, [&](const Certificate& anchor) { return same(anchor.der(), certificate.der()); });
}

/// RFC 9810 §8.6: id-kp-cmcRA is how a CA says "this one may speak for me".
bool may_answer(const Certificate& certificate, const Message& message, const Trust& trust) {
    if (check_path(certificate, message.extra_certificates, trust.anchors, trust.at) !=
        PathOutcome::trusted) {
        return false;
    }
    if (is_anchor(certificate, trust.anchors)) {
        return true;
    }
    const auto usages = certificate.extended_key_usages();
    return std::ranges::find(usages, id_kp_cmc_ra) != usages.end();
}

Done check_protection(const Message& message, const Trust& trust) {
    auto candidates = protection_candidates(message);
    for (const auto& anchor : trust.anchors) {  // the CA itself need not send its certificate
        if (same(anchor.subject(), message.header.sender)) {
            candidates.push_back(anchor);
        }
    }
    for (const auto& candidate : candidates) {
        if (!may_answer(candidate, message, trust)) {
            continue;
        }
        const auto key = crypto::PublicKey::from_spki(candidate.spki());
        if (key && verify_protection(message, *key)) {
            return {};
        }
    }
    return fail(Fault::unverified, "cmp: the answer is not by anyone who may answer");
}

Result<Outgoing> send(BodyType type, Body body, Exchange exchange, const Identity& as,
                      crypto::Random& random, Time now) {
    Message message;
    message.type = type;
    message.body = std::move(body);
    exchange.sender_nonce = random.octets(nonce_octets);
    auto& header = message.header;
    header.recipient = exchange.server;
    header.message_time = now;
    header.transaction_id = exchange.transaction_id;
    header.sender_nonce = exchange.sender_nonce;
    header.recip_nonce = exchange.recip_nonce;
    MITOME_TRY(der, protect(std::move(message), as));
    return Outgoing{std::move(der), std::move(exchange)};
}

Exchange begin(Bytes recipient, crypto::Random& random) {
    Exchange exchange;
    exchange.transaction_id = random.octets(nonce_octets);
    exchange.server = std::move(recipient);
    return exchange;
}

Result<Outcome> outcome_of(const CertAnswer& answer, const Header& header, BytesView spki) {
    switch (answer.status.status) {
        case Status::accepted:
        case Status::granted_with_mods: {
            MITOME_TRY(certificate, Certificate::from_der(answer.certificate));
            if (!same(certificate.spki(), spki)) {
                return fail(Fault::unverified, "cmp: the certificate is for another key");
            }
            return Granted{std::move(certificate), answer.status.status,
                           header.confirm_wait_time()};
        }
        case Status::waiting: return Waiting{};
        case Status::rejection: return TurnedDown{answer.status};
        case Status::revocation_warning:
        case Status::revocation_notification:
        case Status::key_update_warning: break;
    }
    return fail(Fault::malformed, "cmp: a status that answers nothing");
}

bool is_of(const RevocationAnswer::Certificate& named, const WantedRevocation& asked) {
    return same(named.issuer, asked.issuer) && same(named.serial, asked.serial);
}

}  // namespace

Result<Outgoing> request_certificates(BodyType type, const std::vector<Bytes>& requests,
                                      const Identity& as, Bytes recipient, crypto::Random& random,
                                      Time now) {
    if (type != BodyType::ir && type != BodyType::cr) {
        return fail(Fault::broken, "cmp: certificates are asked for by ir or cr");
    }
    MITOME_TRY(parsed, crmf::parse_requests(crmf::encode_requests(requests)));
    return send(type, Enrolment{std::move(parsed)}, begin(std::move(recipient), random), as, random,
                now);
}

Result<Received> receive(BytesView der, const Exchange& exchange, const Trust& trust) {
    MITOME_TRY(message, parse(der));
    const auto& header = message.header;
    if (!same(header.transaction_id, exchange.transaction_id)) {
        return fail(Fault::unverified, "cmp: the answer is of another transaction");
    }
    if (!same(header.recip_nonce, exchange.sender_nonce)) {
        return fail(Fault::unverified, "cmp: recipNonce is not our senderNonce");
    }
    if (header.sender_nonce.empty()) {
        return fail(Fault::malformed, "cmp: the answer has no senderNonce");
    }
    MITOME_CHECK(check_protection(message, trust));
    Exchange next = exchange;
    next.recip_nonce = header.sender_nonce;
    next.server = header.sender;
    return Received{std::move(message), std::move(next)};
}

Result<Outcome> outcome(const Message& answer, std::int32_t id, BytesView spki) {
    if (const auto* error = std::get_if<ErrorContent>(&answer.body)) {
        return TurnedDown{error->status};
    }
    const auto* body = std::get_if<EnrolmentAnswer>(&answer.body);
    if (body == nullptr) {
        return fail(Fault::malformed, "cmp: neither certificates nor an error");
    }
    const auto found = std::ranges::find(body->answers, id, &CertAnswer::id);
    if (found == body->answers.end()) {
        return fail(Fault::malformed, "cmp: the request was not answered");
    }
    return outcome_of(*found, answer.header, spki);
}

Result<Outgoing> confirm(const Exchange& exchange, std::int32_t id, const Certificate& certificate,
                         const Identity& as, crypto::Random& random, Time now) {
    CertConfirm one;
    MITOME_TRY(hash, confirmation_hash(certificate));
    one.hash = std::move(hash);
    one.id = id;
    Confirmation body;
    body.certificates.push_back(std::move(one));
    return send(BodyType::cert_conf, std::move(body), exchange, as, random, now);
}

Result<Outgoing> reject(const Exchange& exchange, std::int32_t id, const Certificate& certificate,
                        Failure why, const Identity& as, crypto::Random& random, Time now) {
    CertConfirm one;
    MITOME_TRY(hash, confirmation_hash(certificate));
    one.hash = std::move(hash);
    one.id = id;
    one.status =
        StatusReport{Status::rejection, {}, std::uint32_t{1} << static_cast<unsigned>(why)};
    Confirmation body;
    body.certificates.push_back(std::move(one));
    return send(BodyType::cert_conf, std::move(body), exchange, as, random, now);
}

Result<Outgoing> poll(const Exchange& exchange, std::int32_t id, const Identity& as,
                      crypto::Random& random, Time now) {
    return send(BodyType::poll_req, PollRequest{{id}}, exchange, as, random, now);
}

Result<Outgoing> request_revocation(BytesView issuer, BytesView serial,
                                    std::optional<Reason> reason, const Identity& as,
                                    Bytes recipient, crypto::Random& random, Time now) {
    Revocation one;
    one.certificate.issuer = copy(issuer);
    one.certificate.serial = copy(serial);
    one.reason = reason;
    RevocationRequest body;
    body.revocations.push_back(std::move(one));
    return send(BodyType::rr, std::move(body), begin(std::move(recipient), random), as, random,
                now);
}

Result<Outgoing> request_revocations(const std::vector<WantedRevocation>& wanted,
                                     const Identity& as, Bytes recipient, crypto::Random& random,
                                     Time now) {
    if (wanted.empty() || wanted.size() > max_revocations) {
        return fail(Fault::broken, "cmp: a wrong number of revocations for one message");
    }
    RevocationRequest body;
    for (const auto& asked : wanted) {
        Revocation one;
        one.certificate.issuer = asked.issuer;
        one.certificate.serial = asked.serial;
        one.reason = asked.reason;  // unspecified too: RFC 9483 §4.2 wants one to be named
        one.invalidity = asked.invalidity;
        body.revocations.push_back(std::move(one));
    }
    return send(BodyType::rr, std::move(body), begin(std::move(recipient), random), as, random,
                now);
}

Result<std::vector<RevocationOutcome>> revocation_outcomes(
    const Message& answer, const std::vector<WantedRevocation>& wanted) {
    if (const auto* error = std::get_if<ErrorContent>(&answer.body)) {
        return std::vector<RevocationOutcome>(wanted.size(), TurnedDown{error->status});
    }
    const auto* body = std::get_if<RevocationAnswer>(&answer.body);
    if (body == nullptr) {
        return fail(Fault::malformed, "cmp: neither revocations nor an error");
    }
    if (body->statuses.size() != wanted.size() ||
        (!body->certificates.empty() && !std::ranges::equal(body->certificates, wanted, is_of))) {
        return fail(Fault::malformed, "cmp: other revocations than those asked for");
    }
    std::vector<RevocationOutcome> outcomes;
    for (const auto& report : body->statuses) {
        if (report.status == Status::rejection) {
            outcomes.emplace_back(TurnedDown{report});
        } else if (report.granted() || report.status == Status::revocation_notification) {
            outcomes.emplace_back(CarriedOut{});
        } else {
            return fail(Fault::malformed, "cmp: a status that answers nothing");
        }
    }
    return outcomes;
}

Result<Outgoing> ask_pin_reset(const PinResetWish& wish, const Identity& as, Bytes recipient,
                               crypto::Random& random, Time now) {
    return send(BodyType::genm, GeneralMessage{{to_info(wish)}},
                begin(std::move(recipient), random), as, random, now);
}

Result<PinResetOutcome> pin_reset_outcome(const Message& answer) {
    if (const auto* error = std::get_if<ErrorContent>(&answer.body)) {
        return TurnedDown{error->status};
    }
    const auto* body = std::get_if<GeneralMessage>(&answer.body);
    if (body == nullptr || answer.type != BodyType::genp || body->values.size() != 1) {
        return fail(Fault::malformed, "cmp: neither a grant nor an error");
    }
    MITOME_TRY(grant, pin_reset_grant(body->values.front()));
    return grant;
}

bool is_confirmed(const Message& answer) { return std::holds_alternative<Confirmed>(answer.body); }

}  // namespace mitome::pki::cmp
