// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/store/database.hpp>
#include <mitome/store/revocation.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace mitome::store {

/// What status knows of one serial: the last thing that happened to it.
struct StatusEntry {
    Happening happening = Happening::issued;
    Time at{};
    Time not_after{};
    pki::Reason reason = pki::Reason::unspecified;
    std::optional<Time> invalidity;

    bool operator==(const StatusEntry&) const = default;
};

/// Status's own copy of what authority feeds it, so that it answers the same after a restart.
class StatusCopy {
public:
    explicit StatusCopy(Database& database) : database_(database) {}

    /// Applies lines in sequence. Lines that are here already are passed over; `conflict`, and
    /// nothing is applied, when one between is missing.
    [[nodiscard]] Done apply(Transaction& in, const std::vector<FeedEntry>& entries);
    /// `seq` of the last line applied; 0 when there is none.
    [[nodiscard]] Result<std::uint64_t> last(const View& view = {}) const;

    [[nodiscard]] Result<std::optional<StatusEntry>> entry(pki::Ca ca, BytesView serial,
                                                           const View& view = {}) const;
    /// All entries of `ca` in ascending order of serials; each serial lives as long as the call.
    [[nodiscard]] Done each(pki::Ca ca,
                            const std::function<void(BytesView serial, const StatusEntry&)>& visit,
                            const View& view = {}) const;

    [[nodiscard]] Done keep_crl(Transaction& in, pki::Ca ca, BytesView der);
    /// Empty when there is none yet.
    [[nodiscard]] Result<Bytes> crl(pki::Ca ca, const View& view = {}) const;

    /// Whatever else status must find again (a responder certificate), by a name of its own.
    [[nodiscard]] Done keep(Transaction& in, std::string_view name, BytesView value);
    [[nodiscard]] Result<std::optional<Bytes>> kept(std::string_view name,
                                                    const View& view = {}) const;

private:
    Database& database_;
};

}  // namespace mitome::store
