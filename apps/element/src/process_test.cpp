// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <mitome/apdu/administration.hpp>
#include <mitome/apdu/scp03.hpp>
#include <mitome/base/clock.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>

namespace mitome {
namespace {

TEST_F(Process, MakesACardOnce) {
    ASSERT_EQ(make("--persona card --key p256 --id 00112233445566778899"), 0);
    const std::string made = output();
    EXPECT_NE(made.find("\"id\": \"00112233445566778899\""), std::string::npos);
    for (const char* name : {"sign_spki", "auth_spki", "text_spki", "attestation_spki"})
        EXPECT_NE(made.find(name), std::string::npos);
    EXPECT_NE(output("err").find("warning: the device key is a file"), std::string::npos);

    EXPECT_EQ(make(), 5);
    EXPECT_EQ(run("show --folder " + (folder / "e").string()), 0);
    EXPECT_EQ(output(), made);
}

TEST_F(Process, MakesAPhoneWithoutKeys) {
    ASSERT_EQ(make("--persona phone"), 0);

    EXPECT_EQ(output().find("sign_spki"), std::string::npos);
    EXPECT_NE(output().find("attestation_spki"), std::string::npos);
    fs::remove_all(folder / "e");
    EXPECT_EQ(make("--persona phone --export-keys " + (folder / "keys").string()), 6);
}

TEST_F(Process, WritesKeysOutOnlyAtBirth) {
    ASSERT_EQ(make("--persona card --key p256 --export-keys " + (folder / "keys").string()), 0);

    struct stat about{};
    ASSERT_EQ(::stat((folder / "keys/sign.key").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
    EXPECT_NE(output("out").find("sign_spki"), std::string::npos);
    EXPECT_TRUE(fs::exists(folder / "keys/auth.key"));
}

TEST_F(Process, RefusesWrongUse) {
    EXPECT_EQ(run("new --folder " + (folder / "e").string() + " --persona cat"), 64);
    EXPECT_EQ(run("serve"), 64);
    EXPECT_EQ(run("personalise --folder " + (folder / "none").string(), "{}"), 4);
    ASSERT_EQ(make(), 0);
    EXPECT_EQ(fill("{\"certificate\": {}}"), 64);
    EXPECT_EQ(fill("{\"pins\": {\"signature\": \"12345678901234567\"}}"), 64);
    EXPECT_EQ(fill(), 0);
    EXPECT_EQ(fill(), 5);
}

TEST_F(Process, ServesConversationsThatKnowNothingOfEachOther) {
    ASSERT_EQ(make(), 0);
    ASSERT_EQ(fill(), 0);
    serve();
    const Descriptor one = connect();
    const Descriptor two = connect();
    ASSERT_TRUE(one && two);

    EXPECT_EQ(ask(one, select_jpki), "9000");
    EXPECT_EQ(ask(one, "0020009B06414243313233"_hex), "9000");
    EXPECT_EQ(ask(one, "00B0810001"_hex), "FF9000");
    EXPECT_EQ(ask(two, select_jpki), "9000");
    EXPECT_EQ(ask(two, "00B0810001"_hex), "6982");

    EXPECT_EQ(end(SIGTERM), 0);
    EXPECT_FALSE(fs::exists(folder / "s"));
}

TEST_F(Process, SocketIsForItsOwnerAlone) {
    ASSERT_EQ(make(), 0);
    serve();

    struct stat about{};
    ASSERT_EQ(::stat((folder / "s").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
    EXPECT_EQ(end(SIGINT), 0);
}

TEST_F(Process, KeepsTriesWhenKilled) {
    ASSERT_EQ(make(), 0);
    ASSERT_EQ(fill(), 0);
    serve();
    Descriptor one = connect();
    ask(one, select_jpki);
    EXPECT_EQ(ask(one, "002000980430303030"_hex), "63C2");
    end(SIGKILL);

    serve();
    one = connect();

    ASSERT_TRUE(one);
    ask(one, select_jpki);
    EXPECT_EQ(ask(one, "00200098"_hex), "63C2");
}

TEST_F(Process, GoesByTheClockOfItsHost) {
    namespace administration = apdu::administration;
    ASSERT_EQ(make(), 0);
    const std::string key = to_base64(Bytes(32, 0x41));
    ASSERT_EQ(fill(R"({"keyset": {"version": 48, "enc": ")" + key + R"(", "mac": ")" + key +
                   R"(", "dek": ")" + key + R"("}})"),
              0);
    serve();
    {
        apdu::scp03::Keyset keys;
        keys.version = 48;
        for (auto* each : {&keys.enc, &keys.mac, &keys.dek})
            ASSERT_TRUE(each->assign(Bytes(32, 0x41)));
        apdu::scp03::Host host{std::move(keys), Bytes(8, 7)};
        const Descriptor one = connect();
        const auto send = [&](const apdu::Command& command) {
            const Bytes answer = from_hex(ask(one, command.encode())).value();
            return apdu::Response::decode(answer).value();
        };
        const auto opening =
            host.external_authenticate(send(host.initialize_update()), apdu::scp03::Level::all);
        ASSERT_TRUE(opening);
        ASSERT_TRUE(host.authenticated(send(*opening)));
        const Time now = SystemClock{}.now();
        for (const apdu::Command& command :
             {administration::install_for_personalization(),
              administration::store(administration::Lease{now, now + 600s})})
            ASSERT_TRUE(host.unwrap(send(host.wrap(command).value())));
        ask(one, select_jpki);
        EXPECT_EQ(ask(one, "002000980431323334"_hex), "9000");
    }
    ASSERT_EQ(end(SIGTERM), 0);

    serve("--clock-ahead 1200");

    const Descriptor one = connect();
    ask(one, select_jpki);
    EXPECT_EQ(ask(one, "002000980431323334"_hex), "69F0");
}

TEST_F(Process, IsACardInAVirtualReader) {
    ASSERT_EQ(make(), 0);
    ASSERT_EQ(fill(), 0);
    const Descriptor listener{::socket(AF_INET, SOCK_STREAM, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener.number(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener.number(), 1), 0);
    ::getsockname(listener.number(), reinterpret_cast<sockaddr*>(&address), &size);
    serve("--vpcd 127.0.0.1:" + std::to_string(ntohs(address.sin_port) - 1) + " --slot 1");

    // Twice: the card comes back when its reader goes away.
    for (int i = 0; i < 2; ++i) {
        const Descriptor reader{::accept(listener.number(), nullptr, nullptr)};
        ASSERT_TRUE(reader);
        const auto send = [&](BytesView message) {
            const Bytes length{static_cast<std::uint8_t>(message.size() >> 8),
                               static_cast<std::uint8_t>(message.size() & 0xFF)};
            const Bytes whole = join({length, message});
            ASSERT_EQ(::send(reader.number(), whole.data(), whole.size(), 0),
                      static_cast<ssize_t>(whole.size()));
        };
        const auto receive = [&] {
            std::uint8_t length[2]{};
            EXPECT_EQ(::recv(reader.number(), length, 2, MSG_WAITALL), 2);
            Bytes message(static_cast<std::size_t>(length[0]) << 8 | length[1]);
            EXPECT_EQ(::recv(reader.number(), message.data(), message.size(), MSG_WAITALL),
                      static_cast<ssize_t>(message.size()));
            return to_hex(message);
        };
        send(Bytes{1});
        send(Bytes{4});
        EXPECT_EQ(receive(), "3BE000FF8131FE4514");
        send(select_jpki);
        EXPECT_EQ(receive(), "9000");
        send("0020009B06414243313233"_hex);
        EXPECT_EQ(receive(), "9000");
        send(Bytes{0});
        send(Bytes{1});
        send(select_jpki);
        EXPECT_EQ(receive(), "9000");
        send("00B0810001"_hex);
        EXPECT_EQ(receive(), "6982");
    }

    EXPECT_EQ(end(SIGTERM), 0);
}

}  // namespace
}  // namespace mitome
