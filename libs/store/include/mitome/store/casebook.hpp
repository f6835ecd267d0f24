// SPDX-License-Identifier: Apache-2.0
#pragma once

// What registration has yet to do about certificates, and has to tell the people who hold them:
// beside `Register`, in the same file. Nothing here names a person but by a resident's number.

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/pki/certificate.hpp>
#include <mitome/store/database.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::store {

/// A revocation that is decided, written down with the event that caused it and carried out at
/// the authority afterwards.
struct Task {
    std::uint64_t number = 0;  ///< from 1; given by `add`
    pki::Ca ca = pki::Ca::card_sign;
    Bytes serial;
    pki::Reason reason = pki::Reason::unspecified;
    std::string cause;  ///< a code: `moved`, `deceased`, …
    Time created{};

    bool operator==(const Task&) const = default;
};

/// A certificate that somebody's card has asked for.
struct Certified {
    pki::Ca ca = pki::Ca::phone_sign;
    Bytes serial;

    bool operator==(const Certified&) const = default;
};

/// One line for a holder. With an element it is that device's; without, it is for whatever phone
/// counts for the resident.
struct Notice {
    std::uint64_t number = 0;  ///< from 1; given by `add`
    Time at{};
    Bytes element;
    std::optional<std::uint64_t> resident;
    std::string code;
    std::string detail;
    /// What may be said only once bears a key of its own; empty: may be said again.
    std::string once = {};

    bool operator==(const Notice&) const = default;
};

/// Ten digits of which only a stretched form is kept.
struct StopCode {
    Bytes element;
    std::uint64_t resident = 0;  ///< for whom it was made: another holder's phone has none
    Bytes salt;
    Bytes stretched;
    std::uint32_t wrong = 0;  ///< entries since the last right one
    Time made{};

    bool operator==(const StopCode&) const = default;
};

enum class Dangerous : std::uint8_t { decease, erase };
enum class ApprovalState : std::uint8_t { waiting, carried_out, rejected };

/// What one person has proposed and another one has to agree to.
struct Approval {
    Bytes id;  ///< 16 octets
    Dangerous action = Dangerous::decease;
    std::uint64_t resident = 0;
    Bytes element;   ///< of what is to be erased; else empty
    Bytes proposer;  ///< digest of the TLS certificate
    ApprovalState state = ApprovalState::waiting;
    Time proposed{};
    Time deadline{};

    bool operator==(const Approval&) const = default;
};

/// A phone whose certificates end with the card that asked for them.
struct EndingPhone {
    std::uint64_t resident = 0;
    Bytes element;
    Bytes sign_serial;
    Bytes auth_serial;
    Time not_after{};

    bool operator==(const EndingPhone&) const = default;
};

/// `add` is a `conflict` where the key exists; `change` is `absent` where it does not.
class Casebook {
public:
    explicit Casebook(Database& database) : database_(database) {}

    // Tasks
    /// A certificate is revoked once: one that has its task keeps it. True: it is new.
    [[nodiscard]] Result<bool> add(Transaction& in, const Task& task);
    /// Those that are not done, oldest first.
    [[nodiscard]] Result<std::vector<Task>> waiting_tasks(std::size_t limit,
                                                          const View& view = {}) const;
    [[nodiscard]] Done finish(Transaction& in, std::uint64_t task, Time at);

    // Whom an event concerns
    /// Every certificate that the card with this signature certificate has asked for.
    [[nodiscard]] Result<std::vector<Certified>> certified_by(BytesView card_serial,
                                                              const View& view = {}) const;
    /// Numbers of valid cards that ended before `now`.
    [[nodiscard]] Result<std::vector<std::uint64_t>> ended_cards(Time now, std::size_t limit,
                                                                 const View& view = {}) const;
    /// Phones that count and end in [from, to), except those that have heard of it under the key
    /// `once`, followed by `/ELEMENT/END` as hex and seconds.
    [[nodiscard]] Result<std::vector<EndingPhone>> ending_phones(Time from, Time to,
                                                                 std::string_view once,
                                                                 std::size_t limit,
                                                                 const View& view = {}) const;
    /// The element of a person's newest order that is not abandoned.
    [[nodiscard]] Result<std::optional<Bytes>> newest_element_of(std::uint64_t resident,
                                                                 const View& view = {}) const;

    /// Erase orders whose receipt came, from this number of `changed` seconds on, oldest first.
    struct Erased {
        std::uint64_t number = 0;
        Bytes element;
        std::optional<std::uint64_t> resident;
        Time changed{};
    };
    [[nodiscard]] Result<std::vector<Erased>> erased_since(Time from, std::size_t limit,
                                                           const View& view = {}) const;

    // Notices
    /// True: it is new; false: it was said before, and nothing is added.
    [[nodiscard]] Result<bool> add(Transaction& in, const Notice& notice);
    /// Those for the device, or for the person whose phone it is (`resident`), with a number
    /// above `after`. A device that changed hands is not told what concerned its former holder.
    [[nodiscard]] Result<std::vector<Notice>> notices_of(BytesView element,
                                                         std::optional<std::uint64_t> resident,
                                                         std::uint64_t after, std::size_t limit,
                                                         const View& view = {}) const;

    // Stop codes
    [[nodiscard]] Done put(Transaction& in, const StopCode& code);  ///< new, or in its place
    [[nodiscard]] Result<std::optional<StopCode>> stop_code(BytesView element,
                                                            const View& view = {}) const;

    // Approvals
    [[nodiscard]] Done add(Transaction& in, const Approval& approval);
    [[nodiscard]] Done change(Transaction& in, const Approval& approval);
    [[nodiscard]] Result<std::optional<Approval>> approval(BytesView id,
                                                           const View& view = {}) const;
    /// Those that still wait at `now`, oldest first.
    [[nodiscard]] Result<std::vector<Approval>> waiting_approvals(Time now, std::size_t limit,
                                                                  const View& view = {}) const;

    // How far something is read
    [[nodiscard]] Result<std::uint64_t> position(std::string_view name,
                                                 const View& view = {}) const;
    [[nodiscard]] Done set_position(Transaction& in, std::string_view name, std::uint64_t to);

private:
    Database& database_;
};

}  // namespace mitome::store
