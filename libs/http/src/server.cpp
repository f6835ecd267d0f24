// SPDX-License-Identifier: Apache-2.0
// The race detector does not follow fences, and GCC refuses them under it. Asio's queue orders
// the same accesses by its mutex.
#ifdef __SANITIZE_THREAD__
#define BOOST_ASIO_DISABLE_FENCED_BLOCK
#endif

#include "tls.hpp"
#include "wire.hpp"

#include <mitome/base/log.hpp>
#include <mitome/http/problem.hpp>
#include <mitome/http/server.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

namespace mitome::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using AsioError = boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t small_read = std::size_t{4} << 10;
constexpr std::size_t large_read = std::size_t{64} << 10;
constexpr std::size_t small_body = std::size_t{4} << 10;
// How long a peer that we refuse may go on talking before we hang up on it.
constexpr std::chrono::seconds patience{2};
// How long stop() waits for peers to take the answers of their last requests.
constexpr std::chrono::seconds last_answers{5};
// Answers sent in one go to a client that pipelines, before others have their turn.
constexpr unsigned most_in_a_row = 16;

class Connection;

// What the connections of one server share.
struct House {
    House(Server::Options&& options, Handle&& given)
        : limits(options.limits),
          handle(std::move(given)),
          loop(static_cast<int>(std::max(1U, options.threads))) {}

    Limits limits;
    Handle handle;
    std::shared_ptr<const TlsContext> tls;  // shared with no one else; const for all threads
    std::atomic<bool> stopping{false};

    std::mutex guard;  // over `open` and the closing of each socket in it
    std::unordered_set<Connection*> open;

    asio::io_context loop;  // last: what it still holds is destroyed with it and needs the rest
};

// One connection. At most one operation is under way on it, so its state needs no lock; other
// threads only look at `deadline_` and shut the socket down, under the house's guard.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(House& house, tcp::socket&& socket)
        : house_(house),
          socket_(std::move(socket)),
          reader_(Bounds{house.limits.header, house.limits.body}) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { leave(); }

    void start() {
        if (house_.tls) {
            auto engine = TlsEngine::start(*house_.tls, "");
            if (!engine) {
                log(Level::error, "http.tls_unusable", {{"error", engine.error()}});
                return;
            }
            engine_ = *std::move(engine);
            shaking_hands_ = true;
        }
        allow(house_.limits.idle);
        read();
    }

    // From any thread, under the house's guard.
    [[nodiscard]] bool overdue(SteadyClock::time_point now) const {
        return now.time_since_epoch().count() > deadline_.load(std::memory_order_relaxed);
    }
    void hang_up() { ::shutdown(socket_.native_handle(), SHUT_RDWR); }
    void hear_no_more() { ::shutdown(socket_.native_handle(), SHUT_RD); }
    void hurry(SteadyClock::time_point latest) {
        const auto limit = latest.time_since_epoch().count();
        auto present = deadline_.load();
        while (present > limit && present != never &&
               !deadline_.compare_exchange_weak(present, limit)) {
        }
    }

