// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "contents.hpp"
#include "store.hpp"

#include <mitome/apdu/apdu.hpp>

#include <map>
#include <mutex>
#include <set>

namespace mitome::element {

using apdu::Command;
using apdu::Response;
namespace sw = apdu::sw;

[[nodiscard]] inline Response status(std::uint16_t word) { return {.data = {}, .sw = word}; }
[[nodiscard]] inline Response answered(Bytes octets) {
    return {.data = std::move(octets), .sw = sw::ok};
}

struct Conversation {
    Application selected = Application::security_domain;
    std::optional<std::uint16_t> current;  ///< EF of the selected application
    std::set<std::uint16_t> verified;      ///< PIN files of the selected application
    std::uint64_t generation = 0;          ///< of the PINs that `verified` speaks of

    /// What RESET PIN opened over this connection, and the PINs that it spoke of. In memory only.
    struct Window {
        Order order{};
        std::uint64_t generation = 0;
    };
    std::map<Kind, Window> new_pins;

    std::optional<apdu::scp03::Card> channel;
    bool aborted = false;  ///< a bad MAC came: nothing but SELECT and INITIALIZE UPDATE
    bool personalising = false;
    Bytes blocks;  ///< of STORE DATA that are still incomplete
    std::uint8_t next_block = 0;

    void end_channel() {
        channel.reset();
        aborted = personalising = false;
        blocks.clear();
        next_block = 0;
    }
};

struct Connection::State : Conversation {};

/// Life cycle of the card, GlobalPlatform 2.3.1 table 11-6.
namespace life {
inline constexpr std::uint8_t ready = 0x01;
inline constexpr std::uint8_t secured = 0x0F;
inline constexpr std::uint8_t locked = 0x7F;
inline constexpr std::uint8_t terminated = 0xFF;
}  // namespace life

struct Element::State {
    State(Store&& opened, SteadyClock now, WallClock host)
        : store(std::move(opened)),
          clock(std::move(now)),
          wall(std::move(host)),
          last_failure(clock()) {}

    mutable std::mutex lock;
    Contents contents;
    Store store;
    SteadyClock clock;
    WallClock wall;
    std::chrono::steady_clock::time_point last_failure;
    std::uint64_t generation = 0;  ///< rises when PINs are exchanged or destroyed

    /// Makes `next` durable, then present. Nothing changes when that fails.
    [[nodiscard]] Done commit(Contents&& next);
    /// The same, and the record before it is overwritten too: nothing that was given up can
    /// come back from the other slot. An error may come after `next` became present.
    [[nodiscard]] Done commit_and_scrub(Contents&& next);
    /// The second half of that: overwrites the slot that the present record is not in.
    [[nodiscard]] Done scrub();

    [[nodiscard]] const Persona& persona() const { return element::persona(contents.persona); }

    // ── answer.cpp: which command is it
    Response carry_out(Conversation& talk, const Command& command);
    Response carry_out_in_application(Conversation& talk, const Command& command);
    Response select(Conversation& talk, const Command& command);
    Response select_application(Conversation& talk, Application application,
                                const Command& command);
    Response get_challenge(const Command& command);
    Response get_data(const Conversation& talk, const Command& command);

    // ── card_files.cpp: the JPKI application and its neighbours
    struct Located {
        const File* file = nullptr;
        std::uint16_t error = sw::ok;
    };
    /// The file that P2 (or P1 of READ BINARY) names: the current one, or by short id.
    Located locate(Conversation& talk, std::uint8_t short_id) const;
    [[nodiscard]] const File* find(Application application, std::uint16_t id) const;
    [[nodiscard]] bool is_verified(const Conversation& talk, std::uint16_t pin) const;
    [[nodiscard]] bool is_open(const Conversation& talk, const File& file) const;
    [[nodiscard]] Bytes physical(Application application, const File& file) const;
    Response read_binary(Conversation& talk, const Command& command);
    Response read_record(Conversation& talk, const Command& command);
    Response verify(Conversation& talk, const Command& command);
    Response change_pin(Conversation& talk, const Command& command, std::uint8_t p1);
    Response sign(Conversation& talk, const Command& command);
    Response set_pin(Conversation& talk, const Command& command);
    Response set_pending_pin(Kind kind, const Command& command);
    Response set_new_pin(Conversation& talk, Kind kind, const Command& command);
    Response prove(const Command& command);
    Response attest(const Command& command);

    // ── security_domain.cpp
    Response carry_out_in_domain(Conversation& talk, const Command& command);
    Response in_domain(Conversation& talk, const Command& command);
    Response initialize_update(Conversation& talk, const Command& command);
    Response external_authenticate(Conversation& talk, const Command& command);
    Response get_status(const Command& command) const;
    Response put_key(Conversation& talk, const Command& command);
    Response set_status(const Command& command);
    Response remove(Conversation& talk, const Command& command);
    Response install(Conversation& talk, const Command& command);
    Response store_data(Conversation& talk, const Command& command);

    // ── administration.cpp
    Response administer(Conversation& talk, BytesView data_group, const Command& command);
    [[nodiscard]] Response present_state() const;
    [[nodiscard]] std::uint16_t open_new_pin(Conversation& talk,
                                             const apdu::administration::ResetPin& reset) const;
    /// The lease that there was is over: the JPKI application's keys and PINs rest.
    [[nodiscard]] bool lease_is_over(Application application) const;

    // ── erasure.cpp
    Response erase_locally(const Command& command);
    [[nodiscard]] Response read_receipt(const Command& command) const;
};

/// Selection answer of an application, `6F`.
[[nodiscard]] Bytes selection_answer(Application application);
/// The protocol identification `66`, GlobalPlatform 2.3.1 §H.2.
[[nodiscard]] Bytes recognition();

/// Tries of a fresh PIN.
[[nodiscard]] std::uint8_t tries_of(Kind kind);

/// What a command must be ready to take in answer: certificates of the maker may be larger.
inline constexpr std::uint32_t room_for_receipt = 2048;

/// The status word of a failed durable write: memory failure, or no room in the record.
[[nodiscard]] std::uint16_t word_of(const Error& error);

/// The attestation certificate of a key made for `order`. `conflict` without a chain.
[[nodiscard]] Result<Bytes> attestation_certificate(const Contents& contents, Kind kind,
                                                    BytesView spki, const Order& order);
/// DER CertRequest with id 0, the key and its attestation.
[[nodiscard]] Bytes certificate_request(const Contents& contents, Kind kind,
                                        const PendingKind& pending);

}  // namespace mitome::element
