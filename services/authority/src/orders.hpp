// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the bodies of POST say.

#include <mitome/issuance/batch.hpp>

namespace mitome::authority {

struct IssueBody {
    pki::Ca ca{};
    issuance::PersonOrder order;
};

/// What only a sandbox takes, such as a certificate that began in the past.
enum class World : std::uint8_t { sandbox, production };

/// {"request":HEX,"ca":NAME,"spki":BASE64,"not_before"?:TIME,"not_after":TIME,
///  "municipality":"13221","prefecture":"Tokyo-to","city":"Kiyose-shi",
///  "four"?:{"name","address","birth":"YYYY-MM-DD","sex":1|2|9,"name_substitutes",
///           "address_substitutes"},"policy"?:"test-file"}
///
/// `malformed`; `denied` for not_before and policy outside a sandbox; `absent` for a CA that
/// does not exist.
[[nodiscard]] Result<IssueBody> parse_issue(BytesView json, std::string_view role, World world);

/// {"request":HEX,"spki":BASE64,"not_after"?:TIME}: without a request key, the key is made of
/// the SPKI and the day; without an end, it is a year away.
[[nodiscard]] Result<issuance::Order> parse_registration(BytesView json, std::string_view role,
                                                         Time now);

struct RevokeBody {
    pki::Ca ca{};
    issuance::Withdrawal withdrawal;
};

/// {"ca":NAME,"serial":HEX,"reason":WORD,"invalidity"?:TIME,"cause"?:CODE}
[[nodiscard]] Result<RevokeBody> parse_revoke(BytesView json, std::string_view role);

/// {"entries":[{"ca":NAME,"serial":HEX,"reason":WORD,"invalidity"?:TIME,"cause"?:CODE},…]}
[[nodiscard]] Result<std::vector<issuance::BatchEntry>> parse_revoke_batch(BytesView json,
                                                                           std::string_view role);

}  // namespace mitome::authority
