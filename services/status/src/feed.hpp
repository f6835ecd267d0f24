// SPDX-License-Identifier: Apache-2.0
#pragma once

// What authority tells status, as JSON: the changes of its ledger in sequence, and what it signed
// for status to serve.
//
//   {"first":41,"entries":[{"ca":"card-sign","serial":HEX,"happening":"issued","at":TIME,
//                           "not_after":TIME},
//                          {"ca":"card-sign","serial":HEX,"happening":"revoked","at":TIME,
//                           "not_after":TIME,"reason":"superseded","invalidity"?:TIME}],
//    "head":42,"cas":{CA:DER},"responders":{CA:DER},"crls":{CA:DER}}
//
// The numbers of entries follow each other from `first` on; `head` is the last that there is.
// Without entries it is a heartbeat. DER is base64; the three maps hold what is new.

#include <mitome/store/revocation.hpp>

#include <cstdint>
#include <map>
#include <vector>

namespace mitome::status {

struct Feed {
    std::uint64_t first = 0;
    std::vector<store::FeedEntry> entries;
    std::uint64_t head = 0;
    std::map<pki::Ca, Bytes> cas;
    std::map<pki::Ca, Bytes> responders;
    std::map<pki::Ca, Bytes> crls;
};

/// `malformed` for anything else, unknown members and entries behind `head` included.
[[nodiscard]] Result<Feed> parse_feed(BytesView json);

}  // namespace mitome::status
