// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/http/routes.hpp>
#include <mitome/pki/certificate.hpp>

#include <gtest/gtest.h>

#include <string>

namespace mitome::http {
namespace {

Bytes peer(const char* name) {
    const auto pem =
        read_file(std::string{MITOME_SOURCE_DIR} + "/tests/vectors/http/" + name + ".pem");
    return pki::Certificate::from_pem(text(*pem)).value().der();
}

Route answering(std::string_view method, std::string_view path, std::vector<std::string_view> roles,
                std::size_t body = 16) {
    return {method, path, std::move(roles), body, [](const Call& call) {
                Response response;
                response.body = copy(view(call.caller.role + "|" + call.caller.element + "|" +
                                          std::string{call.rest}));
                return response;
            }};
}

Request asking(std::string method, std::string path, Bytes certificate = {}) {
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.peer_certificate = std::move(certificate);
    return request;
}

TEST(Routes, AnswersAnUnknownPathWith404) {
    const Routes routes{Listener::open, {answering("GET", "/health", {})}};

    const Response response = routes(asking("GET", "/healthy"));

    EXPECT_EQ(response.status, 404U);
    EXPECT_NE(text(response.body).find(R"("code":"not_supported")"), std::string_view::npos);
}

TEST(Routes, NamesTheMethodsThatAPathTakes) {
    const Routes routes{Listener::open,
                        {answering("GET", "/ocsp/*", {}), answering("POST", "/ocsp/*", {})}};

    const Response response = routes(asking("DELETE", "/ocsp/x"));

    EXPECT_EQ(response.status, 405U);
    EXPECT_EQ(response.header("Allow"), "GET, HEAD, POST");
}

TEST(Routes, GivesTheRestOfAStarredPath) {
    const Routes routes{Listener::open, {answering("GET", "/ocsp/*", {})}};

    const Response response = routes(asking("GET", "/ocsp/MEow%3D/x"));

    EXPECT_EQ(text(response.body), "||MEow%3D/x");
}

TEST(Routes, LetsAListedRoleIn) {
    const Routes routes{Listener::mutual_tls, {answering("POST", "/issue", {"registration"})}};

    const Response response = routes(asking("POST", "/issue", peer("registration")));

    EXPECT_EQ(text(response.body), "registration||");
}

TEST(Routes, KeepsARoleThatIsNotListedOut) {
    const Routes routes{Listener::mutual_tls, {answering("POST", "/issue", {"operator"})}};

    EXPECT_EQ(routes(asking("POST", "/issue", peer("registration"))).status, 403U);
}

TEST(Routes, LetsNobodyInWhereNoRoleIsListed) {
    const Routes routes{Listener::mutual_tls, {answering("POST", "/issue", {})}};

    EXPECT_EQ(routes(asking("POST", "/issue", peer("registration"))).status, 403U);
}

TEST(Routes, LetsNobodyInOnAnOpenListenerWhereARoleIsListed) {
    const Routes routes{Listener::open, {answering("POST", "/issue", {"registration"})}};

    EXPECT_EQ(routes(asking("POST", "/issue", peer("registration"))).status, 403U);
}

TEST(Routes, KnowsAnElementByItsIdentity) {
    const Routes routes{Listener::mutual_tls, {answering("POST", "/orders", {"element"})}};

    const Response response = routes(asking("POST", "/orders", peer("element")));

    EXPECT_EQ(text(response.body), "element|0102030405060708090A|");
}

TEST(Routes, AdmitsAnyNamedPeerWhereItSaysSo) {
    const Routes routes{Listener::mutual_tls, {answering("GET", "/ready", {any_role})}};

    EXPECT_EQ(routes(asking("GET", "/ready", peer("registration"))).status, 200U);
}

class UnnamedPeer : public testing::TestWithParam<const char*> {};

TEST_P(UnnamedPeer, IsAdmittedNowhere) {
    const Routes routes{Listener::mutual_tls,
                        {answering("GET", "/ready", {any_role, "registration", "element"})}};

    EXPECT_EQ(routes(asking("GET", "/ready", peer(GetParam()))).status, 403U);
}

INSTANTIATE_TEST_SUITE_P(Certificates, UnnamedPeer,
                         testing::Values("two-names", "no-name", "element-without-identity"));

TEST(Routes, RefusesABodyThatIsLongerThanTheRoutes) {
    const Routes routes{Listener::open, {answering("POST", "/ocsp", {}, 2)}};
    Request request = asking("POST", "/ocsp");
    request.body = {1, 2, 3};

    EXPECT_EQ(routes(request).status, 413U);
}

}  // namespace
}  // namespace mitome::http
