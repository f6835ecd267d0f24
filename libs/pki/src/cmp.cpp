// SPDX-License-Identifier: Apache-2.0
#include "cmp_parts.hpp"
#include "structure.hpp"

#include <mitome/crypto/digest.hpp>
#include <mitome/pki/cmp.hpp>
#include <mitome/pki/der.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace mitome::pki::cmp {
namespace {

using der::tag::constructed;

constexpr std::string_view id_it_implicit_confirm = "1.3.6.1.5.5.7.4.13";    // RFC 9810 §5.1.1.1
constexpr std::string_view id_it_confirm_wait_time = "1.3.6.1.5.5.7.4.14";  // RFC 9810 §5.1.1.2
constexpr std::string_view reason_code = "2.5.29.21";                       // RFC 5280 §5.3.1
constexpr std::string_view invalidity_date = "2.5.29.24";                   // RFC 5280 §5.3.2

constexpr std::size_t max_id_octets = 64;  // key identifiers, transaction ids, nonces
constexpr std::size_t max_general = 16;
constexpr std::size_t max_certificates = 16;
constexpr std::size_t max_entries = max_revocations;  // answers, statuses, waits in one body

constexpr std::array failure_names{
    "badAlg",
    "badMessageCheck",
    "badRequest",
    "badTime",
    "badCertId",
    "badDataFormat",
    "wrongAuthority",
    "incorrectData",
    "missingTimeStamp",
    "badPOP",
    "certRevoked",
    "certConfirmed",
    "wrongIntegrity",
    "badRecipientNonce",
    "timeNotAvailable",
    "unacceptedPolicy",
    "unacceptedExtension",
    "addInfoNotAvailable",
    "badSenderNonce",
    "badCertTemplate",
    "signerNotTrusted",
    "transactionIdInUse",
    "unsupportedVersion",
    "notAuthorized",
    "systemUnavail",
    "systemFailure",
    "duplicateCertReq",
};
static_assert(failure_names.size() == static_cast<std::size_t>(Failure::duplicate_cert_req) + 1);

// ---------------------------------------------------------------- reading

/// [n] EXPLICIT OCTET STRING OPTIONAL. An empty one identifies nothing and is refused.
Result<Bytes> read_octets_if(der::Reader& from, unsigned number) {
    MITOME_TRY(outer, from.next_if(constructed(number)));
    if (!outer) {
        return Bytes{};
    }
    MITOME_TRY(octets, der::only(outer->value, der::tag::octet_string));
    if (octets.value.empty() || octets.value.size() > max_id_octets) {
        return fail(Fault::malformed, "cmp: identifier or nonce of a wrong length");
    }
    return copy(octets.value);
}

Result<InfoValue> read_info(der::Reader& from) {
    MITOME_TRY(inner, from.enter(der::tag::sequence));
    InfoValue info;
    MITOME_TRY(oid, part::read_oid(inner));
    info.oid = std::move(oid);
    if (!inner.at_end()) {
        MITOME_TRY(value, inner.next());
        info.value = copy(value.whole);
    }
    MITOME_CHECK(inner.finish());
    return info;
}

// PKIHeader ::= SEQUENCE { pvno, sender, recipient, messageTime [0], protectionAlg [1],
//     senderKID [2], recipKID [3], transactionID [4], senderNonce [5], recipNonce [6],
//     freeText [7], generalInfo [8] }, EXPLICIT. RFC 9810 §5.1.1.
Result<Header> read_header(der::Reader reader) {
    Header header;
    MITOME_TRY(version, reader.next(der::tag::integer));
    MITOME_TRY(pvno, der::to_number(version));
    header.pvno = static_cast<unsigned>(std::min<std::uint64_t>(pvno, 255));
    if (pvno > 255) {
        return fail(Fault::malformed, "cmp: no such version");
    }
    MITOME_TRY(sender, part::read_directory_name(reader));
    header.sender = std::move(sender);
    MITOME_TRY(recipient, part::read_directory_name(reader));
    header.recipient = std::move(recipient);
    MITOME_TRY(message_time, reader.next_if(constructed(0)));
    if (message_time) {
        MITOME_TRY(inner, der::only(message_time->value, der::tag::generalized_time));
        MITOME_TRY(time, der::to_time(inner));
        header.message_time = time;
    }
    MITOME_TRY(algorithm, reader.next_if(constructed(1)));
    if (algorithm) {
        MITOME_CHECK(check_algorithm(algorithm->value));
        header.protection_algorithm = copy(algorithm->value);
    }
    for (auto [number, into] :
         {std::pair{2U, &header.sender_kid}, std::pair{3U, &header.recipient_kid},
          std::pair{4U, &header.transaction_id}, std::pair{5U, &header.sender_nonce},
          std::pair{6U, &header.recip_nonce}}) {
        MITOME_TRY(octets, read_octets_if(reader, number));
        *into = std::move(octets);
    }
    MITOME_TRY(free_text, reader.next_if(constructed(7)));
    if (free_text) {
        MITOME_TRY(inner, der::only(free_text->value, der::tag::sequence));
        MITOME_TRY(texts, part::read_texts(inner.value));
        header.free_text = std::move(texts);
    }
    MITOME_TRY(general, reader.next_if(constructed(8)));
    if (general) {
        MITOME_TRY(inner, der::only(general->value, der::tag::sequence));
        der::Reader list{inner.value};
        do {  // SIZE (1..MAX)
            MITOME_TRY(info, read_info(list));
            header.general.push_back(std::move(info));
        } while (!list.at_end() && header.general.size() < max_general);
        MITOME_CHECK(list.finish());
    }
    MITOME_CHECK(reader.finish());
    return header;
}

/// A named bit list: trailing zero bits are not encoded, X.690 §11.2.2.
Result<std::uint32_t> read_failures(const der::Element& element) {
    const auto octets = element.value;
    if (octets.empty() || octets.size() > 5 || octets[0] > 7 ||
        (octets.size() == 1 && octets[0] != 0)) {
        return fail(Fault::malformed, "cmp: failInfo of a wrong length");
    }
    std::uint32_t bits = 0;
    for (std::size_t i = 1; i < octets.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            if ((octets[i] & (0x80U >> bit)) != 0) {
                bits |= std::uint32_t{1} << (8 * (i - 1) + bit);
            }
        }
    }
    const auto used = 8 * (octets.size() - 1) - octets[0];
    if (32U - static_cast<std::size_t>(std::countl_zero(bits)) != used) {
        return fail(Fault::malformed, "cmp: failInfo has trailing zero bits");
    }
    return bits;
}

