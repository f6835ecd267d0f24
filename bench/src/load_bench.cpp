// SPDX-License-Identifier: Apache-2.0

// Asks a server of this machine without a pause, over 32 connections, and prints how many answers
// it gave, also per second of its own processor time.
// Usage: load_bench NAME PROCESS PORT PATH FILE keep|close SECONDS
// FILE is the body of each POST. An answer counts if it is a 200 with more than 300 octets: an
// OCSP responder that has nothing to say says so in five.
#include "measure.hpp"

#include <mitome/base/file.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace mitome::bench {
namespace {

constexpr std::size_t connections = 32;
constexpr std::size_t shortest_answer = 300;

/// Processor time of all threads of a process, from /proc/PID/task/*/schedstat.
double processor_seconds_of(const std::string& process) {
    double sum = 0;
    std::error_code ignored;
    for (const auto& task :
         std::filesystem::directory_iterator{"/proc/" + process + "/task", ignored}) {
        double nanoseconds = 0;
        std::ifstream{task.path() / "schedstat"} >> nanoseconds;
        sum += nanoseconds / 1e9;
    }
    return sum;
}

struct Load {
    std::uint16_t port = 0;
    std::string request;
    bool keep = true;
    double end = 0;
    std::vector<double> waits;
    std::size_t bad = 0, answer_octets = 0;
    Descriptor queue{::epoll_create1(EPOLL_CLOEXEC)};
};

struct Conversation {
    Descriptor socket;
    std::array<char, 16384> answer;
    std::size_t got = 0;
    double asked = 0;
};

void ask(Load& load, Conversation& one) {
    if (!one.socket) {
        one.socket = Descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(load.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        one.asked = seconds();
        must_hold(::connect(one.socket.number(), reinterpret_cast<const sockaddr*>(&address),
                            sizeof address) == 0,
                  "the server takes connections");
        const int on = 1;
        ::setsockopt(one.socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &one;
        ::epoll_ctl(load.queue.number(), EPOLL_CTL_ADD, one.socket.number(), &event);
    } else {
        one.asked = seconds();
    }
    one.got = 0;
    if (::send(one.socket.number(), load.request.data(), load.request.size(), MSG_NOSIGNAL) < 0) {
        ++load.bad;
        one.socket = Descriptor{};
        ask(load, one);
    }
}

enum class Whole : std::uint8_t { no, good, bad };

Whole read_answer(Load& load, Conversation& one, bool& open) {
    const ssize_t size = ::recv(one.socket.number(), one.answer.data() + one.got,
                                one.answer.size() - one.got - 1, 0);
    open = size > 0;
    if (open) one.got += static_cast<std::size_t>(size);
    one.answer[one.got] = 0;
    const char* const head_end = std::strstr(one.answer.data(), "\r\n\r\n");
    if (head_end == nullptr) return open ? Whole::no : Whole::bad;
    const std::size_t body = one.got - static_cast<std::size_t>(head_end + 4 - one.answer.data());
    const char* const length = ::strcasestr(one.answer.data(), "content-length:");
    const std::size_t wanted = length != nullptr && length < head_end
                                   ? std::strtoul(length + 15, nullptr, 10)
                                   : one.answer.size();  // until the connection ends
    if (open && body < wanted) return Whole::no;
    load.answer_octets = body;
    return std::memcmp(one.answer.data() + 8, " 200", 4) == 0 && body > shortest_answer
               ? Whole::good
               : Whole::bad;
}

void run(Load& load) {
    std::vector<Conversation> all(connections);
    for (Conversation& one : all) ask(load, one);
    std::array<epoll_event, connections> events{};
    while (seconds() < load.end) {
        const int count = ::epoll_wait(load.queue.number(), events.data(), events.size(), 100);
        for (int i = 0; i < count; ++i) {
            auto& one = *static_cast<Conversation*>(events[static_cast<std::size_t>(i)].data.ptr);
            bool open = true;
            const Whole whole = read_answer(load, one, open);
            if (whole == Whole::no) continue;
            if (whole == Whole::good) load.waits.push_back(seconds() - one.asked);
            if (whole == Whole::bad) ++load.bad;
            if (!open || !load.keep) one.socket = Descriptor{};
            ask(load, one);
        }
    }
}

int run(char** words) {
    const std::string name = words[1], process = words[2], path = words[4];
    Load load;
    load.port = static_cast<std::uint16_t>(std::atoi(words[3]));
    load.keep = std::string_view{words[6]} == "keep";
    const double span = std::strtod(words[7], nullptr);
    const Bytes body = must(read_file(words[5]));
    load.request = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: " +
                   "application/ocsp-request\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\nConnection: " + (load.keep ? "keep-alive" : "close") + "\r\n\r\n" +
                   std::string{text(body)};
    const double busy = processor_seconds_of(process);
    const double start = seconds();
    load.end = start + span;
    run(load);
    const double spent = processor_seconds_of(process) - busy;
    const double lasted = seconds() - start;
    must_hold(!load.waits.empty() && load.bad * 1000 <= load.waits.size(), "good answers");
    std::ranges::sort(load.waits);
    const auto count = static_cast<double>(load.waits.size());
    figure(name, count / spent, "per_cpu_second");
    figure(name + ".rate", count / lasted, "per_second");
    figure(name + ".p50", load.waits[load.waits.size() / 2] * 1e3, "ms");
    figure(name + ".p99", load.waits[load.waits.size() * 99 / 100] * 1e3, "ms");
    figure(name + ".octets", static_cast<double>(load.answer_octets), "octets");
    return 0;
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    if (count != 8) return 64;
    return mitome::bench::run(words);
}
