// SPDX-License-Identifier: Apache-2.0
#include "tls.hpp"
#include "wire.hpp"

#include <mitome/base/file.hpp>
#include <mitome/http/client.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace mitome::http {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t longest_head = std::size_t{64} << 10;
constexpr std::size_t piece = std::size_t{64} << 10;

std::unexpected<Error> gone(Literal what, int error = errno) {
    return fail(Fault::unavailable, what, static_cast<std::uint32_t>(error));
}

// Waits that end: at a moment, or when someone asks to stop.
class Patience {
public:
    Patience(std::chrono::milliseconds time, const std::stop_token& stop)
        : until_(SteadyClock::now() + time), stop_(stop) {
        if (!stop.stop_possible()) return;
        bell_ = Descriptor{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        if (bell_) ring_.emplace(stop, Ring{bell_.number()});
    }

    [[nodiscard]] Done wait(int socket, short events) {
        while (true) {
            if (stop_.stop_requested()) return gone("http: stopped", ECANCELED);
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(until_ - SteadyClock::now());
            if (left.count() <= 0) return gone("http: no answer in time", ETIMEDOUT);
            std::array<pollfd, 2> watched{{{socket, events, 0}, {bell_.number(), POLLIN, 0}}};
            const int limit = static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000));
            const int ready = ::poll(watched.data(), bell_ ? 2 : 1, limit);
            if (ready < 0 && errno != EINTR) return gone("http: cannot wait");
            if (ready > 0 && watched[0].revents != 0) return {};
        }
    }

private:
    struct Ring {
        int bell;
        void operator()() const noexcept {
            constexpr std::uint64_t once = 1;
            // A full counter rings all the same.
            static_cast<void>(!::write(bell, &once, sizeof once));
        }
    };

    SteadyClock::time_point until_;
    const std::stop_token& stop_;
    Descriptor bell_;
    std::optional<std::stop_callback<Ring>> ring_;
};

struct Releases {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, Releases>;

Result<Addresses> resolve(const std::string& host, std::uint16_t port) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    const std::string service = std::to_string(port);
    // An address must not cost a question to a resolver.
    for (const int flags : {AI_NUMERICHOST | AI_NUMERICSERV, AI_NUMERICSERV}) {
        wanted.ai_flags = flags;
        addrinfo* list = nullptr;
        if (::getaddrinfo(host.c_str(), service.c_str(), &wanted, &list) == 0) {
            return Addresses{list};
        }
    }
    return gone("http: unknown host", 0);
}

Result<Descriptor> connect_to(const addrinfo& address, Patience& patience) {
    Descriptor socket{::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket) return gone("http: no socket");
    // Small requests must not wait for the peer's delayed acknowledgement.
    constexpr int on = 1;
    ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.number(), address.ai_addr, address.ai_addrlen) == 0) return socket;
    if (errno != EINPROGRESS) return gone("http: cannot connect");
    MITOME_CHECK(patience.wait(socket.number(), POLLOUT));
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return gone("http: cannot connect", error);
    return socket;
}

// An open connection. Writes and reads at the same time, so that an early refusal is heard.
class Line {
public:
    Line(Descriptor&& socket, std::unique_ptr<TlsEngine>&& engine)
        : socket_(std::move(socket)), engine_(std::move(engine)) {}

