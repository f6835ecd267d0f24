// SPDX-License-Identifier: Apache-2.0
#pragma once

// TLS between octets and octets: who moves them to and from the network is not known here.

#include <mitome/http/server.hpp>

#include <memory>
#include <span>
#include <string>

namespace mitome::http {

/// What all connections of one server, or of one client, share.
class TlsContext {
public:
    [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> for_server(
        const TlsIdentity& identity);
    [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> for_client(
        const TlsIdentity& identity);

    struct State;
    explicit TlsContext(std::unique_ptr<State> state);
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;
    ~TlsContext();

    [[nodiscard]] State& state() const { return *state_; }

private:
    std::unique_ptr<State> state_;
};

/// One end of one connection. After each call the caller sends what `take_outgoing` gives,
/// failed calls included: the alert that tells the peer why is among it.
class TlsEngine {
public:
    /// `host`: whom a client wants to talk to, an address or a name; empty in a server.
    [[nodiscard]] static Result<std::unique_ptr<TlsEngine>> start(const TlsContext& context,
                                                                  const std::string& host);
    TlsEngine(const TlsEngine&) = delete;
    TlsEngine& operator=(const TlsEngine&) = delete;
    ~TlsEngine();

    void receive(BytesView ciphertext);

    enum class Handshake : std::uint8_t { finished, wants_more };
    /// `unverified`: the peer's certificate does not hold (code = X509_V_ERR); `denied`: the
    /// peer refused ours (code = alert); `unavailable`: anything else that breaks a handshake.
    [[nodiscard]] Result<Handshake> handshake();

    /// Octets put into `to`; 0: more ciphertext is needed, or the peer has closed.
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> to);
    [[nodiscard]] bool peer_closed() const;

    [[nodiscard]] Done write(BytesView content);
    void close();

    /// Moves ciphertext for the peer behind `to`.
    void take_outgoing(Bytes& to);

    [[nodiscard]] Bytes peer_certificate() const;

private:
    struct State;
    explicit TlsEngine(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace mitome::http
