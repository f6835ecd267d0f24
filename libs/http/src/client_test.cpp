// SPDX-License-Identifier: Apache-2.0
#include "test_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace mitome::http {
namespace {

using namespace std::chrono_literals;
using test::asking;
using test::echo;
using test::ScriptedServer;
using test::serving;
using test::url_of;

TEST(Client, SendsMethodTargetHeadersAndBody) {
    Request seen;
    const auto server = serving({}, [&](const Request& request) {
        seen = request;
        return echo(request);
    });
    auto client = *Client::create(url_of(*server), {});
    Request request = asking("PUT", "/a", {1, 2, 3});
    request.query = "b=c";
    request.headers = {{"X-One", "1"}, {"Host", "forged"}, {"Content-Length", "9"}};

    const auto answer = client->send(request);

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, request.body);
    EXPECT_EQ(answer->header("content-TYPE"), "application/octet-stream");
    EXPECT_EQ(seen.method + seen.path + seen.query, "PUT/ab=c");
    EXPECT_EQ(seen.header("x-one"), "1");
    EXPECT_EQ(seen.header("Host"), "127.0.0.1:" + std::to_string(server->port()));
}

TEST(Client, CarriesALargeBodyBothWays) {
    constexpr std::size_t size = std::size_t{24} << 20;
    const auto server = serving({.limits = {.body = size}}, echo);
    auto client = *Client::create(url_of(*server), {});
    Bytes body(size);
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<std::uint8_t>(i * 7 >> 3);

    const auto answer = client->send(asking("POST", "/", body));

    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->body == body);
}

TEST(Client, HearsARefusalWhileItStillSends) {
    const auto server = serving({.limits = {.body = 10}}, echo);
    auto client = *Client::create(url_of(*server), {});

    const auto answer = client->send(asking("POST", "/", Bytes(std::size_t{8} << 20)));

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 413U);
}

TEST(Client, AsksAgainOnANewConnectionWhenTheKeptOneWasClosed) {
    std::uint16_t port = 0;
    std::unique_ptr<Client> client;
    {
        const auto server = serving({}, echo);
        port = server->port();
        client = *Client::create(url_of(*server), {});
        ASSERT_TRUE(client->send(asking("GET", "/")));
    }
    const auto server = serving({.port = port}, echo);

    EXPECT_TRUE(client->send(asking("POST", "/")));
}

TEST(Client, RepeatsAGetThatAClosedConnectionSwallowed) {
    // The first connection is kept by what the answer says, but closed.
    const ScriptedServer server{
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"}};
    auto client = *Client::create(server.url(), {});
    ASSERT_TRUE(client->send(asking("GET", "/")));

    const auto answer = client->send(asking("GET", "/"));

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 204U);
}

TEST(Client, DoesNotRepeatWhatANewConnectionSwallowed) {
    const ScriptedServer server{{"", "HTTP/1.1 204 No Content\r\n\r\n"}};
    auto client = *Client::create(server.url(), {});

    const auto answer = client->send(asking("GET", "/"), true);

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unavailable);
}

TEST(Client, SkipsInterimAnswers) {
    const ScriptedServer server{
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
         "a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}};
    auto client = *Client::create(server.url(), {});

    const auto answer = client->send(asking("GET", "/"));

    ASSERT_TRUE(answer);
    EXPECT_EQ(text(answer->body), "ok");
    EXPECT_EQ(answer->header("Link"), "");
}

TEST(Client, ReadsABodyThatTheConnectionDelimits) {
    const ScriptedServer server{{"HTTP/1.0 200 OK\r\n\r\nto the end"}};
    auto client = *Client::create(server.url(), {});

    const auto answer = client->send(asking("GET", "/"));

    ASSERT_TRUE(answer);
    EXPECT_EQ(text(answer->body), "to the end");
}

TEST(Client, ReadsAChunkedBody) {
    const ScriptedServer server{
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}};
    auto client = *Client::create(server.url(), {});

    EXPECT_EQ(text(client->send(asking("GET", "/"))->body), "abc");
}