    Done shake_hands(Patience& patience) {
        while (true) {
            const auto step = engine_->handshake();
            engine_->take_outgoing(unsent_);
            if (!step) {
                // The alert says why; that it arrives is a courtesy.
                static_cast<void>(
                    ::send(socket_.number(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL));
                return std::unexpected{step.error()};
            }
            MITOME_CHECK(flush(patience));
            if (*step == TlsEngine::Handshake::finished) return {};
            MITOME_CHECK(patience.wait(socket_.number(), POLLIN));
            MITOME_CHECK(hear());
            if (ended_) return gone("http: handshake broke off", 0);
        }
    }

    // True when the server has hung up, or has said something that nobody asked for.
    [[nodiscard]] bool is_stale() const {
        char octet = 0;
        const ssize_t count = ::recv(socket_.number(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
        return count >= 0 || errno != EAGAIN;
    }

    struct Exchange {
        Result<Response> response;
        bool answered = false;  // at least one octet came back
        bool reusable = false;
    };

    Exchange exchange(BytesView head, BytesView body, std::string_view method,
                      std::size_t largest_body, Patience& patience) {
        Exchange outcome{fail(Fault::unavailable, "http: no answer")};
        ResponseReader reader{{longest_head, largest_body}, method};
        const Done done = converse(head, body, reader, outcome, patience);
        if (!done) {
            outcome.response = std::unexpected{done.error()};
            return outcome;
        }
        outcome.reusable = reader.keeps_alive() && input_.empty() && written_all_ && !ended_;
        outcome.response = std::move(reader.response());
        return outcome;
    }

private:
    Done converse(BytesView head, BytesView body, ResponseReader& reader, Exchange& outcome,
                  Patience& patience) {
        std::array<BytesView, 2> parts{head, body};
        if (engine_) {
            MITOME_CHECK(engine_->write(head));
            parts = {BytesView{}, body};
        }
        written_all_ = false;
        std::optional<Error> cannot_write;
        while (true) {
            if (!cannot_write && !written_all_) {
                const Done pushed = push(parts);
                // The server may have answered before it hung up: read on.
                if (!pushed) cannot_write = pushed.error();
            }
            MITOME_TRY(used, reader.take(input_));
            input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
            if (reader.complete()) return {};
            if (ended_) {
                const Done end = reader.end();
                if (!end && cannot_write && !outcome.answered) {
                    return std::unexpected{*cannot_write};
                }
                return end;
            }
            const bool writing = !cannot_write && !written_all_;
            MITOME_CHECK(patience.wait(socket_.number(),
                                       static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN)));
            const std::size_t before = input_.size();
            MITOME_CHECK(hear());
            if (engine_) MITOME_CHECK(decrypt());
            outcome.answered = outcome.answered || input_.size() > before;
        }
    }

    // Sends what the socket takes.
    Done push(std::array<BytesView, 2>& parts) {
        while (true) {
            if (engine_) {
                if (unsent_.empty() && !parts[1].empty()) {
                    const BytesView next = parts[1].first(std::min(piece, parts[1].size()));
                    MITOME_CHECK(engine_->write(next));
                    parts[1] = parts[1].subspan(next.size());
                }
                engine_->take_outgoing(unsent_);
            }
            BytesView& part = parts[0].empty() ? parts[1] : parts[0];
            const BytesView next = engine_ ? BytesView{unsent_} : part;
            if (next.empty()) {
                written_all_ = true;
                return {};
            }
            const int more = !engine_ && !parts[0].empty() && !parts[1].empty() ? MSG_MORE : 0;
            const ssize_t count =
                ::send(socket_.number(), next.data(), next.size(), MSG_NOSIGNAL | more);
            if (count < 0) {
                if (errno == EAGAIN) return {};
                if (errno == EINTR) continue;
                return gone("http: connection broke off");
            }
            if (engine_) {
                unsent_.erase(unsent_.begin(), unsent_.begin() + count);
            } else {
                part = part.subspan(static_cast<std::size_t>(count));
            }
        }
    }

    Done flush(Patience& patience) {
        while (!unsent_.empty()) {
            std::array<BytesView, 2> nothing{};
            MITOME_CHECK(push(nothing));
            if (!unsent_.empty()) MITOME_CHECK(patience.wait(socket_.number(), POLLOUT));
        }
        return {};
    }

    // Takes what has arrived, without waiting.
    Done hear() {
        const std::size_t kept = engine_ ? 0 : input_.size();
        Bytes& into = engine_ ? ciphertext_ : input_;
        into.resize(kept + piece);
        const ssize_t count = ::recv(socket_.number(), into.data() + kept, piece, 0);
        const int error = errno;
        into.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count == 0) ended_ = true;
        if (count < 0 && error != EAGAIN && error != EINTR) {
            // A reset ends the stream too; what came before it counts.
            ended_ = true;
        }
        if (engine_) engine_->receive(ciphertext_);
        return {};
    }

    Done decrypt() {
        while (true) {
            const std::size_t kept = input_.size();
            input_.resize(kept + piece);
            const auto count = engine_->read(std::span{input_}.subspan(kept));
            input_.resize(kept + count.value_or(0));
            if (!count) return std::unexpected{count.error()};
            if (*count == 0) break;
        }
        if (engine_->peer_closed()) ended_ = true;
        return {};
    }

    Descriptor socket_;
    std::unique_ptr<TlsEngine> engine_;
    Bytes ciphertext_;
    Bytes unsent_;
    Bytes input_;
    bool written_all_ = true;
    bool ended_ = false;
};

class SynchronousClient final : public Client {
public:
    SynchronousClient(const Url& server, Options&& options, std::shared_ptr<const TlsContext>&& tls)
        : server_(server),
          options_(std::move(options)),
          tls_(std::move(tls)),
          host_(server.host.find(':') == std::string::npos ? server.host
                                                           : '[' + server.host + ']') {
        host_ += ':';
        host_ += std::to_string(server.port);
    }

