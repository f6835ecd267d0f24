// SPDX-License-Identifier: Apache-2.0
// The server against clients that are not ours.
#include "test_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

namespace mitome::http {
namespace {

using test::echo;
using test::identity;
using test::serving;
using test::vector_path;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

struct Outcome {
    std::string output;  // stdout and stderr
    int status = -1;
};

Outcome run(const std::string& command) {
    Outcome outcome;
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return outcome;
    std::array<char, 4096> piece{};
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), pipe)) {
        outcome.output.append(piece.data(), count);
    }
    outcome.status = ::pclose(pipe);
    return outcome;
}

std::string credentials(const std::string& name) {
    return " --cert " + vector_path(name + ".pem") + " --key " + vector_path(name + ".key");
}

std::string curl(const Server& server, const std::string& scheme, const std::string& arguments) {
    return "curl -sS --max-time 10 " + arguments + ' ' + scheme +
           "://127.0.0.1:" + std::to_string(server.port()) + "/x";
}

std::unique_ptr<Server> tls_server() {
    Server::Options options;
    options.tls = identity("server");
    options.limits.body = std::size_t{4} << 20;
    return serving(std::move(options), echo);
}

TEST(Curl, PostsInPlain) {
    const auto server = serving({}, echo);

    EXPECT_EQ(run(curl(*server, "http", "--data hello")).output, "hello");
}

TEST(Curl, PostsALargeBodyAfterBeingAskedForIt) {
    const auto server = tls_server();

    const Outcome sent = run("head -c 3000000 /dev/zero | " +
                             curl(*server, "https",
                                  "--cacert " + vector_path("ca.pem") + credentials("client") +
                                      " --data-binary @- -H 'Expect: 100-continue'") +
                             " | wc -c");

    EXPECT_THAT(sent.output, HasSubstr("3000000"));
}

class Version : public testing::TestWithParam<const char*> {};

TEST_P(Version, IsSpokenWithCurl) {
    const auto server = tls_server();

    const Outcome sent = run(curl(*server, "https",
                                  "--cacert " + vector_path("ca.pem") + credentials("client") +
                                      " --data hello --tls-max " + GetParam()));

    EXPECT_EQ(sent.output, "hello");
}

INSTANTIATE_TEST_SUITE_P(Tls, Version, testing::Values("1.2", "1.3"));

TEST(Curl, IsRefusedWithTls11) {
    const auto server = tls_server();

    EXPECT_NE(run(curl(*server, "https",
                       "--cacert " + vector_path("ca.pem") + credentials("client") +
                           " --data hello --tls-max 1.1"))
                  .status,
              0);
}

TEST(Curl, IsRefusedWithoutCertificate) {
    const auto server = tls_server();

    const Outcome sent =
        run(curl(*server, "https", "--cacert " + vector_path("ca.pem") + " --data hello"));

    EXPECT_NE(sent.status, 0);
    EXPECT_THAT(sent.output, HasSubstr("certificate required"));
}

TEST(Curl, IsRefusedWithACertificateOfAnotherCa) {
    const auto server = tls_server();

    const Outcome sent = run(
        curl(*server, "https",
             "--cacert " + vector_path("ca.pem") + credentials("other_client") + " --data hello"));

    EXPECT_NE(sent.status, 0);
    EXPECT_THAT(sent.output, HasSubstr("unknown ca"));
}

TEST(OpensslClient, IsToldWhichCaIsTrustedAndGetsNoTicket) {
    const auto server = tls_server();

    const Outcome sent =
        run("printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' | "
            "timeout 10 openssl s_client -connect 127.0.0.1:" +
            std::to_string(server->port()) + " -CAfile " + vector_path("ca.pem") + " -cert " +
            vector_path("client.pem") + " -key " + vector_path("client.key") +
            " -verify_return_error -ign_eof");

    EXPECT_THAT(sent.output, HasSubstr("Verify return code: 0 (ok)"));
    EXPECT_THAT(sent.output, HasSubstr("Acceptable client certificate CA names\nO = Mitome test, "
                                       "CN = ca\n"));
    EXPECT_THAT(sent.output, Not(HasSubstr("New Session Ticket")));
    EXPECT_THAT(sent.output, HasSubstr("HTTP/1.1 200 OK"));
}

}  // namespace
}  // namespace mitome::http
