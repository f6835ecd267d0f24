// SPDX-License-Identifier: Apache-2.0
#include "../../pki/src/cmp_sample.hpp"

#include <mitome/client/revocation.hpp>
#include <mitome/http/server.hpp>
#include <mitome/pki/crl.hpp>
#include <mitome/pki/der.hpp>
#include <mitome/pki/ocsp.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mitome::client {
namespace {

namespace sample = pki::sample;
using Kind = signature::RevocationState::Kind;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A DER GeneralName of an address.
Bytes address(std::string_view text) {
    return pki::der::wrap(pki::der::tag::context(6), view(text));
}

/// A person's certificate that names where its state can be asked.
pki::Certificate certificate_naming(const std::string& base) {
    namespace der = pki::der;
    const auto issuer = pki::issuer_of(sample::ca().certificate).value();
    const auto holder = sample::make_key();
    const Bytes access =
        der::sequence({der::sequence({der::oid("1.3.6.1.5.5.7.48.1"), address(base + "/ocsp")})});
    const Bytes points = der::sequence({der::sequence(
        {der::wrap(der::tag::constructed(0),
                   der::wrap(der::tag::constructed(0), address(base + "/list.crl")))})});
    return sample::signed_by(
        {.serial = {0x5A, 0x01},
         .signature_algorithm = issuer.signature_algorithm,
         .issuer = issuer.name,
         .not_before = sample::some_years().not_before,
         .not_after = sample::some_years().not_after,
         .subject = sample::name("Sample person"),
         .spki = holder->spki(),
         .extensions = {{"1.3.6.1.5.5.7.1.1", false, access}, {"2.5.29.31", false, points}}},
        *sample::ca().key);
}

/// A responder that `ca` delegated.
const pki::OcspResponder& responder_of(const sample::Holder& ca) {
    static std::map<const sample::Holder*, std::pair<sample::Key, pki::OcspResponder>> known;
    if (const auto found = known.find(&ca); found != known.end()) return found->second.second;
    auto key = sample::make_key();
    const auto certificate =
        sample::signed_by(pki::ocsp_responder_template(pki::issuer_of(ca.certificate).value(),
                                                       sample::name("Sample responder"),
                                                       key->spki(), Bytes{3}, sample::some_years())
                              .value(),
                          *ca.key);
    auto responder = pki::OcspResponder::create(*key, certificate).value();
    return known.emplace(&ca, std::pair{std::move(key), std::move(responder)}).first->second.second;
}

/// Listens at the addresses that `subject` names. Both are silent until told otherwise.
class StatusService {
public:
    std::function<Bytes(BytesView request)> ocsp;
    std::optional<Bytes> crl;

    [[nodiscard]] const pki::Certificate& subject() const { return subject_; }
    [[nodiscard]] signature::RevocationState ask() const {
        return ask_revocation(subject_, sample::ca().certificate, FixedClock{sample::now});
    }
    [[nodiscard]] signature::RevocationState ask_once(milliseconds patience) const {
        return ask_ocsp_once(subject_, sample::ca().certificate, FixedClock{sample::now}, patience);
    }
    void stop() { server_->stop(); }

private:
    http::Response answer(const http::Request& request) const {
        http::Response response;
        if (request.path == "/ocsp" && ocsp)
            response.body = ocsp(request.body);
        else if (request.path == "/list.crl" && crl)
            response.body = *crl;
        else
            response.status = 503;
        return response;
    }