// PKIStatusInfo ::= SEQUENCE { status INTEGER, statusString PKIFreeText OPTIONAL,
//     failInfo BIT STRING OPTIONAL }
Result<StatusReport> read_status(der::Reader reader) {
    StatusReport report;
    MITOME_TRY(element, reader.next(der::tag::integer));
    MITOME_TRY(number, der::to_number(element));
    if (number > static_cast<std::uint64_t>(Status::key_update_warning)) {
        return fail(Fault::malformed, "cmp: no such status");
    }
    report.status = static_cast<Status>(number);
    MITOME_TRY(texts, reader.next_if(der::tag::sequence));
    if (texts) {
        MITOME_TRY(list, part::read_texts(texts->value));
        report.texts = std::move(list);
    }
    MITOME_TRY(bits, reader.next_if(der::tag::bit_string));
    if (bits) {
        MITOME_TRY(failures, read_failures(*bits));
        report.failures = failures;
    }
    MITOME_CHECK(reader.finish());
    return report;
}

Result<std::vector<Bytes>> read_certificates(BytesView content) {
    der::Reader reader{content};
    std::vector<Bytes> certificates;
    do {  // SIZE (1..MAX)
        MITOME_TRY(certificate, reader.next(der::tag::sequence));
        certificates.push_back(copy(certificate.whole));
    } while (!reader.at_end() && certificates.size() < max_certificates);
    MITOME_CHECK(reader.finish());
    return certificates;
}

