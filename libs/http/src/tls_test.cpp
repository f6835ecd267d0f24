// SPDX-License-Identifier: Apache-2.0
#include "test_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace mitome::http {
namespace {

using namespace std::chrono_literals;
using test::asking;
using test::echo;
using test::identity;
using test::serving;
using test::url_of;

std::unique_ptr<Server> trusting_server(Handle handle = echo, std::string_view name = "server") {
    Server::Options options;
    options.tls = identity(name);
    options.limits.body = std::size_t{4} << 20;
    return serving(std::move(options), std::move(handle));
}

std::unique_ptr<Client> client_of(const Server& server, std::string_view name = "client",
                                  std::string_view trusted = "ca") {
    Client::Options options;
    options.tls = identity(name, trusted);
    return *Client::create(url_of(server, true), std::move(options));
}

TEST(Tls, ShowsTheHandlerThePeersCertificate) {
    Bytes seen;
    const auto server = trusting_server([&](const Request& request) {
        seen = request.peer_certificate;
        return echo(request);
    });
    auto client = client_of(*server);

    ASSERT_TRUE(client->send(asking("POST", "/first")));
    ASSERT_TRUE(client->send(asking("POST", "/second")));

    const auto pem = read_file(test::vector_path("client.pem"));
    EXPECT_EQ(seen, from_pem(text(*pem), "CERTIFICATE").value().front());
}

TEST(Tls, CarriesALargeBodyBothWays) {
    const auto server = trusting_server();
    auto client = client_of(*server);
    Bytes body(std::size_t{4} << 20);
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<std::uint8_t>(i * 5 >> 2);

    const auto answer = client->send(asking("POST", "/", body));

    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->body == body);
}

TEST(Tls, HearsARefusalWhileItStillSends) {
    const auto server = trusting_server();
    auto client = client_of(*server);

    const auto answer = client->send(asking("POST", "/", Bytes(std::size_t{8} << 20)));

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 413U);
}

TEST(Tls, IsRefusedToAClientOfAnotherCa) {
    std::atomic<bool> handled = false;
    const auto server = trusting_server([&](const Request& request) {
        handled = true;
        return echo(request);
    });
    auto client = client_of(*server, "other_client");

    const auto answer = client->send(asking("POST", "/"));

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::denied);
    EXPECT_FALSE(handled);
}

TEST(Tls, RefusesAServerOfAnotherCa) {
    const auto server = trusting_server();
    auto client = client_of(*server, "client", "other_ca");

    const auto answer = client->send(asking("POST", "/"));

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unverified);
}

TEST(Tls, RefusesAServerWhoseCertificateNamesAnotherHost) {
    const auto server = trusting_server(echo, "elsewhere");
    auto client = client_of(*server);

    const auto answer = client->send(asking("POST", "/"));

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unverified);
}

TEST(Tls, HangsUpOnAPeerThatNeverShakesHands) {
    Server::Options options;
    options.tls = identity("server");
    options.limits.idle = 1s;
    const auto server = serving(std::move(options), echo);
    const test::RawClient silent{server->port()};
    const auto begun = std::chrono::steady_clock::now();

    EXPECT_EQ(silent.hear_all(), "");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
}

TEST(Tls, SurvivesAPeerThatSpeaksPlainHttp) {
    const auto server = trusting_server();

    const std::string heard = test::told(server->port(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");

    EXPECT_EQ(heard.find("HTTP/"), std::string::npos);
    EXPECT_TRUE(client_of(*server)->send(asking("POST", "/")));
}

TEST(Tls, IsUnavailableFromAServerThatSpeaksPlainHttp) {
    const auto server = serving({}, echo);

    const auto answer = client_of(*server)->send(asking("GET", "/"));

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unavailable);
}

TEST(Tls, NeedsAnIdentityOnBothSides) {
    EXPECT_EQ(Client::create({true, "127.0.0.1", 1, "/"}, {}).error().fault, Fault::malformed);

    Server::Options options;
    options.tls = identity("server");
    options.tls->key_pem = identity("client").key_pem;
    EXPECT_EQ(Server::start(std::move(options), echo).error().fault, Fault::malformed);
}

TEST(Tls, AnswersAThousandRequestsOverEightConnections) {
    const auto server = trusting_server();
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> clients;
        for (int c = 0; c < 8; ++c) {
            clients.emplace_back([&, c] {
                auto client = client_of(*server);
                for (int i = 0; i < 125; ++i) {
                    const Bytes body = copy(view(std::to_string(c * 1000 + i)));
                    const auto answer = client->send(asking("POST", "/", body));
                    if (answer && answer->body == body) ++right;
                }
            });
        }
    }

    EXPECT_EQ(right, 1000);
}

}  // namespace
}  // namespace mitome::http
