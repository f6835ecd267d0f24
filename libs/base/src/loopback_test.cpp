// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/base/loopback.hpp>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

namespace mitome {
namespace {

TEST(Loopback, KnowsTheKernelsOutgoingPorts) {
    const PortRange outgoing = outgoing_ports();

    EXPECT_LT(outgoing.first, outgoing.last);
    EXPECT_TRUE(outgoing.holds(outgoing.first));
    EXPECT_TRUE(outgoing.holds(outgoing.last));
}

TEST(Loopback, DrawsDifferentPortsThatNoOutgoingConnectionTakes) {
    const PortRange outgoing = outgoing_ports();

    const auto drawn = draw_ports(100);

    ASSERT_TRUE(drawn);
    EXPECT_EQ(std::set(drawn->begin(), drawn->end()).size(), 100U);
    for (const std::uint16_t port : *drawn) {
        EXPECT_GE(port, 10'000);
        EXPECT_FALSE(outgoing.holds(port)) << port;
    }
}

TEST(Loopback, SeesThatAPortIsTaken) {
    const auto drawn = draw_ports(1);
    ASSERT_TRUE(drawn);
    EXPECT_TRUE(is_free(drawn->front()));
    const Descriptor socket{::socket(AF_INET, SOCK_STREAM, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(drawn->front());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(socket.number(), 1), 0);

    EXPECT_FALSE(is_free(drawn->front()));
}

}  // namespace
}  // namespace mitome
