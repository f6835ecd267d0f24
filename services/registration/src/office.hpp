// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every part of this service works with.

#include "authority.hpp"
#include "interruption.hpp"

#include <mitome/base/clock.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/pki/cmp.hpp>
#include <mitome/store/audit.hpp>
#include <mitome/store/register.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>

namespace mitome::registration {

/// What is known once authority and maker have answered, and stays as it is.
struct Credentials {
    std::vector<pki::Certificate> authorities;  ///< in the order of `pki::all_cas`
    std::vector<pki::Certificate> own;  ///< of the CMP key: below the phone's CA, below TLS'

    [[nodiscard]] const pki::Certificate& authority(pki::Ca ca) const {
        return authorities[static_cast<std::size_t>(ca)];
    }
};

/// Empty until it is there.
class CredentialsPlace {
public:
    [[nodiscard]] std::shared_ptr<const Credentials> get() const {
        const std::lock_guard guard{mutex_};
        return held_;
    }
    void set(Credentials given) {
        const std::lock_guard guard{mutex_};
        held_ = std::make_shared<const Credentials>(std::move(given));
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Credentials> held_;  // shared with requests that run
};

/// One at a time for each thing: two messages of one order wait for each other. Whoever waits for
/// a second turn asks for it in this order, so that nobody waits for ever. What a stranger has
/// chosen the name of (a transaction) is never another kind of thing.
enum class Thing : std::uint8_t { transaction, dialog, element, order, withdrawal, erasure };
class Turns {
public:
    class Turn {
    public:
        Turn(Turns& turns, Thing kind, BytesView name);
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();

    private:
        Turns& turns_;
        Bytes thing_;
    };

private:
    std::mutex mutex_;
    std::condition_variable over_;
    std::set<Bytes> busy_;
};

struct Office {
    store::Database& database;
    store::Register& people;
    store::Audit& audit;
    Authority& authority;
    const CredentialsPlace& credentials;
    const Clock& clock;
    crypto::Random& random;
    std::chrono::seconds confirm_wait{600};
    std::chrono::days lease{30};
    std::chrono::days erase_patience{7};
    Interruption interruption = {};
    Turns turns = {};

    /// A row of the audit within a change.
    [[nodiscard]] Done note(store::Transaction& in, std::string_view role, std::string_view action,
                            std::string subject, std::string_view detail = {}) const;
};

/// `order/0A1B…`, `card-sign/0A1B…`
[[nodiscard]] std::string order_reference(BytesView id);
[[nodiscard]] std::string certificate_reference(pki::Ca ca, BytesView serial);

/// The request key of a certificate: the same for every attempt at one key of one order or
/// transaction, so that a crash on the way cannot lead to two.
[[nodiscard]] Bytes request_key(BytesView owner, BytesView spki);

[[nodiscard]] constexpr pki::Ca phone_ca(pki::Kind kind) {
    return kind == pki::Kind::sign ? pki::Ca::phone_sign : pki::Ca::phone_auth;
}
[[nodiscard]] constexpr pki::Ca card_ca(pki::Kind kind) {
    return kind == pki::Kind::sign ? pki::Ca::card_sign : pki::Ca::card_auth;
}

}  // namespace mitome::registration