private:
    using Next = void (Connection::*)();
    static constexpr SteadyClock::rep never = std::numeric_limits<SteadyClock::rep>::max();

    void allow(SteadyClock::duration time) {
        deadline_.store((SteadyClock::now() + time).time_since_epoch().count(),
                        std::memory_order_relaxed);
    }
    void allow_for_ever() { deadline_.store(never, std::memory_order_relaxed); }

    void leave() {
        const std::lock_guard lock{house_.guard};
        house_.open.erase(this);
        AsioError ignored;
        static_cast<void>(socket_.close(ignored));
    }

    void read() {
        // A head fits a small read; a body that is under way is worth a large one.
        const std::size_t room = reader_.has_head() ? large_read : small_read;
        if (incoming_.size() < room) incoming_.resize(room);
        socket_.async_read_some(
            asio::buffer(incoming_.data(), room),
            [self = shared_from_this()](const AsioError& error, std::size_t count) {
                self->have_read(error, count);
            });
    }

    void have_read(const AsioError& error, std::size_t count) {
        if (error) return;  // gone, or told to go: nobody is left to answer
        if (lingering_) {
            discarded_ += count;
            if (discarded_ < house_.limits.body + house_.limits.header + large_read) read();
            return;
        }
        const BytesView came = BytesView{incoming_}.first(count);
        if (engine_) {
            engine_->receive(came);
            decrypt();
        } else {
            append(input_, came);
            serve();
        }
    }

    void decrypt() {
        if (shaking_hands_) {
            const auto step = engine_->handshake();
            if (!step) {
                log(Level::info, "http.handshake_failed", {{"error", step.error()}});
                engine_->take_outgoing(output_);
                send(&Connection::linger);
                return;
            }
            if (*step == TlsEngine::Handshake::finished) {
                shaking_hands_ = false;
                reader_.request().peer_certificate = engine_->peer_certificate();
                allow(house_.limits.idle);
            }
        }
        if (!shaking_hands_) {
            while (true) {
                const std::size_t kept = input_.size();
                input_.resize(kept + small_read);
                const auto count = engine_->read(std::span{input_}.subspan(kept));
                input_.resize(kept + count.value_or(0));
                if (!count) {
                    engine_->take_outgoing(output_);
                    send(&Connection::linger);
                    return;
                }
                if (*count == 0) break;
            }
        }
        engine_->take_outgoing(output_);
        send(&Connection::decrypted);
    }

    void decrypted() {
        if (engine_->peer_closed() && input_.empty()) return;
        if (shaking_hands_ || input_.empty()) {
            read();
        } else {
            serve();
        }
    }

    void serve() {
        const bool had_head = reader_.has_head();
        const auto used = reader_.take(input_);
        if (!used) {
            refuse(used.error());
            return;
        }
        drop(*used);
        if (reader_.complete()) {
            answer();
            return;
        }
        if (reader_.has_head() && !had_head) {
            allow(house_.limits.idle);
            if (reader_.expects_continue()) {
                put(view("HTTP/1.1 100 Continue\r\n\r\n"));
                send(&Connection::read);
                return;
            }
        }
        acknowledge();
        read();
    }

    // A client that writes head and body apart, and lets the kernel wait for the first to be
    // acknowledged before it sends the second, would wait for the 40 ms of our kernel's patience.
    void acknowledge() {
        const int now = 1;
        static_cast<void>(::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &now,
                                       sizeof now));  // merely slow without it
    }

    void drop(std::size_t used) {
        if (used == input_.size()) {
            input_.clear();
        } else {
            input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
        }
    }

    void refuse(const Error& why) {
        // The codes are the catalogue's, the status is that of the fault.
        const bool unknown = why.code == 501 || why.code == 505;
        reply(problem(why.code, unknown ? "not_supported" : "request_refused", why.what.text));
        send(&Connection::linger);
    }

    void answer() {
        Request& request = reader_.request();
        allow_for_ever();
        Response response;
        try {
            response = house_.handle(request);
        } catch (...) {
            log(Level::error, "http.handler_threw");
            response = problem(500, "broken", "http: handler failed");
        }
        keep_ = reader_.keeps_alive() && !house_.stopping.load(std::memory_order_relaxed) &&
                response.header("Connection") != "close";
        reply(std::move(response));
        const bool keep = keep_;
        reader_.next();
        send(keep ? &Connection::served : &Connection::linger);
    }

    // Puts head and body into the output.
    void reply(Response&& response) {
        const bool readable = reader_.complete();
        if (!readable) keep_ = false;
        const auto afterwards = keep_ ? Afterwards::keep : Afterwards::close;
        const bool old = readable && reader_.is_http_1_0();
        head_.clear();
        if (!append_head(head_, response, afterwards, old)) {
            log(Level::error, "http.answer_cannot_be_sent");
            response = problem(500, "broken", "http: answer cannot be sent");
            static_cast<void>(append_head(head_, response, afterwards, old));
        }
        put(view(head_));
        const bool bare = (readable && reader_.request().method == "HEAD") ||
                          response.status == 204 || response.status == 304;
        if (bare) return;
        // Copying a little costs less than sending two things at once.
        if (engine_ || response.content().size() <= small_body) {
            put(response.content());
        } else {
            shared_body_ = std::move(response.shared_body);
            if (!shared_body_) body_ = std::move(response.body);
        }
    }

    void put(BytesView content) {
        if (!engine_) {
            append(output_, content);
            return;
        }
        // A failure shows itself to the peer as a connection that ends.
        if (!engine_->write(content)) keep_ = false;
        engine_->take_outgoing(output_);
    }

    void served() {
        if (house_.stopping.load(std::memory_order_relaxed)) {
            linger();
            return;
        }
        allow(house_.limits.idle);
        if (input_.empty()) {
            read();
        } else if (++in_a_row_ < most_in_a_row) {
            serve();
        } else {
            in_a_row_ = 0;
            asio::post(house_.loop, [self = shared_from_this()] { self->serve(); });
        }
    }

    // Sends output_ and then the body, and goes on with `next`.
    void send(Next next) {
        sent_ = 0;
        next_ = next;
        if (total() != 0) allow(house_.limits.idle);
        push();
    }

    [[nodiscard]] BytesView body() const { return shared_body_ ? *shared_body_ : body_; }
    [[nodiscard]] std::size_t total() const { return output_.size() + body().size(); }

    [[nodiscard]] std::array<asio::const_buffer, 2> rest() const {
        const std::size_t of_output = std::min(sent_, output_.size());
        const BytesView first = BytesView{output_}.subspan(of_output);
        const BytesView second = body().subspan(sent_ - of_output);
        return {asio::const_buffer{first.data(), first.size()},
                asio::const_buffer{second.data(), second.size()}};
    }

    void push() {
        while (sent_ < total()) {
            AsioError error;
            const auto [first, second] = rest();
            const std::size_t count = second.size() == 0
                                          ? socket_.write_some(asio::buffer(first), error)
                                          : socket_.write_some(std::array{first, second}, error);
            if (error == asio::error::would_block || error == asio::error::try_again) {
                socket_.async_wait(tcp::socket::wait_write,
                                   [self = shared_from_this()](const AsioError& failure) {
                                       if (!failure) self->push();
                                   });
                return;
            }
            if (error) return;
            sent_ += count;
            if (sent_ < total()) allow(house_.limits.idle);
        }
        output_.clear();
        body_.clear();
        shared_body_.reset();
        (this->*next_)();
    }

    // Ends the connection so that the peer can still read what it was told: closing at once,
    // with octets unread, would reset it. RFC 9112 §9.6
    void linger() {
        if (engine_ && !shaking_hands_ && !closed_) {
            closed_ = true;
            engine_->close();
            engine_->take_outgoing(output_);
            send(&Connection::linger);
            return;
        }
        ::shutdown(socket_.native_handle(), SHUT_WR);
        lingering_ = true;
        allow(std::min<SteadyClock::duration>(patience, house_.limits.idle));
        input_.clear();
        read();
    }

    House& house_;
    tcp::socket socket_;
    RequestReader reader_;
    std::unique_ptr<TlsEngine> engine_;
    Bytes incoming_;  // what a read has brought, as far as it reaches
    Bytes input_;  // what of the requests is not looked at yet
    std::string head_;
    Bytes output_;
    Bytes body_;
    std::shared_ptr<const Bytes> shared_body_;  // owned too by whoever made the answer
    std::size_t sent_ = 0;
    std::size_t discarded_ = 0;
    unsigned in_a_row_ = 0;
    Next next_ = nullptr;
    std::atomic<SteadyClock::rep> deadline_{never};
    bool shaking_hands_ = false;
    bool keep_ = false;
    bool lingering_ = false;
    bool closed_ = false;
};

