// SPDX-License-Identifier: Apache-2.0
#include "public_routes.hpp"

#include "sample_feed.hpp"

#include <gtest/gtest.h>

namespace mitome::status {
namespace {

using namespace sample;

http::Request get(std::string path) {
    http::Request request;
    request.path = std::move(path);
    return request;
}

class Served {
public:
    Served() : process(folder), routes(public_routes(process.publication)) {
        world.make_ready(process);
    }
    [[nodiscard]] const Authority& authority() const {
        return world.authorities.at(pki::Ca::card_sign);
    }
    [[nodiscard]] Bytes question(BytesView nonce = {}) const {
        return pki::make_ocsp_request(authority().subject(Bytes{0x41}), *authority().certificate,
                                      nonce)
            .value();
    }

    Folder folder;
    World world;
    Process process;
    http::Routes routes;
};

TEST(PublicRoutes, ServeTheCrlAsDer) {
    const Served served;

    const auto response = served.routes(get("/crl/card-sign.crl"));

    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.header("Content-Type"), "application/pkix-crl");
    EXPECT_EQ(response.header("Last-Modified"), "Tue, 24 Nov 2026 01:00:00 GMT");
    EXPECT_TRUE(pki::Crl::from_der(response.content()));
}

TEST(PublicRoutes, ServeTheCasCertificate) {
    const Served served;

    const auto response = served.routes(get("/ca/card-sign.cer"));

    EXPECT_EQ(response.header("Content-Type"), "application/pkix-cert");
    EXPECT_EQ(response.content(), served.authority().certificate->der());
}

TEST(PublicRoutes, KnowNoOtherFile) {
    const Served served;

    EXPECT_EQ(served.routes(get("/crl/card-sign.cer")).status, 404U);
    EXPECT_EQ(served.routes(get("/crl/root.crl")).status, 404U);
}

TEST(PublicRoutes, AnswerAnUnchangedFileWithoutItsBody) {
    const Served served;
    http::Request request = get("/crl/card-sign.crl");
    request.headers.push_back(
        {"If-None-Match", std::string{served.routes(request).header("ETag")}});

    const auto response = served.routes(request);

    EXPECT_EQ(response.status, 304U);
    EXPECT_TRUE(response.content().empty());
}

TEST(PublicRoutes, LetCachesKeepAnAnswerThatWasGot) {
    const Served served;

    const auto response = served.routes(get("/ocsp/" + pki::to_ocsp_path(served.question())));

    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.header("Content-Type"), "application/ocsp-response");
    EXPECT_EQ(response.header("Cache-Control"),
              "max-age=60, public, no-transform, must-revalidate");
    EXPECT_EQ(response.header("Last-Modified"), "Tue, 24 Nov 2026 01:00:00 GMT");
    EXPECT_EQ(response.header("Expires"), "Tue, 24 Nov 2026 01:10:00 GMT");
    EXPECT_FALSE(response.header("ETag").empty());
}

TEST(PublicRoutes, LetNobodyKeepAnAnswerWithANonce) {
    const Served served;

    const auto response =
        served.routes(get("/ocsp/" + pki::to_ocsp_path(served.question(Bytes(32, 1)))));

    EXPECT_EQ(response.header("Cache-Control"), "no-store");
}

TEST(PublicRoutes, AnswerAPost) {
    const Served served;
    http::Request request;
    request.method = "POST";
    request.path = "/ocsp";
    request.body = served.question();

    const auto response = served.routes(request);

    EXPECT_EQ(response.status, 200U);
    EXPECT_GT(response.content().size(), 100U);
}

TEST(PublicRoutes, SayThatThePathHoldsNoRequest) {
    const Served served;

    const auto response = served.routes(get("/ocsp/%%%"));

    EXPECT_EQ(response.content(), pki::ocsp_refusal(pki::OcspRefusal::malformed_request));
}

TEST(PublicRoutes, SayThatStatusIsBehind) {
    Served served;
    EXPECT_EQ(served.routes(get("/ready")).status, 200U);

    served.process.clock.advance(std::chrono::seconds{31});

    EXPECT_EQ(served.routes(get("/ready")).status, 503U);
    EXPECT_EQ(served.routes(get("/health")).status, 200U);
}

}  // namespace
}  // namespace mitome::status
