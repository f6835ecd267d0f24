// SPDX-License-Identifier: Apache-2.0
#include "publication.hpp"

#include <mitome/base/log.hpp>
#include <mitome/crypto/digest.hpp>
#include <mitome/pki/crl.hpp>

#include <algorithm>
#include <utility>

namespace mitome::status {
namespace {

using namespace std::chrono_literals;

// Authority is heard of every 5 s. After this long without it nothing is said any more: a
// revocation might be on its way.
constexpr auto patience = 30s;
// nextUpdate: verifiers of JPKI get data that are at most 15 minutes old.
constexpr auto validity = 10min;
// How long a signed answer is given again. Changes reach it at once; this only keeps thisUpdate
// young.
constexpr auto oldest_kept = 60s;
// About 1.6 KB each.
constexpr std::size_t kept_answers = 16'384;

std::string etag_of(BytesView content) {
    constexpr std::size_t octets = 16;  // enough to tell two versions apart
    const Bytes digest = crypto::digest(crypto::Hash::sha256, content);
    return '"' + to_hex(BytesView{digest}.first(octets)) + '"';
}

PublicFile public_file(Bytes der, Time since) {
    PublicFile file{.der = nullptr, .etag = etag_of(der), .since = since};
    file.der = std::make_shared<const Bytes>(std::move(der));
    return file;
}

pki::CertStatus status_of(const std::optional<Standing>& standing) {
    if (!standing) return pki::Unknown{};
    if (!standing->revoked) return pki::Good{};
    return pki::Revoked{standing->revoked->since, standing->revoked->reason};
}

// Both without leading zeros but the one that keeps them positive.
bool is_older(BytesView number, BytesView than) {
    if (number.size() != than.size()) return number.size() < than.size();
    return std::ranges::lexicographical_compare(number, than);
}

}  // namespace

Publication::Publication(const Clock& clock) : clock_(clock), cache_(kept_answers) {}

Done Publication::set_ca(pki::Certificate certificate, pki::Ca ca) {
    MITOME_TRY(digests, pki::CaDigests::of(certificate));
    MITOME_TRY(key, crypto::PublicKey::from_spki(certificate.spki()));
    const std::unique_lock lock{mutex_};
    Authority& authority = of(ca);
    if (authority.certificate) {
        if (same(authority.certificate->der(), certificate.der())) return {};
        return fail(Fault::conflict, "status: this CA has another certificate already");
    }
    authority.file = public_file(certificate.der(), certificate.not_before());
    authority.certificate = std::move(certificate);
    authority.key = std::move(key);
    authority.digests = std::move(digests);
    return {};
}

Done Publication::set_responder(pki::Ca ca, std::shared_ptr<crypto::Signer> key,
                                pki::Certificate certificate) {
    const std::unique_lock lock{mutex_};
    Authority& authority = of(ca);
    if (!authority.key) return fail(Fault::conflict, "status: a responder before its CA");
    MITOME_CHECK(certificate.verify_signature(*authority.key));
    auto responder = pki::OcspResponder::create(*key, std::move(certificate));
    if (!responder) return fail(Fault::unverified, "status: certificate of another key");
    authority.responder =
        std::make_shared<const Responder>(Responder{std::move(key), *std::move(responder)});
    cache_.forget_all();
    return {};
}

Done Publication::set_crl(pki::Ca ca, Bytes der) {
    MITOME_TRY(crl, pki::Crl::from_der(std::move(der)));
    const std::unique_lock lock{mutex_};
    Authority& authority = of(ca);
    if (!authority.key) return fail(Fault::conflict, "status: a CRL before its CA");
    MITOME_CHECK(crl.verify_signature(*authority.key));
    if (is_older(crl.number(), authority.crl_number)) {
        return fail(Fault::conflict, "status: an older CRL");
    }
    authority.crl_number = copy(crl.number());
    authority.crl = public_file(crl.der(), crl.this_update());
    return {};
}

Done Publication::put(pki::Ca ca, BytesView serial, const Standing& standing) {
    {
        const std::unique_lock lock{mutex_};
        MITOME_CHECK(of(ca).index.put(serial, standing));
    }
    cache_.forget(serial);
    return {};
}

void Publication::heard() {
    const std::unique_lock lock{mutex_};
    heard_ = clock_.now();
}

bool Publication::behind_locked() const {
    if (!heard_ || clock_.now() - *heard_ > patience) return true;
    return std::ranges::any_of(authorities_, [](const Authority& authority) {
        return !authority.certificate || !authority.responder || !authority.crl;
    });
}

bool Publication::behind() const {
    const std::shared_lock lock{mutex_};
    return behind_locked();
}

const Publication::Authority* Publication::authority_of(const pki::CertId& id) const {
    const auto found = std::ranges::find_if(authorities_, [&](const Authority& authority) {
        return authority.digests && authority.digests->match(id);
    });
    return found == authorities_.end() ? nullptr : &*found;
}

std::variant<std::shared_ptr<const SignedAnswer>, Publication::Refused> Publication::answer(
    BytesView request) {
    const auto parsed = pki::parse_ocsp_request(request);
    if (!parsed) return Refused::malformed_request;
    const bool keepable = parsed->ids.size() == 1 && parsed->nonce.empty();
    const Time now = clock_.now();
    const AnswerCache::Moment seen = cache_.moment();

    std::shared_ptr<const Responder> responder;
    std::vector<pki::SingleAnswer> answers;
    Time this_update{};
    {
        const std::shared_lock lock{mutex_};
        if (behind_locked()) return Refused::try_later;
        const Authority* authority = authority_of(parsed->ids.front());
        if (authority == nullptr) return Refused::unauthorized;
        if (keepable) {
            const pki::CertId& id = parsed->ids.front();
            if (auto kept = cache_.find(id.whole, id.serial, now - oldest_kept)) return kept;
        }
        responder = authority->responder;
        this_update = *heard_;
        answers.reserve(parsed->ids.size());
        for (const pki::CertId& id : parsed->ids) {
            // One signature speaks for one CA.
            if (authority_of(id) != authority) return Refused::unauthorized;
            answers.push_back({.cert_id = id.whole,
                               .status = status_of(authority->index.find(id.serial)),
                               .this_update = this_update,
                               .next_update = this_update + validity});
        }
    }
    auto der = responder->responder.answer(answers, now, parsed->nonce);
    if (!der) {
        log(Level::error, "answer not signed", {{"error", der.error()}});
        return Refused::internal_error;
    }
    auto answer =
        std::make_shared<SignedAnswer>(SignedAnswer{.der = *std::move(der),
                                                    .etag = {},
                                                    .this_update = this_update,
                                                    .next_update = this_update + validity});
    if (keepable) {
        answer->etag = etag_of(answer->der);
        const pki::CertId& id = parsed->ids.front();
        cache_.keep(id.whole, id.serial, answer, seen);
    }
    return answer;
}

std::optional<PublicFile> Publication::crl(pki::Ca ca) const {
    const std::shared_lock lock{mutex_};
    return of(ca).crl;
}

std::optional<PublicFile> Publication::certificate(pki::Ca ca) const {
    const std::shared_lock lock{mutex_};
    return of(ca).file;
}

std::optional<Time> Publication::responder_not_after(pki::Ca ca) const {
    const std::shared_lock lock{mutex_};
    if (!of(ca).responder) return std::nullopt;
    return of(ca).responder->responder.certificate().not_after();
}

}  // namespace mitome::status
