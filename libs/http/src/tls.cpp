// SPDX-License-Identifier: Apache-2.0
#include "tls.hpp"

#include <mitome/base/log.hpp>
#include <mitome/crypto/openssl.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>
#include <string_view>

namespace mitome::http {
namespace {

using crypto::Releases;
using Context = std::unique_ptr<SSL_CTX, Releases<SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Releases<SSL_free>>;
using Certificate = std::unique_ptr<X509, Releases<X509_free>>;
using Stream = std::unique_ptr<BIO, Releases<BIO_free_all>>;

// Forward secrecy and AEAD, for 1.2; those of 1.3 are all of that kind. RFC 9325 §4.2
constexpr const char* ciphers_1_2 =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

std::unexpected<Error> failed(Fault fault, Literal what) {
    return fail(fault, what, crypto::drain_errors(what));
}

Stream over(BytesView octets) {
    if (octets.size() > INT_MAX) return nullptr;
    return Stream{BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size()))};
}

// The next certificate of a PEM text, null behind the last one.
Certificate next_certificate(BIO* pem) {
    return Certificate{PEM_read_bio_X509(pem, nullptr, nullptr, nullptr)};
}

// A key that wants a passphrase is refused rather than asked for on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

bool use_chain(SSL_CTX* context, std::string_view pem) {
    const Stream stream = over(view(pem));
    if (!stream) return false;
    const Certificate own = next_certificate(stream.get());
    if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) return false;
    while (const Certificate above = next_certificate(stream.get())) {
        if (SSL_CTX_add1_chain_cert(context, above.get()) != 1) return false;
    }
    ERR_clear_error();  // "no start line" is how the end of a PEM text is told
    return true;
}

bool use_key(SSL_CTX* context, const SecretBytes& pem) {
    return pem.reveal([&](BytesView octets) {
        const Stream stream = over(octets);
        if (!stream) return false;
        const crypto::PKey key{
            PEM_read_bio_PrivateKey(stream.get(), nullptr, no_passphrase, nullptr)};
        return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
               SSL_CTX_check_private_key(context) == 1;
    });
}

enum class Show : std::uint8_t { names, nothing };

bool use_trust(SSL_CTX* context, std::string_view pem, Show show) {
    const Stream stream = over(view(pem));
    if (!stream) return false;
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    std::size_t count = 0;
    while (const Certificate anchor = next_certificate(stream.get())) {
        if (X509_STORE_add_cert(store, anchor.get()) != 1) return false;
        // A server names the CAs it takes, so that a client with several identities can choose.
        if (show == Show::names && SSL_CTX_add_client_CA(context, anchor.get()) != 1) return false;
        ++count;
    }
    ERR_clear_error();
    // Whatever stands in the list is trusted as it is, be it no root or no CA.
    return count != 0 && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

Result<Context> make_context(const TlsIdentity& identity, const SSL_METHOD* method, Show show) {
    Context context{SSL_CTX_new(method)};
    if (!context) return failed(Fault::broken, "tls: no context");
    SSL_CTX* const raw = context.get();
    if (SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(raw, ciphers_1_2) != 1) {
        return failed(Fault::broken, "tls: versions or ciphers are not there");
    }
    SSL_CTX_set_options(
        raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
    // No resumption: each connection proves both ends anew, and none outlives a withdrawn trust.
    SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);

    if (!use_chain(raw, identity.certificate_pem)) {
        return failed(Fault::malformed, "tls: own certificate cannot be used");
    }
    if (!use_key(raw, identity.key_pem)) {
        return failed(Fault::malformed, "tls: own key cannot be used or is another's");
    }
    if (!use_trust(raw, identity.trusted_pem, show)) {
        return failed(Fault::malformed, "tls: no certificate to trust");
    }
    return context;
}

// RFC 6066 §3: SNI carries names, never addresses. (OpenSSL's own macro casts const away.)
bool name_server(SSL* ssl, std::string host) {
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1;
}

// RFC 8446 §6.2: the alerts by which a peer says that it does not take our certificate.
bool is_refusal(int alert) {
    switch (alert) {
        case SSL_AD_BAD_CERTIFICATE:
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
        case SSL_AD_CERTIFICATE_REVOKED:
        case SSL_AD_CERTIFICATE_EXPIRED:
        case SSL_AD_CERTIFICATE_UNKNOWN:
        case SSL_AD_UNKNOWN_CA:
        case SSL_AD_ACCESS_DENIED:
        case SSL_AD_CERTIFICATE_REQUIRED: return true;
        default: return false;
    }
}

// The failure of a handshake, a read or a write. Peers cause these as they like, so they go to
// the caller and not to the log.
Error broken_off(const SSL* ssl, Literal otherwise) {
    const unsigned long first = ERR_peek_error();
    ERR_clear_error();
    const int reason = ERR_GET_REASON(first);
    if (ERR_GET_LIB(first) == ERR_LIB_SSL) {
        const int alert = reason - SSL_AD_REASON_OFFSET;
        if (alert >= 0 && is_refusal(alert)) {
            return {Fault::denied, "tls: the peer refuses our certificate",
                    static_cast<std::uint32_t>(alert)};
        }
        const long verdict = SSL_get_verify_result(ssl);
        if (verdict != X509_V_OK) {
            return {Fault::unverified, "tls: the peer's certificate does not hold",
                    static_cast<std::uint32_t>(verdict)};
        }
        if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
            return {Fault::unverified, "tls: the peer shows no certificate",
                    static_cast<std::uint32_t>(reason)};
        }
    }
    return {Fault::unavailable, otherwise, static_cast<std::uint32_t>(reason)};
}

}  // namespace

