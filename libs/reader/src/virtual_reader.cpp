// SPDX-License-Identifier: Apache-2.0
#include "virtual_reader.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <vector>

namespace mitome::reader {
namespace {

using namespace std::chrono_literals;

[[nodiscard]] std::filesystem::path folder() {
    const char* const place = std::getenv("MITOME_TEST_PCSCD");
    return place == nullptr ? "" : place;
}

[[nodiscard]] sockaddr_in address_of(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// vpcd has at most one card a slot and refuses nobody: a connection means an empty slot.
[[nodiscard]] Descriptor connect_to(std::uint16_t port) {
    const sockaddr_in address = address_of(port);
    for (int tries = 0; tries < 500; ++tries) {
        Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof address) == 0) {
            return socket;
        }
        std::this_thread::sleep_for(10ms);
    }
    return {};
}

/// vpcd sends length and body in two writes; without a quick acknowledgement the second one waits
/// 40 ms for the delayed one.
[[nodiscard]] bool read_whole(int socket, std::uint8_t* to, std::size_t size) {
    while (size > 0) {
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
        const ssize_t got = ::recv(socket, to, size, 0);
        if (got <= 0) {
            return false;
        }
        to += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

[[nodiscard]] bool write_message(int socket, BytesView body) {
    Bytes message{static_cast<std::uint8_t>(body.size() >> 8),
                  static_cast<std::uint8_t>(body.size() & 0xFF)};
    append(message, body);
    return ::send(socket, message.data(), message.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(message.size());
}

void write_configuration() {
    std::ofstream{folder() / "readers" / "virtual"}
        << "FRIENDLYNAME \"Virtual 仮想\"\nDEVICENAME /dev/null:0x8C7B\n"
           "LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\nCHANNELID 0x8C7B\n";
}

}  // namespace

void Daemon::start() {
    std::filesystem::remove_all(folder() / "readers");
    std::filesystem::create_directories(folder() / "readers");
    write_configuration();
    const std::string readers = folder() / "readers";
    process_ = ::fork();
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::execl("/usr/sbin/pcscd", "pcscd", "-f", "-e", "-c", readers.c_str(), nullptr);
        std::_Exit(127);
    }
    // Its socket comes before its readers; a card's connection waits for those.
    const std::filesystem::path socket = "/run/pcscd/pcscd.comm";
    for (int tries = 0; tries < 500 && !std::filesystem::exists(socket); ++tries) {
        std::this_thread::sleep_for(10ms);
    }
    const Descriptor listening = connect_to(first_slot + 1);
    ASSERT_TRUE(listening);
}

void Daemon::end() {
    if (process_ > 0) {
        send(SIGCONT);
        send(SIGTERM);
        ::waitpid(process_, nullptr, 0);
        process_ = -1;
    }
}

void Daemon::send(int signal) const { ::kill(process_, signal); }

Bytes VirtualCard::contact_atr() { return copy("3BE000FF8131FE4514"_hex); }

VirtualCard::VirtualCard(Answer answer, std::uint16_t port, Bytes atr)
    : answer_(std::move(answer)),
      atr_(std::move(atr)),
      socket_(connect_to(port)),
      thread_([this] { serve(); }) {}

VirtualCard::~VirtualCard() {
    ::shutdown(socket_.number(), SHUT_RDWR);
    thread_.join();
}

void VirtualCard::serve() {
    for (;;) {
        std::uint8_t header[2];
        if (!read_whole(socket_.number(), header, sizeof header)) {
            return;
        }
        Bytes message(static_cast<std::size_t>(header[0] << 8 | header[1]));
        if (!read_whole(socket_.number(), message.data(), message.size())) {
            return;
        }
        if (message.size() != 1) {
            const Bytes answer = answer_(message);
            if (answer.empty()) {
                ::shutdown(socket_.number(), SHUT_RDWR);
                return;
            }
            if (!write_message(socket_.number(), answer)) {
                return;
            }
            continue;
        }
        switch (message[0]) {
            case 0: ++power_downs_; break;
            case 2: ++resets_; break;
            case 4:
                if (!write_message(socket_.number(), atr_)) {
                    return;
                }
                break;
            default: break;
        }
    }
}

std::string why_no_daemon() {
    if (!folder().empty()) {
        return {};
    }
    const char* const reason = std::getenv("MITOME_TEST_NO_PCSCD");
    return reason == nullptr ? "not started through pcsc_test.sh" : reason;
}

}  // namespace mitome::reader

/// Lists its tests where it is, and runs them inside the namespace.
int main(int argc, char** argv) {
    const bool inside = std::getenv("MITOME_TEST_PCSCD") != nullptr ||
                        std::getenv("MITOME_TEST_NO_PCSCD") != nullptr;
    const bool listing = std::any_of(argv, argv + argc, [](std::string_view argument) {
        return argument == "--gtest_list_tests";
    });
    if (!inside && !listing) {
        std::string script = std::string{MITOME_SOURCE_DIR} + "/libs/reader/src/pcsc_test.sh";
        std::string shell = "bash";
        std::vector<char*> arguments{shell.data(), script.data()};
        arguments.insert(arguments.end(), argv, argv + argc);
        arguments.push_back(nullptr);
        ::execvp("bash", arguments.data());
        return 127;
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
