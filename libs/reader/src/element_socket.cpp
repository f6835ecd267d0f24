// SPDX-License-Identifier: Apache-2.0
#include "whole_answer.hpp"

#include <mitome/base/file.hpp>
#include <mitome/reader/channel.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

namespace mitome::reader {
namespace {

using std::chrono::milliseconds;
using Timer = std::chrono::steady_clock;

constexpr std::size_t longest_answer = 65'536 + 2;  // ISO/IEC 7816-3:2006 §12.1.3, with SW

[[nodiscard]] std::unexpected<Error> gone(int cause) {
    return fail(Fault::unavailable, "reader: the element has gone",
                static_cast<std::uint32_t>(cause));
}

[[nodiscard]] std::unexpected<Error> stopped() {
    return fail(Fault::unavailable, "reader: the wait was stopped", code::stopped);
}

[[nodiscard]] std::unexpected<Error> timed_out() {
    return fail(Fault::unavailable, "reader: the element does not answer", code::timed_out);
}

class ElementSocket final : public Channel {
public:
    ElementSocket(Descriptor socket, std::stop_token stop, milliseconds limit)
        : socket_(std::move(socket)),
          limit_(limit),
          stop_(std::move(stop)),
          // A blocked recv returns at once when its socket is shut down: cheaper than a poll on
          // a second descriptor with every command.
          on_stop_(stop_, ShutDown{socket_.number()}) {
        answer_.resize(longest_answer);
    }

    Result<apdu::Response> transmit(const apdu::Command& command) override {
        auto answer =
            whole_answer(command, [this](const apdu::Command& asked) { return once(asked); });
        if (!answer && answer.error().fault == Fault::unavailable) {
            dead_ = true;
            ::shutdown(socket_.number(), SHUT_RDWR);  // the element forgets this conversation
        }
        return answer;
    }

    [[nodiscard]] std::uint32_t largest_response() const override { return 65'536; }
    [[nodiscard]] Count count() const override { return count_; }

private:
    Result<apdu::Response> once(const apdu::Command& command) {
        if (stop_.stop_requested()) {
            return stopped();
        }
        if (dead_) {
            return gone(ENOTCONN);
        }
        const auto end = Timer::now() + limit_;
        Bytes octets = command.encode();
        const ssize_t sent = retried(end, [&] {
            return ::send(socket_.number(), octets.data(), octets.size(), MSG_NOSIGNAL);
        });
        const int send_error = errno;
        wipe(octets);
        ++count_.commands;
        count_.octets_out += octets.size();
        if (sent < 0) {
            return failure(send_error);
        }

        const ssize_t size = retried(end, [&] {
            return ::recv(socket_.number(), answer_.data(), answer_.size(), MSG_TRUNC);
        });
        if (size < 0) {
            return failure(errno);
        }
        if (size == 0) {
            return stop_.stop_requested() ? stopped() : gone(ECONNRESET);
        }
        const auto length = static_cast<std::size_t>(size);
        if (length > answer_.size()) {
            return fail(Fault::malformed, "reader: the element's answer is too long");
        }
        count_.octets_in += length;
        return apdu::Response::decode(BytesView{answer_}.first(length));
    }

    /// Calls again after a signal, until `end`.
    template <class Call>
    [[nodiscard]] static ssize_t retried(Timer::time_point end, Call call) {
        for (;;) {
            const ssize_t outcome = call();
            if (outcome >= 0 || errno != EINTR) {
                return outcome;
            }
            if (Timer::now() >= end) {
                errno = EAGAIN;
                return -1;
            }
        }
    }

    [[nodiscard]] std::unexpected<Error> failure(int cause) const {
        if (stop_.stop_requested()) {
            return stopped();
        }
        return cause == EAGAIN ? timed_out() : gone(cause);
    }

    Descriptor socket_;
    Bytes answer_;
    Count count_;
    milliseconds limit_;
    bool dead_ = false;
    std::stop_token stop_;
    struct ShutDown {
        int number;
        void operator()() const noexcept { ::shutdown(number, SHUT_RDWR); }
    };
    std::stop_callback<ShutDown> on_stop_;  // last: gone before the descriptor
};

[[nodiscard]] bool limit_calls(int socket, milliseconds limit) {
    limit = std::max(limit, milliseconds{1});  // 0 would mean for ever
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    const timeval time{.tv_sec = seconds.count(), .tv_usec = (limit - seconds).count() * 1000};
    return ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0 &&
           ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0;
}

}  // namespace

Result<std::unique_ptr<Channel>> connect_element(const std::string& socket_path,
                                                 std::stop_token stop, Limits limits) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_path.empty() || socket_path.size() >= sizeof address.sun_path) {
        return fail(Fault::malformed, "reader: a socket's path has 1 to 107 octets", ENAMETOOLONG);
    }
    std::memcpy(address.sun_path, socket_path.data(), socket_path.size());

    Descriptor socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket) {
        return gone(errno);
    }
    // A non-blocking connect to a local socket succeeds at once or, while the element's queue is
    // full, answers EAGAIN; no poll tells when there is room again (unix(7)).
    constexpr milliseconds pause{5};
    const auto end = Timer::now() + limits.connect;
    std::mutex mutex;
    std::condition_variable_any never;
    while (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof address) != 0) {
        const int cause = errno;
        if (stop.stop_requested()) {
            return stopped();
        }
        if (cause != EAGAIN && cause != EINTR) {
            return gone(cause);
        }
        if (Timer::now() >= end) {
            return timed_out();
        }
        std::unique_lock lock{mutex};
        never.wait_for(lock, stop, pause, [] { return false; });
    }
    if (stop.stop_requested()) {
        return stopped();
    }

    const int flags = ::fcntl(socket.number(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.number(), F_SETFL, flags & ~O_NONBLOCK) != 0 ||
        !limit_calls(socket.number(), limits.command)) {
        return gone(errno);
    }
    return std::make_unique<ElementSocket>(std::move(socket), std::move(stop), limits.command);
}

}  // namespace mitome::reader