struct TlsContext::State {
    Context context;
    bool is_server;
};

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::for_server(const TlsIdentity& identity) {
    MITOME_TRY(context, make_context(identity, TLS_server_method(), Show::names));
    return std::make_shared<const TlsContext>(
        std::make_unique<State>(State{std::move(context), true}));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::for_client(const TlsIdentity& identity) {
    MITOME_TRY(context, make_context(identity, TLS_client_method(), Show::nothing));
    return std::make_shared<const TlsContext>(
        std::make_unique<State>(State{std::move(context), false}));
}

struct TlsEngine::State {
    Connection ssl;
    BIO* incoming = nullptr;  // owned by ssl
    BIO* outgoing = nullptr;  // owned by ssl
};

TlsEngine::TlsEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsEngine::~TlsEngine() = default;

Result<std::unique_ptr<TlsEngine>> TlsEngine::start(const TlsContext& context,
                                                    const std::string& host) {
    auto state = std::make_unique<State>();
    state->ssl.reset(SSL_new(context.state().context.get()));
    if (!state->ssl) return failed(Fault::unavailable, "tls: no connection");
    SSL* const ssl = state->ssl.get();

    Stream incoming{BIO_new(BIO_s_mem())};
    Stream outgoing{BIO_new(BIO_s_mem())};
    if (!incoming || !outgoing) return failed(Fault::unavailable, "tls: no memory");
    // An empty one means "more is to come", not "the end".
    BIO_set_mem_eof_return(incoming.get(), -1);
    BIO_set_mem_eof_return(outgoing.get(), -1);
    state->incoming = incoming.get();
    state->outgoing = outgoing.get();
    SSL_set_bio(ssl, incoming.release(), outgoing.release());

    if (context.state().is_server) {
        SSL_set_accept_state(ssl);
    } else {
        SSL_set_connect_state(ssl);
        // RFC 9525 §6.3: the identity is looked for in subjectAltName alone.
        X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
        X509_VERIFY_PARAM_set_hostflags(
            wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) != 1) {
            ERR_clear_error();
            if (host.empty() ||
                X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) != 1 ||
                !name_server(ssl, host)) {
                return failed(Fault::malformed, "tls: not a host");
            }
        }
    }
    return std::unique_ptr<TlsEngine>{new TlsEngine{std::move(state)}};
}

void TlsEngine::receive(BytesView ciphertext) {
    while (!ciphertext.empty()) {
        const auto piece = std::min<std::size_t>(ciphertext.size(), INT_MAX);
        BIO_write(state_->incoming, ciphertext.data(), static_cast<int>(piece));
        ciphertext = ciphertext.subspan(piece);
    }
}

Result<TlsEngine::Handshake> TlsEngine::handshake() {
    ERR_clear_error();
    SSL* const ssl = state_->ssl.get();
    const int done = SSL_do_handshake(ssl);
    if (done == 1) return Handshake::finished;
    if (SSL_get_error(ssl, done) == SSL_ERROR_WANT_READ) return Handshake::wants_more;
    return std::unexpected{broken_off(ssl, "tls: handshake failed")};
}

Result<std::size_t> TlsEngine::read(std::span<std::uint8_t> to) {
    ERR_clear_error();
    SSL* const ssl = state_->ssl.get();
    std::size_t count = 0;
    const int done = SSL_read_ex(ssl, to.data(), to.size(), &count);
    if (done == 1) return count;
    switch (SSL_get_error(ssl, done)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_ZERO_RETURN: return std::size_t{0};
        default: return std::unexpected{broken_off(ssl, "tls: record broken")};
    }
}

bool TlsEngine::peer_closed() const {
    return (SSL_get_shutdown(state_->ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

Done TlsEngine::write(BytesView content) {
    ERR_clear_error();
    SSL* const ssl = state_->ssl.get();
    while (!content.empty()) {
        std::size_t count = 0;
        if (SSL_write_ex(ssl, content.data(), content.size(), &count) != 1) {
            return std::unexpected{broken_off(ssl, "tls: cannot write")};
        }
        content = content.subspan(count);
    }
    return {};
}

void TlsEngine::close() {
    ERR_clear_error();
    SSL_shutdown(state_->ssl.get());
    ERR_clear_error();
}

void TlsEngine::take_outgoing(Bytes& to) {
    char* start = nullptr;
    const long size = BIO_get_mem_data(state_->outgoing, &start);
    if (size <= 0) return;
    append(to, view({start, static_cast<std::size_t>(size)}));
    BIO_ctrl(state_->outgoing, BIO_CTRL_RESET, 0, nullptr);
}

Bytes TlsEngine::peer_certificate() const {
    const X509* const certificate = SSL_get0_peer_certificate(state_->ssl.get());
    if (certificate == nullptr) return {};
    const int size = i2d_X509(certificate, nullptr);
    if (size <= 0) return {};
    Bytes der(static_cast<std::size_t>(size));
    unsigned char* at = der.data();
    i2d_X509(certificate, &at);
    return der;
}

}  // namespace mitome::http