TEST(Client, TakesNoBodyFromAnAnswerToHead) {
    const auto server = serving({}, [](const Request&) {
        Response response;
        response.body = {1, 2, 3};
        return response;
    });
    auto client = *Client::create(url_of(*server), {});

    const auto first = client->send(asking("HEAD", "/"));
    const auto second = client->send(asking("GET", "/"));

    ASSERT_TRUE(first && second);
    EXPECT_TRUE(first->body.empty());
    EXPECT_EQ(second->body.size(), 3U);
}

struct BadAnswer {
    const char* name;
    const char* octets;
    Fault fault;
};

void PrintTo(const BadAnswer& answer, std::ostream* out) { *out << answer.name; }

class NoAnswer : public testing::TestWithParam<BadAnswer> {};

TEST_P(NoAnswer, IsAFault) {
    const ScriptedServer server{{GetParam().octets}};
    auto client = *Client::create(server.url(), {.largest_body = 16});

    const auto answer = client->send(asking("GET", "/"));

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, GetParam().fault);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, NoAnswer,
    testing::Values(
        BadAnswer{"Nothing", "", Fault::unavailable},
        BadAnswer{"HalfAHead", "HTTP/1.1 200 OK\r\nA: b\r\n", Fault::unavailable},
        BadAnswer{"HalfABody", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
                  Fault::unavailable},
        BadAnswer{"Noise", "SSH-2.0-OpenSSH\r\n\r\n", Fault::malformed},
        BadAnswer{"LongBody", "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", Fault::malformed},
        BadAnswer{"LongOpenBody", "HTTP/1.0 200 OK\r\n\r\n0123456789abcdefg", Fault::malformed},
        BadAnswer{"OtherCoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                  Fault::malformed},
        BadAnswer{"NoStatus", "HTTP/1.1 050 Odd\r\nContent-Length: 0\r\n\r\n", Fault::malformed},
        BadAnswer{"Upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", Fault::malformed}),
    [](const auto& case_) { return case_.param.name; });

TEST(Client, IsUnavailableWhereNobodyListens) {
    const std::uint16_t port = serving({}, echo)->port();
    auto client = *Client::create({false, "127.0.0.1", port, "/"}, {});

    const auto answer = client->send(asking("GET", "/"));

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unavailable);
    EXPECT_EQ(answer.error().code, static_cast<std::uint32_t>(ECONNREFUSED));
}

TEST(Client, WaitsNoLongerThanItsTimeout) {
    std::atomic<bool> over = false;
    const auto server = serving({}, [&](const Request& request) {
        while (!over) std::this_thread::sleep_for(5ms);
        return echo(request);
    });
    auto client = *Client::create(url_of(*server), {.timeout = 100ms});
    const auto begun = std::chrono::steady_clock::now();

    const auto answer = client->send(asking("GET", "/"));
    const auto waited = std::chrono::steady_clock::now() - begun;
    over = true;

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unavailable);
    EXPECT_GE(waited, 100ms);
    EXPECT_LT(waited, 2s);
}

TEST(Client, EndsSoonWhenItIsToldToStop) {
    std::atomic<bool> over = false;
    const auto server = serving({}, [&](const Request& request) {
        while (!over) std::this_thread::sleep_for(5ms);
        return echo(request);
    });
    auto client = *Client::create(url_of(*server), {});
    std::stop_source stop;
    std::jthread later{[&] {
        std::this_thread::sleep_for(50ms);
        stop.request_stop();
    }};
    const auto begun = std::chrono::steady_clock::now();

    const auto answer = client->send(asking("GET", "/"), stop.get_token());
    over = true;

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST(Client, RefusesToSendWhatWouldSplitARequest) {
    const auto server = serving({}, echo);
    auto client = *Client::create(url_of(*server), {});
    Request request = asking("GET", "/a b");

    EXPECT_EQ(client->send(request).error().fault, Fault::malformed);
    request.path = "/";
    request.headers = {{"A", "b\r\nC: d"}};
    EXPECT_EQ(client->send(request).error().fault, Fault::malformed);
}

}  // namespace
}  // namespace mitome::http
