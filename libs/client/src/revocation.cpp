// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/log.hpp>
#include <mitome/client/revocation.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/http/client.hpp>
#include <mitome/pki/crl.hpp>
#include <mitome/pki/ocsp.hpp>

namespace mitome::client {
namespace {

using signature::RevocationState;

constexpr std::chrono::milliseconds usual_patience{10'000};
constexpr std::size_t largest_answer = std::size_t{64} << 20;  // a CRL of a million entries

Result<Bytes> fetch(const std::string& address, http::Request request,
                    std::chrono::milliseconds patience) {
    MITOME_TRY(url, http::Url::parse(address));
    if (url.tls) return fail(Fault::malformed, "revocation: address is not http");
    const auto question = url.target.find('?');
    request.path = url.target.substr(0, question);
    if (question != std::string::npos) request.query = url.target.substr(question + 1);
    http::Client::Options options;
    options.connect_timeout = patience;
    options.timeout = patience;
    options.largest_body = largest_answer;
    MITOME_TRY(client, http::Client::create(url, std::move(options)));
    MITOME_TRY(response, client->send(request, true));
    if (response.status != 200)
        return fail(Fault::unavailable, "revocation: no answer", response.status);
    return std::move(response.body);
}

Result<RevocationState> ask_ocsp(const std::string& address, const pki::Certificate& subject,
                                 const pki::Certificate& issuer, Time now,
                                 std::chrono::milliseconds patience) {
    const auto nonce = crypto::SystemRandom{}.octets(pki::usual_ocsp_nonce);
    MITOME_TRY(question, pki::make_ocsp_request(subject, issuer, nonce));
    http::Request request;
    request.method = "POST";
    request.headers.push_back({"Content-Type", "application/ocsp-request"});
    request.body = question;
    MITOME_TRY(body, fetch(address, std::move(request), patience));
    pki::OcspExpectation expected;
    expected.subject = &subject;
    expected.issuer = &issuer;
    expected.nonce = nonce;
    expected.now = now;
    MITOME_TRY(answer, pki::check_ocsp_response(body, expected));
    RevocationState state;
    state.asked_at = answer.this_update;
    if (std::holds_alternative<pki::Good>(answer.status)) {
        state.kind = RevocationState::Kind::good;
    } else if (const auto* revoked = std::get_if<pki::Revoked>(&answer.status)) {
        state.kind = RevocationState::Kind::revoked;
        state.revoked_at = revoked->at;
        state.reason = revoked->reason;
    } else {
        state.kind = RevocationState::Kind::unknown;
    }
    return state;
}

Result<RevocationState> ask_crl(const std::string& address, const pki::Certificate& subject,
                                const pki::Certificate& issuer, Time now) {
    MITOME_TRY(body, fetch(address, {}, usual_patience));
    MITOME_TRY(crl, pki::Crl::from_der(std::move(body)));
    MITOME_TRY(key, crypto::PublicKey::from_spki(issuer.spki()));
    MITOME_CHECK(crl.verify_signature(key));
    if (!same(crl.issuer(), subject.issuer()) || crl.is_delta())
        return fail(Fault::unverified, "revocation: another issuer's list");
    if (crl.next_update() && *crl.next_update() < now)
        return fail(Fault::unavailable, "revocation: list is out of date");
    RevocationState state;
    state.asked_at = crl.this_update();
    state.kind = RevocationState::Kind::good;
    if (const auto entry = crl.find(subject.serial())) {
        state.kind = RevocationState::Kind::revoked;
        state.revoked_at = entry->at;
        state.reason = entry->reason;
    }
    return state;
}

}  // namespace

RevocationState ask_revocation(const pki::Certificate& subject, const pki::Certificate& issuer,
                               const Clock& clock) {
    for (const auto& address : subject.ocsp_urls()) {
        auto state = ask_ocsp(address, subject, issuer, clock.now(), usual_patience);
        if (state) return *state;
        log(Level::debug, "revocation: ocsp", {{"error", state.error()}});
    }
    for (const auto& address : subject.crl_urls()) {
        auto state = ask_crl(address, subject, issuer, clock.now());
        if (state) return *state;
        log(Level::debug, "revocation: crl", {{"error", state.error()}});
    }
    return {};
}

RevocationState ask_ocsp_once(const pki::Certificate& subject, const pki::Certificate& issuer,
                              const Clock& clock, std::chrono::milliseconds patience) {
    const auto addresses = subject.ocsp_urls();
    if (addresses.empty()) return {};
    const auto state = ask_ocsp(addresses.front(), subject, issuer, clock.now(), patience);
    if (!state) log(Level::debug, "revocation: ocsp", {{"error", state.error()}});
    return state.value_or(RevocationState{});
}

}  // namespace mitome::client
