// SPDX-License-Identifier: Apache-2.0
#pragma once

// Secure Channel Protocol 03, GlobalPlatform Card Specification Amendment D v1.1.1, both ends.
//
// Deviations: BEGIN and END R-MAC SESSION are left out. The pseudo-random card challenge (i.10)
// is read and computed, our own elements draw a random one (i = 60).
// Duties of the caller: keys come once into `Host` or `Card`; a session that reported
// `unverified` is over, whatever the peer says. Le is protected by nothing.

#include <mitome/apdu/apdu.hpp>
#include <mitome/crypto/cipher.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

namespace mitome::apdu::scp03 {

using crypto::AesKey;

/// P1 of EXTERNAL AUTHENTICATE, Amendment D table 7-5. No other value exists.
enum class Level : std::uint8_t {
    none = 0x00,
    mac = 0x01,
    mac_encryption = 0x03,
    mac_response_mac = 0x11,
    mac_encryption_response_mac = 0x13,
    all = 0x33,
};
[[nodiscard]] std::optional<Level> level_of(std::uint8_t p1);

/// Octets of challenges, cryptograms and MACs.
enum class Width : std::uint8_t { s8 = 8, s16 = 16 };

/// What the `i` parameter promises, Amendment D table 5-1.
inline constexpr std::uint8_t i_s16 = 0x01;
inline constexpr std::uint8_t i_pseudo_random = 0x10;
inline constexpr std::uint8_t i_ours = 0x60;  // random challenge, R-MAC and R-ENC

inline constexpr std::size_t diversification_size = 10;
inline constexpr std::uint8_t usual_version = 0x30;
/// Octets of a key in an element's keyset. A sandbox has AES-128, since the clients that people
/// test with speak no other.
inline constexpr std::size_t production_key_size = 32;
inline constexpr std::size_t sandbox_key_size = 16;

/// Three static keys of one length: 16, 24 or 32 octets.
struct Keyset {
    std::uint8_t version = usual_version;
    AesKey enc;
    AesKey mac;
    AesKey dek;

    [[nodiscard]] Keyset duplicate() const;
};

struct SessionKeys {
    AesKey enc;
    AesKey mac;
    AesKey response_mac;
};

/// Derivation constants, Amendment D table 4-1.
inline constexpr std::uint8_t constant_card_cryptogram = 0x00;
inline constexpr std::uint8_t constant_host_cryptogram = 0x01;
inline constexpr std::uint8_t constant_card_challenge = 0x02;

/// SP 800-108 counter mode with AES-CMAC in the field order of Amendment D §4.1.5.
[[nodiscard]] Result<Bytes> derive(const AesKey& key, std::uint8_t constant, std::size_t octets,
                                   BytesView context);
[[nodiscard]] Result<SessionKeys> session_keys(const Keyset& keyset, BytesView host_challenge,
                                               BytesView card_challenge);
/// The predictable card challenge of i.10: `counter` is three octets, `aid` the application that
/// holds the channel. §6.2.2.1
[[nodiscard]] Result<Bytes> pseudo_random_challenge(const AesKey& key_enc, BytesView counter,
                                                    BytesView aid, Width width);

/// First three octets of AES(key, 16 × 01).
[[nodiscard]] Result<Bytes> key_check_value(const AesKey& key);

/// AES-CMAC under a master key that stays where it is, in an HSM.
using MasterMac = std::function<Result<Bytes>(BytesView content)>;

/// kdf3 of GlobalPlatformPro: the block whose CMAC under the master is octets 16(i−1)… of a key.
/// `purpose` is 1 for ENC, 2 for MAC, 3 for DEK.
[[nodiscard]] Bytes diversification_block(std::uint8_t i, std::uint8_t purpose,
                                          BytesView diversification);
/// The three keys of `key_size` octets of the element with that diversification value, ten octets.
[[nodiscard]] Result<Keyset> diversify(const MasterMac& master, std::size_t key_size,
                                       BytesView diversification,
                                       std::uint8_t version = usual_version);

/// PUT KEY field of one key, GlobalPlatform 2.3.1 §11.8.2.3 with the AES form of Amendment D §7.2.
[[nodiscard]] Result<Bytes> wrap_key(const AesKey& dek, const AesKey& key);
/// PUT KEY that replaces `old_version` (0: adds) by `keys`; `dek` is that of the open session.
[[nodiscard]] Result<Command> put_key(std::uint8_t old_version, const Keyset& keys,
                                      const AesKey& dek);
/// Reads what PUT KEY carries: with the inner length octet and without it.
[[nodiscard]] Result<Keyset> unwrap_keys(BytesView put_key_value, const AesKey& dek);

/// The answer to INITIALIZE UPDATE.
struct Greeting {
    Bytes diversification;  ///< 10 octets
    std::uint8_t version = 0;
    std::uint8_t i = 0;
    Bytes card_challenge;
    Bytes card_cryptogram;
    Bytes counter;  ///< three octets with i.10, else empty