// CertResponse ::= SEQUENCE { certReqId INTEGER, status PKIStatusInfo,
//     certifiedKeyPair CertifiedKeyPair OPTIONAL, rspInfo OCTET STRING OPTIONAL }
// CertifiedKeyPair ::= SEQUENCE { certOrEncCert CHOICE { certificate [0], encryptedCert [1] }, … }
Result<CertAnswer> read_cert_answer(der::Reader reader) {
    CertAnswer answer;
    MITOME_TRY(id, part::read_id(reader));
    answer.id = id;
    MITOME_TRY(status_reader, reader.enter(der::tag::sequence));
    MITOME_TRY(status, read_status(status_reader));
    answer.status = std::move(status);
    MITOME_TRY(pair, reader.next_if(der::tag::sequence));
    if (pair) {
        der::Reader inner{pair->value};
        MITOME_TRY(choice, inner.next(constructed(0)));
        MITOME_CHECK(inner.finish());
        MITOME_TRY(certificate, der::only(choice.value, der::tag::sequence));
        answer.certificate = copy(certificate.whole);
    }
    MITOME_CHECK(reader.finish());
    return answer;
}

// CertRepMessage ::= SEQUENCE { caPubs [1] SEQUENCE OF CMPCertificate OPTIONAL,
//     response SEQUENCE OF CertResponse }
Result<Body> read_enrolment_answer(der::Reader reader) {
    EnrolmentAnswer answer;
    MITOME_TRY(ca_certificates, reader.next_if(constructed(1)));
    if (ca_certificates) {
        MITOME_TRY(inner, der::only(ca_certificates->value, der::tag::sequence));
        MITOME_TRY(list, read_certificates(inner.value));
        answer.ca_certificates = std::move(list);
    }
    MITOME_TRY(responses, reader.enter(der::tag::sequence));
    MITOME_CHECK(reader.finish());
    while (!responses.at_end()) {
        MITOME_TRY(inner, responses.enter(der::tag::sequence));
        MITOME_TRY(one, read_cert_answer(inner));
        answer.answers.push_back(std::move(one));
        if (answer.answers.size() > max_entries) {
            return fail(Fault::malformed, "cmp: too many answers");
        }
    }
    return answer;
}

// CertStatus ::= SEQUENCE { certHash OCTET STRING, certReqId INTEGER,
//     statusInfo PKIStatusInfo OPTIONAL, hashAlg [0] AlgorithmIdentifier OPTIONAL }
Result<Body> read_confirmation(der::Reader reader) {
    Confirmation confirmation;
    while (!reader.at_end()) {
        MITOME_TRY(inner, reader.enter(der::tag::sequence));
        CertConfirm one;
        MITOME_TRY(hash, inner.next(der::tag::octet_string));
        one.hash = copy(hash.value);
        MITOME_TRY(id, part::read_id(inner));
        one.id = id;
        MITOME_TRY(status, inner.next_if(der::tag::sequence));
        if (status) {
            MITOME_TRY(report, read_status(der::Reader{status->value}));
            one.status = std::move(report);
        }
        MITOME_TRY(algorithm, inner.next_if(constructed(0)));
        if (algorithm) {
            MITOME_CHECK(check_algorithm(algorithm->value));
            one.hash_algorithm = copy(algorithm->value);
        }
        MITOME_CHECK(inner.finish());
        confirmation.certificates.push_back(std::move(one));
        if (confirmation.certificates.size() > max_entries) {
            return fail(Fault::malformed, "cmp: too many confirmations");
        }
    }
    return confirmation;
}

Result<Body> read_poll_request(der::Reader reader) {
    PollRequest poll;
    do {
        MITOME_TRY(inner, reader.enter(der::tag::sequence));
        MITOME_TRY(id, part::read_id(inner));
        MITOME_CHECK(inner.finish());
        poll.ids.push_back(id);
    } while (!reader.at_end() && poll.ids.size() < max_entries);
    MITOME_CHECK(reader.finish());
    return poll;
}