    std::unique_ptr<http::Server> server_ =
        http::Server::start({}, [this](const http::Request& request) {
            return answer(request);
        }).value();
    pki::Certificate subject_ =
        certificate_naming("http://127.0.0.1:" + std::to_string(server_->port()));
};

auto says(const pki::CertStatus& status, const sample::Holder& ca = sample::ca()) {
    return [&ca, status](BytesView octets) {
        const auto request = pki::parse_ocsp_request(octets).value();
        const pki::SingleAnswer one{request.ids.front().whole, status, sample::now - hours{1},
                                    sample::now + hours{1}};
        return responder_of(ca).answer({&one, 1}, sample::now, request.nonce).value();
    };
}

Bytes list_of(const std::vector<pki::Revocation>& revocations,
              const sample::Holder& signer = sample::ca(), Time until = sample::now + hours{24}) {
    pki::CrlWriter writer{
        {pki::issuer_of(sample::ca().certificate).value(), sample::now - hours{24}, until, 1},
        revocations.size()};
    for (const auto& one : revocations) writer.add(one);
    return std::move(writer).sign(*signer.key).value();
}

const sample::Holder& foreign_ca() {
    static const auto one = sample::make_root("Another CA");
    return one;
}

TEST(Revocation, IsGoodWhenOcspSaysSo) {
    StatusService service;
    service.ocsp = says(pki::Good{});

    const auto state = service.ask();

    EXPECT_EQ(state.kind, Kind::good);
    EXPECT_EQ(state.asked_at, sample::now - hours{1});
}

TEST(Revocation, TellsTimeAndReasonOfOcsp) {
    StatusService service;
    service.ocsp = says(pki::Revoked{sample::now - hours{5}, pki::Reason::key_compromise});

    const auto state = service.ask();

    EXPECT_EQ(state.kind, Kind::revoked);
    EXPECT_EQ(state.revoked_at, sample::now - hours{5});
    EXPECT_EQ(state.reason, pki::Reason::key_compromise);
}

TEST(Revocation, IsUnknownToACaThatNeverIssuedIt) {
    StatusService service;
    service.ocsp = says(pki::Unknown{});
    service.crl = list_of({});

    EXPECT_EQ(service.ask().kind, Kind::unknown);
}

TEST(Revocation, ReadsTheListWhenOcspIsSilent) {
    StatusService service;
    service.crl = list_of({{service.subject().serial(),
                            sample::now - hours{30},
                            pki::Reason::affiliation_changed,
                            {}}});

    const auto state = service.ask();

    EXPECT_EQ(state.kind, Kind::revoked);
    EXPECT_EQ(state.revoked_at, sample::now - hours{30});
    EXPECT_EQ(state.reason, pki::Reason::affiliation_changed);
}

TEST(Revocation, IsGoodWhenTheListDoesNotNameIt) {
    StatusService service;
    service.crl = list_of({});

    const auto state = service.ask();

    EXPECT_EQ(state.kind, Kind::good);
    EXPECT_EQ(state.asked_at, sample::now - hours{24});
}

TEST(Revocation, ReadsTheListWhenOcspIsSignedByAStranger) {
    StatusService service;
    service.ocsp = says(pki::Good{}, foreign_ca());
    service.crl = list_of(
        {{service.subject().serial(), sample::now - hours{30}, pki::Reason::key_compromise, {}}});

    EXPECT_EQ(service.ask().kind, Kind::revoked);
}

TEST(Revocation, IsUnavailableWhenBothAnswersAreGarbage) {
    StatusService service;
    service.ocsp = [](BytesView) { return copy(view("good")); };
    service.crl = copy(view("nothing is revoked"));

    EXPECT_EQ(service.ask().kind, Kind::unavailable);
}

TEST(Revocation, IsUnavailableWhenAnotherCaSignedTheList) {
    StatusService service;
    service.crl = list_of({}, foreign_ca());

    EXPECT_EQ(service.ask().kind, Kind::unavailable);
}

TEST(Revocation, IsUnavailableWhenTheListIsOutOfDate) {
    StatusService service;
    service.crl = list_of({}, sample::ca(), sample::now - hours{1});

    EXPECT_EQ(service.ask().kind, Kind::unavailable);
}

TEST(Revocation, IsUnavailableWhenNobodyListens) {
    StatusService service;
    service.stop();

    EXPECT_EQ(service.ask().kind, Kind::unavailable);
}

TEST(OcspOnce, TellsARevocation) {
    StatusService service;
    service.ocsp = says(pki::Revoked{sample::now - hours{5}, pki::Reason::certificate_hold});

    const auto state = service.ask_once(seconds{5});

    EXPECT_EQ(state.kind, Kind::revoked);
    EXPECT_EQ(state.reason, pki::Reason::certificate_hold);
}

TEST(OcspOnce, DoesNotFetchTheListInstead) {
    StatusService service;
    service.crl = list_of({});

    EXPECT_EQ(service.ask_once(seconds{5}).kind, Kind::unavailable);
}

TEST(OcspOnce, WaitsNoLongerThanItMay) {
    StatusService service;
    service.ocsp = [](BytesView request) {
        std::this_thread::sleep_for(seconds{1});
        return says(pki::Good{})(request);
    };

    EXPECT_EQ(service.ask_once(milliseconds{50}).kind, Kind::unavailable);
}

}  // namespace
}  // namespace mitome::client