    [[nodiscard]] Result<Response> send(const Request& request, bool repeatable) override {
        return send(request, std::stop_token{}, repeatable);
    }

    [[nodiscard]] Result<Response> send(const Request& request, std::stop_token stop,
                                        bool repeatable) override {
        std::string head;
        if (!append_head(head, request, host_)) {
            return fail(Fault::malformed, "http: request cannot be sent");
        }
        if (line_ && line_->is_stale()) line_.reset();
        const bool kept = line_.has_value();
        const bool again = repeatable || request.method == "GET" || request.method == "HEAD";

        auto outcome = attempt(request, head, stop);
        const bool closed_meanwhile = kept && !outcome.response && !outcome.answered &&
                                      outcome.response.error().fault == Fault::unavailable &&
                                      outcome.response.error().code != ETIMEDOUT &&
                                      !stop.stop_requested();
        if (closed_meanwhile && again) outcome = attempt(request, head, stop);
        return std::move(outcome.response);
    }

private:
    Line::Exchange attempt(const Request& request, const std::string& head,
                           const std::stop_token& stop) {
        if (!line_) {
            const Done connected = connect(stop);
            if (!connected) return {std::unexpected{connected.error()}};
        }
        Patience patience{options_.timeout, stop};
        auto outcome = line_->exchange(view(head), request.body, request.method,
                                       options_.largest_body, patience);
        if (!outcome.reusable) line_.reset();
        return outcome;
    }

    Done connect(const std::stop_token& stop) {
        Patience patience{options_.connect_timeout, stop};
        MITOME_TRY(addresses, resolve(server_.host, server_.port));
        Result<Descriptor> socket = gone("http: unknown host", 0);
        for (const addrinfo* at = addresses.get(); at != nullptr && !socket; at = at->ai_next) {
            socket = connect_to(*at, patience);
        }
        if (!socket) return std::unexpected{socket.error()};

        std::unique_ptr<TlsEngine> engine;
        if (tls_) {
            MITOME_TRY(started, TlsEngine::start(*tls_, server_.host));
            engine = std::move(started);
        }
        Line line{*std::move(socket), std::move(engine)};
        if (tls_) MITOME_CHECK(line.shake_hands(patience));
        line_.emplace(std::move(line));
        return {};
    }

    Url server_;
    Options options_;
    std::shared_ptr<const TlsContext> tls_;
    std::string host_;
    std::optional<Line> line_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::create(const Url& server, Options options) {
    std::shared_ptr<const TlsContext> tls;
    if (server.tls) {
        if (!options.tls) return fail(Fault::malformed, "http: https without an identity");
        MITOME_TRY(context, TlsContext::for_client(*options.tls));
        tls = std::move(context);
    }
    options.tls.reset();  // the key lives on in the context alone
    return std::unique_ptr<Client>{
        std::make_unique<SynchronousClient>(server, std::move(options), std::move(tls))};
}

}  // namespace mitome::http
