// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "feed.hpp"
#include "publication.hpp"

#include <mitome/store/status_copy.hpp>

#include <filesystem>
#include <mutex>

namespace mitome::status {

/// What status tells authority in return.
struct FeedAnswer {
    std::uint64_t have = 0;  ///< number of the last entry that is kept
    struct Shown {
        Bytes spki;  ///< of the key that answers for this CA; wants a certificate
        std::optional<Time> not_after;  ///< of the certificate it has
    };
    std::map<pki::Ca, Shown> responders;
};

[[nodiscard]] std::string to_json(const FeedAnswer& answer);

/// Takes what authority feeds: keeps it first, publishes it then. Safe to use from several
/// threads.
class Reception {
public:
    /// Opens the responder keys in `folder`, or makes them there, and publishes what was kept.
    [[nodiscard]] static Result<std::unique_ptr<Reception>> open(
        const std::filesystem::path& folder, store::Database& database, Publication& publication);

    /// Entries that are here already are passed over; when some are missing before the first,
    /// none is taken and the answer says from where to send again. `conflict` when the sender's
    /// ledger ends before ours does: it has lost something, and nothing of it is believed.
    [[nodiscard]] Result<FeedAnswer> take(const Feed& feed);

private:
    Reception(store::Database& database, Publication& publication)
        : database_(database), copy_(database), publication_(publication) {}

    [[nodiscard]] Done open_keys(const std::filesystem::path& folder);
    [[nodiscard]] Done restore();
    [[nodiscard]] Done take_cas(const Feed& feed);
    [[nodiscard]] Done take_changes(const Feed& feed);
    [[nodiscard]] Done take_responders(const Feed& feed);
    [[nodiscard]] Done publish(pki::Ca ca, BytesView serial, store::Happening happening, Time at,
                               pki::Reason reason);

    store::Database& database_;
    store::StatusCopy copy_;
    Publication& publication_;
    // Also owned by the responder that signs with it.
    std::map<pki::Ca, std::shared_ptr<crypto::SoftwareKey>> keys_;
    std::mutex mutex_;
};

}  // namespace mitome::status