Result<Body> read_poll_answer(der::Reader reader) {
    PollAnswer answer;
    do {
        MITOME_TRY(inner, reader.enter(der::tag::sequence));
        PollAnswer::Wait wait;
        MITOME_TRY(id, part::read_id(inner));
        wait.id = id;
        MITOME_TRY(element, inner.next(der::tag::integer));
        MITOME_TRY(seconds, der::to_number(element));
        if (seconds > std::numeric_limits<std::int32_t>::max()) {
            return fail(Fault::malformed, "cmp: checkAfter too large");
        }
        wait.check_after = std::chrono::seconds{static_cast<std::int64_t>(seconds)};
        MITOME_TRY(reasons, inner.next_if(der::tag::sequence));
        if (reasons) {
            MITOME_TRY(texts, part::read_texts(reasons->value));
            wait.reasons = std::move(texts);
        }
        MITOME_CHECK(inner.finish());
        answer.waits.push_back(std::move(wait));
    } while (!reader.at_end() && answer.waits.size() < max_entries);
    MITOME_CHECK(reader.finish());
    return answer;
}

// ErrorMsgContent ::= SEQUENCE { pKIStatusInfo, errorCode INTEGER OPTIONAL,
//     errorDetails PKIFreeText OPTIONAL }
Result<Body> read_error(der::Reader reader) {
    ErrorContent error;
    MITOME_TRY(status_reader, reader.enter(der::tag::sequence));
    MITOME_TRY(status, read_status(status_reader));
    error.status = std::move(status);
    MITOME_TRY(code, reader.next_if(der::tag::integer));
    if (code) {
        MITOME_TRY(number, der::to_number(*code));
        error.code = number;
    }
    MITOME_TRY(details, reader.next_if(der::tag::sequence));
    if (details) {
        MITOME_TRY(texts, part::read_texts(details->value));
        error.details = std::move(texts);
    }
    MITOME_CHECK(reader.finish());
    return error;
}

// RevDetails ::= SEQUENCE { certDetails CertTemplate, crlEntryDetails Extensions OPTIONAL }
Result<Body> read_revocation_request(der::Reader reader) {
    RevocationRequest request;
    do {
        MITOME_TRY(element, reader.next(der::tag::sequence));
        der::Reader inner{element.value};
        Revocation one;
        one.der = copy(element.whole);
        MITOME_TRY(details, inner.next(der::tag::sequence));
        MITOME_TRY(certificate, crmf::parse_template(details.whole));
        one.certificate = std::move(certificate);
        MITOME_TRY(entry, inner.next_if(der::tag::sequence));
        MITOME_CHECK(inner.finish());
        if (entry) {
            MITOME_TRY(extensions, read_extensions(entry->value));
            for (const auto& extension : extensions) {
                if (extension.oid == reason_code) {
                    MITOME_TRY(value, der::only(extension.value, der::tag::enumerated));
                    MITOME_TRY(number, der::to_number(value));
                    if (number > 10 || number == 7) {  // RFC 5280 §5.3.1: 7 is not used
                        return fail(Fault::malformed, "cmp: no such revocation reason");
                    }
                    one.reason = static_cast<Reason>(number);
                } else if (extension.oid == invalidity_date) {
                    MITOME_TRY(value, der::only(extension.value, der::tag::generalized_time));
                    MITOME_TRY(time, der::to_time(value));
                    one.invalidity = time;
                }
            }
        }
        request.revocations.push_back(std::move(one));
    } while (!reader.at_end() && request.revocations.size() < max_entries);
    MITOME_CHECK(reader.finish());
    return request;
}