class LoopbackServer final : public Server {
public:
    LoopbackServer(Options&& options, Handle&& handle)
        : house_(std::move(options), std::move(handle)),
          door_(house_.loop.get_executor()),
          acceptor_(door_),
          sweep_(door_),
          pause_(door_) {}
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;
    ~LoopbackServer() override { stop(); }

    Done open(std::uint16_t port, const std::optional<TlsIdentity>& tls, unsigned threads) {
        if (tls) {
            MITOME_TRY(context, TlsContext::for_server(*tls));
            house_.tls = std::move(context);
        }
        AsioError error;
        const tcp::endpoint place{asio::ip::address_v4::loopback(), port};
        if (acceptor_.open(tcp::v4(), error) ||
            acceptor_.set_option(tcp::acceptor::reuse_address{true}, error) ||
            acceptor_.bind(place, error) ||
            acceptor_.listen(asio::socket_base::max_listen_connections, error)) {
            return fail(Fault::unavailable, "http: cannot listen",
                        static_cast<std::uint32_t>(error.value()));
        }
        port_ = acceptor_.local_endpoint(error).port();
        accept();
        sweep();
        for (unsigned i = 0; i < std::max(1U, threads); ++i) {
            threads_.emplace_back([this] { house_.loop.run(); });
        }
        return {};
    }

