// SPDX-License-Identifier: Apache-2.0
#include "test_peer.hpp"

#include <mitome/http/problem.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace mitome::http {
namespace {

using namespace std::chrono_literals;
using test::asking;
using test::echo;
using test::RawClient;
using test::serving;
using test::told;
using test::url_of;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view last_get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

Response target_of(const Request& request) {
    Response response;
    response.body = copy(view(request.method + '|' + request.path + '|' + request.query));
    return response;
}

TEST(Server, GivesTheHandlerMethodPathAndQueryApart) {
    const auto server = serving({}, target_of);

    EXPECT_THAT(
        told(server->port(), "GET /a%20b?c=d?e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        EndsWith("\r\n\r\nGET|/a%20b|c=d?e"));
}

TEST(Server, TakesAnAbsoluteTarget) {
    const auto server = serving({}, target_of);

    EXPECT_THAT(
        told(server->port(), "GET http://x/a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        EndsWith("GET|/a|b"));
}

TEST(Server, AnswersSeveralRequestsOfOneConnectionInOrder) {
    const auto server = serving({}, target_of);
    std::string many;
    for (int i = 0; i < 40; ++i) many += "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n";
    many += "GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    const std::string heard = told(server->port(), many);

    EXPECT_THAT(heard, EndsWith("GET|/2|"));
    std::size_t answers = 0;
    for (std::size_t at = 0; (at = heard.find("GET|/1|", at)) != std::string::npos; ++at) ++answers;
    EXPECT_EQ(answers, 40U);
}

TEST(Server, SaysDateLengthAndTheHandlersHeaders) {
    const auto server = serving({}, [](const Request&) {
        Response response;
        response.headers = {{"Cache-Control", "max-age=60"}, {"Content-Length", "7"}};
        response.body = {'o', 'k'};
        return response;
    });

    const std::string heard = told(server->port(), last_get);

    EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(heard, HasSubstr("\r\nCache-Control: max-age=60\r\n"));
    EXPECT_THAT(heard, testing::ContainsRegex("\r\nDate: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} "
                                              "[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT\r\n"));
    EXPECT_THAT(heard, HasSubstr("\r\nContent-Length: 2\r\n"));
    EXPECT_THAT(heard, Not(HasSubstr("Content-Length: 7")));
    EXPECT_THAT(heard, EndsWith("\r\n\r\nok"));
}

TEST(Server, SendsABodyThatTheHandlerKeeps) {
    const auto kept = std::make_shared<const Bytes>(Bytes(1 << 20, 'k'));
    const auto server = serving({}, [&](const Request&) {
        Response response;
        response.shared_body = kept;
        return response;
    });
    auto client = *Client::create(url_of(*server), {});

    const auto answer = client->send(asking("GET", "/"));

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, *kept);
}

TEST(Server, SendsNoBodyInAnswerToHead) {
    const auto server = serving({}, target_of);

    const std::string heard =
        told(server->port(), "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

    EXPECT_THAT(heard, HasSubstr("Content-Length: 7\r\n"));
    EXPECT_THAT(heard, EndsWith("\r\n\r\n"));
}

TEST(Server, ReadsAChunkedBodyAndDropsItsTrailers) {
    const auto server = serving({}, [](const Request& request) {
        Response response = echo(request);
        response.headers.push_back({"X-Seen", std::string{request.header("x-late")}});
        return response;
    });

    const std::string heard =
        told(server->port(),
             "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
             "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Late: evil\r\n\r\n");

    EXPECT_THAT(heard, EndsWith("\r\n\r\nabcde"));
    EXPECT_THAT(heard, HasSubstr("X-Seen: \r\n"));
}

TEST(Server, AsksForABodyThatWaitsToBeAskedFor) {
    const auto server = serving({}, echo);
    const RawClient client{server->port()};

    client.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.say("ok");

    EXPECT_THAT(client.hear_until("\r\n\r\nok"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(Server, ClosesBehindAnAnswerToHttp10) {
    const auto server = serving({}, echo);

    const std::string heard = told(server->port(), "GET / HTTP/1.0\r\n\r\n");

    EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(heard, HasSubstr("Connection: close\r\n"));
}

struct Refusal {
    const char* name;
    std::string octets;
    const char* status;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class RefusedRequest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedRequest, IsAnsweredWithItsStatusAndAClose) {
    std::atomic<bool> handled = false;
    const auto server = serving({}, [&](const Request& request) {
        handled = true;
        return echo(request);
    });

    const std::string heard = told(server->port(), GetParam().octets);

    EXPECT_THAT(heard, StartsWith(std::string{"HTTP/1.1 "} + GetParam().status));
    EXPECT_THAT(heard, HasSubstr("Content-Type: application/problem+json\r\n"));
    EXPECT_THAT(heard, HasSubstr("Connection: close\r\n"));
    EXPECT_FALSE(handled);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, RefusedRequest,
    testing::Values(
        Refusal{"Noise", "\x16\x03\x01\x02\r\n\r\n", "400"},
        Refusal{"NoVersion", "GET /\r\nHost: x\r\n\r\n", "400"},
        Refusal{"Http2", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", "505"},
        Refusal{"NoHost", "GET / HTTP/1.1\r\n\r\n", "400"},
        Refusal{"TwoHosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
        Refusal{"BlankBeforeColon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400"},
        Refusal{"Fragment", "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
        Refusal{"RelativeTarget", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
        Refusal{"NegativeLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                "400"},
        Refusal{"TwoLengths",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "400"},
        Refusal{"LengthAndChunked",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
                "chunked\r\n\r\n0\r\n\r\n",
                "400"},
        Refusal{"ChunkedAndLength",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: "
                "5\r\n\r\n0\r\n\r\n",
                "400"},
        Refusal{"OtherCoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
                "501"},
        Refusal{"CodingBehindChunked",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "501"},
        Refusal{"BadChunk",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
        Refusal{"LongDeclaredBody", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n",
                "413"},
        Refusal{"LongChunkedBody",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n" +
                    std::string(65537, 'x') + "\r\n0\r\n\r\n",
                "413"},
        Refusal{"LongHead",
                "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(16 << 10, 'a') + "\r\n\r\n",
                "431"},
        Refusal{"LongTarget", "GET /" + std::string(17 << 10, 'a'), "431"},
        Refusal{"LongChunkExtension",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                    std::string(40 << 10, 'e'),
                "400"}),
    [](const auto& case_) { return case_.param.name; });

TEST(Server, CountsAHeadThatComesLineByLine) {
    const auto server = serving({.limits = {.header = 256}}, echo);
    const RawClient client{server->port()};

    client.say("GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 40; ++i) {
        client.say("A: 0123456789\r\n");
        std::this_thread::sleep_for(1ms);
    }

    EXPECT_THAT(client.hear_all(), StartsWith("HTTP/1.1 431 "));
}

TEST(Server, AnswersARequestThatArrivesOctetByOctet) {
    const auto server = serving({}, echo);
    const RawClient client{server->port()};

    for (const char c : std::string{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"}) {
        client.say({&c, 1});
        std::this_thread::sleep_for(1ms);
    }

    EXPECT_THAT(client.hear_until("\r\n\r\nok"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(Server, DoesNotLetAClientWaitThatSendsHeadAndBodyApart) {
    constexpr int requests = 25;
    constexpr auto delay = 40ms;  // of the kernel's acknowledgement
    const auto server = serving({}, echo);
    const RawClient client{server->port()};
    const auto begun = std::chrono::steady_clock::now();

    for (int i = 0; i < requests; ++i) {
        client.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n");
        client.say("body");
        ASSERT_TRUE(client.hear_until("body").ends_with("body"));
    }

    EXPECT_LT(std::chrono::steady_clock::now() - begun, requests * delay / 2);
}

TEST(Server, AnswersAChunkedRequestThatArrivesOctetByOctet) {
    const auto server = serving({}, echo);
    const RawClient client{server->port()};

    for (const char c :
         std::string{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "2\r\nok\r\n0\r\n\r\n"
                     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                     "Connection: close\r\n\r\n0\r\n\r\n"}) {
        client.say({&c, 1});
        std::this_thread::sleep_for(1ms);
    }

    const std::string heard = client.hear_all();
    EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(heard, EndsWith("Content-Length: 0\r\nConnection: close\r\n\r\n"));
}

TEST(Server, HangsUpOnAPeerThatDripsItsRequest) {
    const auto server = serving({.limits = {.idle = 1s}}, echo);
    const RawClient client{server->port()};
    const auto begun = std::chrono::steady_clock::now();

    std::jthread drip{[&](const std::stop_token& stop) {
        client.say("GET / HTTP/1.1\r\n");
        while (!stop.stop_requested()) {
            client.say("A: b\r\n");
            std::this_thread::sleep_for(50ms);
        }
    }};
    const std::string heard = client.hear_all();

    EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
    EXPECT_EQ(heard, "");
}

TEST(Server, HangsUpOnAPeerThatSaysNothingMore) {
    const auto server = serving({.limits = {.idle = 1s}}, echo);
    const RawClient client{server->port()};
    const auto begun = std::chrono::steady_clock::now();

    client.say(get);
    const std::string heard = client.hear_all();

    EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
    EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(Server, HangsUpOnAPeerThatDoesNotTakeItsAnswer) {
    const auto server = serving({.limits = {.idle = 1s, .connections = 1}}, [](const Request&) {
        Response response;
        response.body = Bytes(std::size_t{64} << 20, 'b');
        return response;
    });
    const RawClient deaf{server->port()};
    deaf.say(get);
    std::this_thread::sleep_for(2500ms);

    const RawClient next{server->port()};
    next.say(last_get);

    EXPECT_THAT(next.hear_until("\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(Server, AnswersAConnectionTooManyWith503) {
    const auto server = serving({.limits = {.connections = 1}}, echo);
    const RawClient first{server->port()};
    first.say(get);
    ASSERT_THAT(first.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));

    const RawClient second{server->port()};

    EXPECT_THAT(second.hear_all(), StartsWith("HTTP/1.1 503 "));
}

TEST(Server, RefusesAHeaderThatWouldSplitTheAnswer) {
    const auto server = serving({}, [](const Request&) {
        Response response;
        response.headers.push_back({"Location", "/a\r\nSet-Cookie: x"});
        return response;
    });

    const std::string heard = told(server->port(), last_get);

    EXPECT_THAT(heard, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(heard, Not(HasSubstr("Set-Cookie")));
}

TEST(Server, IsUnavailableWhereThePortIsTaken) {
    const auto first = serving({}, echo);

    const auto second = Server::start({.port = first->port()}, echo);

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().fault, Fault::unavailable);
    EXPECT_EQ(second.error().code, static_cast<std::uint32_t>(EADDRINUSE));
}

TEST(Server, ListensOnTheLoopbackAddressAlone) {
    const auto server = serving({}, echo);
    sockaddr_in other = test::loopback(server->port());
    other.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    const Descriptor socket{::socket(AF_INET, SOCK_STREAM, 0)};

    const int connected =
        ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&other), sizeof other);

    EXPECT_NE(connected, 0);
}

TEST(Server, LetsARunningRequestEndWhenItStops) {
    std::promise<void> entered;
    std::promise<void> leave;
    const auto server = serving({}, [&](const Request& request) {
        entered.set_value();
        leave.get_future().wait();
        return echo(request);
    });
    const RawClient busy{server->port()};
    busy.say(get);
    entered.get_future().wait();
    const RawClient idle{server->port()};

    auto stopped = std::async(std::launch::async, [&] { server->stop(); });
    EXPECT_EQ(idle.hear_all(), "");
    EXPECT_EQ(stopped.wait_for(100ms), std::future_status::timeout);
    leave.set_value();

    EXPECT_THAT(busy.hear_all(), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(stopped.wait_for(3s), std::future_status::ready);
    EXPECT_FALSE(RawClient{server->port()}.connected());
}

TEST(Server, StopsSoonWithIdleConnections) {
    auto server = serving({}, echo);
    const RawClient client{server->port()};
    client.say(get);
    static_cast<void>(client.hear_until("\r\n\r\n"));
    const auto begun = std::chrono::steady_clock::now();

    server.reset();

    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST(Server, AnswersAThousandRequestsOverEightConnections) {
    const auto server = serving({.threads = 4}, echo);
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> clients;
        for (int c = 0; c < 8; ++c) {
            clients.emplace_back([&, c] {
                auto client = *Client::create(url_of(*server), {});
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