// RevRepContent ::= SEQUENCE { status SEQUENCE SIZE (1..MAX) OF PKIStatusInfo,
//     revCerts [0] SEQUENCE OF CertId OPTIONAL, crls [1] … OPTIONAL }
Result<Body> read_revocation_answer(der::Reader reader) {
    RevocationAnswer answer;
    MITOME_TRY(statuses, reader.enter(der::tag::sequence));
    do {
        MITOME_TRY(inner, statuses.enter(der::tag::sequence));
        MITOME_TRY(status, read_status(inner));
        answer.statuses.push_back(std::move(status));
    } while (!statuses.at_end() && answer.statuses.size() < max_entries);
    MITOME_CHECK(statuses.finish());
    MITOME_TRY(certificates, reader.next_if(constructed(0)));
    MITOME_TRY(crls, reader.next_if(constructed(1)));
    MITOME_CHECK(reader.finish());
    if (crls) {
        MITOME_TRY(inner, der::only(crls->value, der::tag::sequence));
        MITOME_TRY(list, read_certificates(inner.value));  // any SEQUENCEs, SIZE (1..MAX)
        answer.crls = std::move(list);
    }
    if (certificates) {
        MITOME_TRY(inner, der::only(certificates->value, der::tag::sequence));
        der::Reader list{inner.value};
        do {
            MITOME_TRY(element, list.next(der::tag::sequence));
            MITOME_TRY(id, part::read_cert_id(element.value));
            answer.certificates.push_back({std::move(id.issuer), std::move(id.serial)});
        } while (!list.at_end() && answer.certificates.size() < answer.statuses.size());
        MITOME_CHECK(list.finish());
    }
    return answer;
}

// GenMsgContent, GenRepContent ::= SEQUENCE OF InfoTypeAndValue
Result<Body> read_general(der::Reader reader) {
    GeneralMessage message;
    while (!reader.at_end()) {
        MITOME_TRY(info, read_info(reader));
        message.values.push_back(std::move(info));
        if (message.values.size() > max_general) {
            return fail(Fault::malformed, "cmp: too many values");
        }
    }
    return message;
}

Result<Body> read_body(BodyType type, BytesView content) {
    if (type == BodyType::ir || type == BodyType::cr || type == BodyType::kur) {
        MITOME_TRY(requests, crmf::parse_requests(content));
        return Enrolment{std::move(requests)};
    }
    if (type == BodyType::pkiconf) {
        MITOME_TRY(nothing, der::only(content, der::tag::null));
        if (!nothing.value.empty()) {
            return fail(Fault::malformed, "cmp: pkiconf is not NULL");
        }
        return Confirmed{};
    }
    using Read = Result<Body> (*)(der::Reader);
    constexpr std::array<std::pair<BodyType, Read>, 11> readers{{
        {BodyType::ip, read_enrolment_answer},
        {BodyType::cp, read_enrolment_answer},
        {BodyType::kup, read_enrolment_answer},
        {BodyType::cert_conf, read_confirmation},
        {BodyType::poll_req, read_poll_request},
        {BodyType::poll_rep, read_poll_answer},
        {BodyType::error, read_error},
        {BodyType::rr, read_revocation_request},
        {BodyType::rp, read_revocation_answer},
        {BodyType::genm, read_general},
        {BodyType::genp, read_general},
    }};
    const auto found = std::ranges::find(readers, type, &std::pair<BodyType, Read>::first);
    if (found == readers.end()) {
        return OtherBody{copy(content)};
    }
    MITOME_TRY(element, der::only(content, der::tag::sequence));
    return found->second(der::Reader{element.value});
}

// ---------------------------------------------------------------- writing

void append_octets_if(Bytes& to, unsigned number, const Bytes& octets) {
    if (!octets.empty()) {
        append(to, der::wrap(constructed(number), der::octet_string(octets)));
    }
}

Bytes write_infos(const std::vector<InfoValue>& infos) {
    Bytes content;
    for (const auto& info : infos) {
        append(content, der::sequence({der::oid(info.oid), info.value}));
    }
    return der::wrap(der::tag::sequence, content);
}

Bytes write_header(const Header& header) {
    Bytes content = der::integer(std::uint64_t{header.pvno});
    append(content, part::write_directory_name(header.sender));
    append(content, part::write_directory_name(header.recipient));
    if (header.message_time) {
        append(content, der::wrap(constructed(0), der::generalized_time(*header.message_time)));
    }
    if (!header.protection_algorithm.empty()) {
        append(content, der::wrap(constructed(1), header.protection_algorithm));
    }
    append_octets_if(content, 2, header.sender_kid);
    append_octets_if(content, 3, header.recipient_kid);
    append_octets_if(content, 4, header.transaction_id);
    append_octets_if(content, 5, header.sender_nonce);
    append_octets_if(content, 6, header.recip_nonce);
    if (!header.free_text.empty()) {
        append(content, der::wrap(constructed(7), part::write_texts(header.free_text)));
    }
    if (!header.general.empty()) {
        append(content, der::wrap(constructed(8), write_infos(header.general)));
    }
    return der::wrap(der::tag::sequence, content);
}

