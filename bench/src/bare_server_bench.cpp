// SPDX-License-Identifier: Apache-2.0

// The least that an HTTP/1.1 responder can do: one thread, one read and one write per request,
// nothing parsed. Usage: bare_server_bench PORT canned|p256 OCTETS
#include "world.hpp"

#include <mitome/base/file.hpp>
#include <mitome/crypto/openssl.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace mitome::bench {
namespace {

using OsslDigest = std::unique_ptr<EVP_MD_CTX, crypto::Releases<EVP_MD_CTX_free>>;
constexpr std::size_t signed_octets = 280;

/// An answer, of which each one sent carries a signature of its own if there is a key.
class Answer {
public:
    Answer(std::size_t octets, bool fresh) : context_(EVP_MD_CTX_new()), kept_(EVP_MD_CTX_new()) {
        const std::string head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: " +
            std::to_string(octets) + "\r\n\r\n";
        body_at_ = head.size();
        octets_ = copy(view(head));
        octets_.resize(head.size() + octets, 'x');
        if (!fresh) return;
        key_ = new_key();
        const crypto::PKey key = crypto::key_of(*key_);
        EVP_DigestSignInit(kept_.get(), nullptr, EVP_sha256(), nullptr, key.get());
    }

    [[nodiscard]] BytesView next() {
        if (key_) {
            std::uint8_t* const body = &octets_[body_at_];
            std::memcpy(body, &++count_, sizeof count_);
            EVP_MD_CTX_copy_ex(context_.get(), kept_.get());
            std::size_t size = 80;
            EVP_DigestSign(context_.get(), body + signed_octets, &size, body, signed_octets);
        }
        return octets_;
    }

private:
    Bytes octets_;
    std::size_t body_at_ = 0;
    Key key_;
    OsslDigest context_, kept_;
    std::uint64_t count_ = 0;
};

void watch(int queue, int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    must_hold(::epoll_ctl(queue, EPOLL_CTL_ADD, socket, &event) == 0, "epoll");
}

int run(std::uint16_t port, bool fresh, std::size_t octets) {
    Answer answer{octets, fresh};
    const Descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const int on = 1;
    ::setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must_hold(::bind(listener.number(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof address) == 0 &&
                  ::listen(listener.number(), 1024) == 0,
              "the port is free");
    const Descriptor queue{::epoll_create1(EPOLL_CLOEXEC)};
    watch(queue.number(), listener.number());
    std::puts("ready");
    std::fflush(stdout);

    std::array<epoll_event, 128> events{};
    std::array<char, 8192> request{};
    while (true) {
        const int count = ::epoll_wait(queue.number(), events.data(), events.size(), -1);
        for (int i = 0; i < count; ++i) {
            const int socket = events[static_cast<std::size_t>(i)].data.fd;
            if (socket == listener.number()) {
                int peer = -1;
                while ((peer = ::accept4(listener.number(), nullptr, nullptr,
                                         SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                    ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                    watch(queue.number(), peer);
                }
            } else if (::read(socket, request.data(), request.size()) <= 0) {
                ::close(socket);
            } else {
                const BytesView whole = answer.next();
                if (::write(socket, whole.data(), whole.size()) < 0) ::close(socket);
            }
        }
    }
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    if (count != 4) return 64;
    return mitome::bench::run(static_cast<std::uint16_t>(std::atoi(words[1])),
                              std::string_view{words[2]} == "p256",
                              static_cast<std::size_t>(std::atoi(words[3])));
}