    [[nodiscard]] std::uint16_t port() const override { return port_; }

    void stop() override {
        const std::lock_guard once{stopping_};
        if (threads_.empty()) return;
        house_.stopping = true;
        asio::post(door_, [this] {
            AsioError ignored;
            static_cast<void>(acceptor_.close(ignored));
            pause_.cancel();
            sweep_.cancel();
        });
        {
            const std::lock_guard lock{house_.guard};
            latest_ = SteadyClock::now() + last_answers;
            for (Connection* const connection : house_.open) connection->hear_no_more();
        }
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
    }

private:
    void accept() {
        acceptor_.async_accept(house_.loop, [this](const AsioError& error, tcp::socket socket) {
            if (house_.stopping || !acceptor_.is_open()) return;
            if (error) {
                // Out of descriptors, most likely: trying again at once would only spin.
                log(Level::warning, "http.cannot_accept", {{"errno", error.value()}});
                pause_.expires_after(std::chrono::milliseconds{100});
                pause_.async_wait([this](const AsioError&) {
                    if (!house_.stopping) accept();
                });
                return;
            }
            welcome(std::move(socket));
            accept();
        });
    }

    void welcome(tcp::socket&& socket) {
        AsioError error;
        if (socket.set_option(tcp::no_delay{true}, error) || socket.non_blocking(true, error)) {
            return;
        }
        if (const auto connection = take_in(socket)) {
            connection->start();
        } else if (!house_.tls) {
            std::string full;
            const Response refusal = problem(503, "service_busy", "http: too many connections");
            static_cast<void>(append_head(full, refusal, Afterwards::close, false));
            full += text(refusal.body);
            socket.write_some(asio::buffer(full), error);
        }
    }

    // Null, and the socket stays as it is, when there are as many connections as may be.
    std::shared_ptr<Connection> take_in(tcp::socket& socket) {
        const std::lock_guard lock{house_.guard};
        if (house_.open.size() >= house_.limits.connections) return nullptr;
        auto connection = std::make_shared<Connection>(house_, std::move(socket));
        house_.open.insert(connection.get());
        if (house_.stopping) connection->hear_no_more();
        return connection;
    }

    // Deadlines are looked at a few times per idle period by one timer, which costs a request
    // nothing. Hanging up makes the connection's own operation fail, and that ends it.
    void sweep() {
        using std::chrono::milliseconds;
        const auto idle = std::chrono::duration_cast<milliseconds>(house_.limits.idle);
        sweep_.expires_after(house_.stopping
                                 ? milliseconds{5}
                                 : std::clamp(idle / 8, milliseconds{20}, milliseconds{500}));
        sweep_.async_wait([this](const AsioError&) {
            {
                const std::lock_guard lock{house_.guard};
                const auto now = SteadyClock::now();
                for (Connection* const connection : house_.open) {
                    if (house_.stopping) connection->hurry(latest_);
                    if (connection->overdue(now)) connection->hang_up();
                }
                if (house_.stopping && house_.open.empty()) return;
            }
            sweep();
        });
    }

    House house_;
    // What happens to the acceptor and the timers happens one after another.
    asio::strand<asio::io_context::executor_type> door_;
    tcp::acceptor acceptor_;
    asio::steady_timer sweep_;
    asio::steady_timer pause_;
    std::uint16_t port_ = 0;
    std::mutex stopping_;
    SteadyClock::time_point latest_{};
    std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(Options options, Handle handle) try {
    const std::uint16_t port = options.port;
    const unsigned threads = options.threads;
    const std::optional<TlsIdentity> tls = std::move(options.tls);
    auto server = std::make_unique<LoopbackServer>(std::move(options), std::move(handle));
    MITOME_CHECK(server->open(port, tls, threads));
    return std::unique_ptr<Server>{std::move(server)};
} catch (const std::system_error& failure) {
    // No epoll descriptor or no thread.
    return fail(Fault::unavailable, "http: cannot start",
                static_cast<std::uint32_t>(failure.code().value()));
}

}  // namespace mitome::http