Bytes write_failures(std::uint32_t bits) {
    const auto used = 32U - static_cast<unsigned>(std::countl_zero(bits));
    Bytes octets((used + 7) / 8);
    for (unsigned bit = 0; bit < used; ++bit) {
        if ((bits >> bit & 1U) != 0) {
            octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] | 0x80U >> bit % 8);
        }
    }
    return der::bit_string(octets, static_cast<unsigned>(8 * octets.size()) - used);
}

Bytes write_status(const StatusReport& report) {
    Bytes content = der::integer(static_cast<std::uint64_t>(report.status));
    if (!report.texts.empty()) {
        append(content, part::write_texts(report.texts));
    }
    if (report.failures) {
        append(content, write_failures(*report.failures));
    }
    return der::wrap(der::tag::sequence, content);
}

Bytes write_certificates(const std::vector<Bytes>& certificates) {
    Bytes content;
    for (const auto& one : certificates) {
        append(content, one);
    }
    return der::wrap(der::tag::sequence, content);
}

struct BodyWriter {
    Bytes operator()(const Enrolment& body) const {
        Bytes content;
        for (const auto& one : body.requests) {
            append(content, one.der);
        }
        return der::wrap(der::tag::sequence, content);
    }
    Bytes operator()(const EnrolmentAnswer& body) const {
        Bytes ca_certificates;
        if (!body.ca_certificates.empty()) {
            ca_certificates = der::wrap(constructed(1), write_certificates(body.ca_certificates));
        }
        Bytes answers;
        for (const auto& one : body.answers) {
            Bytes pair;
            if (!one.certificate.empty()) {
                pair = der::sequence({der::wrap(constructed(0), one.certificate)});
            }
            append(answers,
                   der::sequence({part::write_id(one.id), write_status(one.status), pair}));
        }
        return der::sequence({ca_certificates, der::wrap(der::tag::sequence, answers)});
    }
    Bytes operator()(const Confirmation& body) const {
        Bytes content;
        for (const auto& one : body.certificates) {
            const auto status = one.status ? write_status(*one.status) : Bytes{};
            const auto algorithm = one.hash_algorithm.empty()
                                       ? Bytes{}
                                       : der::wrap(constructed(0), one.hash_algorithm);
            append(content, der::sequence({der::octet_string(one.hash), part::write_id(one.id),
                                           status, algorithm}));
        }
        return der::wrap(der::tag::sequence, content);
    }
    Bytes operator()(const Confirmed&) const { return der::null(); }
    Bytes operator()(const PollRequest& body) const {
        Bytes content;
        for (const auto id : body.ids) {
            append(content, der::sequence({part::write_id(id)}));
        }
        return der::wrap(der::tag::sequence, content);
    }
    Bytes operator()(const PollAnswer& body) const {
        Bytes content;
        for (const auto& wait : body.waits) {
            const auto seconds = static_cast<std::uint64_t>(wait.check_after.count());
            const auto reasons = wait.reasons.empty() ? Bytes{} : part::write_texts(wait.reasons);
            append(content,
                   der::sequence({part::write_id(wait.id), der::integer(seconds), reasons}));
        }
        return der::wrap(der::tag::sequence, content);
    }
    Bytes operator()(const ErrorContent& body) const {
        const auto code = body.code ? der::integer(*body.code) : Bytes{};
        const auto details = body.details.empty() ? Bytes{} : part::write_texts(body.details);
        return der::sequence({write_status(body.status), code, details});
    }
    Bytes operator()(const RevocationRequest& body) const {
        Bytes content;
        for (const auto& one : body.revocations) {
            if (!one.der.empty()) {
                append(content, one.der);
                continue;
            }
            Bytes entry;
            if (one.reason) {
                const std::array number{static_cast<std::uint8_t>(*one.reason)};
                append(entry, part::write_extension(reason_code, false,
                                                    der::wrap(der::tag::enumerated, number)));
            }
            if (one.invalidity) {
                append(entry, part::write_extension(invalidity_date, false,
                                                    der::generalized_time(*one.invalidity)));
            }
            const auto details = entry.empty() ? Bytes{} : der::wrap(der::tag::sequence, entry);
            append(content, der::sequence({crmf::encode(one.certificate), details}));
        }
        return der::wrap(der::tag::sequence, content);
    }
    Bytes operator()(const RevocationAnswer& body) const {
        Bytes statuses;
        for (const auto& one : body.statuses) {
            append(statuses, write_status(one));
        }
        Bytes certificates;
        for (const auto& one : body.certificates) {
            append(certificates, part::write_cert_id(one.issuer, one.serial));
        }
        if (!certificates.empty()) {
            certificates = der::wrap(constructed(0), der::wrap(der::tag::sequence, certificates));
        }
        const auto crls =
            body.crls.empty() ? Bytes{} : der::wrap(constructed(1), write_certificates(body.crls));
        return der::sequence({der::wrap(der::tag::sequence, statuses), certificates, crls});
    }
    Bytes operator()(const GeneralMessage& body) const { return write_infos(body.values); }
    Bytes operator()(const OtherBody& body) const { return body.content; }
};

