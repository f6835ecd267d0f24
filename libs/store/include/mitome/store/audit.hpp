// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/store/database.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mitome::store {

/// Who did what to which thing. No name, address, My Number, PIN or token: a subject is a
/// reference (`card-sign/0A1B…`, `order/…`, `resident/7`), a detail a code or two.
struct AuditEvent {
    Time at{};
    std::string role;
    std::string action;
    std::string subject;
    std::string detail;

    bool operator==(const AuditEvent&) const = default;
};

struct AuditRow {
    std::uint64_t seq = 0;
    AuditEvent event;
    Bytes previous;  ///< hash of the row before; 32 zeros in the first
    Bytes hash;
};

/// An append-only record in which every row carries the hash of the one before, so that a row
/// which is changed, left out or moved is found. Rows cut off at the end are found only by
/// someone who has kept a later head.
class Audit {
public:
    explicit Audit(Database& database) : database_(database) {}

    [[nodiscard]] Done append(Transaction& in, const AuditEvent& event);

    /// Rows with a seq above `after`, in order.
    [[nodiscard]] Result<std::vector<AuditRow>> page(std::uint64_t after, std::size_t limit,
                                                     const View& view = {}) const;

    struct Head {
        std::uint64_t seq = 0;
        Bytes hash = Bytes(32);

        bool operator==(const Head&) const = default;
    };
    [[nodiscard]] Result<Head> head(const View& view = {}) const;

    struct Verdict {
        std::uint64_t rows = 0;                  ///< that hold together, from the first on
        std::optional<std::uint64_t> broken_at;  ///< the first seq that is missing or does not fit
    };
    /// Computes the whole chain again. With `kept`, a head seen earlier, that row must still be
    /// there as it was.
    [[nodiscard]] Result<Verdict> verify(const std::optional<Head>& kept = {},
                                         const View& view = {}) const;

private:
    Database& database_;
};

}  // namespace mitome::store
