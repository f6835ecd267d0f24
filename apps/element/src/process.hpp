// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: mitome-element as a process of its own, asked over its socket.

#include <mitome/base/bytes.hpp>
#include <mitome/base/file.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

namespace mitome {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

inline constexpr auto select_jpki = "00A4040C0AD392F000260100000001"_hex;

class Process : public testing::Test {
protected:
    void SetUp() override {
        char pattern[] = "/tmp/mitome-element-XXXXXX";
        folder = ::mkdtemp(pattern);
    }
    void TearDown() override {
        if (server > 0) end(SIGKILL);
        fs::remove_all(folder);
    }

    static std::string arguments(const std::string& rest) {
        return std::string{MITOME_PROGRAM} + " " + rest;
    }
    /// Exit code; standard output goes to `folder/out`.
    int run(const std::string& rest, const std::string& input = "") {
        const std::string command = "printf '%s' '" + input + "' | " + arguments(rest) + " > " +
                                    (folder / "out").string() + " 2> " + (folder / "err").string();
        const int status = std::system(command.c_str());
        return WEXITSTATUS(status);
    }
    std::string output(const char* name = "out") {
        return std::string{text(read_file(folder / name).value())};
    }
    int make(const std::string& more = "--persona card --key p256") {
        return run("new --folder " + (folder / "e").string() + " " + more);
    }
    int fill(const std::string& json = "{}") {
        return run("personalise --folder " + (folder / "e").string(), json);
    }
    void serve(const std::string& more = "") {
        const std::string element = (folder / "e").string();
        const std::string socket = (folder / "s").string();
        server = ::fork();
        if (server == 0) {
            const Descriptor log{
                ::open((folder / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600)};
            ::dup2(log.number(), 2);
            const std::string line = "exec " + arguments("serve --folder " + element +
                                                         " --socket " + socket + " " + more);
            ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
            ::_exit(127);
        }
        for (int i = 0; i < 200 && connect().number() < 0; ++i) std::this_thread::sleep_for(20ms);
    }
    int end(int signal) {
        ::kill(server, signal);
        int status = 0;
        ::waitpid(server, &status, 0);
        server = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    Descriptor connect() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, (folder / "s").c_str());
        Descriptor socket{::socket(AF_UNIX, SOCK_SEQPACKET, 0)};
        if (::connect(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            return {};
        return socket;
    }
    static std::string ask(const Descriptor& socket, BytesView command) {
        EXPECT_EQ(::send(socket.number(), command.data(), command.size(), 0),
                  static_cast<ssize_t>(command.size()));
        Bytes answer(70'000);
        const ssize_t got = ::recv(socket.number(), answer.data(), answer.size(), 0);
        answer.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return to_hex(answer);
    }

    fs::path folder;
    pid_t server = -1;
};

}  // namespace mitome