    [[nodiscard]] Width width() const { return (i & i_s16) != 0 ? Width::s16 : Width::s8; }
    [[nodiscard]] static Result<Greeting> decode(BytesView answer);
    [[nodiscard]] Bytes encode() const;
};

/// MAC chain and encryption counter of one session, the part that both ends share.
class Chain {
public:
    Chain() = default;
    Chain(SessionKeys&& keys, Level level, Width width);

    [[nodiscard]] Level level() const { return level_; }

    /// What binds an answer to its command.
    struct Turn {
        Bytes chaining;              ///< the command's full MAC
        std::uint32_t counter = 0;  ///< the command's encryption counter
    };

    [[nodiscard]] Result<Command> wrap_command(const Command& plain, Turn& turn);
    /// `unverified` for a wrong or missing MAC; the chain must not be used after that.
    [[nodiscard]] Result<Command> unwrap_command(const Command& wrapped, Turn& turn);
    [[nodiscard]] Result<Response> wrap_response(const Response& plain, const Turn& turn) const;
    [[nodiscard]] Result<Response> unwrap_response(const Response& wrapped, const Turn& turn) const;

    /// EXTERNAL AUTHENTICATE: MACed, never encrypted, not counted.
    [[nodiscard]] Result<Command> wrap_first(const Command& plain);
    [[nodiscard]] Result<Command> unwrap_first(const Command& wrapped);

private:
    [[nodiscard]] std::size_t mac_size() const { return static_cast<std::size_t>(width_); }
    [[nodiscard]] Result<Command> add_mac(Command command);
    [[nodiscard]] Result<Command> take_mac(const Command& wrapped);
    [[nodiscard]] Result<Bytes> iv(std::uint32_t counter, std::uint8_t first) const;

    SessionKeys keys_;
    Level level_ = Level::none;
    Width width_ = Width::s8;
    Bytes chaining_;
    std::uint32_t counter_ = 0;
};

/// The off-card end. Several commands may be wrapped before the first answer is there, as a
/// script needs it; answers are unwrapped in the order of their commands.
class Host {
public:
    /// `host_challenge` is fresh and random, 8 octets (16 for S16).
    Host(Keyset keyset, Bytes host_challenge);

    [[nodiscard]] Command initialize_update() const;
    /// Checks the card's cryptogram: `unverified` when the card does not hold the keys,
    /// `malformed` for an answer that is none. Gives EXTERNAL AUTHENTICATE.
    [[nodiscard]] Result<Command> external_authenticate(const Response& greeting, Level level);
    /// `unverified` unless the card took it.
    [[nodiscard]] Done authenticated(const Response& answer);

    /// `conflict` before `external_authenticate`.
    [[nodiscard]] Result<Command> wrap(const Command& plain);
    /// `unverified` for a wrong MAC, which ends the session. An error word comes bare, whoever
    /// carries the bytes can forge it: `denied` with the word as code.
    [[nodiscard]] Result<Response> unwrap(const Response& wrapped);

    [[nodiscard]] const Greeting& greeting() const { return greeting_; }
    [[nodiscard]] const AesKey& dek() const { return keyset_.dek; }

private:
    Keyset keyset_;
    Bytes host_challenge_;
    Greeting greeting_;
    std::optional<Chain> chain_;
    std::deque<Chain::Turn> open_;
    bool over_ = false;
};

/// The card's end. Knows nothing of stores: who owns it counts failures and chooses the keyset.
class Card {
public:
    /// Takes INITIALIZE UPDATE's challenge; `malformed` when it is not 8 octets (16 with i.01).
    [[nodiscard]] static Result<Card> greet(Keyset keyset, std::uint8_t i,
                                            BytesView diversification, BytesView host_challenge,
                                            Bytes card_challenge, BytesView counter = {});
    [[nodiscard]] const Greeting& greeting() const { return greeting_; }

    /// EXTERNAL AUTHENTICATE. `unverified` for a wrong cryptogram or MAC, `malformed` for a wrong
    /// length, `absent` for a level that does not exist, `conflict` out of order.
    [[nodiscard]] Done external_authenticate(const Command& command);
    [[nodiscard]] bool open() const { return open_; }
    [[nodiscard]] Level level() const { return chain_.level(); }

    /// The plain command. After `unverified` the session is over.
    [[nodiscard]] Result<Command> unwrap(const Command& wrapped);
    /// Protects the answer of the command unwrapped last; errors stay bare.
    [[nodiscard]] Result<Response> wrap(const Response& plain) const;

    [[nodiscard]] const AesKey& dek() const { return keyset_.dek; }
    [[nodiscard]] std::uint8_t version() const { return keyset_.version; }

private:
    Keyset keyset_;
    SessionKeys keys_;
    Greeting greeting_;
    Bytes host_challenge_;
    Chain chain_;
    Chain::Turn turn_;
    bool greeted_ = false;
    bool open_ = false;
};

}  // namespace mitome::apdu::scp03