Bytes write_body(const Message& message) {
    return der::wrap(constructed(static_cast<unsigned>(message.type)),
                     std::visit(BodyWriter{}, message.body));
}

}  // namespace

std::string_view name_of(Failure failure) {
    return failure_names[static_cast<std::size_t>(failure)];
}

std::optional<Failure> failure_of(std::string_view name) {
    const auto found = std::ranges::find(failure_names, name);
    if (found == failure_names.end()) {
        return std::nullopt;
    }
    return static_cast<Failure>(found - failure_names.begin());
}

WantedRevocation WantedRevocation::of(const pki::Certificate& certificate, Reason reason,
                                      std::optional<Time> invalidity) {
    return {copy(certificate.issuer()), copy(certificate.serial()), reason, invalidity};
}

bool StatusReport::granted() const {
    return status == Status::accepted || status == Status::granted_with_mods;
}

bool StatusReport::has(Failure failure) const {
    return failures && (*failures >> static_cast<unsigned>(failure) & 1U) != 0;
}

std::optional<Failure> StatusReport::failure() const {
    if (!failures || *failures == 0) {
        return std::nullopt;
    }
    const auto bit = static_cast<std::size_t>(std::countr_zero(*failures));
    if (bit >= failure_names.size()) {
        return std::nullopt;
    }
    return static_cast<Failure>(bit);
}

bool Header::implicit_confirm() const {
    return std::ranges::find(general, id_it_implicit_confirm, &InfoValue::oid) != general.end();
}

std::optional<Time> Header::confirm_wait_time() const {
    const auto found = std::ranges::find(general, id_it_confirm_wait_time, &InfoValue::oid);
    if (found == general.end()) {
        return std::nullopt;
    }
    const auto element = der::only(found->value, der::tag::generalized_time);
    if (!element) {
        return std::nullopt;
    }
    const auto time = der::to_time(*element);
    return time ? std::optional{*time} : std::nullopt;
}

void Header::set_implicit_confirm() {
    general.push_back({std::string{id_it_implicit_confirm}, der::null()});
}

void Header::set_confirm_wait_time(Time until) {
    general.push_back({std::string{id_it_confirm_wait_time}, der::generalized_time(until)});
}

// PKIMessage ::= SEQUENCE { header, body, protection [0] BIT STRING OPTIONAL,
//     extraCerts [1] SEQUENCE SIZE (1..MAX) OF CMPCertificate OPTIONAL }
Result<Message> parse(BytesView der) {
    if (der.size() > max_message_octets) {
        return fail(Fault::malformed, "cmp: message too long");
    }
    MITOME_TRY(whole, der::only(der, der::tag::sequence));
    der::Reader reader{whole.value};
    Message message;

    MITOME_TRY(header_element, reader.next(der::tag::sequence));
    MITOME_TRY(header, read_header(der::Reader{header_element.value}));
    message.header = std::move(header);

    MITOME_TRY(body_element, reader.next());
    if ((body_element.tag & 0xE0) != 0xA0) {
        return fail(Fault::malformed, "cmp: no body");
    }
    message.type = static_cast<BodyType>(body_element.tag & 0x1F);
    MITOME_TRY(body, read_body(message.type, body_element.value));
    message.body = std::move(body);
    message.protected_part = der::sequence({header_element.whole, body_element.whole});

    MITOME_TRY(protection, reader.next_if(constructed(0)));
    if (protection) {
        MITOME_TRY(bits, der::only(protection->value, der::tag::bit_string));
        MITOME_TRY(octets, der::to_whole_octets(bits));
        message.protection = copy(octets);
    }
    MITOME_TRY(extra, reader.next_if(constructed(1)));
    if (extra) {
        MITOME_TRY(list, der::only(extra->value, der::tag::sequence));
        MITOME_TRY(certificates, read_certificates(list.value));
        message.extra_certificates = std::move(certificates);
    }
    MITOME_CHECK(reader.finish());
    return message;
}

Bytes encode(const Message& message) {
    Bytes protection;
    if (message.protection) {
        protection = der::wrap(constructed(0), der::bit_string(*message.protection));
    }
    Bytes extra;
    if (!message.extra_certificates.empty()) {
        extra = der::wrap(constructed(1), write_certificates(message.extra_certificates));
    }
    return der::sequence({write_header(message.header), write_body(message), protection, extra});
}

Done verify_protection(const Message& message, const crypto::PublicKey& key) {
    if (!message.protection || message.header.protection_algorithm.empty()) {
        return fail(Fault::unverified, "cmp: message is not protected");
    }
    return verify_with(key, part::complete_algorithm(message.header.protection_algorithm),
                       message.protected_part, *message.protection);
}

std::vector<Certificate> protection_candidates(const Message& message) {
    std::vector<Certificate> candidates;
    const auto& header = message.header;
    for (const auto& der : message.extra_certificates) {
        auto certificate = Certificate::from_der(der);
        if (!certificate || !same(certificate->subject(), header.sender)) {
            continue;
        }
        if (!header.sender_kid.empty() &&
            !same(certificate->subject_key_identifier(), header.sender_kid)) {
            continue;
        }
        const auto usage = certificate->key_usage();
        if (usage != 0 && (usage & key_usage::digital_signature) == 0) {
            continue;
        }
        candidates.push_back(std::move(*certificate));
    }
    return candidates;
}

Identity Identity::of(crypto::Signer& signer, const Certificate& own, std::vector<Bytes> others) {
    others.insert(others.begin(), own.der());
    return Identity{signer, copy(own.subject()), copy(own.subject_key_identifier()),
                    std::move(others)};
}

Draft::Draft(Message message, const Identity& identity)
    : message_(std::move(message)), hash_(crypto::usual_hash(identity.signer.kind())) {
    auto& header = message_.header;
    header.sender = identity.name;
    header.sender_kid = identity.key_identifier;
    header.protection_algorithm = signature_algorithm(identity.signer.kind(), hash_);
    message_.extra_certificates = identity.certificates;
    message_.protected_part = der::sequence({write_header(header), write_body(message_)});
    digest_ = crypto::digest(hash_, message_.protected_part);
}

Bytes Draft::finish(Bytes signature) && {
    message_.protection = std::move(signature);
    return encode(message_);
}

Result<Bytes> protect(Message message, const Identity& identity) {
    Draft draft{std::move(message), identity};
    MITOME_TRY(signature, identity.signer.sign_digest(draft.hash(), draft.digest()));
    return std::move(draft).finish(std::move(signature));
}

Result<Bytes> confirmation_hash(const Certificate& certificate) {
    MITOME_TRY(algorithm, parse_signature_algorithm(certificate.signature_algorithm()));
    return crypto::digest(algorithm.hash, certificate.der());
}

}  // namespace mitome::pki::cmp
